"""Money is neither made nor lost: the parts are always the whole, and nothing is ever below zero."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory.allocation import allocate
from domain.orders.pricing import Basket, PriceableLine, PricedBasket, price
from domain.orders.pricing_rules import Coupon, LinePromotion, OrderPromotion, Reduction, ShippingOffer
from domain.orders.splitting import split
from domain.orders.views import Allocation, OrderLineView
from domain.values.enums import DiscountFunder, StockPolicy, SupplyChannel
from domain.values.money import Money, share

# A time limit in a test fails on slow machines only.

UNIT = {"JPY": 1, "EUR": 100, "KWD": 1000}
"""Minor units of one whole unit: prices of the same size in every currency."""
CATEGORIES = ("shoes", "books", None)
FUNDER = DiscountFunder.PLATFORM

rates = st.decimals(min_value=0, max_value=1, places=4)
tax_rates = st.fixed_dictionaries(dict.fromkeys(CATEGORIES, rates))


def amounts(currency: str) -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 3), st.integers(0, 5000 * UNIT[currency]))


def reductions(currency: str) -> st.SearchStrategy[Reduction]:
    return st.one_of(st.builds(Reduction, rate=rates), st.builds(Reduction, amount_minor=amounts(currency)))


def lines(currency: str) -> st.SearchStrategy[tuple[PriceableLine, ...]]:
    part = st.tuples(st.sampled_from(CATEGORIES), st.integers(1, 40), amounts(currency))
    return st.lists(part, min_size=1, max_size=6).map(
        lambda parts: tuple(PriceableLine(f"lin_{at}", f"SKU-{at}", *one) for at, one in enumerate(parts))
    )


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    currency = draw(st.sampled_from(sorted(UNIT)))
    reduction = reductions(currency)
    order_rule = st.builds(OrderPromotion, st.just("O"), st.just("o"), st.just(FUNDER), reduction, amounts(currency))
    coupon = st.builds(Coupon, st.sampled_from("CDE"), st.just("c"), st.just(FUNDER), reduction, amounts(currency))
    named = st.frozensets(st.sampled_from(("shoes", "books")), max_size=1)
    line_rule = st.builds(
        LinePromotion, st.just("L"), st.just("l"), st.just(FUNDER), reduction, st.just(frozenset()), named
    )
    offer = st.builds(ShippingOffer, st.just("p"), st.just("p"), amounts(currency), st.none() | amounts(currency))
    return Basket(
        currency=currency,
        lines=draw(lines(currency)),
        line_promotions=tuple(draw(st.lists(line_rule, max_size=2))),
        order_promotions=tuple(draw(st.lists(order_rule, max_size=2))),
        coupons=tuple(draw(st.lists(coupon, max_size=2))),
        manual_discount_minor=draw(amounts(currency)),
        shipping=draw(st.none() | offer),
        tax_rates=draw(tax_rates),
        prices_include_tax=draw(st.booleans()),
    )


def order_lines(
    basket: Basket, priced: PricedBasket, allocations: dict[str, tuple[Allocation, ...]]
) -> list[OrderLineView]:
    return [
        OrderLineView(
            id=line.line_id,
            order_id="ord_1",
            position=position,
            sku=line.sku,
            name=line.sku,
            category=line.category,
            seller_id=None if position % 2 else "sel_1",
            seller_name=None,
            supply_channel=SupplyChannel.OWN,
            delivery_mode=None,
            quantity=line.quantity,
            currency=basket.currency,
            unit_price_minor=result.unit_price_minor,
            discount_minor=result.discount_minor,
            tax_minor=result.tax_minor,
            total_minor=result.total_minor,
            options={},
            stock_policy=StockPolicy.RESERVE_ON_ORDER,
            allocations=allocations.get(line.line_id, ()),
            shipped_quantity=0,
            cancelled_quantity=0,
            returned_quantity=0,
            refunded_minor=0,
        )
        for position, (line, result) in enumerate(zip(basket.lines, priced.lines, strict=True))
    ]


def scattered(draw: st.DrawFn, quantity: int) -> tuple[Allocation, ...]:
    parts = draw(st.lists(st.integers(1, quantity), max_size=3))
    codes = draw(st.permutations(("W1", "W2", "W3")))
    taken = [part for at, part in enumerate(parts) if sum(parts[: at + 1]) <= quantity]
    return tuple(Allocation(code, part) for code, part in zip(codes, taken, strict=False))


@st.composite
def allocated_baskets(draw: st.DrawFn) -> tuple[Basket, dict[str, tuple[Allocation, ...]]]:
    basket = draw(baskets())
    return basket, {line.line_id: scattered(draw, line.quantity) for line in basket.lines}


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
def test_shares_sum_to_the_whole_and_are_off_by_less_than_one_unit(amount_minor: int, weights: list[int]) -> None:
    parts = share(amount_minor, weights)
    scale = sum(weights)
    assert sum(parts) == amount_minor
    assert all(part * amount_minor >= 0 for part in parts)
    if scale:
        off = [abs(part * scale - amount_minor * weight) for part, weight in zip(parts, weights, strict=True)]
        assert all(distance < scale for distance in off)


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(UNIT)))
def test_an_amount_survives_its_decimal_form(amount_minor: int, currency: str) -> None:
    money = Money(amount_minor, currency)
    assert Money.of(money.amount, currency) == money


@given(baskets())
def test_a_price_adds_up_in_every_way(basket: Basket) -> None:
    priced = price(basket)
    assert priced.subtotal_minor == sum(line.unit_price_minor * line.quantity for line in priced.lines)
    assert priced.discount_minor == sum(line.discount_minor for line in priced.lines)
    assert priced.discount_minor == sum(row.amount_minor for row in priced.discounts)
    assert priced.tax_minor == sum(line.tax_minor for line in priced.lines)
    assert priced.total_minor - priced.shipping_minor == sum(line.total_minor for line in priced.lines)
    assert (
        priced.total_minor == priced.subtotal_minor - priced.discount_minor + priced.shipping_minor + priced.tax_minor
    )
    for line in priced.lines:
        assert line.total_minor == line.unit_price_minor * line.quantity - line.discount_minor + line.tax_minor


@given(baskets())
def test_nothing_of_a_price_is_below_zero(basket: Basket) -> None:
    priced = price(basket)
    assert all(row.amount_minor >= 0 for row in priced.discounts)
    assert min(priced.subtotal_minor, priced.discount_minor, priced.shipping_minor, priced.tax_minor) >= 0
    for line in priced.lines:
        assert min(line.unit_price_minor, line.discount_minor, line.tax_minor, line.total_minor) >= 0


@given(baskets())
def test_prices_with_tax_are_what_the_buyer_pays(basket: Basket) -> None:
    with_tax = replace(basket, prices_include_tax=True)
    untaxed = price(replace(with_tax, tax_rates={}))
    assert price(with_tax).total_minor == untaxed.total_minor
    assert [line.total_minor for line in price(with_tax).lines] == [line.total_minor for line in untaxed.lines]


@given(baskets())
def test_tax_within_prices_is_off_by_at_most_half_a_unit_each(basket: Basket) -> None:
    undiscounted = Basket(basket.currency, basket.lines, tax_rates=basket.tax_rates, prices_include_tax=True)
    for line, result in zip(basket.lines, price(undiscounted).lines, strict=True):
        divisor = 1 + basket.tax_rates[line.category]
        exact_net = Decimal(line.unit_price_minor * line.quantity) / divisor
        assert result.discount_minor == 0
        assert abs(result.total_minor - result.tax_minor - exact_net) <= Decimal(line.quantity) / 2


@given(allocated_baskets())
def test_the_parts_of_an_order_sum_to_it_in_every_column(
    allocated: tuple[Basket, dict[str, tuple[Allocation, ...]]],
) -> None:
    basket, allocations = allocated
    priced = price(basket)
    parts = split(order_lines(basket, priced, allocations), priced.shipping_minor)
    for column in ("subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor"):
        assert sum(getattr(part, column) for part in parts) == getattr(priced, column)
        assert all(getattr(part, column) >= 0 for part in parts)
    units = {line.line_id: 0 for line in basket.lines}
    for line in (line for part in parts for line in part.lines):
        units[line.line_id] += line.quantity
    assert units == {line.line_id: line.quantity for line in basket.lines}


@pytest.mark.parametrize("currency", sorted(UNIT))
def test_a_third_off_is_exact_in_every_currency(currency: str) -> None:
    third = Reduction(rate=Decimal("0.3333"))
    goods = PriceableLine("lin_1", "A", None, 1, 100 * UNIT[currency])
    priced = price(Basket(currency, (goods,), coupons=(Coupon("C", "c", FUNDER, third),)))
    assert priced.discount_minor == {"JPY": 33, "EUR": 3333, "KWD": 33330}[currency]


demands = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 5)), max_size=5).map(
    lambda wanted: [(f"l{at}", *one) for at, one in enumerate(wanted)]
)
stocks = st.dictionaries(
    st.sampled_from("ABC"), st.dictionaries(st.sampled_from(("W1", "W2", "W3")), st.integers(-2, 8))
)


@given(demands, stocks)
def test_an_allocation_gives_every_line_its_units_and_no_warehouse_more_than_it_has(
    wanted: list[tuple[str, str, int]], stock: dict[str, dict[str, int]]
) -> None:
    result = allocate(wanted, stock)
    if isinstance(result, tuple):
        assert all(lack.available < lack.requested for lack in result)
        return
    taken: dict[tuple[str, str], int] = {}
    for line_id, sku, quantity in wanted:
        assert sum(pick.quantity for pick in result[line_id]) == quantity
        for pick in result[line_id]:
            taken[sku, pick.warehouse] = taken.get((sku, pick.warehouse), 0) + pick.quantity
    assert all(0 < units <= stock[sku][warehouse] for (sku, warehouse), units in taken.items())
