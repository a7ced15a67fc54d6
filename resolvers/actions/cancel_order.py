"""cancelOrder."""

from typing import Annotated

import strawberry

from domain.actions import cancel_order as handler
from domain.orders.commands import CancelOrder
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.actions.line_quantity import LineQuantityInput, line_quantities
from resolvers.context import Info


@strawberry.input(description="An order, or units of it, to cancel.")
class CancelOrderInput:
    order_id: strawberry.ID = required("The order.")
    reason: str = required("Why.")
    lines: list[LineQuantityInput] | None = optional("The units to cancel; the whole order when left out.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")

    def to_command(self, _reading: Reading) -> CancelOrder:
        return CancelOrder(
            self.order_id,
            self.reason,
            line_quantities(self.lines),
            given(self.expected_version),
            given(self.idempotency_key),
        )


async def cancel_order(
    info: Info,
    asked: Annotated[CancelOrderInput, strawberry.argument(name="input", description="What to cancel, and why.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.cancel_order)
