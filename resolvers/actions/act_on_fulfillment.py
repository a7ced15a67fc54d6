"""acceptFulfillment, declineFulfillment, packFulfillment, deliverFulfillment, interceptFulfillment."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final

import strawberry

from domain.actions.act_on_fulfillment import act_on_fulfillment
from domain.actions.act_on_return import intercept_fulfillment
from domain.actions.decline_fulfillment import decline_fulfillment
from domain.orders.commands import ActOnFulfillment
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Handler, Reading, answer
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


_OWN_HANDLERS: Final[dict[str, Handler[ActOnFulfillment, Outcome]]] = {
    "declineFulfillment": decline_fulfillment,
    "interceptFulfillment": intercept_fulfillment,
}
"""Of actions that do more than one step of the table."""


def fulfillment_action(action: str) -> Callable[..., Awaitable[Outcome]]:
    """The resolver of the mutation of this name."""
    handler = _OWN_HANDLERS.get(action, act_on_fulfillment)

    async def resolve(
        info: Info,
        asked: Annotated[
            FulfillmentActionInput, strawberry.argument(name="input", description="The fulfillment to act on.")
        ],
    ) -> Outcome:
        return await answer(info, asked, partial(asked.to_command, action), handler)

    return resolve
