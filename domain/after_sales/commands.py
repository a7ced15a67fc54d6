"""Commands of after-sale cases. Amounts are Money, absent is None."""

from dataclasses import dataclass

from domain.orders.commands import LineQuantity
from domain.orders.views import Json
from domain.values.enums import AfterSaleKind
from domain.values.money import Money


@dataclass(frozen=True, slots=True)
class ExchangeLine:
    """What the units of a line are exchanged for."""

    line_id: str
    sku: str
    quantity: int
    options: Json | None = None


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """Units of a line that came back: those that can be sold again, and those that cannot."""

    line_id: str
    accepted: int
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class RequestAfterSale:
    idempotency_key: str | None
    order_id: str
    kind: AfterSaleKind
    reason: str
    lines: tuple[LineQuantity, ...]
    amount: Money | None = None
    exchange_for: tuple[ExchangeLine, ...] | None = None
    attachments: tuple[str, ...] = ()
    note: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ActOnAfterSale:
    """One of the simple actions of a case's machine; `action` is the table's word. Only some take an amount."""

    action: str
    after_sale_id: str
    amount: Money | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RuleAfterSale:
    after_sale_id: str
    is_approved: bool
    amount: Money | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ShipReturn:
    after_sale_id: str
    carrier: str
    tracking_number: str
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiveReturn:
    after_sale_id: str
    lines: tuple[ReceivedLine, ...]
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None
