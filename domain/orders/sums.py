"""What is drawn from an order's parts: its sums and its statuses. One pure function each, the first line that holds.

`drawn` puts them into the head, where lists and guards read them; every action ends with it.
"""

from typing import Any, NamedTuple

from domain.orders.model import Order
from domain.orders.views import UNPAID_STATUSES, AfterSaleView, FulfillmentView, InstallmentView, OrderView, PaymentView
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


def fulfillment_status(
    parts: tuple[FulfillmentView, ...], units_left: int, units_returned: int = 0, *, has_vouchers: bool = False
) -> FulfillmentStatus:
    """Of the units of ORIGINAL fulfillments that are not cancelled; `units_left` of the order as a whole, `units_returned` of
    those. Vouchers arrive when they are issued.
    """
    live = [part for part in parts if _is_live(part)]
    if units_left == 0:
        return FulfillmentStatus.CANCELLED
    if has_vouchers:
        return FulfillmentStatus.DELIVERED
    if not live:
        return FulfillmentStatus.UNFULFILLED
    if units_returned == units_left:
        return FulfillmentStatus.RETURNED
    states = {part.status for part in live}
    if states <= ARRIVED:
        return FulfillmentStatus.DELIVERED
    if states <= SENT:
        return FulfillmentStatus.SHIPPED
    if any(part.shipped_units > 0 for part in live):
        return FulfillmentStatus.PARTIALLY_SHIPPED
    return FulfillmentStatus.IN_PROGRESS if states & WORKED_ON else FulfillmentStatus.UNFULFILLED


def after_sale_status(cases: tuple[AfterSaleView, ...]) -> AfterSaleStatus:
    """Of all cases that were ever opened."""
    if not cases:
        return AfterSaleStatus.NONE
    return AfterSaleStatus.OPEN if any(case.is_open for case in cases) else AfterSaleStatus.CLOSED


def drawn(order: Order) -> Order:
    """The order with every drawn column of its head, and of its installments, put right."""
    head, money = order.head, _money(order.payments)
    is_whole_cancelled = head.status in CLOSED_FOR_PAYMENT
    wanted = head.total_minor if is_whole_cancelled else head.total_minor - head.cancelled_minor
    units_left = head.unit_count - sum([line.cancelled_quantity for line in order.lines])
    units_returned = sum([line.returned_quantity for line in order.lines])
    installments = _filled(order.installments, money.captured + money.authorized)
    columns: dict[str, Any] = {
        "captured_minor": money.captured,
        "authorized_minor": money.authorized,
        "refunded_minor": money.refunded,
        "payable_minor": _payable(head, installments),
        "payment_status": payment_status(money.captured, money.refunded, money.authorized, wanted),
        "fulfillment_status": fulfillment_status(
            order.fulfillments, units_left, units_returned, has_vouchers=bool(order.vouchers)
        ),
        "after_sale_status": after_sale_status(order.after_sales),
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


def later_minor(order: Order) -> int:
    """What is not paid yet of installments that do not open before a later step: it is not owed now."""
    waiting = (each for each in order.installments if not _is_open(order.head, each))
    return sum(each.amount_minor - each.paid_minor for each in waiting)


def capturable_minor(head: OrderView, payment: PaymentView) -> int:
    return min(payment.open_authorization_minor, owed_minor(head))


def open_payments(order: Order) -> tuple[PaymentView, ...]:
    return tuple(p for p in order.payments if p.open_authorization_minor > 0)


def _is_original(part: FulfillmentView) -> bool:
    return part.kind is FulfillmentKind.ORIGINAL


def _is_live(part: FulfillmentView) -> bool:
    """Some of its units are still wanted: those of a fulfillment that was stopped on its way may not be."""
    is_off = part.status is FulfillmentState.CANCELLED or part.cancelled_units == part.unit_count
    return _is_original(part) and not is_off


def _money(payments: tuple[PaymentView, ...]) -> _Money:
    captured = refunded = authorized = in_flight = 0
    for payment in payments:
        captured += payment.captured_minor - payment.excess_minor
        refunded += payment.refunded_minor - min(payment.refunded_minor, payment.excess_minor)
        authorized += payment.open_authorization_minor
        in_flight += payment.status in IN_FLIGHT
    return _Money(captured, refunded, authorized, in_flight)


def _filled(installments: tuple[InstallmentView, ...], secured: int) -> tuple[InstallmentView, ...]:
    """What is secured fills the installments one after the other; those whose time is not known yet come last."""
    paid = {}
    for installment in sorted(installments, key=lambda each: each.opens_at is None):
        paid[installment.position] = min(secured, installment.amount_minor)
        secured -= paid[installment.position]
    return tuple(
        each if each.paid_minor == paid[each.position] else replace(each, paid_minor=paid[each.position])
        for each in installments
    )


def _payable(head: OrderView, installments: tuple[InstallmentView, ...]) -> int:
    if head.status in CLOSED_FOR_PAYMENT or (head.is_imported and head.status not in UNPAID_STATUSES):
        return 0
    left = sum(i.amount_minor - i.paid_minor for i in installments) - head.cancelled_minor
    return max(0, min(left, sum(i.amount_minor - i.paid_minor for i in installments if _is_open(head, i))))


def _is_open(head: OrderView, installment: InstallmentView) -> bool:
    """Whether it can be paid, as of the order's last step. A deposit comes before all else; of imported orders all is open."""
    if head.is_imported:
        return True
    if head.status is OrderStatus.PENDING_DEPOSIT:
        return installment.position == 1
    return installment.opens_at is not None and installment.opens_at <= head.updated_at
