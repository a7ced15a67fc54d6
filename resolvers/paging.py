"""The paging arguments of lists, their limits, and what a connection shows of its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import strawberry

from domain.values.faults import BadRequest
from domain.values.paging import PageRequest, Slice
from resolvers.absent import given
from resolvers.cursors import CursorKind, cursor_of, position_of

DEFAULT_FIRST: Final = 20
DEFAULT_HISTORY: Final = 50
MAX_FIRST: Final = 100

First = Annotated[
    int | None,
    strawberry.argument(description="How many, from the beginning of the range: 20 by default, at most 100."),
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[
    int | None, strawberry.argument(description="How many, from the end of the range, instead of `first`; at most 100.")
]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]
HistoryFirst = Annotated[int, strawberry.argument(description="How many steps: at most 100.")]


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    node: Any
    cursor: str


def page_request(
    kind: CursorKind,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> PageRequest:
    """The page that is asked for. Raises BadRequest."""
    first, last, after, before = given(first), given(last), given(after), given(before)
    if first is not None and last is not None:
        raise BadRequest("Take a page from the beginning (first) or from the end (last), not both.")
    return PageRequest(
        limit=_limit("first" if last is None else "last", first if last is None else last),
        after=None if after is None else position_of(kind, after),
        before=None if before is None else position_of(kind, before),
        is_backward=last is not None,
    )


def edges_of(listing: Any, page: Slice[Any]) -> tuple[Edge, ...]:
    kind = listing.cursor_kind
    return tuple(Edge(row, cursor_of(kind, row)) for row in page.items)


def nodes_of(_listing: Any, page: Slice[Any]) -> tuple[Any, ...]:
    return page.items


def page_info_of(listing: Any, page: Slice[Any]) -> PageInfo:
    ends = [cursor_of(listing.cursor_kind, page.items[end]) for end in (0, -1)] if page.items else (None, None)
    return PageInfo(page.has_next, page.has_previous, *ends)


def checked_count(values: Sequence[Any], limit: int, what: str) -> Sequence[Any]:
    """The same values. Raises BadRequest where there are too many."""
    if len(values) > limit:
        raise BadRequest(f"At most {limit} {what} can be asked for at once; these are {len(values)}.")
    return values


def _limit(name: str, asked: int | None) -> int:
    limit = DEFAULT_FIRST if asked is None else asked
    if not 0 <= limit <= MAX_FIRST:
        raise BadRequest(f"{name} must be between 0 and {MAX_FIRST}; it is {limit}.")
    return limit
