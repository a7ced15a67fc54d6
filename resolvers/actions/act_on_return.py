"""resolveIntercept and returnFulfillment."""

from typing import Annotated

import strawberry

from domain.actions import act_on_return as handler
from domain.orders.reverse_commands import ReceivedLine, ResolveIntercept, ReturnFulfillment
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.after_sale_inputs import ReceivedLineInput
from resolvers.actions.answering import Reading, answer
from resolvers.context import Info

_VERSION = "Refuse (VersionConflict) when the order has another version."
_KEY = "The same key with the same input acts once, however often it is sent."


@strawberry.input(description="Whether parcels were stopped on their way.")
class ResolveInterceptInput:
    fulfillment_id: strawberry.ID = required("The fulfillment.")
    succeeded: bool = required("Whether all of its parcels that had not arrived were stopped.")
    expected_version: int | None = optional(_VERSION)
    idempotency_key: str | None = optional(_KEY)
    note: str | None = optional("A note for the history.")

    def to_command(self, _reading: Reading) -> ResolveIntercept:
        return ResolveIntercept(
            self.fulfillment_id,
            self.succeeded,
            given(self.expected_version),
            given(self.idempotency_key),
            given(self.note),
        )


@strawberry.input(description="What came back of a fulfillment.")
class ReturnFulfillmentInput:
    fulfillment_id: strawberry.ID = required("The fulfillment.")
    lines: list[ReceivedLineInput] | None = optional(
        "What came, line by line; what is not named never came. All of it, and sound, when left out."
    )
    expected_version: int | None = optional(_VERSION)
    idempotency_key: str | None = optional(_KEY)
    note: str | None = optional("A note for the history.")

    def to_command(self, _reading: Reading) -> ReturnFulfillment:
        asked = given(self.lines)
        lines = None if asked is None else tuple(ReceivedLine(a.line_id, a.accepted, a.damaged) for a in asked)
        return ReturnFulfillment(
            self.fulfillment_id, lines, given(self.expected_version), given(self.idempotency_key), given(self.note)
        )


async def resolve_intercept(
    info: Info,
    asked: Annotated[
        ResolveInterceptInput, strawberry.argument(name="input", description="What became of the parcels.")
    ],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.resolve_intercept)


async def return_fulfillment(
    info: Info,
    asked: Annotated[ReturnFulfillmentInput, strawberry.argument(name="input", description="What came back.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.return_fulfillment)
