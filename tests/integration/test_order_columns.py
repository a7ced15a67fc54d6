"""Reading what is wanted and no more: some columns of a view, the children of many kinds at once."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.db.engine import Database
from adapters.db.order_statements import SHAPES_KEPT, page_statement, parts_statement
from adapters.db.order_views import SqlOrderViews
from adapters.policy_files import load_policies
from adapters.seeding.seed import seed_demo
from domain.access.viewer import EVERYTHING
from domain.orders.views import (
    CheckpointView,
    DiscountView,
    FulfillmentLineView,
    FulfillmentView,
    InstallmentView,
    OrderLineView,
    OrderView,
    PaymentView,
    RefundView,
    ShipmentView,
    TimerView,
)
from domain.ports.order_views import FulfillmentFilter, OrderFilter, OrderQuery, PartsOf
from domain.values.enums import OrderSort
from domain.values.paging import PageRequest

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ALL = PageRequest(200)
CHILDREN = (
    (OrderLineView, "order_id"),
    (DiscountView, "order_id"),
    (InstallmentView, "order_id"),
    (PaymentView, "order_id"),
    (FulfillmentView, "order_id"),
    (TimerView, "order_id"),
)
GRANDCHILDREN = (
    (RefundView, "payment_id"),
    (FulfillmentLineView, "fulfillment_id"),
    (ShipmentView, "fulfillment_id"),
    (CheckpointView, "shipment_id"),
)


@pytest.fixture
async def views(database: Database) -> SqlOrderViews:
    await seed_demo(database, load_policies(), 150, 5, NOON, lambda _done, _whole: None)
    database.statement_count = 0
    return SqlOrderViews(database)


def read(view: object) -> dict[str, Any]:
    """What a view holds."""
    return {field.name: getattr(view, field.name) for field in fields(view) if hasattr(view, field.name)}  # type: ignore[arg-type]


def some(view: object, *names: str) -> dict[str, Any]:
    return {name: getattr(view, name) for name in names}


async def orders(views: SqlOrderViews) -> list[OrderView]:
    return list((await views.page(OrderQuery(EVERYTHING), ALL)).items)


SORTS = [
    (OrderSort.PLACED_AT_DESC, "placed_at"),
    (OrderSort.UPDATED_AT_ASC, "updated_at"),
    (OrderSort.TOTAL_DESC, "total_minor"),
]


@pytest.mark.parametrize(("sort", "key"), SORTS)
@pytest.mark.parametrize("given", [OrderFilter(), OrderFilter(currency="EUR")])
async def test_a_page_has_the_columns_wanted_its_id_and_the_key_of_its_sort(
    views: SqlOrderViews, sort: OrderSort, key: str, given: OrderFilter
) -> None:
    query = OrderQuery(EVERYTHING, given, sort=sort)
    whole = await views.page(query, ALL)
    names = ("number", "status", "shipping_address")
    part = await views.page(replace(query, columns=frozenset(names)), ALL)
    assert [read(view) for view in part.items] == [some(view, "id", *names, key) for view in whole.items]
    assert len(whole.items) > 40
    with pytest.raises(AttributeError, match="note"):
        _ = part.items[0].note


async def test_members_pages_have_the_columns_wanted(views: SqlOrderViews) -> None:
    members = sorted({order.member_id for order in await orders(views)})[:5]
    query = OrderQuery(EVERYTHING)
    whole = await views.page_by_member(query, ALL, members)
    part = await views.page_by_member(replace(query, columns=frozenset(("currency",))), ALL, members)
    expected = [[some(view, "id", "currency", "placed_at") for view in slice_.items] for slice_ in whole]
    assert [[read(view) for view in slice_.items] for slice_ in part] == expected


async def test_rows_by_id_have_the_columns_wanted(views: SqlOrderViews) -> None:
    found = await orders(views)
    ids = [found[3].id, "ord_none", found[1].id]
    columns = frozenset(("total_minor",))
    one, none, other = await views.by_ids(EVERYTHING, OrderView, ids, columns=columns)
    assert none is None
    assert [read(view) for view in (one, other)] == [some(view, "id", "total_minor") for view in (found[3], found[1])]


async def test_fulfillments_have_the_columns_wanted_and_their_position(views: SqlOrderViews) -> None:
    whole = await views.fulfillments(EVERYTHING, FulfillmentFilter(), ALL)
    part = await views.fulfillments(EVERYTHING, FulfillmentFilter(), ALL, columns=frozenset(("number", "split_by")))
    names = ("id", "number", "split_by", "created_at")
    assert [read(view) for view in part.items] == [some(view, *names) for view in whole.items]
    assert len(whole.items) > 40


async def test_children_have_the_columns_wanted_and_their_parent(views: SqlOrderViews) -> None:
    ids = [order.id for order in await orders(views)]
    whole = await views.of_parents(OrderLineView, "order_id", ids)
    part = await views.of_parents(OrderLineView, "order_id", ids, columns=frozenset(("sku", "allocations")))
    names = ("id", "order_id", "sku", "allocations")
    assert [[read(line) for line in lines] for lines in part] == [
        [some(line, *names) for line in lines] for lines in whole
    ]


async def test_the_parts_of_many_kinds_are_those_of_each_kind_and_one_statement(
    views: SqlOrderViews, database: Database
) -> None:
    ids = [*(order.id for order in await orders(views)), "ord_none", "\0"]
    children = [PartsOf(view, parent, tuple(ids)) for view, parent in CHILDREN]
    before = database.statement_count
    found = await views.parts(children)
    assert database.statement_count == before + 1
    assert found == [await views.of_parents(asked.view, asked.parent, ids) for asked in children]
    assert all(any(rows) for rows in found)
    assert [rows[-2:] for rows in found] == [[(), ()]] * len(CHILDREN)


async def test_a_detail_with_all_that_hangs_on_it_is_three_statements_after_the_order(
    views: SqlOrderViews, database: Database
) -> None:
    ids = tuple(order.id for order in await orders(views))
    before = database.statement_count
    *_, payments, fulfillments, _timers = await views.parts([PartsOf(view, parent, ids) for view, parent in CHILDREN])
    parents = {
        "payment_id": tuple(payment.id for rows in payments for payment in rows),
        "fulfillment_id": tuple(part.id for rows in fulfillments for part in rows),
        "shipment_id": ("shp_none",),
    }
    grandchildren = [PartsOf(view, parent, parents[parent]) for view, parent in GRANDCHILDREN]
    found = await views.parts(grandchildren)
    history = await views.history(ids, 50, 0)
    assert database.statement_count == before + 3
    assert found == [await views.of_parents(asked.view, asked.parent, asked.ids) for asked in grandchildren]
    assert all(slice_.items for slice_ in history)
    assert [any(rows) for rows in found] == [True, True, True, False]


async def test_parts_of_one_kind_with_other_columns_or_parents_are_kept_apart(views: SqlOrderViews) -> None:
    found = await orders(views)
    first, rest = (found[0].id,), tuple(order.id for order in found[1:])
    one, other, again = await views.parts(
        [
            PartsOf(OrderLineView, "order_id", first, frozenset(("sku",))),
            PartsOf(OrderLineView, "order_id", rest),
            PartsOf(OrderLineView, "order_id", first),
        ]
    )
    assert again == await views.of_parents(OrderLineView, "order_id", first)
    assert other == await views.of_parents(OrderLineView, "order_id", rest)
    assert [read(line) for line in one[0]] == [some(line, "id", "order_id", "sku") for line in again[0]]


async def test_children_that_are_read_alone_come_back_as_the_aggregate_has_them(views: SqlOrderViews) -> None:
    """Times, enumerations and documents take another way than in rows."""
    ids = [order.id for order in await orders(views)]
    payments = await views.of_parents(PaymentView, "order_id", ids)
    by_id = await views.by_ids(EVERYTHING, PaymentView, [payment.id for rows in payments for payment in rows])
    assert [payment for rows in payments for payment in rows] == by_id
    parts = await views.of_parents(FulfillmentView, "order_id", ids)
    by_id_too = await views.by_ids(EVERYTHING, FulfillmentView, [part.id for rows in parts for part in rows])
    assert [part for rows in parts for part in rows] == by_id_too
    assert {part.created_at.tzinfo for rows in parts for part in rows} == {UTC}


async def test_statements_are_kept_per_columns_and_bounded(views: SqlOrderViews) -> None:
    query = OrderQuery(EVERYTHING, columns=frozenset(("country",)))
    await views.page(query, PageRequest(7))
    before = page_statement.cache_info()
    await views.page(replace(query, columns=frozenset(("country",))), PageRequest(7))
    await views.page(replace(query, columns=frozenset(("region",))), PageRequest(7))
    after = page_statement.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses + 1)
    assert {after.maxsize, parts_statement.cache_info().maxsize} == {SHAPES_KEPT}


async def test_a_column_that_a_view_has_not_is_refused(views: SqlOrderViews) -> None:
    with pytest.raises(ValueError, match=r"^OrderLineView has no \['refundable_minor'\]$"):
        await views.of_parents(OrderLineView, "order_id", ["ord_x"], columns=frozenset(("refundable_minor",)))
