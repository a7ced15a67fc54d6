"""Sums that hold however an order is split and changed: its fulfillments are the order, what was paid too much has gone back."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.arranging import arranged, drawn_allocations, wanted_holdings
from domain.orders.model import Order
from domain.orders.modifying import NewTerms, modified_paid, modified_unpaid, pending
from domain.orders.parting import counting, split_anew
from domain.orders.splitting import HandPart, Part, split, split_by_hand
from domain.orders.state import settled
from domain.orders.views import Allocation, OrderLineView
from domain.policies import SplitRules, UnitPolicy
from domain.values.enums import SplitDimension
from domain.values.money import share
from tests.fixtures.orders import Want, World, confirmed, paid, physical_order

CURRENCIES = ("JPY", "EUR", "KWD")
COLUMNS = ("subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor")
RULES = SplitRules(kind_by_category={"ice": "FROZEN"})

wants = st.lists(
    st.builds(
        Want,
        sku=st.sampled_from(("A", "B", "C")),
        unit_price_minor=st.integers(0, 100_000),
        allocations=st.lists(
            st.builds(Allocation, st.sampled_from(("BER", "HAM")), st.integers(1, 5)), min_size=1, max_size=2
        ).map(tuple),
        category=st.sampled_from((None, "ice")),
        seller_id=st.sampled_from((None, "sel_1")),
    ),
    min_size=1,
    max_size=4,
)


def world_of(currency: str) -> World:
    return World(policy=UnitPolicy(code="acme-eu", name="Acme", currency=currency, country="DE", splitting=RULES))


def assert_is_the_order(order: Order, parts: Sequence[Part]) -> None:
    for column in COLUMNS:
        assert sum(getattr(part, column) for part in parts) == getattr(order.head, column)
    units: dict[str, int] = {}
    for part in parts:
        assert part.total_minor == part.subtotal_minor - part.discount_minor + part.shipping_minor + part.tax_minor
        for line in part.lines:
            units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    assert units == {line.id: line.quantity for line in order.lines}


def assert_fulfillments_are_the_order(order: Order) -> None:
    live = counting(order)
    for column in COLUMNS:
        assert sum(getattr(part, column) for part in live) == getattr(order.head, column), column
    assert sum(part.unit_count for part in live) == order.head.unit_count
    for line in order.lines:
        there = [units for part in live for units in order.lines_of(part.id) if units.line_id == line.id]
        assert sum(units.quantity for units in there) == line.quantity


@pytest.mark.parametrize("currency", CURRENCIES)
@given(wanted=wants, shipping=st.integers(0, 5000), by=st.none() | st.sets(st.sampled_from(SplitDimension)))
def test_parts_by_any_rule_are_the_order(
    currency: str, wanted: list[Want], shipping: int, by: set[SplitDimension] | None
) -> None:
    order = physical_order(world_of(currency), wants=tuple(wanted), shipping_minor=shipping)
    parts = split(order.lines, order.head.shipping_minor, RULES, by)
    assert_is_the_order(order, parts)
    assert all(len({line.line_id for line in part.lines}) == len(part.lines) for part in parts)


@pytest.mark.parametrize("currency", CURRENCIES)
@given(wanted=wants, shipping=st.integers(0, 5000), data=st.data())
def test_parts_by_hand_are_the_order(currency: str, wanted: list[Want], shipping: int, data: st.DataObject) -> None:
    order = physical_order(world_of(currency), wants=tuple(wanted), shipping_minor=shipping)
    assert_is_the_order(order, by_hand(order, data))


def by_hand(order: Order, data: st.DataObject) -> tuple[Part, ...]:
    count = data.draw(st.integers(1, 3))
    units: list[dict[str, int]] = [{} for _ in range(count)]
    for line in order.lines:
        cuts = data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
        for place, quantity in zip(units, share(line.quantity, cuts), strict=True):
            if quantity:
                place[line.id] = quantity
    wanted = [HandPart(f"W{number}", quantities) for number, quantities in enumerate(units) if quantities]
    return split_by_hand(order.lines, order.head.shipping_minor, wanted, RULES)


@pytest.mark.parametrize("currency", CURRENCIES)
@given(wanted=wants, shipping=st.integers(0, 5000), data=st.data())
def test_fulfillments_that_count_are_the_order_however_often_it_is_split(
    currency: str, wanted: list[Want], shipping: int, data: st.DataObject
) -> None:
    world = world_of(currency)
    order = physical_order(world, wants=tuple(wanted), shipping_minor=shipping)
    order = paid(world, order) if order.head.total_minor else order
    for _ in range(2):
        order = settled(split_anew(order, by_hand(order, data), world.step()), world.step())
        order = drawn_allocations(order, {line.id for line in order.lines})
        assert_fulfillments_are_the_order(order)
    assert [part.number for part in order.fulfillments] == [
        f"{order.head.number}-{number}" for number in range(1, len(order.fulfillments) + 1)
    ]


def changed(order: Order, quantities: Sequence[int], shipping: int) -> NewTerms:
    """Other quantities at the same prices; each line's discount and tax as its units are of what they were."""
    return NewTerms(
        tuple(_line(line, quantity) for line, quantity in zip(order.lines, quantities, strict=True)),
        (),
        shipping,
        order.head.shipping_address,
        order.head.note,
    )


def _line(line: OrderLineView, quantity: int) -> OrderLineView:
    discount, tax = (minor * quantity // line.quantity for minor in (line.discount_minor, line.tax_minor))
    return replace(
        line,
        quantity=quantity,
        discount_minor=discount,
        tax_minor=tax,
        total_minor=line.unit_price_minor * quantity - discount + tax,
    )


def settle_stock(world: World, order: Order) -> Order:
    """The inventory has everything, in the first warehouse."""
    found = [replace(each, warehouse=each.warehouse or "BER") for each in wanted_holdings(order)]
    return arranged(order, found, world.step())


@pytest.mark.parametrize("currency", CURRENCIES)
@given(wanted=wants, shipping=st.integers(0, 5000), paid_part=st.integers(0, 99), data=st.data())
def test_an_unpaid_order_owes_what_it_costs_and_keeps_no_more(
    currency: str, wanted: list[Want], shipping: int, paid_part: int, data: st.DataObject
) -> None:
    world = world_of(currency)
    order = physical_order(world, wants=tuple(wanted), shipping_minor=shipping)
    total = order.head.total_minor
    if total * paid_part // 100:
        order = paid(world, order, total * paid_part // 100)
    if order.head.total_minor == 0:
        return
    quantities = [1 + data.draw(st.integers(0, 7)), *(data.draw(st.integers(0, 8)) for _ in order.lines[1:])]
    order = settle_stock(world, modified_unpaid(order, changed(order, quantities, shipping), world.step()))
    head = order.head
    assert head.total_minor == sum(line.total_minor for line in order.lines) + shipping
    assert sum(installment.amount_minor for installment in order.installments) == head.total_minor
    assert head.payable_minor == head.total_minor - head.captured_minor >= 0
    assert sum(payment.captured_minor for payment in order.payments) == head.captured_minor + sum(
        refund.amount_minor for refund in order.refunds
    )
    if head.payable_minor == 0 and head.unit_count:
        assert_fulfillments_are_the_order(order)


@pytest.mark.parametrize("currency", CURRENCIES)
@given(wanted=wants, shipping=st.integers(0, 5000), is_confirmed=st.booleans(), data=st.data())
def test_a_paid_order_is_paid_after_every_change(
    currency: str, wanted: list[Want], shipping: int, is_confirmed: bool, data: st.DataObject
) -> None:
    world = world_of(currency)
    order = physical_order(world, wants=tuple(wanted), shipping_minor=shipping)
    if order.head.total_minor == 0:
        return
    order = paid(world, order)
    if is_confirmed:
        order = confirmed(world, order)
    for _ in range(3):
        quantities = [data.draw(st.integers(1, 8)) for _ in order.lines]
        order = settle_stock(world, modified_paid(order, changed(order, quantities, shipping), world.step()))
        if pending(order) is not None:
            assert_fulfillments_are_the_order(order)
            order = settle_stock(world, paid(world, order))
        head = order.head
        assert (head.payable_minor, head.captured_minor) == (0, head.total_minor)
        assert sum(installment.amount_minor for installment in order.installments) == head.total_minor
        taken = sum(payment.captured_minor for payment in order.payments)
        assert taken - sum(refund.amount_minor for refund in order.refunds) == head.total_minor
        assert_fulfillments_are_the_order(order)
        assert {part.status for part in counting(order)} == {"ALLOCATED"}
