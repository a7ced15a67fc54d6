"""What a refund's steps bring with them. Pure.

What was paid elsewhere is given back elsewhere: no provider is asked, and the refund waits, with its alert. Whoever tries it
again after that says that the money was given back.
"""

from typing import Final

from domain.access.viewer import SYSTEM
from domain.orders.model import Order
from domain.orders.state import Step, transition, with_state_timer
from domain.orders.sums import drawn
from domain.orders.views import PaymentView, RefundView
from domain.values.enums import MachineKind, PaymentState, RefundState
from domain.values.faults import DomainFault

_REFUND: Final = MachineKind.REFUND
_PAYMENT: Final = MachineKind.PAYMENT
IS_RETRY: Final = "isRetry"
"""In an errand's details: the provider is asked first what became of the tries before."""


def given_back(order: Order, refund_id: str, step: Step) -> Order:
    """The buyer has the money of a refund that is PROCESSING. `step`: by the provider, or by the system."""
    refund, payment = _parts(order, refund_id)
    total = payment.refunded_minor + refund.amount_minor
    order = transition(order, _REFUND, refund_id, "refundSettled", step)
    order = order.with_subject(_PAYMENT, payment.id, refunded_minor=total)
    target = PaymentState.REFUNDED if total >= payment.captured_minor else PaymentState.PARTIALLY_REFUNDED
    return drawn(transition(order, _PAYMENT, payment.id, "refundSucceeded", step, to=target))


def is_given_back(order: Order, refund: RefundView, known_minor: int) -> bool:
    """Whether what the provider gave back of the payment, as a whole, can only be with this refund among it."""
    _, payment = _parts(order, refund.id)
    others = sum(
        other.amount_minor
        for other in order.refunds
        if other.payment_id == payment.id and other.id != refund.id and other.status is RefundState.PROCESSING
    )
    return known_minor - payment.refunded_minor - others >= refund.amount_minor


def begin_alert_anew(order: Order, step: Step) -> Order:
    """An effect: the provider has the whole time again."""
    refund_id = order.events[-1].subject_id
    refund, _ = _parts(order, refund_id)
    return with_state_timer(order, _REFUND, refund_id, refund.status, step)


def settle_elsewhere(order: Order, step: Step) -> Order:
    """An effect: a refund of a payment made elsewhere is done when somebody says so."""
    refund_id = order.events[-1].subject_id
    _, payment = _parts(order, refund_id)
    return order if payment.external_reference is None else given_back(order, refund_id, step.as_(SYSTEM))


def keep_excess(order: Order, _step: Step) -> Order:
    """An effect: what was paid too much and is kept counts as paid."""
    refund, payment = _parts(order, order.events[-1].subject_id)
    if not refund.is_excess:
        return order
    excess = max(0, payment.excess_minor - refund.amount_minor)
    return order.with_subject(_PAYMENT, payment.id, excess_minor=excess)


def _parts(order: Order, refund_id: str) -> tuple[RefundView, PaymentView]:
    refund = order.refund(refund_id)
    payment = order.payment(refund.payment_id) if refund else None
    if refund is None or payment is None:
        raise DomainFault(f"{refund_id} is no refund of {order.head.id}.")
    return refund, payment
