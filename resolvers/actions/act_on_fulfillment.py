"""acceptFulfillment, packFulfillment, deliverFulfillment."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import strawberry

from domain.actions import act_on_fulfillment as handler
from domain.orders.commands import ActOnFulfillment
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.context import Info


@strawberry.input(description="A simple action on a fulfillment.")
class FulfillmentActionInput:
    fulfillment_id: strawberry.ID = required("The fulfillment.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")
    note: str | None = optional("A note for the history.")

    def to_command(self, action: str, _reading: Reading) -> ActOnFulfillment:
        return ActOnFulfillment(
            action,
            self.fulfillment_id,
            given(self.expected_version),
            given(self.idempotency_key),
            given(self.note),
        )


def fulfillment_action(action: str) -> Callable[..., Awaitable[Outcome]]:
    """The resolver of the mutation of this name."""

    async def resolve(
        info: Info,
        asked: Annotated[
            FulfillmentActionInput, strawberry.argument(name="input", description="The fulfillment to act on.")
        ],
    ) -> Outcome:
        return await answer(info, asked, partial(asked.to_command, action), handler.act_on_fulfillment)

    return resolve
