"""Commands for what goes back: money, parcels, goods."""

from dataclasses import dataclass

from domain.values.enums import ExceptionResolution
from domain.values.money import Money


@dataclass(frozen=True, slots=True)
class RefundPayment:
    payment_id: str
    amount: Money | None
    reason: str
    idempotency_key: str | None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ActOnRefund:
    """approveRefund, rejectRefund or retryRefund."""

    action: str
    refund_id: str
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ResolveException:
    order_id: str
    resolution: ExceptionResolution
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ResolveIntercept:
    fulfillment_id: str
    is_stopped: bool
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    line_id: str
    accepted: int
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class ReturnFulfillment:
    """`lines`: None is all that is on its way back, and sound."""

    fulfillment_id: str
    lines: tuple[ReceivedLine, ...] | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None
    note: str | None = None
