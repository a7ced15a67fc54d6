"""recordTracking."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.actions import record_tracking as handler
from domain.orders.commands import RecordTracking
from domain.values.enums import TrackingStatus
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.context import Info


@strawberry.input(description="What a carrier says of a parcel.")
class RecordTrackingInput:
    carrier: str = required("Who carries it.")
    tracking_number: str = required("The carrier's number.")
    event_id: str = required("The carrier's own name for the event: the same one is recorded once.")
    at: datetime = required("When it happened; not in the future.")
    status: TrackingStatus = required("What happened.")
    location: str | None = optional("Where.")
    message: str | None = optional("The carrier's words.")

    def to_command(self, _reading: Reading) -> RecordTracking:
        return RecordTracking(
            self.carrier,
            self.tracking_number,
            self.event_id,
            self.at,
            self.status,
            given(self.location),
            given(self.message),
        )


async def record_tracking(
    info: Info,
    asked: Annotated[RecordTrackingInput, strawberry.argument(name="input", description="The checkpoint.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.record_tracking)
