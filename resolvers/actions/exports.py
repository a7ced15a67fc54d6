"""startExport, cancelExport."""

from typing import Annotated

import strawberry

from domain.actions import start_export as handler
from domain.exports.commands import CancelExport, StartExport
from domain.ports.order_views import OrderFilter
from domain.values.enums import ExportDataset, ExportFormat
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.context import Info
from resolvers.reads.order_filter import OrderFilterInput


@strawberry.input(description="Which rows to export, and how.")
class StartExportInput:
    format: ExportFormat = required("How the rows are written.")
    dataset: ExportDataset = required("What a row is.")
    filter: OrderFilterInput | None = optional("Of which orders; all that the viewer may see when left out.")
    since: str | None = optional(
        "Only of orders that changed after this cursor: the `watermark` of an earlier export, or a `cursor` of `orderChanges`. Of "
        "`TRANSITIONS`: only later steps. Orders that were erased are told by `orderChanges` alone."
    )
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")

    def to_command(self, _reading: Reading) -> StartExport:
        asked = given(self.filter)
        return StartExport(
            self.format,
            self.dataset,
            OrderFilter() if asked is None else asked.to_domain(),
            given(self.since),
            given(self.idempotency_key),
        )


@strawberry.input(description="An export to cancel.")
class CancelExportInput:
    job_id: strawberry.ID = required("The export.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")

    def to_command(self, _reading: Reading) -> CancelExport:
        return CancelExport(self.job_id, given(self.idempotency_key))


async def start_export(
    info: Info,
    asked: Annotated[StartExportInput, strawberry.argument(name="input", description="What to export.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.start_export)


async def cancel_export(
    info: Info,
    asked: Annotated[CancelExportInput, strawberry.argument(name="input", description="Which one to cancel.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.cancel_export)
