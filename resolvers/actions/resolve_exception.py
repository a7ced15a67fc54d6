"""resolveException."""

from typing import Annotated

import strawberry

from domain.actions import resolve_exception as handler
from domain.orders.reverse_commands import ResolveException
from domain.values.enums import ExceptionResolution
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.context import Info


@strawberry.input(description="How an order's exception ends.")
class ResolveExceptionInput:
    order_id: strawberry.ID = required("The order.")
    resolution: ExceptionResolution = required("Whether it goes on or is given up.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")
    note: str | None = optional("A note for the history.")

    def to_command(self, _reading: Reading) -> ResolveException:
        return ResolveException(
            self.order_id,
            self.resolution,
            given(self.expected_version),
            given(self.idempotency_key),
            given(self.note),
        )


async def resolve_exception(
    info: Info,
    asked: Annotated[
        ResolveExceptionInput, strawberry.argument(name="input", description="The order, and how it goes on.")
    ],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.resolve_exception)
