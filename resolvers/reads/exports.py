"""Reading exports: one, and the caller's own as a list."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from domain.actions.start_export import owner_of
from domain.exports.jobs import ExportJobView
from domain.values.ids import IdKind
from resolvers.context import Info, RequestContext
from resolvers.cursors import CursorKind
from resolvers.listings import ExportListing
from resolvers.paging import After, First, page_request
from resolvers.reads.nodes import node_of


def export_job(
    info: Info, id_: Annotated[strawberry.ID, strawberry.argument(name="id", description="The export.")]
) -> Awaitable[ExportJobView | None] | None:
    return node_of(info.context, id_, IdKind.EXPORT)


def export_jobs(info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> ExportListing:
    viewer = info.context.viewer
    page = page_request(CursorKind.EXPORT, first=first, after=after)
    return ExportListing(owner_of(viewer), viewer.scope, page)


def url_of_job(job: ExportJobView, context: RequestContext) -> str | None:
    return context.ports.export_links.path(job, context.ports.clock.now())
