"""The member service: who buys."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select

from adapters.embedded.connection import answers_as, storable
from adapters.embedded.listing import Listing
from adapters.embedded.tables import members
from adapters.sql import Reader, prepare
from adapters.view_filling import filler
from domain.ports.members import MemberFilter, MemberView
from domain.values.paging import PageRequest, Slice

_COLUMNS: Final = (members.c.id, members.c.name, members.c.level, members.c.email, members.c.phone)
_LISTING: Final = Listing(
    columns=_COLUMNS,
    key=members.c.id,
    filters={"id": members.c.id, "level": members.c.level},
    words=members.c.words,
    prefixed=members.c.email,
)
_BY_IDS: Final = prepare(select(*_COLUMNS).where(members.c.id == any_(bindparam("ids", type_=ARRAY(Text)))))
_views: Final = filler(MemberView, [column.name for column in _COLUMNS], {})
_answers = answers_as("member")


class EmbeddedMembers:
    def __init__(self, reader: Reader) -> None:
        self._sql = reader

    @_answers
    async def by_ids(self, member_ids: Sequence[str]) -> list[MemberView | None]:
        rows = await self._sql.rows(_BY_IDS, ids=storable(member_ids))
        found = {view.id: view for view in _views(rows)}
        return [found.get(member_id) for member_id in member_ids]

    @_answers
    async def search(self, query: MemberFilter, page: PageRequest) -> Slice[MemberView]:
        rows = await _LISTING.page(self._sql, _given(query), query.search, page)
        return Slice(tuple(_views(rows.items)), rows.has_next, rows.has_previous)

    @_answers
    async def count(self, query: MemberFilter) -> int:
        return await _LISTING.count(self._sql, _given(query), query.search)


def _given(query: MemberFilter) -> dict[str, tuple[str, ...] | None]:
    return {"id": query.id, "level": query.level}
