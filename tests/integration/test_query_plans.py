"""Every shape of list is served by an index: what PostgreSQL plans for the statements that SqlOrderViews sends, over twenty
thousand orders. The rule that holds for all of them: no table is read whole, and no index either, unless the page ends the walk.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapters.db.analytics_statements import cut_statement, cut_values, shape_of
from adapters.db.connection import connect, dsn
from adapters.db.migrate import migrate
from adapters.db.order_views import SqlOrderViews
from adapters.sql import Reader, Statement
from domain.access.viewer import EVERYTHING, OrderScope
from domain.analytics.catalogue import Level, Part
from domain.analytics.plan import Clock, Cut
from domain.orders.views import (
    AfterSaleLineView,
    AfterSaleView,
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
from domain.ports.order_views import (
    AfterSaleFilter,
    DateTimeRange,
    FulfillmentFilter,
    MinorRange,
    OrderFilter,
    OrderQuery,
)
from domain.values.enums import (
    AfterSaleState,
    AfterSaleStatus,
    ChannelKind,
    Dimension,
    FulfillmentState,
    FulfillmentStatus,
    OrderSort,
    OrderStatus,
    OrderType,
    PaymentStatus,
    TimeField,
    TimeGrain,
)
from domain.values.paging import PageRequest, Position
from tests.fixtures.many_orders import RARE_STATUS, fill

pytestmark = pytest.mark.anyio

MOMENT = datetime(2025, 1, 1, tzinfo=UTC)
HOURS = DateTimeRange(gte=MOMENT, lt=MOMENT + timedelta(hours=9))
WEEKS = DateTimeRange(gte=MOMENT - timedelta(days=100), lt=MOMENT + timedelta(days=100))
PAGE = PageRequest(20)
NEWEST = "ix_orders_placed_at_id"
KEYS = [f"{number:06d}" for number in range(100, 120)]
BLOCKING = {"Sort", "Aggregate", "Hash"}
"""Nodes that read all of their input before they give a row."""

Ask = Callable[[SqlOrderViews], Awaitable[Any]]


class Explaining(Reader):
    """Finds nothing, and keeps the plan of what it was asked."""

    def __init__(self, connection: asyncpg.Connection, option: str = "") -> None:
        self._connection = connection
        self._options = f"{option}, FORMAT JSON".removeprefix(", ")
        self.plan: dict[str, Any] = {}
        self.answer: Any = 0
        """To whoever asks for a value."""

    async def rows(self, statement: Statement, /, **parameters: Any) -> list[Any]:
        explained = f"EXPLAIN ({self._options}) {statement.text}"
        (answer,) = await self._connection.fetchval(explained, *statement.arguments(parameters))
        self.plan = answer["Plan"]
        return []

    async def row(self, statement: Statement, /, **parameters: Any) -> Any | None:
        await self.rows(statement, **parameters)
        return None

    async def value(self, statement: Statement, /, **parameters: Any) -> Any:
        await self.rows(statement, **parameters)
        return self.answer


async def on_server(url: str, work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> None:
    connection = await connect(url)
    try:
        await work(connection)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def filled_url(database_url: str) -> Iterator[str]:
    """A database of this module's own: filling it takes seconds, and no test changes it."""
    name = f"plans_{os.getpid()}"
    asyncio.run(on_server(database_url, lambda to: to.execute(f"CREATE DATABASE {name} TEMPLATE template0")))
    url = urlsplit(dsn(database_url))._replace(path=f"/{name}").geturl()
    migrate(url)
    asyncio.run(on_server(url, fill))
    yield url
    asyncio.run(on_server(database_url, lambda to: to.execute(f"DROP DATABASE {name} WITH (FORCE)")))


@pytest.fixture
async def reader(filled_url: str) -> AsyncIterator[Explaining]:
    connection = await connect(filled_url)
    yield Explaining(connection)
    await connection.close()


async def indexes_used(reader: Explaining, ask: Ask) -> set[str]:
    """Those of the plan, which keeps the rule."""
    await ask(SqlOrderViews(reader))
    assert read_whole(reader.plan, is_cut=False) == []
    return {node["Index Name"] for node in nodes(reader.plan) if "Index Name" in node}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def read_whole(plan: dict[str, Any], *, is_cut: bool) -> list[str]:
    """What is read from end to end. `is_cut`: whoever asks takes a page and no more."""
    kind = plan["Node Type"]
    is_cut = kind == "Limit" or (is_cut and kind not in BLOCKING)
    found = [part for below in plan.get("Plans", ()) for part in read_whole(below, is_cut=is_cut)]
    if kind == "Seq Scan" or ("Index Name" in plan and "Index Cond" not in plan and not is_cut):
        found.append(f"{kind} of {plan.get('Relation Name', plan.get('Index Name'))}")
    return found


def has_sort(plan: dict[str, Any]) -> bool:
    return any(node["Node Type"] == "Sort" for node in nodes(plan))


def page(given: OrderFilter, sort: OrderSort = OrderSort.PLACED_AT_DESC) -> Ask:
    return lambda views: views.page(OrderQuery(EVERYTHING, given, sort=sort), PAGE)


SORTS: list[tuple[OrderSort, str, Position]] = [
    (OrderSort.PLACED_AT_DESC, NEWEST, (MOMENT, "ord_010000")),
    (OrderSort.PLACED_AT_ASC, NEWEST, (MOMENT, "ord_010000")),
    (OrderSort.UPDATED_AT_DESC, "ix_orders_updated_at_id", (MOMENT, "ord_010000")),
    (OrderSort.UPDATED_AT_ASC, "ix_orders_updated_at_id", (MOMENT, "ord_010000")),
    (OrderSort.TOTAL_DESC, "ix_orders_total_minor_id", (20_000, "ord_010000")),
    (OrderSort.TOTAL_ASC, "ix_orders_total_minor_id", (20_000, "ord_010000")),
]


@pytest.mark.parametrize(("sort", "index", "position"), SORTS)
async def test_a_page_of_a_sort_walks_its_index_from_either_end_and_from_any_position(
    reader: Explaining, sort: OrderSort, index: str, position: Position
) -> None:
    requests = [
        PAGE,
        PageRequest(20, after=position),
        PageRequest(20, is_backward=True),
        PageRequest(20, before=position, is_backward=True),
        PageRequest(20, after=position, before=position),
    ]
    for request in requests:
        query = OrderQuery(EVERYTHING, sort=sort)
        used = await indexes_used(reader, lambda views, q=query, r=request: views.page(q, r))  # type: ignore[misc]
        assert used == {index}
        assert not has_sort(reader.plan)


FEW: list[tuple[OrderFilter, set[str]]] = [
    (OrderFilter(id=("ord_000005", "ord_010000")), {"pk_orders"}),
    (OrderFilter(number=("N-000005",)), {"uq_orders_number"}),
    (OrderFilter(external_number=("X-000005",)), {"uq_orders_external_number_channel"}),
    (OrderFilter(status=(OrderStatus(RARE_STATUS),)), {"ix_orders_status_placed_at_id"}),
    (OrderFilter(payment_status=(PaymentStatus.REFUNDED,)), {"ix_orders_statuses_placed_at"}),
    (OrderFilter(fulfillment_status=(FulfillmentStatus.RETURNED,)), {"ix_orders_statuses_placed_at"}),
    (OrderFilter(after_sale_status=(AfterSaleStatus.OPEN,)), {"ix_orders_statuses_placed_at"}),
    (OrderFilter(order_type=(OrderType.VIRTUAL,)), {"ix_orders_kinds_placed_at"}),
    (OrderFilter(channel_kind=(ChannelKind.LEGACY,)), {"ix_orders_kinds_placed_at"}),
    (OrderFilter(member_level=("NONE",)), {"ix_orders_kinds_placed_at"}),
    (OrderFilter(channel=("nowhere",)), {"ix_orders_channel_placed_at_id"}),
    (OrderFilter(business_unit=("nobody",)), {"ix_orders_business_unit_placed_at_id"}),
    (OrderFilter(member_id=("mbr_5", "mbr_7")), {"ix_orders_member_id_placed_at_id"}),
    (OrderFilter(country=("XX",)), {"ix_orders_country_region_placed_at"}),
    (OrderFilter(region=("nowhere",)), {"ix_orders_country_region_placed_at"}),
    (OrderFilter(sku=("SKU-7",)), {"ix_order_lines_sku_order_id", "pk_orders"}),
    (OrderFilter(category=("none",)), {"ix_order_lines_category_order_id", "pk_orders"}),
    (OrderFilter(seller_id=("sel_none",)), {"ix_order_lines_seller_id_order_id", "pk_orders"}),
    (OrderFilter(warehouse=("none",)), {"ix_fulfillments_warehouse_created_at_id", "pk_orders"}),
    (OrderFilter(coupon_code=("NONE",)), {"ix_order_discounts_code_order_id", "pk_orders"}),
    (OrderFilter(tracking_number=("TRACK-000007",)), {"ix_shipments_tracking_number_carrier", "pk_orders"}),
    (OrderFilter(placed_at=HOURS), {NEWEST}),
    (OrderFilter(updated_at=HOURS), {"ix_orders_updated_at_id"}),
    (OrderFilter(paid_at=HOURS), {"ix_orders_paid_at"}),
    (OrderFilter(completed_at=HOURS), {"ix_orders_completed_at"}),
    (OrderFilter(cancelled_at=HOURS), {"ix_orders_cancelled_at"}),
    (OrderFilter(total=MinorRange(gte=3000, lt=3010), currency="EUR"), {"ix_orders_total_minor_id"}),
    (
        OrderFilter(any_of=(OrderFilter(status=(OrderStatus(RARE_STATUS),)), OrderFilter(member_id=("mbr_5",)))),
        {"ix_orders_status_placed_at_id", "ix_orders_member_id_placed_at_id"},
    ),
]


@pytest.mark.parametrize(
    ("given", "indexes"), FEW, ids=lambda value: str(sorted(value)) if type(value) is set else None
)
async def test_a_filter_that_few_orders_pass_finds_them_by_an_index(
    reader: Explaining, given: OrderFilter, indexes: set[str]
) -> None:
    assert await indexes_used(reader, page(given)) == indexes


MANY = [
    OrderFilter(payment_status=(PaymentStatus.PAID,)),
    OrderFilter(order_type=(OrderType.PHYSICAL,)),
    OrderFilter(country=("DE",)),
    OrderFilter(placed_at=DateTimeRange(gte=MOMENT)),
    OrderFilter(none_of=OrderFilter(status=(OrderStatus.CANCELLED,))),
]


@pytest.mark.parametrize("given", MANY)
async def test_a_filter_that_many_orders_pass_walks_the_sorts_index(reader: Explaining, given: OrderFilter) -> None:
    assert await indexes_used(reader, page(given)) == {NEWEST}
    assert not has_sort(reader.plan)
    assert await indexes_used(reader, page(given, OrderSort.TOTAL_ASC)) == {"ix_orders_total_minor_id"}
    assert not has_sort(reader.plan)


ALONE: list[tuple[OrderQuery, str]] = [
    (OrderQuery(EVERYTHING, OrderFilter(status=(OrderStatus.COMPLETED,))), "ix_orders_status_placed_at_id"),
    (OrderQuery(EVERYTHING, OrderFilter(channel=("channel-1",))), "ix_orders_channel_placed_at_id"),
    (OrderQuery(EVERYTHING, OrderFilter(business_unit=("acme",))), "ix_orders_business_unit_placed_at_id"),
    (OrderQuery(OrderScope(business_units=frozenset(("acme",)))), "ix_orders_business_unit_placed_at_id"),
    (OrderQuery(OrderScope(channels=frozenset(("channel-1",)))), "ix_orders_channel_placed_at_id"),
    (
        OrderQuery(EVERYTHING, OrderFilter(channel=("channel-1",), status=(OrderStatus.COMPLETED,))),
        "ix_orders_channel_status_placed_at_id",
    ),
    (
        OrderQuery(EVERYTHING, OrderFilter(business_unit=("acme",), payment_status=(PaymentStatus.UNPAID,))),
        "ix_orders_business_unit_payment_status_placed_at_id",
    ),
    (
        OrderQuery(EVERYTHING, OrderFilter(status=(OrderStatus.PAID,), placed_at=WEEKS)),
        "ix_orders_status_placed_at_id",
    ),
    (OrderQuery(EVERYTHING, OrderFilter(placed_at=WEEKS)), NEWEST),
]


@pytest.mark.parametrize("sort", [OrderSort.PLACED_AT_DESC, OrderSort.PLACED_AT_ASC])
@pytest.mark.parametrize("position", [None, (MOMENT, "ord_010000")])
@pytest.mark.parametrize(("query", "index"), ALONE)
async def test_one_value_of_many_orders_walks_its_part_of_an_index_and_drops_nothing_on_the_way(
    reader: Explaining, query: OrderQuery, index: str, position: Position | None, sort: OrderSort
) -> None:
    asked = replace(query, sort=sort)
    assert await indexes_used(reader, lambda views: views.page(asked, PageRequest(20, position))) == {index}
    assert not has_sort(reader.plan)
    assert not any("Filter" in node for node in nodes(reader.plan))


TOGETHER: list[tuple[OrderQuery, str, int]] = [
    (
        OrderQuery(EVERYTHING, OrderFilter(status=(OrderStatus.COMPLETED, OrderStatus.PAID))),
        "ix_orders_status_placed_at_id",
        2,
    ),
    (
        OrderQuery(EVERYTHING, OrderFilter(business_unit=("acme", "globex", "initech"))),
        "ix_orders_business_unit_placed_at_id",
        4,
    ),
    (OrderQuery(EVERYTHING, OrderFilter(channel=("channel-1", "channel-2"))), "ix_orders_channel_placed_at_id", 2),
    (OrderQuery(EVERYTHING, OrderFilter(member_id=("mbr_5", "mbr_7"))), "ix_orders_member_id_placed_at_id", 2),
    (
        OrderQuery(
            OrderScope(channels=frozenset(("channel-1", "channel-2", "channel-3"))),
            OrderFilter(status=(OrderStatus.COMPLETED, OrderStatus.PAID)),
        ),
        "ix_orders_channel_status_placed_at_id",
        8,
    ),
    (
        OrderQuery(
            OrderScope(business_units=frozenset(("acme", "globex"))),
            OrderFilter(payment_status=(PaymentStatus.PAID, PaymentStatus.UNPAID), placed_at=DateTimeRange(gte=MOMENT)),
        ),
        "ix_orders_business_unit_payment_status_placed_at_id",
        4,
    ),
]


@pytest.mark.parametrize("sort", [OrderSort.PLACED_AT_DESC, OrderSort.PLACED_AT_ASC])
@pytest.mark.parametrize("position", [None, (MOMENT, "ord_010000")])
@pytest.mark.parametrize(("query", "index", "walks"), TOGETHER)
async def test_each_value_walks_its_part_of_an_index_for_a_page_at_most(
    filled_url: str, query: OrderQuery, index: str, walks: int, position: Position | None, sort: OrderSort
) -> None:
    asked = replace(query, sort=sort)
    connection = await connect(filled_url)
    reader = Explaining(connection, option="ANALYZE")
    assert await indexes_used(reader, lambda views: views.page(asked, PageRequest(20, position))) == {index}
    await connection.close()
    (scan,) = [node for node in nodes(reader.plan) if "Index Name" in node]
    assert scan["Actual Loops"] == walks
    assert scan["Actual Rows"] <= PAGE.limit + 1
    assert not any("Filter" in node for node in nodes(reader.plan))


OUTSIDE = [
    (DateTimeRange(lt=MOMENT), OrderSort.PLACED_AT_DESC, MOMENT + timedelta(days=200)),
    (DateTimeRange(lte=MOMENT), OrderSort.PLACED_AT_DESC, MOMENT + timedelta(days=200)),
    (DateTimeRange(gte=MOMENT), OrderSort.PLACED_AT_ASC, MOMENT - timedelta(days=200)),
    (DateTimeRange(gt=MOMENT), OrderSort.PLACED_AT_ASC, MOMENT - timedelta(days=200)),
    (DateTimeRange(lt=MOMENT), OrderSort.PLACED_AT_DESC, MOMENT - timedelta(days=200)),
    (DateTimeRange(gt=MOMENT), OrderSort.PLACED_AT_ASC, MOMENT + timedelta(days=200)),
]


@pytest.mark.parametrize(("within", "sort", "time"), OUTSIDE)
async def test_a_walk_begins_at_the_range_or_at_the_position_whichever_is_nearer(
    filled_url: str, within: DateTimeRange, sort: OrderSort, time: datetime
) -> None:
    query = OrderQuery(EVERYTHING, OrderFilter(placed_at=within), sort=sort)
    connection = await connect(filled_url)
    reader = Explaining(connection, option="ANALYZE, BUFFERS")
    page = PageRequest(20, (time, "ord_010000"))
    assert await indexes_used(reader, lambda views: views.page(query, page)) == {NEWEST}
    await connection.close()
    # A path down the index and its page or two, and the orders' pages.
    assert reader.plan["Shared Hit Blocks"] + reader.plan["Shared Read Blocks"] <= 5 + 21


@pytest.mark.parametrize("search", ["n-000007", "N-00001", "nowhere", "nobody at all"])
async def test_a_search_finds_keys_and_words_by_the_index_of_both(reader: Explaining, search: str) -> None:
    query = OrderQuery(EVERYTHING, search=search)
    used = await indexes_used(reader, lambda views: views.page(query, PAGE))
    assert used == {"ix_orders_search_key_lexemes_search"}


SCOPES = [
    (OrderScope(member_id="mbr_5"), "ix_orders_member_id_placed_at_id"),
    (OrderScope(business_units=frozenset(("acme",))), "ix_orders_business_unit_placed_at_id"),
    (OrderScope(business_units=frozenset(("acme", "globex"))), "ix_orders_business_unit_placed_at_id"),
    (OrderScope(business_units=frozenset()), "ix_orders_business_unit_placed_at_id"),
    (OrderScope(channels=frozenset(("channel-1", "channel-2"))), "ix_orders_channel_placed_at_id"),
    (OrderScope(channels=frozenset(("nowhere",))), "ix_orders_channel_placed_at_id"),
]


@pytest.mark.parametrize(("scope", "index"), SCOPES)
async def test_a_viewers_scope_is_served_by_an_index(reader: Explaining, scope: OrderScope, index: str) -> None:
    assert await indexes_used(reader, lambda views: views.page(OrderQuery(scope), PAGE)) == {index}


@pytest.mark.parametrize("position", [None, (MOMENT, "ord_010000")])
async def test_each_members_page_walks_the_members_part_of_an_index(
    reader: Explaining, position: Position | None
) -> None:
    request, members = PageRequest(5, after=position), ["mbr_5", "mbr_6", "mbr_7"]
    used = await indexes_used(reader, lambda views: views.page_by_member(OrderQuery(EVERYTHING), request, members))
    assert used == {"ix_orders_member_id_placed_at_id"}
    assert not has_sort(reader.plan)


MEMBERS_SUMS: list[Ask] = [
    lambda views: views.count_by_member(OrderQuery(EVERYTHING), ["mbr_5", "mbr_6"]),
    lambda views: views.facets_by_member(OrderQuery(EVERYTHING), ["mbr_5", "mbr_6"]),
    lambda views: views.count(OrderQuery(OrderScope(member_id="mbr_5"))),
]


@pytest.mark.parametrize("ask", MEMBERS_SUMS)
async def test_members_orders_are_counted_by_the_members_index(reader: Explaining, ask: Ask) -> None:
    assert await indexes_used(reader, ask) == {"ix_orders_member_id_placed_at_id"}


FOUND: list[tuple[Ask, str]] = [
    (lambda views: views.by_number(EVERYTHING, "N-000007"), "uq_orders_number"),
    (
        lambda views: views.by_external_number(EVERYTHING, "channel-5", "X-000005"),
        "uq_orders_external_number_channel",
    ),
    (lambda views: views.by_ids(EVERYTHING, OrderView, prefixed("ord")), "pk_orders"),
    (lambda views: views.by_ids(EVERYTHING, OrderLineView, ["lin_000100_1"]), "pk_order_lines"),
    (lambda views: views.by_ids(EVERYTHING, PaymentView, prefixed("pay")), "pk_payments"),
    (lambda views: views.by_ids(EVERYTHING, RefundView, prefixed("ref")), "pk_refunds"),
    (lambda views: views.by_ids(EVERYTHING, FulfillmentView, prefixed("ful")), "pk_fulfillments"),
    (lambda views: views.by_ids(EVERYTHING, AfterSaleView, prefixed("afs")), "pk_after_sales"),
    (lambda views: views.by_ids(EVERYTHING, ShipmentView, prefixed("shp")), "pk_shipments"),
]


def prefixed(prefix: str) -> Sequence[str]:
    return [f"{prefix}_{key}" for key in KEYS]


@pytest.mark.parametrize(("ask", "index"), FOUND)
async def test_what_is_known_by_a_key_is_found_by_that_keys_index(reader: Explaining, ask: Ask, index: str) -> None:
    assert await indexes_used(reader, ask) == {index}


CHILDREN: list[tuple[type[Any], str, str, set[str]]] = [
    (OrderLineView, "order_id", "ord", {"uq_order_lines_order_id_position"}),
    (DiscountView, "order_id", "ord", {"pk_order_discounts"}),
    (InstallmentView, "order_id", "ord", {"pk_order_installments"}),
    (PaymentView, "order_id", "ord", {"ix_payments_order_id_created_at"}),
    (RefundView, "order_id", "ord", {"ix_refunds_order_id_created_at"}),
    (RefundView, "payment_id", "pay", {"ix_refunds_payment_id_created_at"}),
    (FulfillmentView, "order_id", "ord", {"uq_fulfillments_order_id_number"}),
    (FulfillmentLineView, "fulfillment_id", "ful", {"pk_fulfillment_lines", "pk_order_lines"}),
    (RefundView, "after_sale_id", "afs", {"ix_refunds_after_sale_id"}),
    (AfterSaleView, "order_id", "ord", {"uq_after_sales_order_id_number"}),
    (AfterSaleLineView, "after_sale_id", "afs", {"pk_after_sale_lines", "pk_order_lines"}),
    (ShipmentView, "fulfillment_id", "ful", {"ix_shipments_fulfillment_id_shipped_at"}),
    (CheckpointView, "shipment_id", "shp", {"pk_shipment_checkpoints"}),
    (TimerView, "order_id", "ord", {"pk_order_timers"}),
]


@pytest.mark.parametrize(("view", "parent", "prefix", "indexes"), CHILDREN)
async def test_the_children_of_a_page_are_found_by_their_parents_index(
    reader: Explaining, view: type[Any], parent: str, prefix: str, indexes: set[str]
) -> None:
    reader.answer = [None]
    used = await indexes_used(reader, lambda views: views.of_parents(view, parent, prefixed(prefix)))
    assert used == indexes


async def test_each_orders_history_walks_its_part_of_an_index(reader: Explaining) -> None:
    used = await indexes_used(reader, lambda views: views.history(prefixed("ord"), 50, 1))
    assert used == {"uq_order_events_order_id_sequence"}
    assert not has_sort(reader.plan)


async def test_a_cases_history_walks_its_orders_part_of_an_index(reader: Explaining) -> None:
    subjects = list(zip(prefixed("ord"), prefixed("afs"), strict=True))
    used = await indexes_used(reader, lambda views: views.subject_history(subjects, 50, 1))
    assert used == {"uq_order_events_order_id_sequence"}
    assert not has_sort(reader.plan)


CASES: list[tuple[AfterSaleFilter, set[str]]] = [
    (AfterSaleFilter(), {"ix_after_sales_created_at_id"}),
    (AfterSaleFilter(status=(AfterSaleState.REQUESTED,)), {"ix_after_sales_status_created_at_id"}),
    (AfterSaleFilter(order_id=("ord_000100",)), {"uq_after_sales_order_id_number"}),
]


@pytest.mark.parametrize(("given", "indexes"), CASES)
async def test_a_page_of_cases_is_served_by_an_index(
    reader: Explaining, given: AfterSaleFilter, indexes: set[str]
) -> None:
    assert await indexes_used(reader, lambda views: views.after_sales(EVERYTHING, given, PAGE)) == indexes


FULFILLMENTS: list[tuple[OrderScope, FulfillmentFilter, PageRequest, set[str]]] = [
    (EVERYTHING, FulfillmentFilter(), PAGE, {"ix_fulfillments_created_at_id"}),
    (EVERYTHING, FulfillmentFilter(), PageRequest(20, (MOMENT, "ful_010000")), {"ix_fulfillments_created_at_id"}),
    (EVERYTHING, FulfillmentFilter(), PageRequest(20, is_backward=True), {"ix_fulfillments_created_at_id"}),
    (
        EVERYTHING,
        FulfillmentFilter(status=(FulfillmentState.ALLOCATED,)),
        PAGE,
        {"ix_fulfillments_created_at_id"},
    ),
    (
        EVERYTHING,
        FulfillmentFilter(status=(FulfillmentState.ON_HOLD,)),
        PAGE,
        {"ix_fulfillments_status_created_at_id"},
    ),
    (EVERYTHING, FulfillmentFilter(warehouse=("none",)), PAGE, {"ix_fulfillments_warehouse_created_at_id"}),
    (EVERYTHING, FulfillmentFilter(seller_id=("none",)), PAGE, {"ix_fulfillments_seller_id_created_at_id"}),
    (EVERYTHING, FulfillmentFilter(order_id=("ord_000100",)), PAGE, {"uq_fulfillments_order_id_number"}),
    (EVERYTHING, FulfillmentFilter(promised_at=HOURS), PAGE, {"ix_fulfillments_promised_at"}),
    (
        OrderScope(member_id="mbr_5"),
        FulfillmentFilter(),
        PAGE,
        {"ix_orders_member_id_placed_at_id", "uq_fulfillments_order_id_number"},
    ),
]


@pytest.mark.parametrize(("scope", "given", "request_", "indexes"), FULFILLMENTS)
async def test_a_page_of_fulfillments_is_served_by_an_index(
    reader: Explaining, scope: OrderScope, given: FulfillmentFilter, request_: PageRequest, indexes: set[str]
) -> None:
    assert await indexes_used(reader, lambda views: views.fulfillments(scope, given, request_)) == indexes


DAY_OF_ORDERS = Clock(TimeField.PLACED_AT, MOMENT, MOMENT + timedelta(days=1), TimeGrain.HOUR)


@pytest.mark.parametrize("level", Level)
async def test_the_figures_of_a_day_read_the_orders_of_that_day_and_their_lines_alone(
    reader: Explaining, level: Level
) -> None:
    dimension = {Level.ORDER: Dimension.CHANNEL, Level.LINE: Dimension.SKU, Level.PIECE: Dimension.WAREHOUSE}[level]
    parts = (Part.ORDERS, Part.SHIPPING, Part.REFUNDED)
    cut = Cut(parts, (dimension, Dimension.CURRENCY), level, DAY_OF_ORDERS, limit=1001)
    await reader.rows(cut_statement(shape_of(cut), ()), **cut_values(cut))
    assert read_whole(reader.plan, is_cut=False) == []
    assert NEWEST in {node.get("Index Name") for node in nodes(reader.plan)}
