"""Exports: jobs that make files."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.values.enums import ExportDataset, ExportFormat, ExportStatus
from resolvers.loaded import Load, contextual, loaded
from resolvers.reads.exports import url_of_job
from schema.types.body_order import in_body_order
from schema.types.connection import cursor, edges, nodes, page_info
from schema.types.error import (
    ActionRejected,
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    LimitExceeded,
    NotFound,
    RequestInProgress,
)
from schema.types.node import Node
from schema.types.scalars import BigInt


@strawberry.type(
    description="A job that writes rows of the viewer's orders into a file, all of one moment. The worker does it, and goes on after a crash."
)
@in_body_order
class ExportJob(Node):
    status: ExportStatus = strawberry.field(description="Where it stands.")
    format: ExportFormat = strawberry.field(description="How the rows are written.")
    dataset: ExportDataset = strawberry.field(description="What a row is.")
    progress: float | None = strawberry.field(description="From 0 to 1; null: it waits for a worker.")
    rows: BigInt = strawberry.field(description="How many rows the file has; 0 until it is there.")
    bytes: BigInt = strawberry.field(description="How large the file is; 0 until it is there.")
    sha256: str | None = strawberry.field(description="The file's SHA-256, in hexadecimal; null until it is there.")
    url = contextual(
        url_of_job,
        graphql_type=str | None,
        description="Where the file is fetched: a path on this server, signed, good for a while from now (`ORDER_CENTER_EXPORT_LINK_TTL_S`), "
        "without a key; ranges are answered. Null: there is no file, or not any more.",
    )
    watermark: str | None = strawberry.field(
        description="A cursor from the moment of the rows, for `after` of `orderChanges` and `since` of the next export: what changed later, and nothing else, comes after it. Null until the file is there."
    )
    error: str | None = strawberry.field(description="Why it failed.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    expires_at: datetime | None = strawberry.field(description="When the file is deleted; null: there is none.")


@strawberry.type(description="An export in a list.")
class ExportJobEdge:
    node: ExportJob = strawberry.field(description="The export.")
    cursor: str = cursor()


@strawberry.type(description="A page of exports, the newest first.")
class ExportJobConnection:
    edges = edges("export_pages", ExportJobEdge)
    nodes = nodes("export_pages", ExportJob)
    page_info = page_info("export_pages")


@strawberry.type(description="The export was asked for, or was cancelled.")
@in_body_order
class StartExportSuccess:
    job = loaded(Load("exports", "job_id"), graphql_type=ExportJob, description="The export, as it is now.")
    is_replayed: bool = strawberry.field(
        name="replayed", description="Whether it was done before, under the same idempotency key."
    )


StartExportResult = Annotated[
    StartExportSuccess
    | InvalidInput
    | LimitExceeded
    | NotFound
    | ActionRejected
    | IdempotencyConflict
    | RequestInProgress
    | Forbidden,
    strawberry.union("StartExportResult", description="What became of the wish for an export, or for its end."),
]
