"""Policies: what a business unit and a channel decide for themselves, as data.

They are read from TOML by `adapters/policy_files.py`, which validates them with line numbers; here is their shape. Durations
are seconds, amounts minor units of the unit's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from domain.values.enums import CapturePolicy, ChannelKind, StockPolicy

MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each waiting state waits."""

    pay_s: int = 30 * MINUTE_S
    payment_s: int = 30 * MINUTE_S
    """How long the provider may be silent about a payment before it counts as failed."""
    authorization_s: int = 7 * DAY_S
    confirm_s: int = DAY_S
    accept_s: int = DAY_S
    backorder_alert_s: int = 3 * DAY_S
    promise_s: int = 3 * DAY_S
    """From confirmation to the promised date of a fulfillment."""
    hold_alert_s: int = 3 * DAY_S
    shipment_alert_s: int = 3 * DAY_S
    exception_s: int = DAY_S
    refund_alert_s: int = DAY_S
    receipt_after_shipment_s: int = 15 * DAY_S
    receipt_after_delivery_s: int = 7 * DAY_S
    receipt_extension_s: int = 7 * DAY_S
    completion_s: int = 7 * DAY_S
    reservation_grace_s: int = 10 * MINUTE_S
    """How long a reservation outlives the payment deadline, so that a late worker finds it."""


@dataclass(frozen=True, slots=True)
class Limits:
    units_per_sku: int = 999
    """Units of one SKU in one order."""
    unpaid_orders_per_member: int = 50
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
