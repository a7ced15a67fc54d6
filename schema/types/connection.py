"""What every connection has in common. A connection's parent is a listing: it loads its page, its count, its facets apart."""

from typing import Any

import strawberry

from resolvers.loaded import Load, Rows, loaded
from resolvers.paging import edges_of, nodes_of, page_info_of


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is something before this page.")
    start_cursor: str | None = strawberry.field(description="Of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Of the last row; null on an empty page.")


def edges(loader: str, edge: Any) -> Any:
    return loaded(
        Load(loader, "itself", edges_of, (), Rows(("node",))),
        graphql_type=list[edge],
        description="The rows of the page, with their cursors.",
    )


def nodes(loader: str, node: Any) -> Any:
    return loaded(
        Load(loader, "itself", nodes_of, (), Rows()), graphql_type=list[node], description="The rows of the page."
    )


def page_info(loader: str) -> Any:
    return loaded(
        Load(loader, "itself", page_info_of, (), Rows(None)),
        graphql_type=PageInfo,
        description="Where the page stands in the list.",
    )


def total_count(loader: str) -> Any:
    return loaded(
        Load(loader, "counted"),
        graphql_type=int,
        description="How many rows the whole list has; counted when selected.",
    )


def cursor() -> Any:
    return strawberry.field(description="Where the row stands, for `after` and `before`.")
