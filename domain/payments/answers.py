"""What a payment provider says of one payment."""

from dataclasses import dataclass
from enum import StrEnum

from domain.orders.views import NextAction


class ProviderState(StrEnum):
    """What the provider knows of a payment."""

    PROCESSING = "PROCESSING"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """The provider's view of one payment, as a whole: an answer may be lost or come twice, the last one holds."""

    state: ProviderState
    authorized_minor: int
    captured_minor: int
    refunded_minor: int = 0
    reference: str | None = None
    decline_code: str | None = None
    decline_message: str | None = None
    next_action: NextAction | None = None


@dataclass(frozen=True, slots=True)
class OperationDeclined:
    """A capture, void or refund that the provider refuses for good."""

    code: str
    message: str
    is_final: bool = False
    """Whether trying again is of no use."""
