"""Walking through lists: whatever the sort, the direction and the page size, each row comes once, in the list's order."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from adapters.db.engine import Database
from adapters.db.order_views import SqlOrderViews
from domain.access.viewer import EVERYTHING
from domain.orders.views import FulfillmentView, OrderView
from domain.ports.order_views import FulfillmentFilter, OrderFilter, OrderQuery
from domain.values.enums import OrderSort
from domain.values.paging import PageRequest, Position, Slice
from tests.fixtures.order_rows import day, fulfillment, insert, order, transition

pytestmark = pytest.mark.anyio

# Seven orders with only three distinct values of every sort key, given in no order.
ORDERS = [
    order(
        key,
        placed_at=day(n % 3),
        updated_at=day(-n % 3),
        total_minor=100 * (n % 3),
        member_id=f"mbr_{n % 2}",
    )
    for n, key in enumerate(("d", "a", "g", "b", "f", "c", "e"))
]
KEYS: dict[OrderSort, tuple[Callable[[OrderView], Any], bool]] = {
    OrderSort.PLACED_AT_DESC: (lambda view: view.placed_at, True),
    OrderSort.PLACED_AT_ASC: (lambda view: view.placed_at, False),
    OrderSort.UPDATED_AT_DESC: (lambda view: view.updated_at, True),
    OrderSort.UPDATED_AT_ASC: (lambda view: view.updated_at, False),
    OrderSort.TOTAL_DESC: (lambda view: view.total_minor, True),
    OrderSort.TOTAL_ASC: (lambda view: view.total_minor, False),
}


def position(view: OrderView, sort: OrderSort) -> Position:
    return (KEYS[sort][0](view), view.id)


def in_order(views: list[OrderView], sort: OrderSort) -> list[OrderView]:
    return sorted(views, key=lambda view: position(view, sort), reverse=KEYS[sort][1])


@pytest.fixture
async def views(database: Database) -> SqlOrderViews:
    await insert(database, *ORDERS)
    return SqlOrderViews(database)


@pytest.mark.parametrize(("sort", "limit"), list(product(OrderSort, (1, 2, 3, 6, 7, 8))))
async def test_a_walk_forward_gives_each_row_once(views: SqlOrderViews, sort: OrderSort, limit: int) -> None:
    query, after = OrderQuery(EVERYTHING, sort=sort), None
    walked: list[OrderView] = []
    has_next = True
    while has_next:
        page = await views.page(query, PageRequest(limit, after))
        assert page.has_previous is (after is not None)
        assert 0 < len(page.items) <= limit
        walked += page.items
        after, has_next = position(page.items[-1], sort), page.has_next
    assert walked == in_order(ORDERS, sort)


@pytest.mark.parametrize(("sort", "limit"), list(product(OrderSort, (1, 2, 3, 6, 7, 8))))
async def test_a_walk_backward_gives_each_row_once(views: SqlOrderViews, sort: OrderSort, limit: int) -> None:
    query, before = OrderQuery(EVERYTHING, sort=sort), None
    walked: list[OrderView] = []
    has_previous = True
    while has_previous:
        page = await views.page(query, PageRequest(limit, before=before, is_backward=True))
        assert page.has_next is (before is not None)
        assert 0 < len(page.items) <= limit
        walked = [*page.items, *walked]
        before, has_previous = position(page.items[0], sort), page.has_previous
    assert walked == in_order(ORDERS, sort)


@pytest.mark.parametrize(("sort", "is_backward"), list(product(OrderSort, (False, True))))
async def test_a_range_between_two_positions_excludes_both(
    views: SqlOrderViews, sort: OrderSort, is_backward: bool
) -> None:
    rows = in_order(ORDERS, sort)
    ends = {"after": position(rows[0], sort), "before": position(rows[5], sort)}
    query = OrderQuery(EVERYTHING, sort=sort)
    page = await views.page(query, PageRequest(4, **ends, is_backward=is_backward))
    assert list(page.items) == rows[1:5]
    assert (page.has_next, page.has_previous) == ((True, False) if is_backward else (False, True))
    part = await views.page(query, PageRequest(3, **ends, is_backward=is_backward))
    assert list(part.items) == (rows[2:5] if is_backward else rows[1:4])
    assert (part.has_next, part.has_previous) == (True, True)


async def test_nothing_lies_beyond_the_ends(views: SqlOrderViews) -> None:
    sort = OrderSort.PLACED_AT_DESC
    rows = in_order(ORDERS, sort)
    query = OrderQuery(EVERYTHING, sort=sort)
    beyond = await views.page(query, PageRequest(3, after=position(rows[-1], sort)))
    assert beyond == Slice((), has_next=False, has_previous=True)
    none = await views.page(query, PageRequest(0))
    assert none == Slice((), has_next=True, has_previous=False)


@pytest.mark.parametrize(("sort", "is_backward"), list(product(OrderSort, (False, True))))
async def test_a_page_by_member_is_the_page_of_each_member(
    views: SqlOrderViews, sort: OrderSort, is_backward: bool
) -> None:
    members = ["mbr_1", "mbr_x", "mbr_0", "mbr_1", "\0"]
    query = OrderQuery(EVERYTHING, sort=sort)
    middle = position(in_order(ORDERS, sort)[3], sort)
    ends = [PageRequest(2, is_backward=is_backward), PageRequest(9, middle), PageRequest(9, before=middle)]
    for page in ends:
        slices = await views.page_by_member(query, page, members)
        alone = [await views.page(of_member(query, member), page) for member in members]
        assert slices == alone


def of_member(query: OrderQuery, member_id: str) -> OrderQuery:
    return OrderQuery(query.scope, OrderFilter(member_id=(member_id,)), sort=query.sort)


async def test_fulfillments_are_walked_newest_first_in_both_directions(
    views: SqlOrderViews, database: Database
) -> None:
    parts = [fulfillment(ORDERS[n], f"{n}", created_at=day(n % 2)) for n in range(5)]
    await insert(database, *parts)
    rows = sorted(parts, key=lambda part: (part.created_at, part.id), reverse=True)
    assert await walk(views, is_backward=False) == rows
    assert await walk(views, is_backward=True) == rows


async def walk(views: SqlOrderViews, *, is_backward: bool) -> list[FulfillmentView]:
    walked: list[FulfillmentView] = []
    page = PageRequest(2, is_backward=is_backward)
    while (part := await views.fulfillments(EVERYTHING, FulfillmentFilter(), page)).items:
        walked = [*part.items, *walked] if is_backward else [*walked, *part.items]
        first, last = part.items[0], part.items[-1]
        page = (
            PageRequest(2, before=(first.created_at, first.id), is_backward=True)
            if is_backward
            else PageRequest(2, (last.created_at, last.id))
        )
    return walked


async def test_history_is_paged_by_sequence_for_each_order(views: SqlOrderViews, database: Database) -> None:
    first, second = ORDERS[0], ORDERS[1]
    steps = [transition(first, sequence) for sequence in (3, 1, 2)]
    other = transition(second, 1)
    await insert(database, *steps, other)
    ids = [second.id, "ord_x", first.id, first.id]
    by_sequence = sorted(steps, key=lambda step: step.sequence)
    assert await views.history(ids, 2, 0) == [
        Slice((other,), has_next=False, has_previous=False),
        Slice((), has_next=False, has_previous=False),
        Slice(tuple(by_sequence[:2]), has_next=True, has_previous=False),
        Slice(tuple(by_sequence[:2]), has_next=True, has_previous=False),
    ]
    assert await views.history([first.id], 2, 2) == [Slice((by_sequence[2],), has_next=False, has_previous=True)]
    assert await views.history([first.id], 2, 2**40) == [Slice((), has_next=False, has_previous=True)]
