"""capturePayment, voidPayment."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import strawberry

from domain.actions import act_on_payment as handler
from domain.orders.commands import ActOnPayment
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import MoneyInput, Reading, answer
from resolvers.context import Info


@strawberry.input(description="An action on a payment.")
class PaymentActionInput:
    payment_id: strawberry.ID = required("The payment.")
    amount: MoneyInput | None = optional("How much to capture; all that is left when left out.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")
    note: str | None = optional("A note for the history.")

    def to_command(self, action: str, reading: Reading) -> ActOnPayment:
        return ActOnPayment(
            action,
            self.payment_id,
            reading.money(self.amount, "amount"),
            given(self.expected_version),
            given(self.idempotency_key),
            given(self.note),
        )


def payment_action(action: str) -> Callable[..., Awaitable[Outcome]]:
    """The resolver of the mutation of this name."""

    async def resolve(
        info: Info,
        asked: Annotated[PaymentActionInput, strawberry.argument(name="input", description="The payment to act on.")],
    ) -> Outcome:
        return await answer(info, asked, partial(asked.to_command, action), handler.act_on_payment)

    return resolve
