"""What is drawn from an order's parts: its sums and its statuses. One pure function each, the first line that holds.

`drawn` puts them into the head, where lists and guards read them; every action ends with it.
"""

from typing import Any, NamedTuple

from domain.orders.model import Order
from domain.orders.views import UNPAID_STATUSES, FulfillmentView, InstallmentView, OrderView, PaymentView
from domain.values.enums import (
    AfterSaleStatus,
    FulfillmentKind,
    FulfillmentState,
    FulfillmentStatus,
    OrderStatus,
    PaymentState,
    PaymentStatus,
)
from domain.values.replacing import replace

IN_FLIGHT = frozenset((PaymentState.CREATED, PaymentState.PROCESSING))
SENT = frozenset(
    (
        FulfillmentState.SHIPPED,
        FulfillmentState.DELIVERED,
        FulfillmentState.INTERCEPTING,
        FulfillmentState.RETURNING,
        FulfillmentState.RETURNED,
    )
)
ARRIVED = frozenset((FulfillmentState.DELIVERED, FulfillmentState.RETURNED))
WORKED_ON = frozenset((FulfillmentState.ACCEPTED, FulfillmentState.PRODUCING, FulfillmentState.READY))
CLOSED_FOR_PAYMENT = frozenset((OrderStatus.CANCELLED, OrderStatus.REFUNDING, OrderStatus.REFUND_EXCEPTION))


class _Money(NamedTuple):
    """Of all payments, in minor units; what was captured too much and given back at once is left out."""

    captured: int
    refunded: int
    authorized: int
    in_flight: int
    """How many of them."""


def payment_status(captured: int, refunded: int, authorized: int, wanted: int) -> PaymentStatus:
    """Captured and refunded without an excess sent straight back; `wanted` is what the order costs now."""
    if 0 < captured == refunded:
        return PaymentStatus.REFUNDED
    if refunded > 0:
        return PaymentStatus.PARTIALLY_REFUNDED
    if captured >= wanted:
        return PaymentStatus.PAID
    if captured + authorized >= wanted:
        return PaymentStatus.AUTHORIZED
    if captured + authorized > 0:
        return PaymentStatus.PARTIALLY_PAID
    return PaymentStatus.UNPAID


def fulfillment_status(parts: tuple[FulfillmentView, ...], units_left: int) -> FulfillmentStatus:
    """Of the units of ORIGINAL fulfillments that are not cancelled; `units_left` of the order as a whole."""
    live = [part for part in parts if _is_live(part)]
    if units_left == 0:
        return FulfillmentStatus.CANCELLED
    if not live:
        return FulfillmentStatus.UNFULFILLED
    states = {part.status for part in live}
    if states == {FulfillmentState.RETURNED}:
        return FulfillmentStatus.RETURNED
    if states <= ARRIVED:
        return FulfillmentStatus.DELIVERED
    if states <= SENT:
        return FulfillmentStatus.SHIPPED
    if any(part.shipped_units > 0 for part in live):
        return FulfillmentStatus.PARTIALLY_SHIPPED
    return FulfillmentStatus.IN_PROGRESS if states & WORKED_ON else FulfillmentStatus.UNFULFILLED


def drawn(order: Order) -> Order:
    """The order with every drawn column of its head, and of its installments, put right."""
    head, money = order.head, _money(order.payments)
    is_whole_cancelled = head.status is OrderStatus.CANCELLED
    wanted = head.total_minor if is_whole_cancelled else head.total_minor - head.cancelled_minor
    units_left = head.unit_count - sum([line.cancelled_quantity for line in order.lines])
    installments = _filled(order.installments, money.captured + money.authorized)
    columns: dict[str, Any] = {
        "captured_minor": money.captured,
        "authorized_minor": money.authorized,
        "refunded_minor": money.refunded,
        "payable_minor": _payable(head, installments),
        "payment_status": payment_status(money.captured, money.refunded, money.authorized, wanted),
        "fulfillment_status": fulfillment_status(order.fulfillments, units_left),
        "after_sale_status": AfterSaleStatus.NONE,
        "shipped_units": sum([part.shipped_units for part in order.fulfillments if _is_original(part)]),
        "payments_in_flight": money.in_flight,
    }
    changed = {name: value for name, value in columns.items() if getattr(head, name) != value}
    if not changed and installments == order.installments:
        return order
    return replace(order, installments=installments, head=replace(head, **changed) if changed else head)


def owed_minor(head: OrderView) -> int:
    """What was not captured yet of what the order costs now: no more may be captured, however much is authorized."""
    return max(0, head.total_minor - head.cancelled_minor - head.captured_minor)


def capturable_minor(head: OrderView, payment: PaymentView) -> int:
    return min(payment.open_authorization_minor, owed_minor(head))


def open_payments(order: Order) -> tuple[PaymentView, ...]:
    return tuple(p for p in order.payments if p.open_authorization_minor > 0)


def _is_original(part: FulfillmentView) -> bool:
    return part.kind is FulfillmentKind.ORIGINAL


def _is_live(part: FulfillmentView) -> bool:
    return _is_original(part) and part.status is not FulfillmentState.CANCELLED


def _money(payments: tuple[PaymentView, ...]) -> _Money:
    captured = refunded = authorized = in_flight = 0
    for payment in payments:
        captured += payment.captured_minor - payment.excess_minor
        refunded += payment.refunded_minor - min(payment.refunded_minor, payment.excess_minor)
        authorized += payment.open_authorization_minor
        in_flight += payment.status in IN_FLIGHT
    return _Money(captured, refunded, authorized, in_flight)


def _filled(installments: tuple[InstallmentView, ...], secured: int) -> tuple[InstallmentView, ...]:
    """What is secured fills the installments one after the other."""
    filled = []
    for installment in installments:
        paid = min(secured, installment.amount_minor)
        secured -= paid
        filled.append(installment if paid == installment.paid_minor else replace(installment, paid_minor=paid))
    return tuple(filled)


def _payable(head: OrderView, installments: tuple[InstallmentView, ...]) -> int:
    if head.status in CLOSED_FOR_PAYMENT or (head.is_imported and head.status not in UNPAID_STATUSES):
        return 0
    return max(0, sum(i.amount_minor - i.paid_minor for i in installments) - head.cancelled_minor)
