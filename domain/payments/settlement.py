"""What happens to an order when a payment starts, settles, is captured, let go or given back. Pure.

One function, `answered`, takes whatever the provider says of a payment, in any order and any number of times: it compares
the provider's view with ours and takes the steps between the two. So an answer, a repeated answer and an answer that comes
after we gave up end in the same state.
"""

from domain.access.viewer import PROVIDER, SYSTEM
from domain.orders.effects import with_refund
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.refund_steps import given_back
from domain.orders.refunding import payment_refundable_minor
from domain.orders.state import BEFORE, SAME, Step, begun, settled, transition
from domain.orders.sums import drawn, open_payments, owed_minor
from domain.orders.views import PaymentView
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.values.enums import MachineKind, OrderStatus, PaymentState, RefundState
from domain.values.faults import DomainFault
from domain.values.replacing import replace

MAX_ATTEMPTS = 50
"""Payments of one order, whatever became of them."""
MAX_REFUND_ATTEMPTS = 6
"""The first, and five more by the system itself; a person may try again as often as it likes."""

_PAYMENT = MachineKind.PAYMENT
_UNWANTED = frozenset((OrderStatus.CANCELLED, OrderStatus.REFUNDING, OrderStatus.REFUND_EXCEPTION))
_HELD = frozenset((PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED))
_GIVEN_UP = frozenset((PaymentState.FAILED, PaymentState.CANCELLED))
_BEING_WORKED_ON = frozenset((OrderStatus.PAID, OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT))
_GOODS_ARE_OUT = frozenset((OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.DELIVERED))


def started(order: Order, payment: PaymentView, details: dict[str, str], step: Step) -> Order:
    """A new attempt is recorded and is the provider's from now on. The errand to pay goes with it."""
    order = replace(order, payments=(*order.payments, payment))
    order = begun(order, _PAYMENT, payment.id, "payOrder", step)
    order = transition(order, _PAYMENT, payment.id, "startPayment", step.as_(SYSTEM))
    if payment.external_reference is None:
        errand = Errand(ErrandKind.PAY, payment.id, payment.amount_minor, tuple(sorted(details.items())))
        order = order.with_errands(errand)
    return drawn(order)


def answered(order: Order, payment_id: str, answer: ProviderAnswer, step: Step) -> Order:
    """The order after the provider's word on one of its payments."""
    payment = _payment(order, payment_id)
    by_provider = step.as_(PROVIDER)
    if payment.status is PaymentState.PROCESSING:
        order = _settled_attempt(order, payment, answer, by_provider)
    elif payment.status in _GIVEN_UP:
        order = _late(order, payment, answer, by_provider)
    elif payment.status in _HELD:
        return _held(order, payment, answer, by_provider)
    return settled(order, by_provider)


def captured(order: Order, payment_id: str, answer: ProviderAnswer | OperationDeclined, step: Step) -> Order:
    """The order after a capture was tried. What was captured is what the provider says, as a whole."""
    payment = _payment(order, payment_id)
    if payment.status not in _HELD:
        return order
    if isinstance(answer, OperationDeclined):
        details = {"code": answer.code}
        order = transition(order, _PAYMENT, payment_id, "captureDeclined", step.as_(PROVIDER), details=details)
        return settled(_uncapturable(order, step.as_(SYSTEM)), step)
    if answer.captured_minor <= payment.captured_minor:
        return order
    is_whole = answer.captured_minor >= payment.authorized_minor
    is_over = is_whole or answer.state is ProviderState.CAPTURED  # not every provider holds a rest
    target = PaymentState.CAPTURED if is_over else PaymentState.PARTIALLY_CAPTURED
    details = {"amountMinor": str(answer.captured_minor - payment.captured_minor)}
    order = order.with_subject(_PAYMENT, payment_id, captured_minor=answer.captured_minor)
    order = _moved(order, payment, "capturePayment", target, step, details)
    order = _taken(drawn(order), payment_id, step.as_(PROVIDER))
    return settled(_authorization_lost(order, step) if is_over and not is_whole else order, step)


def voided(order: Order, payment_id: str, action: str, step: Step) -> Order:
    """The open authorization is let go: by a person (`voidPayment`) or by time (`authorizationExpiry`)."""
    payment = _payment(order, payment_id)
    if payment.open_authorization_minor == 0:
        return order
    order = transition(order, _PAYMENT, payment_id, action, step)
    return settled(_authorization_lost(drawn(order), step), step)


def refunded(order: Order, refund_id: str, answer: ProviderAnswer | OperationDeclined, step: Step) -> Order:
    """The order after a refund was tried."""
    refund = order.refund(refund_id)
    if refund is None or refund.status is not RefundState.PROCESSING:
        return order
    by_provider = step.as_(PROVIDER)
    if isinstance(answer, OperationDeclined):
        details = {"code": answer.code}
        order = order.with_subject(MachineKind.REFUND, refund_id, attempts=refund.attempts + 1)
        order = transition(order, MachineKind.REFUND, refund_id, "refundFailed", by_provider, details=details)
        if not answer.is_final and refund.attempts + 1 < MAX_REFUND_ATTEMPTS:
            order = transition(order, MachineKind.REFUND, refund_id, "retryRefund", step.as_(SYSTEM))
        return settled(order, step)
    return settled(given_back(order, refund_id, by_provider), by_provider)


def given_up(order: Order, payment_id: str, step: Step) -> Order:
    """The provider knows nothing of an attempt after its time: it counts as failed."""
    order = transition(order, _PAYMENT, payment_id, "paymentTimeout", step.as_(SYSTEM))
    return settled(order, step)


def cancelled(order: Order, payment_id: str, step: Step) -> Order:
    """An attempt that goes with its order, though the provider has not settled it. Money that still comes goes back."""
    return transition(order, _PAYMENT, payment_id, "cancelPayment", step.as_(SYSTEM))


def _payment(order: Order, payment_id: str) -> PaymentView:
    payment = order.payment(payment_id)
    if payment is None:
        raise DomainFault(f"{payment_id} is no payment of {order.head.id}.")
    return payment


def _settled_attempt(order: Order, payment: PaymentView, answer: ProviderAnswer, step: Step) -> Order:
    match answer.state:
        case ProviderState.PROCESSING:
            reference = answer.reference or payment.provider_reference
            if (payment.next_action, payment.provider_reference) == (answer.next_action, reference):
                return order
            order = order.with_subject(
                _PAYMENT, payment.id, next_action=answer.next_action, provider_reference=reference
            )
            return transition(order, _PAYMENT, payment.id, "paymentPending", step)
        case ProviderState.DECLINED | ProviderState.VOIDED:
            details = {"code": answer.decline_code, "message": answer.decline_message}
            reference = answer.reference or payment.provider_reference
            order = order.with_subject(_PAYMENT, payment.id, next_action=None, provider_reference=reference)
            return transition(order, _PAYMENT, payment.id, "paymentDeclined", step, details=details)
        case ProviderState.AUTHORIZED:
            return _secured(_with_amounts(order, payment, answer), payment.id, "paymentAuthorized", step)
        case ProviderState.CAPTURED:
            return _secured(_with_amounts(order, payment, answer), payment.id, "paymentCaptured", step)


def _held(order: Order, payment: PaymentView, answer: ProviderAnswer, step: Step) -> Order:
    """What the provider's side did of itself with money that it holds: took it, or let it go."""
    if answer.captured_minor > payment.captured_minor:
        return captured(order, payment.id, answer, step)
    if answer.state is ProviderState.VOIDED:
        return voided(order, payment.id, "authorizationExpiry", step)
    return order


def _late(order: Order, payment: PaymentView, answer: ProviderAnswer, step: Step) -> Order:
    """Money that arrives for an attempt that had been given up."""
    actions = {ProviderState.AUTHORIZED: "lateAuthorization", ProviderState.CAPTURED: "lateCapture"}
    action = actions.get(answer.state)
    return order if action is None else _secured(_with_amounts(order, payment, answer), payment.id, action, step)


def _with_amounts(order: Order, payment: PaymentView, answer: ProviderAnswer) -> Order:
    return order.with_subject(
        _PAYMENT,
        payment.id,
        next_action=None,
        provider_reference=answer.reference or payment.provider_reference,
        authorized_minor=max(answer.authorized_minor, answer.captured_minor),
        captured_minor=answer.captured_minor,
    )


def _secured(order: Order, payment_id: str, action: str, step: Step) -> Order:
    """Money is held or taken: the order moves on, or sends it straight back when it is not wanted any more."""
    payable = order.head.payable_minor
    order = drawn(transition(order, _PAYMENT, payment_id, action, step))
    if order.head.status in _UNWANTED:
        return transition(order, MachineKind.ORDER, order.head.id, "latePayment", step)
    payment = _payment(order, payment_id)
    if payable == 0 and payment.open_authorization_minor:
        return order.with_errands(Errand(ErrandKind.VOID, payment_id))
    excess = min(payment.captured_minor, max(0, payment.captured_minor - payable))
    if excess > 0 and not order.head.is_imported:
        order = order.with_subject(_PAYMENT, payment_id, excess_minor=excess)
        order = drawn(
            with_refund(order, _payment(order, payment_id), excess, step, reason="paid too much", is_excess=True)
        )
    if payable == 0 and order.head.status in _BEING_WORKED_ON:
        return order  # nothing was waited for
    return _order_paid(order, step)


def _order_paid(order: Order, step: Step) -> Order:
    """Where its table leads: to the last state that the row names once all is secured, till then to the first."""
    head = order.head
    rule = step.flow.rule(MachineKind.ORDER, head.status, "payOrder")
    if rule is None:
        return order
    # A balance that is not open yet is not paid because nothing is payable.
    is_secured = (head.due_minor if head.status is OrderStatus.PENDING_BALANCE else head.payable_minor) == 0
    word = rule.next[-1 if is_secured else 0]
    target = {SAME: head.status, BEFORE: head.previous_status}.get(word, word)
    return transition(order, MachineKind.ORDER, head.id, "payOrder", step, to=str(target))


def _authorization_lost(order: Order, step: Step) -> Order:
    head, by_system = order.head, step.as_(SYSTEM)
    if head.payable_minor == 0:
        return order
    if head.status is OrderStatus.PARTIALLY_PAID:
        target: str = OrderStatus.PENDING_PAYMENT if head.secured_minor == 0 else head.status
    elif head.status in _GOODS_ARE_OUT:
        target = head.status
    else:  # before that the tables derive what follows, or what is unwanted anyway was let go
        return order
    return transition(order, MachineKind.ORDER, head.id, "authorizationLost", by_system, to=target)


def _uncapturable(order: Order, step: Step) -> Order:
    """What is authorized and cannot be taken secures nothing: nobody should work on the order until a person looked."""
    head = order.head
    if head.status not in _BEING_WORKED_ON | _GOODS_ARE_OUT:
        return order
    target = head.status if head.status in _GOODS_ARE_OUT else OrderStatus.EXCEPTION
    return transition(order, MachineKind.ORDER, head.id, "authorizationLost", step, to=target)


def _taken(order: Order, payment_id: str, step: Step) -> Order:
    """After a capture: one that comes too late goes back, one that ends an exception does so, what is not needed is let go."""
    head = order.head
    if head.status in _UNWANTED:
        return transition(order, MachineKind.ORDER, head.id, "latePayment", step)
    if head.status is OrderStatus.EXCEPTION and head.payable_minor == 0:
        order = transition(order, MachineKind.ORDER, head.id, "payOrder", step, to=str(head.previous_status))
    order = _without_excess(order, payment_id, step)
    if owed_minor(head) == 0:
        order = order.with_errands(*(Errand(ErrandKind.VOID, p.id) for p in open_payments(order)))
    return order


def _without_excess(order: Order, payment_id: str, step: Step) -> Order:
    """A capture that crossed a cancellation of some units took more than the order costs now: that goes back."""
    head, payment = order.head, _payment(order, payment_id)
    went_back = sum(r.amount_minor for r in order.refunds if r.status is not RefundState.REJECTED and not r.is_excess)
    excess = head.captured_minor - went_back - (head.total_minor - head.cancelled_minor)
    excess = min(excess, payment_refundable_minor(order, payment))
    if head.is_imported or excess <= 0:
        return order
    order = order.with_subject(_PAYMENT, payment.id, excess_minor=payment.excess_minor + excess)
    return drawn(with_refund(order, _payment(order, payment.id), excess, step, reason="paid too much", is_excess=True))


def _moved(
    order: Order, payment: PaymentView, action: str, target: PaymentState, step: Step, details: dict[str, str]
) -> Order:
    """A step of a payment that a person or the system asked for."""
    rule = step.flow.rule(_PAYMENT, payment.status, action)
    actor_may = rule is not None and rule.roles & step.actor.roles
    return transition(
        order, _PAYMENT, payment.id, action, step if actor_may else step.as_(SYSTEM), to=target, details=details
    )
