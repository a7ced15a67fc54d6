"""Money that goes back in pieces: whatever the pieces and their order, together they are exactly what was paid."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.orders.cancelling import Cancellation, cancellation, cancelled, quoted
from domain.orders.effects import with_refund
from domain.orders.intercepting import Received, came_back, resolved, returned
from domain.orders.model import Order
from domain.orders.refunding import payment_refundable_minor, refundable_minor, units_gone, units_refund
from domain.orders.state import settled, transition
from domain.orders.views import Allocation
from domain.payments import settlement
from domain.payments.answers import ProviderAnswer, ProviderState
from domain.values.enums import MachineKind, RefundState
from tests.fixtures.orders import (
    BUYER,
    COUPON,
    UNIT,
    Want,
    World,
    accepted,
    authorized,
    confirmed,
    packed,
    paid,
    physical_order,
    shipped,
)

CURRENCIES = ("JPY", "EUR", "KWD")
wants = st.builds(
    Want,
    sku=st.sampled_from(("A", "B", "C")),
    unit_price_minor=st.integers(0, 99_999),
    allocations=st.lists(
        st.builds(Allocation, st.sampled_from(("BER", "HAM")), st.integers(1, 4)), min_size=1, max_size=2
    ).map(tuple),
    seller_id=st.sampled_from((None, "sel_1")),
)
carts = st.lists(wants, min_size=1, max_size=4)


def world_in(currency: str) -> World:
    return World(policy=replace(UNIT, currency=currency))


def placed_in(world: World, wanted: list[Want], shipping_minor: int, tax_rate: str, *, has_coupon: bool) -> Order:
    coupon = replace(COUPON, reduction=replace(COUPON.reduction, amount_minor=501))
    coupons = (coupon,) if has_coupon else ()
    return physical_order(world, wants=tuple(wanted), coupons=coupons, shipping_minor=shipping_minor, tax_rate=tax_rate)


def without(world: World, order: Order, quantities: dict[str, int] | None) -> Order:
    """Units are cancelled; what goes back is what a quote said."""
    rule = world.flow.rule(MachineKind.ORDER, order.head.status, "cancelOrder")
    assert rule is not None
    asked = cancellation(order, rule, quantities, world.policy)
    assert isinstance(asked, Cancellation)
    left = {line.id: line.quantity - units_gone(line) for line in order.lines}
    quote = quoted(order, left if quantities is None else quantities, world.step())
    after = cancelled(order, asked, world.step(BUYER))
    assert sum(r.amount_minor for r in after.refunds[len(order.refunds) :]) == quote.total_minor
    assert sum(share.amount_minor for share in quote.by_payment) == quote.total_minor
    return after


def settled_refunds(world: World, order: Order) -> Order:
    for refund in order.refunds:
        if refund.status is RefundState.PROCESSING:
            answer = ProviderAnswer(ProviderState.CAPTURED, 0, 0)
            order = settlement.refunded(order, refund.id, answer, world.step())
    return order


def goodwill(world: World, order: Order, share: int) -> Order:
    """A percentage of what could go back of the first payment."""
    if not order.payments:
        return order
    payment = order.payments[0]
    amount = payment_refundable_minor(order, payment) * share // 100
    if amount == 0:
        return order
    return settled(with_refund(order, payment, amount, world.step(), reason="test", is_excess=False), world.step())


@pytest.mark.parametrize("currency", CURRENCIES)
@given(
    wanted=carts,
    shipping_minor=st.integers(0, 999),
    tax_rate=st.sampled_from(("0", "0.07", "0.19")),
    has_coupon=st.booleans(),
    parts=st.integers(1, 3),
    data=st.data(),
)
@settings(max_examples=60)
def test_cancelled_in_pieces_it_is_what_was_paid(
    currency: str, wanted: list[Want], shipping_minor: int, tax_rate: str, has_coupon: bool, parts: int, data: Any
) -> None:
    world = world_in(currency)
    order = placed_in(world, wanted, shipping_minor, tax_rate, has_coupon=has_coupon)
    for part in range(parts, 0, -1):
        if order.head.payable_minor >= part:
            order = paid(world, order, order.head.payable_minor // part)
    while order.head.status == "PAID":
        quantities = {}
        for line in order.lines:
            quantity = data.draw(st.integers(0, line.quantity - units_gone(line)))
            if quantity:
                quantities[line.id] = quantity
        if data.draw(st.booleans()):
            order = goodwill(world, order, data.draw(st.integers(0, 30)))
        order = without(world, order, quantities or None)
        if data.draw(st.booleans()):
            order = settled_refunds(world, order)
    order = settled_refunds(world, order)
    head = order.head
    assert head.status == "CANCELLED"
    assert head.captured_minor == head.refunded_minor == head.cancelled_minor == head.total_minor
    assert refundable_minor(order) == 0
    assert [line.refunded_minor for line in order.lines] == [line.total_minor for line in order.lines]


@pytest.mark.parametrize("currency", CURRENCIES)
@given(wanted=carts, shipping_minor=st.integers(0, 999), data=st.data())
@settings(max_examples=40)
def test_of_what_is_only_held_nothing_goes_back(
    currency: str, wanted: list[Want], shipping_minor: int, data: Any
) -> None:
    world = world_in(currency)
    order = authorized(
        world,
        placed_in(world, [*wanted, replace(wanted[0], unit_price_minor=7)], shipping_minor, "0.19", has_coupon=False),
    )
    line = order.lines[0]
    order = without(world, order, {line.id: data.draw(st.integers(1, line.quantity))})
    assert order.refunds == ()
    captured = ProviderAnswer(
        ProviderState.CAPTURED, order.head.total_minor, order.head.total_minor - order.head.cancelled_minor
    )
    order = settlement.captured(order, order.payments[0].id, captured, world.step())
    order = settled_refunds(world, without(world, order, None))
    assert order.head.captured_minor == order.head.refunded_minor == captured.captured_minor


@pytest.mark.parametrize("currency", CURRENCIES)
@given(wanted=carts, shipping_minor=st.integers(0, 999), tax_rate=st.sampled_from(("0", "0.19")), data=st.data())
@settings(max_examples=40)
def test_what_comes_back_parcel_by_parcel_is_what_was_paid(
    currency: str, wanted: list[Want], shipping_minor: int, tax_rate: str, data: Any
) -> None:
    world = world_in(currency)
    order = placed_in(world, wanted, shipping_minor, tax_rate, has_coupon=True)
    if order.head.status != "PAID":
        order = paid(world, order)
    order = shipped(world, packed(world, accepted(world, confirmed(world, order))))
    is_cancelled = data.draw(st.booleans())
    if is_cancelled:
        order = without_parcels(world, order)
    for part in data.draw(st.permutations(order.fulfillments)):
        step = world.step()
        if not is_cancelled:
            order = transition(order, MachineKind.FULFILLMENT, part.id, "interceptFulfillment", step)
        order = resolved(order, part.id, step, is_stopped=True)
        back = came_back(order, part.id)
        accepted_units = {line_id: Received(data.draw(st.integers(0, units))) for line_id, units in back.items()}
        order = returned(order, part.id, accepted_units, step)
    order = settled_refunds(world, order)
    head = order.head
    assert head.status == ("CANCELLED" if is_cancelled else "RETURNED")
    assert head.captured_minor == head.refunded_minor == head.total_minor


def without_parcels(world: World, order: Order) -> Order:
    rule = world.flow.rule(MachineKind.ORDER, order.head.status, "cancelOrder")
    assert rule is not None
    asked = cancellation(order, rule, None, world.policy)
    assert isinstance(asked, Cancellation)
    return cancelled(order, asked, world.step(BUYER))


@given(wanted=carts, shipping_minor=st.integers(0, 999), data=st.data())
@settings(max_examples=60)
def test_the_units_of_a_line_in_pieces_are_the_line(wanted: list[Want], shipping_minor: int, data: Any) -> None:
    world = World()
    order = placed_in(world, wanted, shipping_minor, "0.19", has_coupon=True)
    line, sums = order.lines[0], [0, 0, 0]
    while units_gone(line) < line.quantity:
        count = data.draw(st.integers(1, line.quantity - units_gone(line)))
        (worth,) = units_refund(order, {line.id: count}).lines
        sums = [sums[0] + worth.items_minor, sums[1] + worth.tax_minor, sums[2] + worth.shipping_minor]
        line = replace(
            line,
            cancelled_quantity=line.cancelled_quantity + count,
            refunded_minor=line.refunded_minor + worth.line_minor,
        )
        order = replace(order, lines=(line, *order.lines[1:]))
    assert sums[0] + sums[1] == line.total_minor
    assert min(sums) >= 0
    assert line.refundable_minor == 0
