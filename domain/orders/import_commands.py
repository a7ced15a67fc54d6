"""What a legacy system says of its orders: the command importOrders. Amounts are decimals in the order's own currency.

Ids of members and sellers are ours (`mbr_…`, `sel_…`) or the owning service's own keys.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.orders.views import Address
from domain.values.enums import OrderStatus, OrderType
from domain.values.ids import IdKind, foreign_id, kind_of


@dataclass(frozen=True, slots=True)
class ImportedBuyer:
    id: str
    name: str | None = None
    level: str | None = None

    @property
    def member_id(self) -> str:
        return _global_id(IdKind.MEMBER, self.id)


@dataclass(frozen=True, slots=True)
class ImportedLine:
    sku: str
    quantity: int
    unit_price: Decimal
    name: str | None = None
    category: str | None = None
    seller: str | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None

    @property
    def seller_id(self) -> str | None:
        return None if self.seller is None else _global_id(IdKind.SELLER, self.seller)


@dataclass(frozen=True, slots=True)
class ImportedPayment:
    """Money that the legacy system took."""

    method: str
    amount: Decimal
    at: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedShipment:
    """A parcel that left. `skus` None: with all there is."""

    shipped_at: datetime
    delivered_at: datetime | None = None
    carrier: str | None = None
    tracking_number: str | None = None
    skus: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """`discount` and `tax` are the whole order's: what they exceed its lines' by is shared over the lines. None: its lines'."""

    external_number: str
    status: OrderStatus
    placed_at: datetime
    buyer: ImportedBuyer
    currency: str
    lines: tuple[ImportedLine, ...]
    payments: tuple[ImportedPayment, ...] = ()
    shipments: tuple[ImportedShipment, ...] = ()
    order_type: OrderType = OrderType.PHYSICAL
    paid_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    shipping_address: Address | None = None
    shipping: Decimal | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    legacy_status: str | None = None
    attributes: Any = None


@dataclass(frozen=True, slots=True)
class ImportOrders:
    channel: str
    business_unit: str
    orders: tuple[ImportedOrder, ...]
    is_dry_run: bool = False
    idempotency_key: str | None = None


def _global_id(kind: IdKind, key: str) -> str:
    return key if kind_of(key) is kind else foreign_id(kind, key)
