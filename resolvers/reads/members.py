"""Reading members. Staff see all of them; others see themselves, and nobody else exists for them."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Annotated

import strawberry

from domain.access.viewer import Viewer
from domain.ports.members import MemberFilter, MemberView
from resolvers.absent import given, optional
from resolvers.context import Info
from resolvers.cursors import CursorKind
from resolvers.listings import MemberListing
from resolvers.paging import After, First, page_request
from resolvers.reads.order_filter import values_of


@strawberry.input(
    name="MemberFilter", description="Which members: everything that is given must hold, a list for any of its values."
)
class MemberFilterInput:
    id: list[strawberry.ID] | None = optional("The member is one of these.")
    level: list[str] | None = optional("The member's level is one of these.")
    search: str | None = optional("Every word begins a word of the name, or the whole begins the e-mail address.")

    def to_domain(self) -> MemberFilter:
        return MemberFilter(
            id=values_of(self.id, "id"), level=values_of(self.level, "level"), search=given(self.search)
        )


def member(
    info: Info,
    id_: Annotated[strawberry.ID, strawberry.argument(name="id", description="The member's id.")],
) -> Awaitable[MemberView | None]:
    return info.context.loaders.load("members", id_)


def members(
    info: Info,
    filter_: Annotated[MemberFilterInput | None, strawberry.argument(name="filter", description="Which members.")] = (
        strawberry.UNSET
    ),
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> MemberListing:
    asked = given(filter_)
    query = MemberFilter() if asked is None else asked.to_domain()
    page = page_request(CursorKind.MEMBER, first=first, after=after)
    return MemberListing(_seen(query, info.context.viewer), page)


def _seen(query: MemberFilter, viewer: Viewer) -> MemberFilter:
    """The filter, of those only whom the viewer may see."""
    if viewer.sees_all_members:
        return query
    own = () if viewer.member_id is None else (viewer.member_id,)
    return replace(query, id=own if query.id is None else tuple(m for m in query.id if m in own))
