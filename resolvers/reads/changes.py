"""The change feed: the arguments of orderChanges, and the wait for its answer."""

from typing import Annotated, Final

import strawberry

from domain.actions.follow_orders import follow_orders
from domain.ports.changes import ChangePage, ChangeQuery, OrderChange
from domain.ports.order_views import OrderFilter
from domain.values.faults import BadRequest
from domain.values.feed_positions import cursor_of, position_of
from resolvers.absent import given
from resolvers.context import Info
from resolvers.reads.order_filter import OrderFilterInput

DEFAULT_FIRST: Final = 500
MAX_FIRST: Final = 1000
MAX_WAIT_MS: Final = 30_000

After = Annotated[
    str | None,
    strawberry.argument(
        description="Only what comes after this cursor: of this feed, or the watermark of figures or of an export. Left out: all orders as"
        " they are, each at its version, then what happens to them from that moment on."
    ),
]
First = Annotated[int, strawberry.argument(description="How many changes: at most 1,000.")]
Filter = Annotated[
    OrderFilterInput | None,
    strawberry.argument(
        name="filter",
        description="Changes of which orders. It is held against what an order is now: of one that passes it no longer nothing more is"
        " told, so filter by what never changes (channel, business unit, type) to keep a copy. Orders that are gone (DELETE) are told of"
        " whatever the filter.",
    ),
]
WaitMs = Annotated[
    int,
    strawberry.argument(
        description="Where there is nothing to tell: how long to wait for something, in milliseconds; at most 30,000."
    ),
]


async def order_changes(
    info: Info,
    after: After = strawberry.UNSET,
    first: First = DEFAULT_FIRST,
    filter_: Filter = strawberry.UNSET,
    wait_ms: WaitMs = 0,
) -> ChangePage:
    context = info.context
    wait_s = _within("waitMs", wait_ms, MAX_WAIT_MS) / 1000
    cursor, wanted = given(after), given(filter_)
    query = ChangeQuery(
        context.viewer.scope,
        _within("first", first, MAX_FIRST),
        None if cursor is None else position_of(cursor),
        OrderFilter() if wanted is None else wanted.to_domain(),
    )
    context.loaders.postpone(wait_s)
    return await follow_orders(context.ports, context.viewer, query, wait_s, context.gone)


def cursor_of_page(page: ChangePage) -> str:
    return cursor_of(page.position)


def cursor_of_change(change: OrderChange) -> str:
    return cursor_of(change.position)


def _within(name: str, asked: int, most: int) -> int:
    if not 0 <= asked <= most:
        raise BadRequest(f"{name} must be between 0 and {most}; it is {asked}.")
    return asked
