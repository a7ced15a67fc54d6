"""refundPayment."""

from typing import Annotated

import strawberry

from domain.actions import refund_payment as handler
from domain.orders.reverse_commands import RefundPayment
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import MoneyInput, Reading, answer
from resolvers.context import Info


@strawberry.input(description="Money of a payment to give back.")
class RefundPaymentInput:
    payment_id: strawberry.ID = required("The payment.")
    amount: MoneyInput = required("How much.")
    reason: str = required("Why.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str = required("The same key with the same input acts once, however often it is sent.")

    def to_command(self, reading: Reading) -> RefundPayment:
        return RefundPayment(
            self.payment_id,
            reading.money(self.amount, "amount"),
            self.reason,
            self.idempotency_key,
            given(self.expected_version),
        )


async def refund_payment(
    info: Info,
    asked: Annotated[RefundPaymentInput, strawberry.argument(name="input", description="What to give back, and why.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.refund_payment)
