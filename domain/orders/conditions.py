"""Conditions of derived steps: each reads the order as it is and says whether the system moves it on by itself."""

from domain.orders.model import Order
from domain.orders.sums import WORKED_ON, open_payments
from domain.values.enums import FulfillmentState, FulfillmentStatus, RefundState

_UNDERWAY = frozenset((RefundState.REQUESTED, RefundState.PROCESSING, RefundState.FAILED))
_BEGUN = WORKED_ON | {FulfillmentState.PARTIALLY_SHIPPED, FulfillmentState.SHIPPED, FulfillmentState.DELIVERED}


def needs_split(order: Order) -> bool:
    return not order.fulfillments


def owes_again(order: Order) -> bool:
    """It was secured once, and some of that is gone."""
    return order.head.payable_minor > 0


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
