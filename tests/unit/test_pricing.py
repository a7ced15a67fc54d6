from dataclasses import replace
from decimal import Decimal

import pytest

from domain.orders.pricing import Basket, PriceableLine, PricedBasket, PricedDiscount, PricedLine, price
from domain.orders.pricing_rules import Coupon, LinePromotion, OrderPromotion, Reduction, ShippingOffer
from domain.values.enums import DiscountFunder, DiscountKind

SHOES = PriceableLine("lin_a", "SHOE", "shoes", 3, 1000)
BOOK = PriceableLine("lin_b", "BOOK", "books", 1, 999)
RATES: dict[str | None, Decimal] = {"shoes": Decimal("0.19"), "books": Decimal("0.07")}
TEN_PERCENT = Reduction(rate=Decimal("0.10"))
SHOE_WEEK = LinePromotion(
    "SHOE-WEEK", "Shoe week", DiscountFunder.MERCHANT, TEN_PERCENT, categories=frozenset(("shoes",))
)
SPRING = OrderPromotion("SPRING", "Spring sale", DiscountFunder.PLATFORM, Reduction(rate=Decimal("0.05")))
FIVE_OFF = Coupon("FIVE", "Five off", DiscountFunder.PARTNER, Reduction(amount_minor=500))
PARCEL = ShippingOffer("parcel", "Parcel", 499)


def basket(*lines: PriceableLine) -> Basket:
    return Basket("EUR", lines, tax_rates=RATES)


def line(list_minor: int, quantity: int = 1, category: str = "shoes") -> PriceableLine:
    return PriceableLine("lin_a", "SHOE", category, quantity, list_minor)


def amounts(priced: PricedBasket) -> list[tuple[DiscountKind, int, str | None]]:
    return [(row.kind, row.amount_minor, row.line_id) for row in priced.discounts]


def test_an_empty_basket_costs_its_shipping() -> None:
    assert price(replace(basket(), shipping=PARCEL)) == PricedBasket("EUR", (), (), 0, 0, 0, 499, 0, 499, ())


def test_every_stage_reduces_what_the_one_before_left() -> None:
    priced = price(
        replace(
            basket(SHOES, BOOK),
            line_promotions=(SHOE_WEEK,),
            order_promotions=(SPRING,),
            coupons=(FIVE_OFF,),
            manual_discount_minor=14,
            shipping=PARCEL,
        )
    )
    assert priced == PricedBasket(
        currency="EUR",
        lines=(PricedLine("lin_a", 3, 1000, 810, 416, 2606), PricedLine("lin_b", 1, 999, 189, 57, 867)),
        discounts=(
            PricedDiscount(
                DiscountKind.LINE_PROMOTION, "SHOE-WEEK", "Shoe week", 300, DiscountFunder.MERCHANT, "lin_a"
            ),
            PricedDiscount(DiscountKind.ORDER_PROMOTION, "SPRING", "Spring sale", 185, DiscountFunder.PLATFORM, None),
            PricedDiscount(DiscountKind.COUPON, "FIVE", "Five off", 500, DiscountFunder.PARTNER, None),
            PricedDiscount(DiscountKind.MANUAL, None, "Manual discount", 14, DiscountFunder.MERCHANT, None),
        ),
        list_minor=3999,
        subtotal_minor=3999,
        discount_minor=999,
        shipping_minor=499,
        tax_minor=473,
        total_minor=3972,
        unmet_coupons=(),
    )
    assert priced.used_coupons == ("FIVE",)


def test_line_promotions_apply_in_their_order_each_on_what_is_left() -> None:
    second = replace(SHOE_WEEK, code="AGAIN", skus=frozenset(("SHOE",)), categories=frozenset())
    priced = price(replace(basket(SHOES), line_promotions=(SHOE_WEEK, second)))
    assert amounts(priced) == [
        (DiscountKind.LINE_PROMOTION, 300, "lin_a"),
        (DiscountKind.LINE_PROMOTION, 270, "lin_a"),
    ]


@pytest.mark.parametrize(
    ("skus", "categories", "reduced"),
    [
        ((), (), ["lin_a", "lin_b"]),
        (("BOOK",), (), ["lin_b"]),
        ((), ("shoes",), ["lin_a"]),
        (("BOOK",), ("shoes",), ["lin_a", "lin_b"]),
        (("OTHER",), (), []),
    ],
)
def test_a_line_promotion_reduces_the_lines_it_names(
    skus: tuple[str, ...], categories: tuple[str, ...], reduced: list[str]
) -> None:
    rule = replace(SHOE_WEEK, skus=frozenset(skus), categories=frozenset(categories))
    priced = price(replace(basket(SHOES, BOOK), line_promotions=(rule,)))
    assert [row.line_id for row in priced.discounts] == reduced


@pytest.mark.parametrize(("minimum_quantity", "discount_minor"), [(3, 300), (4, 0)])
def test_a_line_promotion_asks_for_its_quantity(minimum_quantity: int, discount_minor: int) -> None:
    rule = replace(SHOE_WEEK, minimum_quantity=minimum_quantity)
    assert price(replace(basket(SHOES), line_promotions=(rule,))).discount_minor == discount_minor


@pytest.mark.parametrize(("minimum_minor", "unmet", "total_minor"), [(2700, (), 2200), (2701, ("FIVE",), 2700)])
def test_a_coupon_below_its_minimum_changes_nothing_and_is_named(
    minimum_minor: int, unmet: tuple[str, ...], total_minor: int
) -> None:
    rules = replace(basket(SHOES), line_promotions=(SHOE_WEEK,), tax_rates={})
    priced = price(replace(rules, coupons=(replace(FIVE_OFF, minimum_minor=minimum_minor),)))
    assert (priced.unmet_coupons, priced.total_minor) == (unmet, total_minor)
    assert priced.used_coupons == (() if unmet else ("FIVE",))


def test_an_order_promotion_below_its_minimum_does_not_apply_and_is_no_error() -> None:
    priced = price(replace(basket(SHOES), order_promotions=(replace(SPRING, minimum_minor=3001),)))
    assert (priced.discounts, priced.unmet_coupons) == ((), ())


def test_coupons_do_not_push_each_other_below_their_minimum() -> None:
    other = Coupon("TEN", "Ten off", DiscountFunder.PLATFORM, Reduction(amount_minor=1000), minimum_minor=3000)
    priced = price(replace(basket(SHOES), coupons=(replace(FIVE_OFF, minimum_minor=3000), other)))
    assert (priced.used_coupons, priced.unmet_coupons, priced.discount_minor) == (("FIVE", "TEN"), (), 1500)


def test_a_coupon_named_twice_reduces_once() -> None:
    assert price(replace(basket(SHOES), coupons=(FIVE_OFF, FIVE_OFF))).discount_minor == 500


def test_a_coupon_with_nothing_left_to_reduce_is_not_used() -> None:
    free = replace(SPRING, reduction=Reduction(rate=Decimal(1)))
    priced = price(replace(basket(SHOES), order_promotions=(free,), coupons=(FIVE_OFF,)))
    assert (priced.used_coupons, priced.unmet_coupons, priced.total_minor) == ((), (), 0)


def test_nothing_falls_below_zero() -> None:
    rules = replace(basket(SHOES, BOOK), coupons=(replace(FIVE_OFF, reduction=Reduction(amount_minor=5000)),))
    priced = price(replace(rules, manual_discount_minor=700))
    assert (priced.discount_minor, priced.tax_minor, priced.total_minor) == (3999, 0, 0)
    assert amounts(priced) == [(DiscountKind.COUPON, 3999, None)]


def test_a_discount_of_the_order_is_shared_by_largest_remainder() -> None:
    lines = tuple(PriceableLine(f"lin_{name}", name, None, 1, 100) for name in "abc")
    priced = price(Basket("EUR", lines, manual_discount_minor=100))
    assert [part.discount_minor for part in priced.lines] == [34, 33, 33]


@pytest.mark.parametrize(("free_from_minor", "shipping_minor"), [(None, 499), (2701, 499), (2700, 0)])
def test_shipping_is_free_from_a_goods_value_after_discounts_and_leaves_no_ledger_row(
    free_from_minor: int | None, shipping_minor: int
) -> None:
    offer = replace(PARCEL, free_from_minor=free_from_minor)
    priced = price(replace(basket(SHOES), line_promotions=(SHOE_WEEK,), shipping=offer))
    assert priced.shipping_minor == shipping_minor
    assert priced.discount_minor == 300
    assert priced.total_minor == 2700 + 513 + shipping_minor


def test_shipping_has_no_tax_of_its_own() -> None:
    assert price(replace(basket(SHOES), shipping=PARCEL)).tax_minor == 570


def test_a_category_without_a_rate_takes_the_general_one_else_none() -> None:
    general = replace(basket(line(1000, category="toys")), tax_rates={None: Decimal("0.19"), "books": Decimal("0.07")})
    assert price(general).tax_minor == 190
    assert price(replace(general, tax_rates=RATES)).tax_minor == 0


def test_half_a_unit_of_tax_is_rounded_up() -> None:
    assert price(replace(basket(line(50)), tax_rates={"shoes": Decimal("0.05")})).tax_minor == 3


@pytest.mark.parametrize(
    ("list_minor", "quantity", "rate", "unit_price_minor", "tax_minor"),
    [
        (1190, 1, "0.19", 1000, 190),
        (999, 3, "0.19", 839, 480),
        (100, 10, "0.10", 91, 90),
        (1, 1, "0.19", 1, 0),
        (0, 2, "0.19", 0, 0),
        (1080, 2, "0", 1080, 0),
    ],
)
def test_a_price_with_tax_is_split_and_the_buyer_pays_what_they_saw(
    list_minor: int, quantity: int, rate: str, unit_price_minor: int, tax_minor: int
) -> None:
    gross = replace(basket(line(list_minor, quantity)), tax_rates={"shoes": Decimal(rate)}, prices_include_tax=True)
    priced = price(gross)
    assert priced.lines == (PricedLine("lin_a", quantity, unit_price_minor, 0, tax_minor, list_minor * quantity),)
    assert (priced.subtotal_minor, priced.list_minor) == (unit_price_minor * quantity, list_minor * quantity)


def test_discounts_of_prices_with_tax_are_taken_from_them_and_written_without_it() -> None:
    gross = replace(basket(line(1190, 2)), prices_include_tax=True, shipping=PARCEL)
    priced = price(replace(gross, line_promotions=(SHOE_WEEK,), coupons=(FIVE_OFF,)))
    # 2380 − 238 − 500 = 1642 of what the buyer saw
    assert amounts(priced) == [(DiscountKind.LINE_PROMOTION, 200, "lin_a"), (DiscountKind.COUPON, 420, None)]
    assert priced.lines == (PricedLine("lin_a", 2, 1000, 620, 262, 1642),)
    assert priced.total_minor == 1642 + 499


def test_a_line_with_tax_that_is_given_away_has_no_tax() -> None:
    gross = replace(basket(line(999, 3)), prices_include_tax=True, manual_discount_minor=2997)
    assert price(gross).lines == (PricedLine("lin_a", 3, 839, 2517, 0, 0),)


def test_minimums_and_free_shipping_of_prices_with_tax_speak_of_those_prices() -> None:
    gross = replace(basket(line(1190, 1)), prices_include_tax=True, shipping=replace(PARCEL, free_from_minor=1190))
    priced = price(replace(gross, coupons=(replace(FIVE_OFF, minimum_minor=1190),)))
    assert (priced.used_coupons, priced.shipping_minor) == (("FIVE",), 499)
    assert price(gross).shipping_minor == 0
