"""Reading after-sale cases: one, a list, and what hangs on them."""

from collections.abc import Awaitable, Iterable
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import Parent

from domain.orders.views import AfterSaleView, TimerView
from domain.ports.order_views import AfterSaleFilter
from domain.values.enums import AfterSaleKind, AfterSaleState
from domain.values.ids import IdKind
from resolvers.absent import given, optional
from resolvers.context import Info
from resolvers.cursors import CursorKind
from resolvers.listings import AfterSaleListing, HistoryListing
from resolvers.paging import DEFAULT_HISTORY, After, First, HistoryFirst, page_request
from resolvers.reads.nodes import node_of
from resolvers.reads.order_filter import values_of
from resolvers.reads.ranges import DateTimeRangeInput, date_time_range


@strawberry.input(
    name="AfterSaleFilter",
    description="Which after-sale cases: everything that is given must hold, a list for any of its values.",
)
class AfterSaleFilterInput:
    status: list[AfterSaleState] | None = optional("Its state is one of these.")
    kind: list[AfterSaleKind] | None = optional("It is of one of these kinds.")
    order_id: list[strawberry.ID] | None = optional("It is about one of these orders.")
    created_at: DateTimeRangeInput | None = optional("When it was opened.")

    def to_domain(self) -> AfterSaleFilter:
        return AfterSaleFilter(
            status=values_of(self.status, "status"),
            kind=values_of(self.kind, "kind"),
            order_id=values_of(self.order_id, "orderId"),
            created_at=date_time_range(self.created_at),
        )


def after_sale(
    info: Info, id_: Annotated[strawberry.ID, strawberry.argument(name="id", description="The case.")]
) -> Awaitable[AfterSaleView | None] | None:
    return node_of(info.context, id_, IdKind.AFTER_SALE)


def after_sales(
    info: Info,
    filter_: Annotated[
        AfterSaleFilterInput | None, strawberry.argument(name="filter", description="Which cases.")
    ] = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> AfterSaleListing:
    asked = given(filter_)
    query = AfterSaleFilter() if asked is None else asked.to_domain()
    page = page_request(CursorKind.AFTER_SALE, first=first, after=after)
    return AfterSaleListing(info.context.viewer.scope, query, page)


def history_of_case(
    parent: Parent[AfterSaleView], first: HistoryFirst = DEFAULT_HISTORY, after: After = strawberry.UNSET
) -> HistoryListing:
    page = page_request(CursorKind.TRANSITION, first=first, after=after)
    return HistoryListing(parent.order_id, page, parent.id)


def deadline_of_case(case: AfterSaleView, timers: Iterable[TimerView]) -> datetime | None:
    """When time takes its next step with the case."""
    return min((t.due_at for t in timers if t.subject_id == case.id and t.due_at is not None), default=None)
