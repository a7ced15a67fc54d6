"""What happens to an order when a payment starts, settles, is captured, let go or given back. Pure.

One function, `answered`, takes whatever the provider says of a payment, in any order and any number of times: it compares
the provider's view with ours and takes the steps between the two. So an answer, a repeated answer and an answer that comes
after we gave up end in the same state.
"""

from domain.access.viewer import PROVIDER, SYSTEM
from domain.orders.effects import with_refund
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, begun, settled, transition
from domain.orders.sums import drawn, open_payments, owed_minor
from domain.orders.views import PaymentView
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.values.enums import MachineKind, OrderStatus, PaymentState, RefundState
from domain.values.faults import DomainFault
from domain.values.replacing import replace

MAX_ATTEMPTS = 50
"""Payments of one order, whatever became of them."""
MAX_REFUND_ATTEMPTS = 5

_PAYMENT = MachineKind.PAYMENT
_OPEN = frozenset((OrderStatus.PENDING_PAYMENT, OrderStatus.PARTIALLY_PAID))
_UNWANTED = frozenset((OrderStatus.CANCELLED, OrderStatus.REFUNDING))
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
    elif payment.status is PaymentState.FAILED:
        order = _late(order, payment, answer, by_provider)
    return settled(order, by_provider)


def captured(order: Order, payment_id: str, answer: ProviderAnswer | OperationDeclined, step: Step) -> Order:
    """The order after a capture was tried. What was captured is what the provider says, as a whole."""
    payment = _payment(order, payment_id)
    if payment.status not in {PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED}:
        return order
    if isinstance(answer, OperationDeclined):
        details = {"code": answer.code}
        order = transition(order, _PAYMENT, payment_id, "captureDeclined", step.as_(PROVIDER), details=details)
        return settled(_uncapturable(order, step.as_(SYSTEM)), step)
    if answer.captured_minor <= payment.captured_minor:
        return order
    is_whole = answer.captured_minor >= payment.authorized_minor
    target = PaymentState.CAPTURED if is_whole else PaymentState.PARTIALLY_CAPTURED
    details = {"amountMinor": str(answer.captured_minor - payment.captured_minor)}
    order = order.with_subject(_PAYMENT, payment_id, captured_minor=answer.captured_minor)
    order = _moved(order, payment, "capturePayment", target, step, details)
    return settled(_taken(drawn(order), step.as_(PROVIDER)), step)


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
        if refund.attempts + 1 < MAX_REFUND_ATTEMPTS:
            order = transition(order, MachineKind.REFUND, refund_id, "retryRefund", step.as_(SYSTEM))
        return settled(order, step)
    payment = _payment(order, refund.payment_id)
    total = payment.refunded_minor + refund.amount_minor
    order = transition(order, MachineKind.REFUND, refund_id, "refundSettled", by_provider)
    order = order.with_subject(_PAYMENT, payment.id, refunded_minor=total)
    target = PaymentState.REFUNDED if total >= payment.captured_minor else PaymentState.PARTIALLY_REFUNDED
    order = transition(order, _PAYMENT, payment.id, "refundSucceeded", by_provider, to=target)
    return settled(order, by_provider)


def given_up(order: Order, payment_id: str, step: Step) -> Order:
    """The provider knows nothing of an attempt after its time: it counts as failed."""
    order = transition(order, _PAYMENT, payment_id, "paymentTimeout", step.as_(SYSTEM))
    return settled(order, step)


def _payment(order: Order, payment_id: str) -> PaymentView:
    payment = order.payment(payment_id)
    if payment is None:
        raise DomainFault(f"{payment_id} is no payment of {order.head.id}.")
    return payment


def _settled_attempt(order: Order, payment: PaymentView, answer: ProviderAnswer, step: Step) -> Order:
    match answer.state:
        case ProviderState.PROCESSING:
            if payment.next_action == answer.next_action:
                return order
            order = order.with_subject(_PAYMENT, payment.id, next_action=answer.next_action)
            return transition(order, _PAYMENT, payment.id, "paymentPending", step)
        case ProviderState.DECLINED | ProviderState.VOIDED:
            details = {"code": answer.decline_code, "message": answer.decline_message}
            order = order.with_subject(_PAYMENT, payment.id, next_action=None, provider_reference=answer.reference)
            return transition(order, _PAYMENT, payment.id, "paymentDeclined", step, details=details)
        case ProviderState.AUTHORIZED:
            return _secured(_with_amounts(order, payment, answer), payment.id, "paymentAuthorized", step)
        case ProviderState.CAPTURED:
            return _secured(_with_amounts(order, payment, answer), payment.id, "paymentCaptured", step)


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
        provider_reference=answer.reference,
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
    if excess > 0:
        order = order.with_subject(_PAYMENT, payment_id, excess_minor=excess)
        order = drawn(
            with_refund(order, _payment(order, payment_id), excess, step, reason="paid too much", is_excess=True)
        )
    return _order_paid(order, step)


def _order_paid(order: Order, step: Step) -> Order:
    head = order.head
    is_secured = head.payable_minor == 0
    if head.status in _OPEN:
        target: str = OrderStatus.PAID if is_secured else OrderStatus.PARTIALLY_PAID
    elif head.status is OrderStatus.EXCEPTION:
        target = str(head.previous_status) if is_secured else OrderStatus.EXCEPTION
    elif head.status in _GOODS_ARE_OUT:
        target = head.status
    else:
        return order
    return transition(order, MachineKind.ORDER, head.id, "payOrder", step, to=target)


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


def _taken(order: Order, step: Step) -> Order:
    """After a capture: one that comes too late goes back, one that ends an exception does so, what is not needed is let go."""
    head = order.head
    if head.status in _UNWANTED:
        return transition(order, MachineKind.ORDER, head.id, "latePayment", step)
    if head.status is OrderStatus.EXCEPTION and head.payable_minor == 0:
        order = transition(order, MachineKind.ORDER, head.id, "payOrder", step, to=str(head.previous_status))
    if owed_minor(head) == 0:
        order = order.with_errands(*(Errand(ErrandKind.VOID, p.id) for p in open_payments(order)))
    return order


def _moved(
    order: Order, payment: PaymentView, action: str, target: PaymentState, step: Step, details: dict[str, str]
) -> Order:
    """A step of a payment that a person or the system asked for."""
    rule = step.flow.rule(_PAYMENT, payment.status, action)
    actor_may = rule is not None and rule.roles & step.actor.roles
    return transition(
        order, _PAYMENT, payment.id, action, step if actor_may else step.as_(SYSTEM), to=target, details=details
    )
