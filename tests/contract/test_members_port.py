"""What every implementation of Members holds."""

from collections.abc import Awaitable, Callable

import pytest

from adapters.db.engine import Database
from adapters.embedded.members import EmbeddedMembers
from adapters.embedded.tables import members as table
from domain.ports.members import MemberFilter, Members, MemberView
from domain.values.paging import PageRequest

pytestmark = pytest.mark.anyio
ANA = MemberView("mbr_1", "Ana Lima", "GOLD", "Ana.Lima@example.com", "+55 11 1")
BEN = MemberView("mbr_2", "Ben O'Hara", "SILVER", "ben@example.com", None)
NOBODY = MemberView("mbr_3", None, None, None, None)


@pytest.fixture
async def members(database: Database, given: Callable[..., Awaitable[None]]) -> Members:
    rows = [
        {name: getattr(view, name) for name in ("id", "name", "level", "email", "phone")} for view in (ANA, BEN, NOBODY)
    ]
    await given(table, *rows)
    return EmbeddedMembers(database)


async def test_members_come_by_position_none_for_an_unknown_one(members: Members) -> None:
    assert await members.by_ids(["mbr_3", "mbr_9", "mbr_1", "mbr_\0", "mbr_1"]) == [NOBODY, None, ANA, None, ANA]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (MemberFilter(), [ANA, BEN, NOBODY]),
        (MemberFilter(id=("mbr_3", "mbr_1")), [ANA, NOBODY]),
        (MemberFilter(level=("GOLD",)), [ANA]),
        (MemberFilter(level=()), []),
        (MemberFilter(search="lim an"), [ANA]),
        (MemberFilter(search="o'ha"), [BEN]),
        (MemberFilter(search="ana.lima@EX"), [ANA]),
        (MemberFilter(search="example"), []),
        (MemberFilter(search="b", level=("GOLD",)), []),
    ],
)
async def test_a_filter_finds_what_all_of_it_holds_for(
    members: Members, query: MemberFilter, expected: list[MemberView]
) -> None:
    found = await members.search(query, PageRequest(limit=3))
    assert (list(found.items), found.has_next, found.has_previous) == (expected, False, False)
    assert await members.count(query) == len(expected)


async def test_pages_walk_through_all_members(members: Members) -> None:
    first = await members.search(MemberFilter(), PageRequest(limit=2))
    second = await members.search(MemberFilter(), PageRequest(limit=2, after=(first.items[-1].id,)))
    assert (first.items, first.has_next) == ((ANA, BEN), True)
    assert (second.items, second.has_next) == ((NOBODY,), False)
