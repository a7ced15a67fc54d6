"""`docs/order-logic.md`: its tables are those that run, its numbers those that are computed."""

from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders.model import Order
from domain.orders.pricing import Basket, PriceableLine, price
from domain.orders.pricing_rules import Reduction
from domain.orders.refunding import units_refund
from domain.orders.views import Allocation
from domain.policies import Limits, ReviewRules, StockRules, Timeouts, UnitPolicy
from domain.values.enums import StockPolicy
from domain.values.money import amount_text, share
from resolvers.catalogue.flow_page import with_rendered_parts
from tests.fixtures.orders import COUPON, Want, World, paid, physical_order

PAGE = (Path(__file__).parents[2] / "docs" / "order-logic.md").read_text(encoding="utf-8")


def eur(*amounts: int) -> list[str]:
    return [amount_text(amount, "EUR") for amount in amounts]


def test_the_rendered_parts_are_the_tables() -> None:
    assert with_rendered_parts(PAGE) == PAGE
    assert PAGE.count("```mermaid") >= 5


def test_a_mark_of_another_name_is_told() -> None:
    with pytest.raises(KeyError):
        with_rendered_parts("<!-- begin nothing -->\n<!-- end nothing -->")


@pytest.mark.parametrize(("currency", "words"), [("JPY", "{}, {} and {}"), ("KWD", "{}, {} and {}")])
def test_a_discount_is_shared_over_lines(currency: str, words: str) -> None:
    parts = share(1000, [4000, 2500, 1000])
    for weight, part in zip((4000, 2500, 1000), parts, strict=True):
        assert "| {} | {} |".format(*eur(weight, part)) in PAGE
    assert words.format(*(amount_text(part, currency) for part in parts)) in PAGE


def test_a_price_with_tax_inside_is_split() -> None:
    line = PriceableLine("l", "A", None, 1, 1999)
    priced = price(Basket("EUR", (line,), tax_rates={None: Decimal("0.19")}, prices_include_tax=True))
    net, tax = priced.lines[0].unit_price_minor, priced.tax_minor
    assert "19.99 EUR with 19 % of tax is {} net and {} tax".format(*eur(net, tax)) in PAGE
    assert priced.total_minor == 1999


def test_an_order_is_shared_over_its_fulfillments() -> None:
    world = World()
    order = paid(world, physical_order(world))
    for part in order.fulfillments:
        amounts = (part.subtotal_minor, part.discount_minor, part.shipping_minor, part.tax_minor, part.total_minor)
        assert f"| {part.warehouse} | {' | '.join(eur(*amounts))} |" in PAGE
    head = order.head
    sums = (head.subtotal_minor, head.discount_minor, head.shipping_minor, head.tax_minor, head.total_minor)
    assert "{} − {} + {} + {} = {} EUR".format(*eur(*sums)) in PAGE


def test_units_that_come_back_one_by_one_give_back_what_was_paid() -> None:
    world = World()
    wants = (Want("A", 1000, (Allocation("BER", 3),)),)
    coupons = (replace(COUPON, reduction=Reduction(amount_minor=100)),)
    order = paid(world, physical_order(world, wants=wants, coupons=coupons, shipping_minor=490, tax_rate="0.19"))
    gone = []
    for word in ("first", "second", "third"):
        refund = units_refund(order, {order.lines[0].id: 1})
        (worth,) = refund.lines
        amounts = (worth.items_minor, worth.tax_minor, worth.shipping_minor, refund.total_minor)
        assert f"| {word} | {' | '.join(eur(*amounts))} |" in PAGE
        gone.append(refund.total_minor)
        order = _without_unit(order, worth.line_minor, refund.total_minor)
    assert f"{' + '.join(eur(*gone))} = {eur(sum(gone))[0]}" in PAGE
    assert sum(gone) == order.head.captured_minor


def _without_unit(order: Order, worth_minor: int, back_minor: int) -> Order:
    line = order.lines[0]
    gone = replace(
        line, cancelled_quantity=line.cancelled_quantity + 1, refunded_minor=line.refunded_minor + worth_minor
    )
    payment = order.payments[0]
    back = replace(payment, refunded_minor=payment.refunded_minor + back_minor)
    return replace(order, lines=(gone,), payments=(back,))


def test_every_policy_of_stock_and_every_setting_that_is_named_is_there() -> None:
    for policy in StockPolicy:
        assert f"`{policy}`" in PAGE
    tables = {"timeouts": Timeouts, "limits": Limits, "stock": StockRules, "review": ReviewRules}
    for table, kind in tables.items():
        keys = {part.name.removesuffix("_s") for part in fields(kind)}
        named = {word.split("`")[0] for word in PAGE.split(f"`{table}.")[1:]}
        assert named <= keys, (table, named - keys)
    assert {part.name for part in fields(UnitPolicy)} > set(tables)
