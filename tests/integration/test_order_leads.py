"""Lists whose conditions lead, or whose range bounds the page: the same pages as by looking at each order."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from adapters.db.engine import Database
from adapters.db.order_views import SqlOrderViews
from domain.access.viewer import EVERYTHING, OrderScope
from domain.orders.views import OrderView
from domain.ports.order_views import DateTimeRange, MinorRange, OrderFilter, OrderQuery
from domain.values.enums import OrderSort, OrderStatus, PaymentStatus
from domain.values.paging import PageRequest, Position
from tests.fixtures.order_rows import START, insert, order

pytestmark = pytest.mark.anyio

VALUES: dict[str, tuple[str, ...]] = {
    "status": (OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.COMPLETED, OrderStatus.CANCELLED),
    "payment_status": (PaymentStatus.PAID, PaymentStatus.UNPAID, PaymentStatus.REFUNDED),
    "channel": ("web", "app", "legacy"),
    "business_unit": ("acme", "globex"),
    "member_id": tuple(f"mbr_{number}" for number in range(12)),
    "country": ("BR", "FR"),
}
KEYS = {
    OrderSort.PLACED_AT_DESC: ("placed_at", True),
    OrderSort.PLACED_AT_ASC: ("placed_at", False),
    OrderSort.UPDATED_AT_DESC: ("updated_at", True),
    OrderSort.UPDATED_AT_ASC: ("updated_at", False),
}
HOLDS = {
    "gte": lambda time, bound: time >= bound,
    "gt": lambda time, bound: time > bound,
    "lte": lambda time, bound: time <= bound,
    "lt": lambda time, bound: time < bound,
}


def some_orders(dice: Random, count: int) -> list[OrderView]:
    """Few of their times are their own."""
    return [
        order(
            f"{number}",
            placed_at=START + timedelta(hours=dice.randrange(40)),
            updated_at=START + timedelta(hours=dice.randrange(40)),
            **{name: dice.choice(values) for name, values in VALUES.items()},
        )
        for number in range(count)
    ]


def some_query(dice: Random) -> OrderQuery:
    names = dice.sample(sorted(VALUES), dice.randrange(4))
    given: dict[str, Any] = {name: some_values(dice, name) for name in names}
    for name in ("placed_at", "updated_at"):
        if dice.random() < 0.3:
            bounds = dice.sample(sorted(HOLDS), dice.randrange(1, 4))
            given[name] = DateTimeRange(**{bound: START + timedelta(hours=dice.randrange(40)) for bound in bounds})
    if dice.random() < 0.2:
        given["none_of"] = OrderFilter(channel=some_values(dice, "channel"))
    return OrderQuery(some_scope(dice), OrderFilter(**given), sort=dice.choice(sorted(KEYS)))


def some_scope(dice: Random) -> OrderScope:
    scopes = (
        EVERYTHING,
        EVERYTHING,
        OrderScope(business_units=frozenset(some_values(dice, "business_unit"))),
        OrderScope(channels=frozenset(some_values(dice, "channel"))),
        OrderScope(member_id=dice.choice(VALUES["member_id"])),
    )
    return dice.choice(scopes)


def some_values(dice: Random, name: str) -> tuple[Any, ...]:
    known = (*VALUES[name], "nothing has it", "\0")
    return tuple(dice.choices(known, k=dice.randrange(len(known))))


def some_page(dice: Random, orders: Sequence[OrderView], sort: OrderSort) -> PageRequest:
    after, before = (position(dice.choice(orders), sort) if dice.random() < 0.4 else None for _ in range(2))
    return PageRequest(dice.choice((1, 5, 60)), after, before, is_backward=dice.random() < 0.4)


def position(view: OrderView, sort: OrderSort) -> Position:
    return (getattr(view, KEYS[sort][0]), view.id)


def passes(view: OrderView, query: OrderQuery) -> bool:
    asked, scope = query.filter, query.scope
    lists = [(name, getattr(asked, name)) for name in VALUES]
    lists += [("business_unit", scope.business_units), ("channel", scope.channels)]
    lists += [("member_id", None if scope.member_id is None else (scope.member_id,))]
    ranges = [(getattr(view, name), getattr(asked, name)) for name in ("placed_at", "updated_at")]
    excluded = asked.none_of is not None and view.channel in (asked.none_of.channel or ())
    return (
        not excluded
        and all(values is None or getattr(view, name) in values for name, values in lists)
        and all(lies_in(time, given) for time, given in ranges if given is not None)
    )


def lies_in(time: Any, given: DateTimeRange) -> bool:
    bounds = [(name, getattr(given, name)) for name in HOLDS]
    return all(bound is None or HOLDS[name](time, bound) for name, bound in bounds)


def expected(orders: Sequence[OrderView], query: OrderQuery, page: PageRequest) -> list[str]:
    """The ids, found without any index."""
    falls = KEYS[query.sort][1]
    found = sorted((position(view, query.sort) for view in orders if passes(view, query)), reverse=falls)
    if page.after is not None:
        found = [one for one in found if (one < page.after if falls else one > page.after)]
    if page.before is not None:
        found = [one for one in found if (one > page.before if falls else one < page.before)]
    cut = found[-page.limit :] if page.is_backward else found[: page.limit]
    return [str(one[1]) for one in cut]


@pytest.mark.parametrize("seed", range(4))
async def test_any_list_is_the_one_that_is_found_by_looking_at_each_order(database: Database, seed: int) -> None:
    dice = Random(seed)
    orders = some_orders(dice, 400)
    await insert(database, *orders)
    views = SqlOrderViews(database)
    filled = 0
    for _ in range(150):
        query = some_query(dice)
        page = some_page(dice, orders, query.sort)
        found = await views.page(query, page)
        ids = [view.id for view in found.items]
        assert ids == expected(orders, query, page), (query, page)
        filled += bool(ids)
    assert filled > 30


async def test_as_many_values_as_one_likes_find_their_orders(database: Database) -> None:
    orders = [order(f"{number:03}", member_id=f"mbr_{number:03}") for number in range(80)]
    await insert(database, *orders)
    views = SqlOrderViews(database)
    for count in (1, 2, 3, 49, 50, 51, 80):
        asked = OrderFilter(member_id=tuple(view.member_id for view in orders[:count]))
        query = OrderQuery(EVERYTHING, asked, sort=OrderSort.PLACED_AT_ASC)
        assert list((await views.page(query, PageRequest(100))).items) == orders[:count]


@pytest.mark.parametrize("sort", [OrderSort.TOTAL_ASC, OrderSort.TOTAL_DESC])
async def test_a_position_that_the_range_leaves_behind_still_says_that_there_are_orders_before(
    database: Database, sort: OrderSort
) -> None:
    orders = [order(f"{number}", total_minor=number) for number in range(9)]
    await insert(database, *orders)
    query = OrderQuery(EVERYTHING, OrderFilter(total=MinorRange(gte=3, lte=5), currency="EUR"), sort=sort)
    falls = sort is OrderSort.TOTAL_DESC
    end = orders[-1] if falls else orders[0]
    page = await SqlOrderViews(database).page(query, PageRequest(2, after=(end.total_minor, end.id)))
    assert [view.total_minor for view in page.items] == ([5, 4] if falls else [3, 4])
    assert (page.has_next, page.has_previous) == (True, True)
    inside = await SqlOrderViews(database).page(query, PageRequest(2, after=(4, "ord_4")))
    assert [view.total_minor for view in inside.items] == ([3] if falls else [5])
