"""export."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from adapters.bootstrap import Exports, OrderCenter
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.rich_terminal import console, progress
from adapters.entrypoints.running import with_center
from adapters.row_pieces import RowPieces
from adapters.worker.exports import PIECE_BYTES
from domain.access.viewer import EVERYTHING
from domain.exports.jobs import SUFFIXES
from domain.ports.exports import ExportFile, ExportRequest
from domain.ports.order_views import OrderFilter
from domain.values.enums import ExportDataset, ExportFormat
from domain.values.faults import BadRequest
from schema.filtering import read_order_filter

app = typer.Typer()


class DatasetName(StrEnum):
    ORDERS = "orders"
    ORDER_LINES = "order-lines"
    PAYMENTS = "payments"
    AFTER_SALES = "after-sales"
    TRANSITIONS = "transitions"


class FormatName(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


SINCE: Final = "A cursor: the watermark of an earlier export, or a cursor of orderChanges. Only what changed after it."


@app.command(
    epilog="Examples: `order-center export orders --format parquet --output orders.parquet`; "
    """`order-center export order-lines --filter '{"businessUnit": ["fashion-eu"], "placedAt": {"gte": "2026-01-01T00:00:00Z"}}'`; """
    "`order-center export transitions --since CURSOR`, with the watermark that the export before it printed."
)
def export(
    dataset: Annotated[DatasetName, typer.Argument(help="What a row is. docs/bi.md lists the columns of each.")],
    format_: Annotated[
        FormatName,
        typer.Option(
            "--format",
            help="jsonl: one JSON object per line; csv: for spreadsheets, formulas guarded; parquet: typed, compressed.",
        ),
    ] = FormatName.JSONL,
    output: Annotated[
        Path | None,
        typer.Option(help="The file to write; DATASET.FORMAT in this folder when left out. It must not be there."),
    ] = None,
    filter_: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="JSON", help="An OrderFilter, as GraphQL takes it: only rows of these orders."
        ),
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="CURSOR", help=SINCE)] = None,
) -> None:
    """Write rows of all orders to a file, all of one moment, however many they are, in little memory.

    At the end it prints how many rows, how many bytes, the file's SHA-256, and the watermark: give it to --since next time, or to
    orderChanges as `after`, and you get what changed since and nothing else. The rows are those of `startExport`, without
    anybody's scope.
    """
    kind, form = ExportDataset[dataset.name], ExportFormat[format_.name]
    path = output or Path(f"{dataset}.{SUFFIXES[form]}")
    request = ExportRequest(kind, EVERYTHING, _filter(filter_), since)
    if path.exists():
        raise UsageFault(f"{path} is there already; name another file with --output.")

    async def exporting(center: OrderCenter) -> ExportFile:
        if center.exports is None:
            raise AssertionError("an assembled order center exports")
        with progress(f"Exporting {dataset}") as bar:
            return await _exported(center.exports, request, form, path, bar)

    try:
        file = with_center(exporting)
    except BadRequest as error:
        raise UsageFault(f"--since cannot be used: {error}") from error
    except OSError as error:
        raise UsageFault(f"{path} cannot be written: {error.strerror or error}.") from error
    console.print(
        f"{path}\nrows       {file.rows}\nbytes      {file.bytes}\nsha256     {file.sha256}\nwatermark  {file.watermark}"
    )


def _filter(text: str | None) -> OrderFilter:
    try:
        return OrderFilter() if text is None else read_order_filter(text)
    except BadRequest as error:
        raise UsageFault(f"--filter cannot be used: {error}") from error


async def _exported(
    exports: Exports, request: ExportRequest, form: ExportFormat, path: Path, bar: Callable[[int, int], None]
) -> ExportFile:
    """Written beside its place, and put there when it is whole."""
    draft = path.with_name(f".{path.name}.draft")
    pieces = RowPieces(PIECE_BYTES)
    done = 0
    encoder = await asyncio.to_thread(exports.formats().encoder, form, request.dataset, draft, None)
    try:
        async with exports.rows.read(request) as reading:

            async def take(data: bytes) -> None:
                nonlocal done
                for piece in pieces.gather(data):
                    done += await asyncio.to_thread(encoder.write, piece)
                    bar(done, reading.total)

            rows = await reading.copy(take)
        if rest := pieces.rest():
            done += await asyncio.to_thread(encoder.write, rest)
        size, sha256 = await asyncio.to_thread(encoder.close)
        bar(rows, rows)
        draft.replace(path)
    except BaseException:
        encoder.abandon()
        raise
    finally:
        draft.unlink(missing_ok=True)
    return ExportFile(rows, size, sha256, reading.watermark)
