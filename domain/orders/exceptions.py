"""Resolving an exception: the order goes on where it was once its cause is gone, or all that was paid goes back. Pure."""

from domain.orders.cancelling import cancel_what_is_left
from domain.orders.conditions import stock_missing
from domain.orders.effects import capture_at_confirmation
from domain.orders.model import Order
from domain.orders.state import Step
from domain.values.enums import OrderStatus
from domain.values.refusals import BlockedReason

_CAPTURED_BY_NOW = frozenset((OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT))


def cause_of(order: Order) -> BlockedReason | None:
    """Why the order cannot go on where it was; None: nothing keeps it."""
    if order.head.payable_minor > 0:
        return BlockedReason("PAYMENT_DUE", "The order is not paid in full.")
    if stock_missing(order):
        return BlockedReason("STOCK_SHORT", "Some of its units are not to be had yet.")
    return None


def end_or_go_on(order: Order, step: Step) -> Order:
    """An effect: refunded as a whole, or a capture that was declined is tried once more."""
    if order.head.status is OrderStatus.REFUNDING:
        return cancel_what_is_left(order, step)
    return capture_at_confirmation(order, step) if order.head.status in _CAPTURED_BY_NOW else order
