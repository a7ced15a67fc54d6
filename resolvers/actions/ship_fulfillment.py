"""shipFulfillment."""

from typing import Annotated

import strawberry

from domain.actions import ship_fulfillment as handler
from domain.orders.commands import ShipFulfillment
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.actions.line_quantity import LineQuantityInput, line_quantities
from resolvers.context import Info


@strawberry.input(description="A parcel that leaves.")
class ShipFulfillmentInput:
    fulfillment_id: strawberry.ID = required("The fulfillment that it is a part of.")
    carrier: str = required("Who carries it.")
    tracking_number: str = required("The carrier's number; once per carrier.")
    lines: list[LineQuantityInput] | None = optional("The units in it; all that remain when left out.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")

    def to_command(self, _reading: Reading) -> ShipFulfillment:
        return ShipFulfillment(
            self.fulfillment_id,
            self.carrier,
            self.tracking_number,
            line_quantities(self.lines),
            given(self.expected_version),
            given(self.idempotency_key),
        )


async def ship_fulfillment(
    info: Info,
    asked: Annotated[ShipFulfillmentInput, strawberry.argument(name="input", description="The parcel.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.ship_fulfillment)
