"""payOrder."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.actions import pay_order as handler
from domain.orders.commands import PayOrder
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import MoneyInput, Reading, answer
from resolvers.context import Info


@strawberry.input(description="A payment to start.")
class PayOrderInput:
    order_id: strawberry.ID = required("The order.")
    method: str = required("A method that the provider knows, or `external`.")
    amount: MoneyInput | None = optional("How much; all that is open now when left out.")
    capture: bool = strawberry.field(default=True, description="Take the money at once; false: only authorize it.")
    payment_token: str | None = optional("The provider's token of the means of payment.")
    return_url: str | None = optional("Where the provider's page sends the buyer back.")
    external_reference: str | None = optional(
        "Method `external`: the reference of a payment made elsewhere, asserted by a PARTNER that may, or FINANCE."
    )
    paid_at: datetime | None = optional("Method `external`: when it was paid there.")
    idempotency_key: str = required("The same key with the same input pays once, however often it is sent.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")

    def to_command(self, reading: Reading) -> PayOrder:
        return PayOrder(
            order_id=self.order_id,
            method=self.method,
            idempotency_key=self.idempotency_key,
            amount=reading.money(self.amount, "amount"),
            is_captured_at_once=self.capture,
            payment_token=given(self.payment_token),
            return_url=given(self.return_url),
            external_reference=given(self.external_reference),
            paid_at=given(self.paid_at),
            expected_version=given(self.expected_version),
        )


async def pay_order(
    info: Info,
    asked: Annotated[PayOrderInput, strawberry.argument(name="input", description="The payment to start.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.pay_order)
