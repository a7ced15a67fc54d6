"""rejectOrder, confirmOrder, holdOrder, releaseOrder, confirmReceipt, extendReceipt, completeOrder; approveOrder."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import strawberry

from domain.actions import act_on_order as handler
from domain.orders.commands import ActOnOrder
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Handler, Reading, answer
from resolvers.context import Info


@strawberry.input(description="A simple action on an order.")
class OrderActionInput:
    order_id: strawberry.ID = required("The order.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")
    note: str | None = optional("A note for the history.")

    def to_command(self, action: str, _reading: Reading) -> ActOnOrder:
        return ActOnOrder(
            action,
            self.order_id,
            given(self.expected_version),
            given(self.idempotency_key),
            given(self.note),
        )


def order_action(action: str, act: Handler[ActOnOrder, Outcome] | None = None) -> Callable[..., Awaitable[Outcome]]:
    """The resolver of the mutation of this name."""

    async def resolve(
        info: Info,
        asked: Annotated[OrderActionInput, strawberry.argument(name="input", description="The order to act on.")],
    ) -> Outcome:
        return await answer(info, asked, partial(asked.to_command, action), act or handler.act_on_order)

    return resolve
