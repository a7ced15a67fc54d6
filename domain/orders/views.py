"""The read models: one frozen class per table of the order, a field per column, in the column's order.

They are what readers get and what the aggregate is made of, so a row is never copied into another shape. Amounts are whole
minor units of `currency`; times are aware UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.orders.refund_quotes import UnitsRefund
from domain.values.enums import (
    ActorKind,
    AfterSaleKind,
    AfterSaleState,
    AfterSaleStatus,
    ChannelKind,
    DiscountFunder,
    DiscountKind,
    FulfillmentKind,
    FulfillmentState,
    FulfillmentStatus,
    GroupStatus,
    InstallmentKind,
    MachineKind,
    ModificationStatus,
    OrderStatus,
    OrderType,
    PaymentNextActionKind,
    PaymentState,
    PaymentStatus,
    RefundState,
    SplitDimension,
    StockPolicy,
    SupplyChannel,
    TrackingStatus,
    VoucherStatus,
)
from domain.values.faults import DomainFault

Json = dict[str, Any]

UNPAID_STATUSES = frozenset(
    (
        OrderStatus.PENDING_REVIEW,
        OrderStatus.PENDING_DEPOSIT,
        OrderStatus.PENDING_BALANCE,
        OrderStatus.PENDING_PAYMENT,
        OrderStatus.PARTIALLY_PAID,
    )
)
"""Of an imported order: the statuses in which it still owes what its source says it owes."""

ENDED_CASES = frozenset((AfterSaleState.COMPLETED, AfterSaleState.WITHDRAWN, AfterSaleState.CLOSED))
"""After-sale cases in which nothing happens any more."""


@dataclass(frozen=True, slots=True)
class Address:
    recipient: str | None = None
    phone: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class OrderView:
    """One row of `orders`: all that lists, guards and `availableActions` need, so that neither reads another table."""

    id: str
    number: str
    external_number: str | None
    business_unit: str
    channel: str
    channel_kind: ChannelKind
    order_type: OrderType
    flow_version: int
    status: OrderStatus
    previous_status: OrderStatus | None
    """What ON_HOLD goes back to."""
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus
    after_sale_status: AfterSaleStatus
    version: int
    placed_at: datetime
    updated_at: datetime
    paid_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    member_id: str
    buyer_name: str | None
    buyer_level: str | None
    currency: str
    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    captured_minor: int
    authorized_minor: int
    """Open authorizations: authorized, not captured, not void."""
    refunded_minor: int
    cancelled_minor: int
    payable_minor: int
    """What is open now of the installments: payOrder's default amount and upper bound."""
    import_difference_minor: int | None
    line_count: int
    unit_count: int
    shipped_units: int
    payments_in_flight: int
    receipt_extensions: int
    shipping_address: Address | None
    country: str | None
    region: str | None
    shipping_method: str | None
    note: str | None
    attributes: Json
    is_imported: bool
    kept_minor: int = 0
    """Of the money taken: what is not given back, though the order is off. A fee, or a deposit that is forfeit."""
    group_id: str | None = None
    group_deadline: datetime | None = None
    """Until when the group of a group buy may form."""

    @property
    def secured_minor(self) -> int:
        return self.captured_minor + self.authorized_minor

    @property
    def paid_minor(self) -> int:
        return self.captured_minor - self.refunded_minor

    @property
    def due_minor(self) -> int:
        """`max(0, total − cancelled − secured)`; nothing for a cancelled order, nor for an imported one from PAID on."""
        if self.status is OrderStatus.CANCELLED or (self.is_imported and self.status not in UNPAID_STATUSES):
            return 0
        return max(0, self.total_minor - self.cancelled_minor - self.secured_minor)


@dataclass(frozen=True, slots=True)
class Allocation:
    """Units of one line that one warehouse has reserved or given."""

    warehouse: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderLineView:
    id: str
    order_id: str
    position: int
    sku: str
    name: str
    category: str | None
    seller_id: str | None
    seller_name: str | None
    supply_channel: SupplyChannel
    delivery_mode: str | None
    quantity: int
    currency: str
    unit_price_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    options: Json
    stock_policy: StockPolicy
    allocations: tuple[Allocation, ...]
    shipped_quantity: int
    cancelled_quantity: int
    returned_quantity: int
    refunded_minor: int
    kept_quantity: int = 0
    """Units that the buyer keeps though their money was given back."""

    @property
    def refundable_minor(self) -> int:
        """What of the line's total was not given back yet; its last unit takes the remainder."""
        left = self.quantity - self.cancelled_quantity - self.returned_quantity - self.kept_quantity
        return 0 if left == 0 else self.total_minor - self.refunded_minor


@dataclass(frozen=True, slots=True)
class DiscountView:
    order_id: str
    position: int
    kind: DiscountKind
    code: str | None
    name: str
    amount_minor: int
    currency: str
    funder: DiscountFunder
    line_id: str | None


@dataclass(frozen=True, slots=True)
class InstallmentView:
    order_id: str
    position: int
    kind: InstallmentKind
    amount_minor: int
    paid_minor: int
    currency: str
    opens_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the buyer must do so that a payment goes on."""

    kind: PaymentNextActionKind
    url: str | None = None
    client_secret: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentView:
    id: str
    order_id: str
    status: PaymentState
    method: str
    currency: str
    amount_minor: int
    authorized_minor: int
    captured_minor: int
    refunded_minor: int
    excess_minor: int
    """Of the captured: what was sent straight back because the order no longer wanted it."""
    is_captured_at_once: bool
    provider_reference: str | None
    external_reference: str | None
    next_action: NextAction | None
    created_at: datetime

    @property
    def open_authorization_minor(self) -> int:
        is_open = self.status in {PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED}
        return self.authorized_minor - self.captured_minor if is_open else 0


@dataclass(frozen=True, slots=True)
class RefundView:
    id: str
    order_id: str
    payment_id: str
    status: RefundState
    currency: str
    amount_minor: int
    reason: str | None
    after_sale_id: str | None
    is_excess: bool
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SplitReason:
    dimension: SplitDimension
    value: str


@dataclass(frozen=True, slots=True)
class FulfillmentView:
    id: str
    order_id: str
    number: str
    kind: FulfillmentKind
    status: FulfillmentState
    previous_status: FulfillmentState | None
    """What ON_HOLD and INTERCEPTING go back to."""
    warehouse: str | None
    seller_id: str | None
    seller_name: str | None
    split_by: tuple[SplitReason, ...]
    currency: str
    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    unit_count: int
    shipped_units: int
    cancelled_units: int
    promised_at: datetime | None
    created_at: datetime
    declined_by: tuple[str, ...] = ()
    """The warehouses that would not send it, in their order: it is offered to none of them again."""
    backordered_at: datetime | None = None
    """Since when it waits for stock: its place among those that do."""
    superseded_at: datetime | None = None
    """Since when its units and its money are those of other fulfillments, which replaced it."""


@dataclass(frozen=True, slots=True)
class FulfillmentLineView:
    fulfillment_id: str
    line_id: str
    order_id: str
    sku: str
    options: Json
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    returned_quantity: int

    @property
    def remaining_quantity(self) -> int:
        """What can still be shipped. Units that were stopped on their way are both shipped and cancelled."""
        return max(0, self.quantity - self.shipped_quantity - self.cancelled_quantity)


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """Units of one order line in one parcel. One that comes back is no fulfillment's: it says itself what they are."""

    line_id: str
    quantity: int
    sku: str | None = None
    options: Json | None = None


@dataclass(frozen=True, slots=True)
class ShipmentView:
    id: str
    order_id: str
    fulfillment_id: str | None
    """None: it is on its way back, for an after-sale case."""
    carrier: str
    tracking_number: str | None
    lines: tuple[ShipmentLine, ...]
    shipped_at: datetime
    delivered_at: datetime | None
    is_returning: bool = False
    """It was stopped, refused or lost: its units count as on their way back until the warehouse says what came."""
    after_sale_id: str | None = None

    @property
    def sent_with(self) -> str:
        """The fulfillment that it is a parcel of. Raises DomainFault for one that is on its way back."""
        if self.fulfillment_id is None:
            raise DomainFault(f"{self.id} is a return.")
        return self.fulfillment_id

    @property
    def packed_with(self) -> str | None:
        """Whose lines are in it: those of its fulfillment, or of the case that it comes back for."""
        return self.fulfillment_id or self.after_sale_id


@dataclass(frozen=True, slots=True)
class AfterSaleView:
    """A case that a buyer opened about some units."""

    id: str
    order_id: str
    number: str
    kind: AfterSaleKind
    status: AfterSaleState
    reason: str
    attachments: tuple[str, ...]
    currency: str
    sent_units: int
    """Of its units: those that had left when it was opened. The others were cancelled with it."""
    asked_minor: int | None
    amount_minor: int | None
    """What was agreed to; None: nothing yet, or it is an exchange."""
    quote: UnitsRefund
    """As at the request: the most that can be agreed to."""
    return_shipment_id: str | None
    replacement_id: str | None
    created_at: datetime

    @property
    def is_open(self) -> bool:
        """Somebody has still something to do about it."""
        return self.status not in ENDED_CASES


@dataclass(frozen=True, slots=True)
class AfterSaleLineView:
    """Units of one order line in a case. What they are exchanged for has the same price."""

    after_sale_id: str
    line_id: str
    order_id: str
    quantity: int
    cancelled: int
    """Of them: had not left, and were cancelled with the request."""
    received: int
    accepted: int
    damaged: int
    exchange_sku: str | None
    exchange_options: Json | None

    @property
    def sent(self) -> int:
        """Of them: had left."""
        return self.quantity - self.cancelled


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """What a carrier said of a parcel, once per `event_id`: its own name for what happened."""

    shipment_id: str
    event_id: str
    order_id: str
    at: datetime
    status: TrackingStatus
    location: str | None
    message: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of members who buy together: it goes ahead when every seat is taken and paid, in time."""

    id: str
    business_unit: str
    size: int
    joined: int
    """Seats that are taken."""
    status: GroupStatus
    deadline: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VoucherView:
    """One unit of a virtual order's line: a code that is redeemed once."""

    id: str
    order_id: str
    line_id: str
    position: int
    """Of the order's vouchers, from 1."""
    code: str
    status: VoucherStatus
    issued_at: datetime
    expires_at: datetime | None
    redeemed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ModificationView:
    """What an order is to become once the difference is paid: its lines and its ledger as they will be."""

    order_id: str
    position: int
    status: ModificationStatus
    total_before_minor: int
    total_minor: int
    shipping_minor: int
    lines: tuple[OrderLineView, ...]
    discounts: tuple[DiscountView, ...]
    shipping_address: Address | None
    note: str | None
    made_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TransitionView:
    """One row of `order_events`: one step of one machine. History, outbox and change feed at once."""

    id: str
    order_id: str
    sequence: int
    """The order's version that this step made: gapless from 1."""
    machine: MachineKind
    subject_id: str
    from_state: str | None
    to_state: str
    action: str
    actor_kind: ActorKind
    actor_id: str
    actor_name: str | None
    at: datetime
    note: str | None
    details: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimerView:
    """A deadline of one subject (the order, a payment, …). Resting ones have no `due_at` but what was left of them."""

    order_id: str
    subject_id: str
    name: str
    action: str
    machine: MachineKind
    due_at: datetime | None
    remaining_s: int | None
