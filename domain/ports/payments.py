"""The payment provider. Every call is idempotent by the id it names, so that it may be repeated after a crash."""

from dataclasses import dataclass
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


class Payments(Protocol):
    def takes(self, method: str) -> bool:
        """Whether the provider knows the method."""
        ...

    async def pay(self, request: PaymentRequest) -> ProviderAnswer:
        """Idempotent by `payment_id`. Raises ServiceUnavailable."""
        ...

    async def ask(self, payment_id: str) -> ProviderAnswer | None:
        """What became of a payment; None: the provider never heard of it."""
        ...

    async def capture(
        self, payment_id: str, operation_id: str, amount_minor: int
    ) -> ProviderAnswer | OperationDeclined:
        """Idempotent by `operation_id`."""
        ...

    async def void(self, payment_id: str) -> ProviderAnswer | OperationDeclined:
        """Lets go what is authorized and not captured. Idempotent."""
        ...

    async def refund(self, payment_id: str, refund_id: str, amount_minor: int) -> ProviderAnswer | OperationDeclined:
        """Idempotent by `refund_id`."""
        ...
