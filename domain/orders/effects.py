"""Effects: what a step brings with it. Pure, run after the step; what must happen outside becomes an errand."""

from datetime import timedelta

from domain.access.viewer import SYSTEM
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.parting import counting, with_parts
from domain.orders.refund_steps import IS_RETRY
from domain.orders.refunding import refunds_open
from domain.orders.splitting import split
from domain.orders.state import Step, begun, transition, with_timer
from domain.orders.sums import open_payments, owed_minor
from domain.orders.views import PaymentView, RefundView
from domain.policies import UnitPolicy
from domain.values.enums import (
    CapturePolicy,
    FulfillmentState,
    MachineKind,
    OrderStatus,
    RefundState,
    Role,
)
from domain.values.ids import IdKind
from domain.values.replacing import replace

REFUND_BACKOFF_S = 60
HOLDABLE = frozenset(
    (FulfillmentState.ALLOCATED, FulfillmentState.ACCEPTED, FulfillmentState.PRODUCING, FulfillmentState.READY)
)


def stamp_paid(order: Order, step: Step) -> Order:
    return order.with_head(paid_at=order.head.paid_at or step.now) if order.head.status is OrderStatus.PAID else order


def stamp_completed(order: Order, step: Step) -> Order:
    return order.with_head(completed_at=step.now)


def deduct_stock(order: Order, _step: Step) -> Order:
    """Once paid, what was reserved leaves the stock."""
    if order.head.status is not OrderStatus.PAID:
        return order
    return order.with_errands(Errand(ErrandKind.DEDUCT_STOCK, order.head.id))


def cancel_units(order: Order, step: Step) -> Order:
    """The whole order is off: no unit is wanted any more."""
    order = order.with_lines(lambda line: replace(line, cancelled_quantity=line.quantity))
    return order.with_head(cancelled_at=step.now, cancelled_minor=order.head.total_minor)


def release_claims(order: Order, _step: Step) -> Order:
    """Stock, coupons and the seat in a group go back."""
    order_id = order.head.id
    order = order.with_errands(Errand(ErrandKind.RELEASE_STOCK, order_id), Errand(ErrandKind.RELEASE_COUPONS, order_id))
    return order.with_errands(Errand(ErrandKind.RELEASE_SEAT, order_id)) if order.head.group_id else order


def give_money_back(order: Order, step: Step) -> Order:
    """Open authorizations are let go, captured money is refunded, but for what is kept."""
    for payment in open_payments(order):
        order = order.with_errands(Errand(ErrandKind.VOID, payment.id))
    kept = order.head.kept_minor
    for payment in order.payments:
        left = payment.captured_minor - payment.refunded_minor - refunds_open(order, payment.id)
        stays = min(kept, max(0, left))
        kept -= stays
        if left > stays:
            order = with_refund(order, payment, left - stays, step, reason="order cancelled", is_excess=False)
    return order


def capture_of(payment: PaymentView, amount_minor: int) -> Errand:
    """It says from where it captures on: done again after it was written down, it takes nothing."""
    return Errand(ErrandKind.CAPTURE, payment.id, amount_minor, (("from", str(payment.captured_minor)),))


def with_refund(
    order: Order,
    payment: PaymentView,
    amount_minor: int,
    step: Step,
    *,
    reason: str,
    is_excess: bool,
    after_sale_id: str | None = None,
    is_at_once: bool = True,
) -> Order:
    """A refund is requested. The system approves it and sends it to the provider: at once, or below the unit's limit only."""
    refund = RefundView(
        id=step.ids(IdKind.REFUND),
        order_id=order.head.id,
        payment_id=payment.id,
        status=RefundState.REQUESTED,
        currency=payment.currency,
        amount_minor=amount_minor,
        reason=reason,
        after_sale_id=after_sale_id,
        is_excess=is_excess,
        attempts=0,
        created_at=step.now,
    )
    by_system = step.as_(SYSTEM)
    order = replace(order, refunds=(*order.refunds, refund))
    order = begun(order, MachineKind.REFUND, refund.id, "requestRefund", by_system)
    limit = step.policy.refunds.auto_approve_limit_minor
    if not is_at_once and limit is not None and amount_minor > limit:
        return order
    return transition(order, MachineKind.REFUND, refund.id, "approveRefund", by_system)


def send_refund(order: Order, step: Step) -> Order:
    """The refund that just entered PROCESSING goes to the provider. One that failed before waits longer each time, unless a
    person tries it again.
    """
    refund = order.refund(order.events[-1].subject_id)
    if refund is None:
        return order
    waits = refund.attempts and Role.SYSTEM in step.actor.roles
    delay_s = REFUND_BACKOFF_S * 4 ** (refund.attempts - 1) if waits else 0
    details = ((IS_RETRY, "true"),) if order.events[-1].action == "retryRefund" else ()
    return order.with_errands(Errand(ErrandKind.REFUND, refund.id, refund.amount_minor, details, delay_s))


def split_by_itself(order: Order, step: Step) -> Order:
    """Fulfillments by the unit's rules; together they are the order, in every money column."""
    return with_parts(order, split(order.lines, order.head.shipping_minor, step.policy.splitting), step)


def promise(order: Order, step: Step) -> Order:
    """From confirmation on, a date is promised for each fulfillment."""
    promised_at = step.now + timedelta(seconds=step.policy.timeouts.promise_s)
    return replace(order, fulfillments=tuple(replace(f, promised_at=promised_at) for f in order.fulfillments))


def capture_at_confirmation(order: Order, step: Step) -> Order:
    return _capturing(order, step.policy, CapturePolicy.AT_CONFIRMATION)


def capture_at_shipment(order: Order, step: Step) -> Order:
    return _capturing(order, step.policy, CapturePolicy.AT_SHIPMENT)


def hold_fulfillments(order: Order, step: Step) -> Order:
    return _each_fulfillment(order, HOLDABLE, "hold", step)


def release_fulfillments(order: Order, step: Step) -> Order:
    return _each_fulfillment(order, frozenset((FulfillmentState.ON_HOLD,)), "release", step)


def cancel_fulfillments(order: Order, step: Step) -> Order:
    unsent = HOLDABLE | {FulfillmentState.CREATED, FulfillmentState.BACKORDERED, FulfillmentState.ON_HOLD}
    order = _each_fulfillment(order, unsent, "cancelFulfillment", step)
    cancelled = {f.id for f in counting(order) if f.status is FulfillmentState.CANCELLED}
    return replace(
        order,
        fulfillments=tuple(
            replace(f, cancelled_units=f.unit_count) if f.id in cancelled else f for f in order.fulfillments
        ),
        fulfillment_lines=tuple(
            replace(line, cancelled_quantity=line.quantity) if line.fulfillment_id in cancelled else line
            for line in order.fulfillment_lines
        ),
    )


def deliver_fulfillments(order: Order, step: Step) -> Order:
    """The buyer has it all: what was still on its way has arrived."""
    return _each_fulfillment(order, frozenset((FulfillmentState.SHIPPED,)), "deliverFulfillment", step)


def stamp_delivered(order: Order, step: Step) -> Order:
    """Every parcel of a delivered fulfillment has arrived."""
    arrived = {f.id for f in order.fulfillments if f.status is FulfillmentState.DELIVERED}
    return replace(
        order,
        shipments=tuple(
            replace(s, delivered_at=step.now) if s.fulfillment_id in arrived and s.delivered_at is None else s
            for s in order.shipments
        ),
    )


def extend_receipt(order: Order, step: Step) -> Order:
    timer = order.timer(order.head.id, "receiptTimeout")
    if timer is None or timer.due_at is None:
        return order
    due_at = timer.due_at + timedelta(seconds=step.policy.timeouts.receipt_extension_s)
    order = with_timer(order, replace(timer, due_at=due_at))
    return order.with_head(receipt_extensions=order.head.receipt_extensions + 1)


def _capturing(order: Order, policy: UnitPolicy, moment: CapturePolicy) -> Order:
    if policy.capture is not moment:
        return order
    owed = owed_minor(order.head)
    for payment in open_payments(order):
        amount = min(payment.open_authorization_minor, owed)
        if amount:
            order = order.with_errands(capture_of(payment, amount))
        owed -= amount
    return order


def _each_fulfillment(order: Order, states: frozenset[FulfillmentState], action: str, step: Step) -> Order:
    by_system = step.as_(SYSTEM)
    for fulfillment in order.fulfillments:
        if fulfillment.status in states:
            order = transition(order, MachineKind.FULFILLMENT, fulfillment.id, action, by_system)
    return order
