"""Effects: what a step brings with it. Pure, run after the step; what must happen outside becomes an errand."""

from datetime import timedelta

from domain.access.viewer import SYSTEM
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.splitting import Part, split
from domain.orders.state import Step, begun, transition, with_timer
from domain.orders.sums import open_payments, owed_minor
from domain.orders.views import FulfillmentLineView, FulfillmentView, PaymentView, RefundView
from domain.policies import UnitPolicy
from domain.values.enums import (
    CapturePolicy,
    FulfillmentKind,
    FulfillmentState,
    MachineKind,
    OrderStatus,
    RefundState,
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
    """Stock and coupons go back."""
    order_id = order.head.id
    return order.with_errands(Errand(ErrandKind.RELEASE_STOCK, order_id), Errand(ErrandKind.RELEASE_COUPONS, order_id))


def give_money_back(order: Order, step: Step) -> Order:
    """Open authorizations are let go, captured money is refunded."""
    for payment in open_payments(order):
        order = order.with_errands(Errand(ErrandKind.VOID, payment.id))
    for payment in order.payments:
        left = payment.captured_minor - payment.refunded_minor - refunds_open(order, payment.id)
        if left > 0:
            order = with_refund(order, payment, left, step, reason="order cancelled", is_excess=False)
    return order


def capture_of(payment: PaymentView, amount_minor: int) -> Errand:
    """It says from where it captures on: done again after it was written down, it takes nothing."""
    return Errand(ErrandKind.CAPTURE, payment.id, amount_minor, (("from", str(payment.captured_minor)),))


def refunds_open(order: Order, payment_id: str) -> int:
    """What is on its way back to a payment, in minor units."""
    underway = (RefundState.REQUESTED, RefundState.PROCESSING, RefundState.FAILED)
    return sum(r.amount_minor for r in order.refunds if r.payment_id == payment_id and r.status in underway)


def with_refund(
    order: Order, payment: PaymentView, amount_minor: int, step: Step, *, reason: str, is_excess: bool
) -> Order:
    """A refund by the system itself: requested, approved, sent to the provider."""
    refund = RefundView(
        id=step.ids(IdKind.REFUND),
        order_id=order.head.id,
        payment_id=payment.id,
        status=RefundState.REQUESTED,
        currency=payment.currency,
        amount_minor=amount_minor,
        reason=reason,
        after_sale_id=None,
        is_excess=is_excess,
        attempts=0,
        created_at=step.now,
    )
    by_system = step.as_(SYSTEM)
    order = replace(order, refunds=(*order.refunds, refund))
    order = begun(order, MachineKind.REFUND, refund.id, "requestRefund", by_system)
    return transition(order, MachineKind.REFUND, refund.id, "approveRefund", by_system)


def send_refund(order: Order, _step: Step) -> Order:
    """The refund that just entered PROCESSING goes to the provider; one that failed before waits longer each time."""
    refund = order.refund(order.events[-1].subject_id)
    if refund is None:
        return order
    delay_s = REFUND_BACKOFF_S * 4 ** (refund.attempts - 1) if refund.attempts else 0
    return order.with_errands(Errand(ErrandKind.REFUND, refund.id, refund.amount_minor, delay_s=delay_s))


def split_by_itself(order: Order, step: Step) -> Order:
    """Fulfillments by seller, supply channel and warehouse; together they are the order, in every money column."""
    parts = split(order.lines, order.head.shipping_minor)
    by_system = step.as_(SYSTEM)
    for position, part in enumerate(parts, start=1):
        fulfillment = _fulfillment(order, part, position, step)
        order = replace(
            order,
            fulfillments=(*order.fulfillments, fulfillment),
            fulfillment_lines=order.fulfillment_lines + _fulfillment_lines(order, fulfillment.id, part),
        )
        order = begun(order, MachineKind.FULFILLMENT, fulfillment.id, "split", by_system)
        target = FulfillmentState.BACKORDERED if part.is_short else FulfillmentState.ALLOCATED
        order = transition(order, MachineKind.FULFILLMENT, fulfillment.id, "allocate", by_system, to=target)
    return order


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
    cancelled = {f.id for f in order.fulfillments if f.status is FulfillmentState.CANCELLED}
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


def _fulfillment(order: Order, part: Part, position: int, step: Step) -> FulfillmentView:
    return FulfillmentView(
        id=step.ids(IdKind.FULFILLMENT),
        order_id=order.head.id,
        number=f"{order.head.number}-{position}",
        kind=FulfillmentKind.ORIGINAL,
        status=FulfillmentState.CREATED,
        previous_status=None,
        warehouse=part.warehouse,
        seller_id=part.seller_id,
        seller_name=part.seller_name,
        split_by=part.reasons,
        currency=order.head.currency,
        subtotal_minor=part.subtotal_minor,
        discount_minor=part.discount_minor,
        shipping_minor=part.shipping_minor,
        tax_minor=part.tax_minor,
        total_minor=part.total_minor,
        unit_count=sum(line.quantity for line in part.lines),
        shipped_units=0,
        cancelled_units=0,
        promised_at=None,
        created_at=step.now,
    )


def _fulfillment_lines(order: Order, fulfillment_id: str, part: Part) -> tuple[FulfillmentLineView, ...]:
    return tuple(
        FulfillmentLineView(fulfillment_id, line.line_id, order.head.id, line.sku, line.options, line.quantity, 0, 0, 0)
        for line in part.lines
    )


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
