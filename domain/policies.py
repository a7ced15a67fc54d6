"""Policies: what a business unit and a channel decide for themselves, as data.

They are read from TOML by `adapters/policy_files.py`, which validates them with line numbers; here is their shape. Durations
are seconds, amounts minor units of the unit's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from domain.values.enums import CapturePolicy, ChannelKind, SplitDimension, StockPolicy

MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each waiting state waits."""

    review_s: int = 2 * DAY_S
    """How long an order may wait for its approval before it is off."""
    pay_s: int = 30 * MINUTE_S
    payment_s: int = 30 * MINUTE_S
    """How long the provider may be silent about a payment before it counts as failed."""
    authorization_s: int = 7 * DAY_S
    confirm_s: int = DAY_S
    accept_s: int = DAY_S
    backorder_alert_s: int = 3 * DAY_S
    voucher_alert_s: int = HOUR_S
    """How long the vouchers of a paid virtual order may take before a person is told."""
    voucher_receipt_s: int = DAY_S
    """From the issue of vouchers until they count as received."""
    group_s: int = DAY_S
    """From its opening until a group that did not form is given up."""
    balance_s: int = 7 * DAY_S
    """How long the balance may take once it is due, where a presale names no end of its own."""
    promise_s: int = 3 * DAY_S
    """From confirmation to the promised date of a fulfillment."""
    hold_alert_s: int = 3 * DAY_S
    shipment_alert_s: int = 3 * DAY_S
    exception_s: int = DAY_S
    refund_alert_s: int = DAY_S
    intercept_s: int = DAY_S
    """How long a parcel that is to be stopped may be under way before it counts as not stopped."""
    return_alert_s: int = 3 * DAY_S
    receipt_after_shipment_s: int = 15 * DAY_S
    receipt_after_delivery_s: int = 7 * DAY_S
    receipt_extension_s: int = 7 * DAY_S
    completion_s: int = 7 * DAY_S
    after_sale_review_s: int = 2 * DAY_S
    """How long an after-sale case waits for an answer before it is approved by itself."""
    appeal_s: int = 7 * DAY_S
    return_shipment_s: int = 7 * DAY_S
    """How long a buyer may take to send goods back."""
    return_receipt_s: int = 15 * DAY_S
    """How long a return may be on its way before a person rules on the case."""
    exchange_s: int = 15 * DAY_S
    """How long a replacement may be on its way before the case counts as settled."""
    after_sale_alert_s: int = 3 * DAY_S
    reservation_grace_s: int = 10 * MINUTE_S
    """How long a reservation outlives the payment deadline, so that a late worker finds it."""


@dataclass(frozen=True, slots=True)
class Limits:
    units_per_sku: int = 999
    """Units of one SKU in one order."""
    units_per_member: int | None = None
    """Units of one SKU of one member in all its orders of `member_period_s`; None: only `units_per_sku` counts."""
    member_period_s: int = 30 * DAY_S
    counts_imported: bool = False
    """Whether units of imported orders count, too."""
    unpaid_orders_per_member: int = 50
    group_size: int = 50
    """Members of one group."""
    receipt_extensions: int = 2
    """How often a buyer may extend the receipt deadline; support may always."""
    manual_discount_rate: Decimal = Decimal("0.20")
    """Largest manual discount, of the subtotal."""


@dataclass(frozen=True, slots=True)
class StockRules:
    """When ordered units leave the stock: by category, else the default."""

    policy: StockPolicy = StockPolicy.RESERVE_ON_ORDER
    by_category: Mapping[str, StockPolicy] = field(default_factory=dict)

    def of(self, category: str | None) -> StockPolicy:
        return self.by_category.get(category, self.policy) if category else self.policy


@dataclass(frozen=True, slots=True)
class RiskRules:
    """Points for each sign of risk; from so many on, an order is reviewed."""

    review_from: int = 100
    foreign_country: int = 0
    """It goes to another country than the unit's."""
    no_level: int = 0
    """The member has no level yet."""
    many_units: int = 0
    """At least half of `units_per_sku` of one SKU."""


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """Which orders of buyers and partners a person approves before they can be paid; nothing said: none."""

    from_total_minor: int | None = None
    levels: tuple[str, ...] = field(default_factory=tuple)
    """Members of these levels, whatever they buy."""
    risk: RiskRules = field(default_factory=RiskRules)


@dataclass(frozen=True, slots=True)
class SplitRules:
    """What travels apart. Units of different warehouses always do."""

    by: tuple[SplitDimension, ...] = (SplitDimension.SELLER, SplitDimension.SUPPLY_CHANNEL, SplitDimension.WAREHOUSE)
    kind_by_category: Mapping[str, str] = field(default_factory=dict)
    """The kind of the SKUs of a category (FROZEN, OVERSIZE, …), for SKU_KIND."""

    def kind_of(self, category: str | None) -> str | None:
        return self.kind_by_category.get(category) if category else None


@dataclass(frozen=True, slots=True)
class AfterSaleRules:
    """Until when units can be claimed, and which claims nobody looks at."""

    window_s: int = 15 * DAY_S
    """From an order's completion on; before it, at any time."""
    auto_approve_limit_minor: int = 0
    """Claims below this amount are approved by themselves."""


@dataclass(frozen=True, slots=True)
class DepositRules:
    """What is paid first of orders that are made, or sold before they are there."""

    share: Decimal = Decimal("0.30")
    """Of the total."""
    keeps_missed: bool = False
    """Whether the deposit is kept when a presale's balance is not paid in time."""


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What is kept, as a share of the total and never more than was taken, when an order is given up that has begun."""

    presale: Decimal = Decimal("0.10")
    """A presale, while its balance is awaited."""
    producing: Decimal = Decimal("0.20")
    """Made to order, from the beginning of production on."""
    ready: Decimal = Decimal("0.30")
    """Made to order, once all of it is made."""


@dataclass(frozen=True, slots=True)
class RefundRules:
    """Money that goes back for units that are off or come back, or because a person asked for it."""

    auto_approve_limit_minor: int | None = None
    """Up to so much a refund needs nobody's approval; None: none does."""


@dataclass(frozen=True, slots=True)
class InterceptRules:
    """Parcels that are to be stopped on their way."""

    unsupported_carriers: tuple[str, ...] = field(default_factory=tuple)
    """Carriers that stop none."""


@dataclass(frozen=True, slots=True)
class UnitPolicy:
    """One business unit."""

    code: str
    name: str
    currency: str
    country: str
    """Where it sells from: ships and taxes here when an order has no address."""
    prices_include_tax: bool = False
    capture: CapturePolicy = CapturePolicy.AT_CONFIRMATION
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)
    stock: StockRules = field(default_factory=StockRules)
    deposits: DepositRules = field(default_factory=DepositRules)
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    after_sales: AfterSaleRules = field(default_factory=AfterSaleRules)
    splitting: SplitRules = field(default_factory=SplitRules)
    review: ReviewRules = field(default_factory=ReviewRules)
    refunds: RefundRules = field(default_factory=RefundRules)
    intercepts: InterceptRules = field(default_factory=InterceptRules)


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """One channel: where orders come from."""

    code: str
    name: str
    kind: ChannelKind
    business_units: tuple[str, ...]
    """The units that sell through it."""
    has_own_prices: bool = False
    """Whether a partner may name its own unit prices."""
    may_assert_payments: bool = False
    """Whether a partner may say that an order was paid elsewhere."""


@dataclass(frozen=True, slots=True)
class Policies:
    units: Mapping[str, UnitPolicy]
    channels: Mapping[str, ChannelPolicy]

    def unit(self, code: str) -> UnitPolicy | None:
        return self.units.get(code)

    def channel(self, code: str) -> ChannelPolicy | None:
        return self.channels.get(code)
