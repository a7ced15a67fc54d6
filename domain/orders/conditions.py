"""Conditions of derived steps: each reads the order as it is and says whether the system moves it on by itself."""

from collections.abc import Callable

from domain.orders.model import Order
from domain.orders.parting import changed_parts, is_produced
from domain.orders.sums import CLOSED_FOR_PAYMENT, WORKED_ON, open_payments
from domain.orders.views import OrderLineView
from domain.values.enums import (
    FulfillmentState,
    FulfillmentStatus,
    ModificationStatus,
    OrderStatus,
    RefundState,
    StockPolicy,
)

_UNDERWAY = frozenset((RefundState.REQUESTED, RefundState.PROCESSING, RefundState.FAILED))
_BEGUN = WORKED_ON | {FulfillmentState.PARTIALLY_SHIPPED, FulfillmentState.SHIPPED, FulfillmentState.DELIVERED}


def needs_split(order: Order) -> bool:
    """Without units no split would make a fulfillment, so that it would be asked for again and again."""
    return not order.fulfillments and any(line.quantity for line in order.lines)


def stock_missing(order: Order) -> bool:
    """It is paid, and its units, which are taken from the stock only then, were not to be had."""
    return needs_split(order) and bool(lines_without_stock(order))


def lines_without_stock(order: Order) -> tuple[OrderLineView, ...]:
    return tuple(line for line in order.lines if _lacks_units(line))


def _lacks_units(line: OrderLineView) -> bool:
    found = sum(part.quantity for part in line.allocations)
    return line.stock_policy is StockPolicy.DEDUCT_ON_PAYMENT and found < line.quantity - line.cancelled_quantity


def owes_again(order: Order) -> bool:
    """It was secured once, and some of that is gone. The difference of a change that waits for it was never secured."""
    return order.head.payable_minor > _difference_minor(order)


def difference_is_paid(order: Order) -> bool:
    return _is_pending(order) and order.head.payable_minor == 0


def modification_is_over(order: Order) -> bool:
    """It waits for an order that is off, or of which other units are; or lines that it changes were packed or made meanwhile."""
    is_off = order.head.status in CLOSED_FOR_PAYMENT
    return _is_pending(order) and (
        is_off or any(line.cancelled_quantity for line in order.lines) or _is_overtaken(order)
    )


def any_accepted(order: Order) -> bool:
    return any(part.status in _BEGUN for part in order.fulfillments)


def fulfilled_in_part(order: Order) -> bool:
    return order.head.fulfillment_status is FulfillmentStatus.PARTIALLY_SHIPPED


def all_shipped(order: Order) -> bool:
    return order.head.fulfillment_status in {FulfillmentStatus.SHIPPED, FulfillmentStatus.DELIVERED}


def all_delivered(order: Order) -> bool:
    return order.head.fulfillment_status is FulfillmentStatus.DELIVERED


def money_given_back(order: Order) -> bool:
    """No authorization is open and every refund has arrived."""
    return not open_payments(order) and not any(refund.status in _UNDERWAY for refund in order.refunds)


def refund_failed(order: Order) -> bool:
    """One that the system does not try again: those that it does are on their way already."""
    return any(refund.status is RefundState.FAILED for refund in order.refunds)


def refunds_go_on(order: Order) -> bool:
    return not refund_failed(order)


def all_off(order: Order) -> bool:
    """Every parcel that was to be stopped was, and nothing else is left."""
    return not _is_stopping(order) and all(line.cancelled_quantity == line.quantity for line in order.lines)


def all_returned(order: Order) -> bool:
    """Every unit that was not cancelled came back."""
    return order.head.fulfillment_status is FulfillmentStatus.RETURNED


def resumes_as(status: OrderStatus) -> Callable[[Order], bool]:
    """Nothing is to be stopped any more, and what is left of the order stands there."""

    def resumes(order: Order) -> bool:
        is_left = any(line.cancelled_quantity < line.quantity for line in order.lines)
        return is_left and not _is_stopping(order) and _RESUMED[order.head.fulfillment_status] is status

    return resumes


def _is_overtaken(order: Order) -> bool:
    waiting = (each for each in order.modifications if each.status is ModificationStatus.PENDING)
    return any(
        is_produced(part)
        for each in waiting
        for part in changed_parts(order, {line.id: line.quantity for line in each.lines})
    )


def _is_pending(order: Order) -> bool:
    return any(each.status is ModificationStatus.PENDING for each in order.modifications)


def _difference_minor(order: Order) -> int:
    waiting = (each for each in order.modifications if each.status is ModificationStatus.PENDING)
    return sum(each.total_minor - each.total_before_minor for each in waiting)


def _is_stopping(order: Order) -> bool:
    return any(part.status is FulfillmentState.INTERCEPTING for part in order.fulfillments)


_RESUMED = {
    FulfillmentStatus.UNFULFILLED: OrderStatus.CONFIRMED,
    FulfillmentStatus.IN_PROGRESS: OrderStatus.IN_FULFILLMENT,
    FulfillmentStatus.PARTIALLY_SHIPPED: OrderStatus.PARTIALLY_SHIPPED,
    FulfillmentStatus.SHIPPED: OrderStatus.SHIPPED,
    FulfillmentStatus.RETURNED: OrderStatus.SHIPPED,
    FulfillmentStatus.DELIVERED: OrderStatus.DELIVERED,
    FulfillmentStatus.CANCELLED: OrderStatus.REFUNDING,
}
