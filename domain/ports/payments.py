"""The payment provider. Every call is idempotent by the id it names, so that it may be repeated after a crash."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.payments.answers import OperationDeclined, ProviderAnswer


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    payment_id: str
    order_id: str
    method: str
    amount_minor: int
    currency: str
    is_captured_at_once: bool
    token: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Something happened at the provider: what it is called there, and to which payment of ours. None: to none of ours."""

    id: str
    payment_id: str | None


class CallbackProblem(StrEnum):
    INVALID_SIGNATURE = "INVALID_SIGNATURE"
    STALE_SIGNATURE = "STALE_SIGNATURE"
    INVALID_CALLBACK = "INVALID_CALLBACK"


class CallbackRefused(Exception):
    """A callback that is not the provider's, is too old to be believed, or cannot be read."""

    def __init__(self, problem: CallbackProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


class PaymentCallbacks(Protocol):
    def read(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """What the provider sent, once its signature and its time were found good. Raises CallbackRefused."""
        ...


class Payments(Protocol):
    """`reference`: what the provider calls the payment, where it has said so. It spares the provider a search."""

    def takes(self, method: str) -> bool:
        """Whether the provider knows the method."""
        ...

    async def pay(self, request: PaymentRequest) -> ProviderAnswer:
        """Idempotent by `payment_id`. Raises ServiceUnavailable."""
        ...

    async def ask(self, payment_id: str, reference: str | None = None) -> ProviderAnswer | None:
        """What became of a payment; None: the provider never heard of it."""
        ...

    async def capture(
        self, payment_id: str, operation_id: str, amount_minor: int, reference: str | None = None
    ) -> ProviderAnswer | OperationDeclined:
        """Idempotent by `operation_id`."""
        ...

    async def void(self, payment_id: str, reference: str | None = None) -> ProviderAnswer | OperationDeclined:
        """Lets go what is authorized and not captured. Idempotent."""
        ...

    async def refund(
        self, payment_id: str, refund_id: str, amount_minor: int, reference: str | None = None
    ) -> ProviderAnswer | OperationDeclined:
        """Idempotent by `refund_id`."""
        ...
