"""Commands: what a caller asks for, validated in form by nobody yet. Amounts are Money, absent is None."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.orders.views import Address
from domain.values.enums import BatchPolicy, OrderType, SplitDimension, TrackingStatus
from domain.values.money import Money
from domain.values.refusals import InvalidInput
from domain.values.texts import SPREAD


@dataclass(frozen=True, slots=True)
class PlaceOrderLine:
    sku: str
    quantity: int
    options: Any = None
    delivery_mode: str | None = None
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True)
class WantedGroup:
    """A new group of so many members, or one to join: one of the two."""

    size: int | None = None
    join: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be bought, on which terms: the part that a quote and a placement share."""

    business_unit: str
    channel: str
    member_id: str
    lines: tuple[PlaceOrderLine, ...]
    order_type: OrderType = OrderType.PHYSICAL
    coupon_codes: tuple[str, ...] = ()
    shipping_address: Address | None = None
    shipping_method: str | None = None
    manual_discount: Money | None = None
    group: WantedGroup | None = None


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    idempotency_key: str | None
    wish: Wish = field(metadata=SPREAD)
    external_number: str | None = None
    note: str | None = None
    attributes: Any = None
    expected_total: Money | None = None
    quote_token: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceOrders:
    """A batch. What could not be read of one order stands in its place."""

    idempotency_key: str | None
    orders: tuple[PlaceOrder | InvalidInput, ...]
    policy: BatchPolicy = BatchPolicy.EACH


@dataclass(frozen=True, slots=True)
class LineQuantity:
    line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ActOnOrder:
    """One of the simple actions of the order's machine; `action` is the table's word."""

    action: str
    order_id: str
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    order_id: str
    reason: str
    lines: tuple[LineQuantity, ...] | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class RedeemVoucher:
    voucher_id: str
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ModifyOrder:
    """What is None stays as it is. `set_lines`: how many units of a line there are to be, 0 for none."""

    order_id: str
    shipping_address: Address | None = None
    note: str | None = None
    set_lines: tuple[LineQuantity, ...] = ()
    add_lines: tuple[PlaceOrderLine, ...] = ()
    coupon_codes: tuple[str, ...] | None = None
    expected_total: Money | None = None
    is_dry_run: bool = False
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class SplitPart:
    """Units that are to be sent together. `warehouse`: from there; None: from where they are."""

    lines: tuple[LineQuantity, ...]
    warehouse: str | None = None


@dataclass(frozen=True, slots=True)
class SplitOrder:
    """`by`: these dimensions in place of the unit's own. `parts`: by hand; not with `by`."""

    order_id: str
    by: tuple[SplitDimension, ...] | None = None
    parts: tuple[SplitPart, ...] | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class PayOrder:
    order_id: str
    method: str
    idempotency_key: str | None
    amount: Money | None = None
    is_captured_at_once: bool = True
    payment_token: str | None = None
    return_url: str | None = None
    external_reference: str | None = None
    paid_at: datetime | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ActOnPayment:
    """capturePayment or voidPayment."""

    action: str
    payment_id: str
    amount: Money | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ActOnFulfillment:
    """One of the simple actions of a fulfillment's machine; `action` is the table's word."""

    action: str
    fulfillment_id: str
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ShipFulfillment:
    fulfillment_id: str
    carrier: str
    tracking_number: str
    lines: tuple[LineQuantity, ...] | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class RecordTracking:
    """The carrier's `event_id` is its key: carriers know no version, and send what they have to say again."""

    carrier: str
    tracking_number: str
    event_id: str
    at: datetime
    status: TrackingStatus
    location: str | None = None
    message: str | None = None
