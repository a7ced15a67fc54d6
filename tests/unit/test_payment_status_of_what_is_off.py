"""What an order that is off costs, as far as its payment status is concerned: its whole total, until its money is back."""

from dataclasses import replace

import pytest

from domain.orders.cancelling import Cancellation, cancellation, cancelled
from domain.orders.flows import PHYSICAL_1
from domain.orders.model import Order
from domain.payments.answers import ProviderState
from domain.values.enums import MachineKind, OrderStatus
from tests.fixtures.orders import (
    BUYER,
    UNIT,
    World,
    answered,
    authorized,
    paid,
    physical_order,
    started,
)


def given_up(world: World, order: Order) -> Order:
    rule = PHYSICAL_1.rule(MachineKind.ORDER, order.head.status, "cancelOrder")
    assert rule is not None
    asked = cancellation(order, rule, None, UNIT)
    assert isinstance(asked, Cancellation)
    return cancelled(order, asked, world.step(BUYER))


@pytest.mark.parametrize(("pay", "status"), [(authorized, "AUTHORIZED"), (paid, "PAID")])
def test_what_is_held_is_not_paid_because_nothing_is_wanted_any_more(pay: object, status: str) -> None:
    world = World()
    assert callable(pay)
    order = given_up(world, pay(world, physical_order(world)))
    assert (order.head.status, order.head.payment_status) == (OrderStatus.REFUNDING, status)


def test_an_imported_order_keeps_what_is_paid_too_much() -> None:
    """Two payments at once, and the source is right whatever came of it."""
    world = World()
    order = physical_order(world)
    order = replace(order, head=replace(order.head, is_imported=True))
    order = started(world, started(world, order))
    first, second = order.payments
    order = answered(world, order, ProviderState.CAPTURED)
    assert (order.head.status, order.refunds) == (OrderStatus.PAID, ())
    order = replace(order, payments=(order.payments[1], order.payments[0]))
    order = answered(world, order, ProviderState.CAPTURED)
    assert first.amount_minor == second.amount_minor == order.head.total_minor
    assert (order.head.captured_minor, order.refunds) == (2 * order.head.total_minor, ())
