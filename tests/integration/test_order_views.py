"""What exists for a viewer, what hangs on an order, and how many statements that takes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.db.engine import Database
from adapters.db.order_views import SqlOrderViews
from domain.access.viewer import EVERYTHING, OrderScope
from domain.orders.views import (
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
    TransitionView,
)
from domain.ports.order_views import FacetCount, FulfillmentFilter, OrderFacets, OrderFilter, OrderQuery
from domain.values.enums import OrderSort, OrderStatus, PaymentStatus
from domain.values.paging import PageRequest
from tests.fixtures.order_rows import (
    day,
    discount,
    fulfillment,
    fulfillment_line,
    insert,
    installment,
    line,
    order,
    payment,
    refund,
    shipment,
    timer,
    transition,
)

pytestmark = pytest.mark.anyio

A = order("a", status=OrderStatus.PAID, payment_status=PaymentStatus.PAID, external_number="7")
B = order("b", business_unit="globex", channel="app", member_id="mbr_2", external_number="7", placed_at=day(1))
C = order("c", channel="app", placed_at=day(2))
LINES = [line(A, "2", position=2), line(A, "1", position=1), line(B, "3")]
PAYMENTS = [payment(A, "2", created_at=day(2)), payment(A, "1", created_at=day(3)), payment(B, "3")]
REFUNDS = [refund(PAYMENTS[0], "1", created_at=day(5)), refund(PAYMENTS[0], "2"), refund(PAYMENTS[2], "3")]
PARTS = [fulfillment(A, "10"), fulfillment(A, "9"), fulfillment(B, "1")]
PART_LINES = [
    fulfillment_line(PARTS[0], LINES[0]),
    fulfillment_line(PARTS[0], LINES[1]),
    fulfillment_line(PARTS[2], LINES[2]),
]
PARCELS = [
    shipment(PARTS[0], "2", shipped_at=day(2)),
    shipment(PARTS[0], "1", shipped_at=day(3)),
    shipment(PARTS[2], "3"),
]
OTHERS = [
    discount(A, 2),
    discount(A, 1),
    installment(A, 2),
    installment(A, 1),
    transition(A, 2),
    transition(A, 1),
    timer(A, "resting", due_at=None, remaining_s=5),
    timer(A, "late", due_at=day(2)),
    timer(A, "soon", due_at=day(1)),
]
SCOPES = [
    (EVERYTHING, [A, B, C]),
    (OrderScope(business_units=frozenset(("acme",))), [A, C]),
    (OrderScope(channels=frozenset(("app", "other"))), [B, C]),
    (OrderScope(frozenset(("acme",)), frozenset(("app",))), [C]),
    (OrderScope(member_id="mbr_2"), [B]),
    (OrderScope(frozenset(("acme",)), member_id="mbr_2"), []),
    (OrderScope(business_units=frozenset()), []),
    (OrderScope(channels=frozenset()), []),
    (OrderScope(member_id="\0"), []),
]


@pytest.fixture
async def views(database: Database) -> SqlOrderViews:
    await insert(database, A, B, C, *LINES, *PAYMENTS, *REFUNDS, *PARTS, *PART_LINES, *PARCELS, *OTHERS)
    return SqlOrderViews(database)


@pytest.mark.parametrize(("scope", "visible"), SCOPES)
async def test_lists_counts_and_facets_stay_within_the_scope(
    views: SqlOrderViews, scope: OrderScope, visible: list[OrderView]
) -> None:
    for given in (OrderFilter(), OrderFilter(any_of=(OrderFilter(), OrderFilter(business_unit=("globex",))))):
        query = OrderQuery(scope, given, sort=OrderSort.PLACED_AT_ASC)
        members = ["mbr_1", "mbr_2"]
        by_member = [[view for view in visible if view.member_id == member] for member in members]
        assert list((await views.page(query, PageRequest(9))).items) == visible
        assert [list(part.items) for part in await views.page_by_member(query, PageRequest(9), members)] == by_member
        assert await views.count(query) == len(visible)
        assert await views.count_by_member(query, members) == [len(part) for part in by_member]
        assert await views.facets(query) == facets(visible)
        assert await views.facets_by_member(query, members) == [facets(part) for part in by_member]


def facets(visible: list[OrderView]) -> OrderFacets:
    names = ("status", "payment_status", "fulfillment_status", "channel", "business_unit")
    values = [[str(getattr(view, name)) for view in visible] for name in names]
    counts = [sorted({(-part.count(value), value) for value in part}) for part in values]
    return OrderFacets(*(tuple(FacetCount(value, -count) for count, value in part) for part in counts))


@pytest.mark.parametrize(("scope", "visible"), SCOPES)
async def test_an_order_is_found_by_its_numbers_within_the_scope_only(
    views: SqlOrderViews, scope: OrderScope, visible: list[OrderView]
) -> None:
    for view in (A, B):
        expected = view if view in visible else None
        assert await views.by_number(scope, view.number) == expected
        assert await views.by_external_number(scope, view.channel, "7") == expected
    assert await views.by_external_number(scope, "other", "7") is None
    assert await views.by_number(scope, "N-x\0") is None


@pytest.mark.parametrize(("scope", "visible"), SCOPES)
async def test_rows_are_found_by_id_within_the_scope_only(
    views: SqlOrderViews, scope: OrderScope, visible: list[OrderView]
) -> None:
    visible_ids = {view.id for view in visible}
    ids = ["unknown", *(view.id for view in (B, A, B)), "\0"]
    expected = [None, *(view if view in visible else None for view in (B, A, B)), None]
    assert await views.by_ids(scope, OrderView, ids) == expected
    parts: list[tuple[type[Any], list[Any]]] = [
        (OrderLineView, LINES),
        (PaymentView, PAYMENTS),
        (RefundView, REFUNDS),
        (FulfillmentView, PARTS),
        (ShipmentView, PARCELS),
    ]
    for view_class, rows in parts:
        found = await views.by_ids(scope, view_class, [row.id for row in rows])
        assert found == [row if row.order_id in visible_ids else None for row in rows]


@pytest.mark.parametrize(("scope", "visible"), SCOPES)
async def test_fulfillments_stay_within_the_scope(
    views: SqlOrderViews, scope: OrderScope, visible: list[OrderView]
) -> None:
    visible_ids = {view.id for view in visible}
    for given in (FulfillmentFilter(), FulfillmentFilter(order_id=("ord_a", "ord_b"))):
        page = await views.fulfillments(scope, given, PageRequest(9))
        expected = {part.id for part in PARTS if part.order_id in visible_ids}
        assert {part.id for part in page.items} == expected
        assert await views.count_fulfillments(scope, given) == len(expected)


CHILDREN: list[tuple[type[Any], list[Any]]] = [
    (OrderLineView, [LINES[1], LINES[0]]),
    (DiscountView, [OTHERS[1], OTHERS[0]]),
    (InstallmentView, [OTHERS[3], OTHERS[2]]),
    (PaymentView, [PAYMENTS[0], PAYMENTS[1]]),
    (RefundView, [REFUNDS[1], REFUNDS[0]]),
    (FulfillmentView, [PARTS[1], PARTS[0]]),
    (FulfillmentLineView, [PART_LINES[1], PART_LINES[0]]),
    (ShipmentView, [PARCELS[0], PARCELS[1]]),
    (TransitionView, [OTHERS[5], OTHERS[4]]),
    (TimerView, [OTHERS[8], OTHERS[7], OTHERS[6]]),
]


@pytest.mark.parametrize(("view", "rows"), CHILDREN)
async def test_the_parts_of_an_order_come_in_their_natural_order(
    views: SqlOrderViews, view: type[Any], rows: list[Any]
) -> None:
    none, of_order, of_other, again = await views.of_parents(view, "order_id", ["ord_x\0", A.id, C.id, A.id])
    assert (none, of_order, of_other, again) == ((), tuple(rows), (), tuple(rows))


async def test_parts_are_found_by_their_nearer_parents(views: SqlOrderViews) -> None:
    ids = [PARTS[0].id, PARTS[1].id]
    assert await views.of_parents(FulfillmentLineView, "fulfillment_id", ids) == [(PART_LINES[1], PART_LINES[0]), ()]
    assert await views.of_parents(ShipmentView, "fulfillment_id", ids) == [(PARCELS[0], PARCELS[1]), ()]
    assert await views.of_parents(RefundView, "payment_id", ["pay_2", "pay_1"]) == [(REFUNDS[1], REFUNDS[0]), ()]


QUERY = OrderQuery(OrderScope(frozenset(("acme",))), OrderFilter(sku=("SKU-1",)), "thing")
Call = Callable[[SqlOrderViews, list[str]], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "page": lambda views, ids: views.page(QUERY, PageRequest(len(ids))),
    "page_by_member": lambda views, ids: views.page_by_member(QUERY, PageRequest(2), ids),
    "count": lambda views, _: views.count(QUERY),
    "count_by_member": lambda views, ids: views.count_by_member(QUERY, ids),
    "facets": lambda views, _: views.facets(QUERY),
    "facets_by_member": lambda views, ids: views.facets_by_member(QUERY, ids),
    "by_number": lambda views, ids: views.by_number(QUERY.scope, ids[0]),
    "by_external_number": lambda views, ids: views.by_external_number(QUERY.scope, "web", ids[0]),
    "by_ids": lambda views, ids: views.by_ids(QUERY.scope, ShipmentView, ids),
    "of_parents": lambda views, ids: views.of_parents(FulfillmentLineView, "order_id", ids),
    "history": lambda views, ids: views.history(ids, 5, 0),
    "fulfillments": lambda views, ids: views.fulfillments(QUERY.scope, FulfillmentFilter(), PageRequest(len(ids))),
    "count_fulfillments": lambda views, _: views.count_fulfillments(QUERY.scope, FulfillmentFilter()),
}


@pytest.mark.parametrize("name", CALLS)
async def test_every_method_is_one_statement_for_one_key_and_for_a_hundred(
    views: SqlOrderViews, database: Database, name: str
) -> None:
    for ids in ([A.id], [A.id, *(f"ord_{n}" for n in range(99))]):
        before = database.statement_count
        await CALLS[name](views, ids)
        assert database.statement_count == before + 1
