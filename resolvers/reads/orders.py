"""Reading orders: one by what it is known by, many as a list."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry
from strawberry import Parent

from domain.orders.views import OrderView
from domain.ports.members import MemberView
from domain.ports.order_views import OrderFilter, OrderQuery
from domain.values.enums import OrderSort
from resolvers.absent import given, optional, required
from resolvers.context import Info
from resolvers.cursors import CursorKind
from resolvers.listings import HistoryListing, OrderListing, OrderNumber
from resolvers.paging import DEFAULT_HISTORY, After, Before, First, HistoryFirst, Last, page_request
from resolvers.reads.order_filter import OrderFilterInput

Filter = Annotated[
    OrderFilterInput | None, strawberry.argument(name="filter", description="Which orders; all when left out.")
]
Search = Annotated[
    str | None,
    strawberry.argument(
        description="The beginning of an order, external or tracking number or of a SKU, or words of the buyer's and the "
        "products' names as in the order."
    ),
]
Sort = Annotated[OrderSort, strawberry.argument(description="In which order; a cursor is good for one sort only.")]


@strawberry.input(description="An order by its number in the system of its channel.")
class ExternalRef:
    channel: str = required("The channel's code.")
    number: str = required("The number there.")


@strawberry.input(description="What an order is known by: exactly one of these.", one_of=True)
class OrderRef:
    id: strawberry.ID | None = optional("Its id.")
    number: str | None = optional("Its number.")
    external: ExternalRef | None = optional("Its channel and its number there.")


Ref = Annotated[OrderRef, strawberry.argument(description="What the order is known by.")]


def order(info: Info, ref: Ref) -> Awaitable[OrderView | None]:
    loaders = info.context.loaders
    if ref.id:
        return loaders.load("orders", ref.id)
    if ref.external:
        return loaders.load("orders_by_number", OrderNumber(ref.external.number, ref.external.channel))
    return loaders.load("orders_by_number", OrderNumber(ref.number or ""))


def orders(
    info: Info,
    filter_: Filter = strawberry.UNSET,
    search: Search = strawberry.UNSET,
    sort: Sort = OrderSort.PLACED_AT_DESC,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> OrderListing:
    query = OrderQuery(info.context.viewer.scope, _filter(filter_), given(search), sort)
    page = page_request(CursorKind(sort), first=first, after=after, last=last, before=before)
    return OrderListing(query, page)


def orders_of_member(
    parent: Parent[MemberView],
    info: Info,
    filter_: Filter = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> OrderListing:
    query = OrderQuery(info.context.viewer.scope, _filter(filter_))
    return OrderListing(query, page_request(CursorKind(query.sort), first=first, after=after), parent.id)


def history_of_order(
    parent: Parent[OrderView], first: HistoryFirst = DEFAULT_HISTORY, after: After = strawberry.UNSET
) -> HistoryListing:
    return HistoryListing(parent.id, page_request(CursorKind.TRANSITION, first=first, after=after))


def _filter(asked: OrderFilterInput | None) -> OrderFilter:
    asked = given(asked)
    return OrderFilter() if asked is None else asked.to_domain()
