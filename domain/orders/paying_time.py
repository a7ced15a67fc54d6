"""The time to pay an order: it begins anew with the first part that is paid, once, and what is held for it is held as long."""

from datetime import datetime, timedelta

from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, with_state_timer
from domain.values.enums import MachineKind, OrderStatus

_UNTIL = "until"


def extend_paying_time(order: Order, step: Step) -> Order:
    """That a payment secured anything stays on it, whatever became of the money: so the order knows that this is the first,
    and letting an authorization go to make another one wins no time.
    """
    secured = sum(payment.authorized_minor > 0 for payment in order.payments)
    if order.head.status is not OrderStatus.PARTIALLY_PAID or secured != 1:
        return order
    order = with_state_timer(order, MachineKind.ORDER, order.head.id, order.head.status, step)
    timeouts = step.policy.timeouts
    until = step.now + timedelta(seconds=timeouts.pay_s + timeouts.reservation_grace_s)
    return order.with_errands(Errand(ErrandKind.EXTEND_STOCK, order.head.id, details=((_UNTIL, until.isoformat()),)))


def extended_until(errand: Errand) -> datetime:
    """Until when the order's units are held: a little longer than the deadline, as when it was placed."""
    return datetime.fromisoformat(errand.detail[_UNTIL])
