"""The aggregate: an order with all that hangs on it, one version, one place where its sums are drawn.

It is made of the read models themselves. Changing it means making another one; `events` are the steps taken since it was
loaded, `errands` what those steps want done outside of it (stock, coupons, the payment provider).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from domain.orders.views import (
    AfterSaleLineView,
    AfterSaleView,
    CheckpointView,
    DiscountView,
    FulfillmentLineView,
    FulfillmentView,
    InstallmentView,
    ModificationView,
    OrderLineView,
    OrderView,
    PaymentView,
    RefundView,
    ShipmentView,
    TimerView,
    TransitionView,
    VoucherView,
)
from domain.values.enums import MachineKind
from domain.values.replacing import replace

Subject = OrderView | PaymentView | RefundView | FulfillmentView | AfterSaleView
T = TypeVar("T")


class ErrandKind(StrEnum):
    """What a step wants done outside of the order. Each is idempotent, so that it may be repeated after a crash."""

    DEDUCT_STOCK = "DEDUCT_STOCK"
    RELEASE_STOCK = "RELEASE_STOCK"
    EXTEND_STOCK = "EXTEND_STOCK"
    RELEASE_COUPONS = "RELEASE_COUPONS"
    MOVE_STOCK = "MOVE_STOCK"
    ARRANGE_STOCK = "ARRANGE_STOCK"
    ARRANGE_COUPONS = "ARRANGE_COUPONS"
    FILL_BACKORDERS = "FILL_BACKORDERS"
    WITHDRAW_STOCK = "WITHDRAW_STOCK"
    TAKE_STOCK_BACK = "TAKE_STOCK_BACK"
    PAY = "PAY"
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"
    REPLACE_UNITS = "REPLACE_UNITS"
    ISSUE_VOUCHERS = "ISSUE_VOUCHERS"
    CANCEL_VOUCHERS = "CANCEL_VOUCHERS"
    RELEASE_SEAT = "RELEASE_SEAT"
    SETTLE_GROUP = "SETTLE_GROUP"
    UNDO_PLACEMENT = "UNDO_PLACEMENT"


@dataclass(frozen=True, slots=True)
class Errand:
    kind: ErrandKind
    subject_id: str
    """The order, payment, refund or allocation that it is about; for a capture, the payment; for MOVE_STOCK, the allocation
    that was declined; for FILL_BACKORDERS, the event or receipt after which those that wait are looked at; for units that go
    back to stock, the event with which they do.
    """
    amount_minor: int = 0
    details: tuple[tuple[str, str], ...] = ()
    delay_s: int = 0

    @property
    def detail(self) -> dict[str, str]:
        return dict(self.details)


@dataclass(frozen=True, slots=True)
class Order:
    head: OrderView
    lines: tuple[OrderLineView, ...] = ()
    discounts: tuple[DiscountView, ...] = ()
    installments: tuple[InstallmentView, ...] = ()
    payments: tuple[PaymentView, ...] = ()
    refunds: tuple[RefundView, ...] = ()
    fulfillments: tuple[FulfillmentView, ...] = ()
    fulfillment_lines: tuple[FulfillmentLineView, ...] = ()
    shipments: tuple[ShipmentView, ...] = ()
    checkpoints: tuple[CheckpointView, ...] = ()
    modifications: tuple[ModificationView, ...] = ()
    vouchers: tuple[VoucherView, ...] = ()
    after_sales: tuple[AfterSaleView, ...] = ()
    after_sale_lines: tuple[AfterSaleLineView, ...] = ()
    timers: tuple[TimerView, ...] = ()
    events: tuple[TransitionView, ...] = ()
    errands: tuple[Errand, ...] = ()

    def line(self, line_id: str) -> OrderLineView | None:
        return _find(self.lines, line_id)

    def payment(self, payment_id: str) -> PaymentView | None:
        return _find(self.payments, payment_id)

    def refund(self, refund_id: str) -> RefundView | None:
        return _find(self.refunds, refund_id)

    def fulfillment(self, fulfillment_id: str) -> FulfillmentView | None:
        return _find(self.fulfillments, fulfillment_id)

    def shipment(self, shipment_id: str) -> ShipmentView | None:
        return _find(self.shipments, shipment_id)

    def after_sale(self, after_sale_id: str) -> AfterSaleView | None:
        return _find(self.after_sales, after_sale_id)

    def lines_of_case(self, after_sale_id: str) -> tuple[AfterSaleLineView, ...]:
        return tuple(line for line in self.after_sale_lines if line.after_sale_id == after_sale_id)

    def voucher(self, voucher_id: str) -> VoucherView | None:
        return _find(self.vouchers, voucher_id)

    def lines_of(self, fulfillment_id: str) -> tuple[FulfillmentLineView, ...]:
        return tuple(line for line in self.fulfillment_lines if line.fulfillment_id == fulfillment_id)

    def timer(self, subject_id: str, name: str) -> TimerView | None:
        return next((t for t in self.timers if t.subject_id == subject_id and t.name == name), None)

    def subject(self, machine: MachineKind, subject_id: str) -> Subject | None:
        """What a machine's step is about."""
        if machine is MachineKind.ORDER:
            return self.head if subject_id == self.head.id else None
        parts: tuple[PaymentView | RefundView | FulfillmentView | AfterSaleView, ...] = getattr(self, _PARTS[machine])
        return _find(parts, subject_id)

    def with_subject(self, machine: MachineKind, subject_id: str, **changes: Any) -> "Order":
        """The same order with one subject changed."""
        if machine is MachineKind.ORDER:
            return self.with_head(**changes)
        attribute = _PARTS[machine]
        parts = tuple(replace(p, **changes) if p.id == subject_id else p for p in getattr(self, attribute))
        changed: dict[str, Any] = {attribute: parts}
        return replace(self, **changed)

    def with_head(self, **changes: Any) -> "Order":
        return replace(self, head=replace(self.head, **changes))

    def with_lines(self, change: Callable[[OrderLineView], OrderLineView]) -> "Order":
        return replace(self, lines=tuple(change(line) for line in self.lines))

    def with_errands(self, *errands: Errand) -> "Order":
        return replace(self, errands=self.errands + errands)


_PARTS = {
    MachineKind.PAYMENT: "payments",
    MachineKind.REFUND: "refunds",
    MachineKind.FULFILLMENT: "fulfillments",
    MachineKind.AFTER_SALE: "after_sales",
}


def _find(parts: tuple[T, ...], part_id: str) -> T | None:
    return next((part for part in parts if getattr(part, "id", None) == part_id), None)
