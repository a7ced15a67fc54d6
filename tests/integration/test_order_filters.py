"""Each filter of orders against rows of which some fit and some do not."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.db.engine import Database
from adapters.db.order_statements import page_statement
from adapters.db.order_views import SqlOrderViews
from domain.access.viewer import EVERYTHING
from domain.orders.views import OrderView
from domain.ports.order_views import DateTimeRange, FulfillmentFilter, MinorRange, OrderFilter, OrderQuery
from domain.values.enums import (
    AfterSaleStatus,
    ChannelKind,
    DiscountKind,
    FulfillmentState,
    FulfillmentStatus,
    OrderSort,
    OrderStatus,
    OrderType,
    PaymentStatus,
)
from domain.values.paging import PageRequest
from tests.fixtures.order_rows import day, discount, fulfillment, insert, line, order, shipment

pytestmark = pytest.mark.anyio

A = order(
    "a",
    external_number="EXT-A",
    status=OrderStatus.PAID,
    payment_status=PaymentStatus.PAID,
    country="BR",
    region="SP",
    buyer_level="GOLD",
    total_minor=500,
    placed_at=day(1),
    updated_at=day(1),
    paid_at=day(1),
)
B = order(
    "b",
    business_unit="globex",
    channel="app",
    channel_kind=ChannelKind.APP,
    order_type=OrderType.VIRTUAL,
    fulfillment_status=FulfillmentStatus.SHIPPED,
    after_sale_status=AfterSaleStatus.OPEN,
    country="FR",
    region="IDF",
    buyer_level="SILVER",
    currency="USD",
    total_minor=500,
    placed_at=day(2),
    updated_at=day(2),
    completed_at=day(2),
    member_id="mbr_2",
)
C = order("c", total_minor=900, placed_at=day(3), updated_at=day(3), cancelled_at=day(3), member_id="mbr_3")
PART = fulfillment(A, "a", warehouse="BER", seller_id="sel_9", status=FulfillmentState.SHIPPED, promised_at=day(5))
OTHER_PART = fulfillment(B, "b", warehouse="PAR", promised_at=day(6))
ROWS = (
    A,
    B,
    C,
    line(A, "a1", sku="S1", category="shoes", seller_id="sel_1"),
    line(A, "a2", sku="S2", category="hats", seller_id="sel_2", position=2),
    line(B, "b1", sku="S2", category="hats", seller_id="sel_2"),
    PART,
    OTHER_PART,
    shipment(PART, "a", tracking_number="T-1"),
    shipment(OTHER_PART, "b", tracking_number="T-2"),
    discount(A, 1, code="SAVE"),
    discount(B, 1, code="SAVE", kind=DiscountKind.ORDER_PROMOTION),
)


@pytest.fixture
async def views(database: Database) -> SqlOrderViews:
    await insert(database, *ROWS)
    return SqlOrderViews(database)


async def found(views: SqlOrderViews, given: OrderFilter) -> list[OrderView]:
    query = OrderQuery(EVERYTHING, given, sort=OrderSort.PLACED_AT_ASC)
    page = await views.page(query, PageRequest(100))
    assert await views.count(query) == len(page.items)
    return list(page.items)


LISTS: list[tuple[str, tuple[str, ...], list[OrderView]]] = [
    ("id", ("ord_a", "ord_c", "ord_x"), [A, C]),
    ("number", ("N-b",), [B]),
    ("status", (OrderStatus.PAID, OrderStatus.SHIPPED), [A]),
    ("payment_status", (PaymentStatus.UNPAID,), [B, C]),
    ("fulfillment_status", (FulfillmentStatus.SHIPPED,), [B]),
    ("after_sale_status", (AfterSaleStatus.OPEN,), [B]),
    ("order_type", (OrderType.PHYSICAL,), [A, C]),
    ("channel", ("app",), [B]),
    ("business_unit", ("globex",), [B]),
    ("channel_kind", (ChannelKind.STOREFRONT,), [A, C]),
    ("member_id", ("mbr_2", "mbr_3"), [B, C]),
    ("member_level", ("GOLD",), [A]),
    ("sku", ("S1",), [A]),
    ("sku", ("S2",), [A, B]),
    ("category", ("hats",), [A, B]),
    ("seller_id", ("sel_1", "sel_9"), [A]),
    ("warehouse", ("PAR",), [B]),
    ("country", ("BR",), [A]),
    ("region", ("SP", "IDF"), [A, B]),
    ("coupon_code", ("SAVE",), [A]),
    ("tracking_number", ("T-2",), [B]),
    ("external_number", ("EXT-A",), [A]),
]


@pytest.mark.parametrize(("name", "values", "expected"), LISTS)
async def test_a_list_finds_the_orders_with_one_of_its_values(
    views: SqlOrderViews, name: str, values: tuple[str, ...], expected: list[OrderView]
) -> None:
    given: dict[str, Any] = {name: values}
    assert await found(views, OrderFilter(**given)) == expected


@pytest.mark.parametrize("name", sorted({name for name, _, _ in LISTS}))
async def test_one_value_finds_what_it_finds_beside_another_that_nothing_has(views: SqlOrderViews, name: str) -> None:
    async def both(*given: str) -> tuple[list[OrderView], list[OrderView]]:
        wanted: dict[str, Any] = {name: given}
        asked = OrderFilter(**wanted)
        return await found(views, asked), await found(views, OrderFilter(none_of=asked))

    values = [value for known, values, _ in LISTS if known == name for value in values]
    answers = [await both(value) for value in values]
    assert [await both(value, value) for value in values] == answers
    assert [await both(value, "nothing has it") for value in values] == answers
    assert any(one for one, _ in answers)


ORDERED = [
    ("status", OrderStatus.PAID),
    ("status", OrderStatus.PENDING_PAYMENT),
    ("channel", "storefront"),
    ("business_unit", "acme"),
    ("member_id", "mbr_1"),
]
CUTS = [
    PageRequest(9),
    PageRequest(1),
    PageRequest(1, is_backward=True),
    PageRequest(9, after=(day(1), "ord_a")),
    PageRequest(9, before=(day(3), "ord_c"), is_backward=True),
    PageRequest(1, after=(day(0), ""), before=(day(3), "ord_c")),
]


@pytest.mark.parametrize("sort", OrderSort)
@pytest.mark.parametrize(("name", "value"), ORDERED)
async def test_a_page_of_one_value_is_sorted_and_cut_as_of_any(
    views: SqlOrderViews, name: str, value: str, sort: OrderSort
) -> None:
    def ask(*values: str) -> OrderQuery:
        given: dict[str, Any] = {name: values}
        return OrderQuery(EVERYTHING, OrderFilter(**given), sort=sort)

    cuts = CUTS if sort in {OrderSort.PLACED_AT_ASC, OrderSort.PLACED_AT_DESC} else CUTS[:3]
    for cut in cuts:
        assert await views.page(ask(value), cut) == await views.page(ask(value, "nothing has it"), cut)


async def test_an_empty_list_and_one_of_unstorable_values_match_nothing(views: SqlOrderViews) -> None:
    for name in {name for name, _, _ in LISTS}:
        for values in ((), ("\0", "\ud800")):
            given: dict[str, Any] = {name: values}
            assert await found(views, OrderFilter(**given)) == [], name


TIMES = [
    ("placed_at", {"gte": day(2)}, [B, C]),
    ("placed_at", {"gt": day(2)}, [C]),
    ("placed_at", {"lte": day(2)}, [A, B]),
    ("placed_at", {"lt": day(2)}, [A]),
    ("placed_at", {"gt": day(1), "lt": day(3)}, [B]),
    ("placed_at", {"gte": datetime(1, 1, 1, tzinfo=UTC), "lte": datetime(9999, 12, 31, tzinfo=UTC)}, [A, B, C]),
    ("updated_at", {"gte": day(3)}, [C]),
    ("paid_at", {"lte": day(9)}, [A]),
    ("completed_at", {"gt": day(0)}, [B]),
    ("cancelled_at", {"gte": day(3)}, [C]),
    ("paid_at", {}, [A, B, C]),
]


@pytest.mark.parametrize(("name", "bounds", "expected"), TIMES)
async def test_a_range_of_times_has_open_and_closed_ends(
    views: SqlOrderViews, name: str, bounds: dict[str, datetime], expected: list[OrderView]
) -> None:
    given: dict[str, Any] = {name: DateTimeRange(**bounds)}
    assert await found(views, OrderFilter(**given)) == expected


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (MinorRange(gte=500), [A, C]),
        (MinorRange(gt=500), [C]),
        (MinorRange(lte=500), [A]),
        (MinorRange(lt=500), []),
        (MinorRange(gte=-(10**30), lte=10**30), [A, C]),
        (MinorRange(gte=10**30), []),
    ],
)
async def test_a_range_of_totals_is_of_one_currency(
    views: SqlOrderViews, total: MinorRange, expected: list[OrderView]
) -> None:
    assert await found(views, OrderFilter(total=total, currency="EUR")) == expected


NESTED = [
    (OrderFilter(), [A, B, C]),
    (OrderFilter(currency="\0"), []),
    (OrderFilter(country=("BR",), sku=("S2",)), [A]),
    (OrderFilter(all_of=()), [A, B, C]),
    (OrderFilter(any_of=()), []),
    (OrderFilter(none_of=OrderFilter()), []),
    (OrderFilter(all_of=(OrderFilter(sku=("S1",)), OrderFilter(sku=("S2",)))), [A]),
    (OrderFilter(any_of=(OrderFilter(sku=("S1",)), OrderFilter(number=("N-c",)))), [A, C]),
    (OrderFilter(any_of=(OrderFilter(), OrderFilter(number=("N-c",)))), [A, B, C]),
    (OrderFilter(all_of=(OrderFilter(any_of=()), OrderFilter(number=("N-c",)))), []),
    (OrderFilter(none_of=OrderFilter(country=("BR",))), [B, C]),
    (OrderFilter(none_of=OrderFilter(warehouse=("BER",))), [B, C]),
    (OrderFilter(none_of=OrderFilter(none_of=OrderFilter(country=("BR",)))), [A]),
    (OrderFilter(none_of=OrderFilter(paid_at=DateTimeRange(gte=day(0)))), [B, C]),
    (OrderFilter(currency="EUR", any_of=(OrderFilter(total=MinorRange(gte=900)), OrderFilter(sku=("S1",)))), [A, C]),
    (
        OrderFilter(
            currency="EUR",
            none_of=OrderFilter(any_of=(OrderFilter(member_id=("mbr_3",)), OrderFilter(region=("IDF",)))),
            all_of=(OrderFilter(placed_at=DateTimeRange(lt=day(3))),),
        ),
        [A],
    ),
]


@pytest.mark.parametrize(("given", "expected"), NESTED)
async def test_filters_nest(views: SqlOrderViews, given: OrderFilter, expected: list[OrderView]) -> None:
    assert await found(views, given) == expected


async def test_fifty_levels_of_filters_are_one_statement(views: SqlOrderViews, database: Database) -> None:
    given = OrderFilter(number=("N-a",))
    for _ in range(50):
        given = OrderFilter(none_of=given)
    before = database.statement_count
    page = await views.page(OrderQuery(EVERYTHING, given), PageRequest(10))
    assert [view.id for view in page.items] == ["ord_a"]
    assert database.statement_count == before + 1


async def test_requests_of_one_shape_share_one_statement(views: SqlOrderViews) -> None:
    some = (PaymentStatus.PAID, PaymentStatus.UNPAID)
    await found(views, OrderFilter(payment_status=some, placed_at=DateTimeRange(gte=day(1))))
    before = page_statement.cache_info()
    await found(views, OrderFilter(payment_status=(), placed_at=DateTimeRange(gte=day(3))))
    await found(views, OrderFilter(payment_status=tuple(PaymentStatus), placed_at=DateTimeRange(gte=day(0))))
    after = page_statement.cache_info()
    assert (after.hits, after.misses) == (before.hits + 2, before.misses)


async def test_a_power_of_two_of_leading_values_has_a_statement(views: SqlOrderViews) -> None:
    known = tuple(OrderStatus)
    before = page_statement.cache_info()
    for count in (0, 1, 2, 3, 4, 5, 6, 7, 8):
        await found(views, OrderFilter(status=known[:count], placed_at=DateTimeRange(lt=day(9))))
    after = page_statement.cache_info()
    assert (after.hits, after.misses) == (before.hits + 5, before.misses + 4)


async def test_lists_of_one_value_have_a_shape_of_their_own(views: SqlOrderViews) -> None:
    for leading in (OrderFilter(), OrderFilter(currency="EUR")):
        await found(views, replace(leading, status=(OrderStatus.PAID,)))
        before = page_statement.cache_info()
        await found(views, replace(leading, status=(OrderStatus.SHIPPED,)))
        await found(views, replace(leading, status=(OrderStatus.CANCELLED, "\ud800")))  # type: ignore[arg-type]
        after = page_statement.cache_info()
        assert (after.hits, after.misses) == (before.hits + 2, before.misses)


PARTS = [
    (FulfillmentFilter(), [OTHER_PART, PART]),
    (FulfillmentFilter(status=(FulfillmentState.SHIPPED,)), [PART]),
    (FulfillmentFilter(warehouse=("PAR", "X")), [OTHER_PART]),
    (FulfillmentFilter(seller_id=("sel_9",)), [PART]),
    (FulfillmentFilter(order_id=("ord_b",)), [OTHER_PART]),
    (FulfillmentFilter(order_id=()), []),
    (FulfillmentFilter(promised_at=DateTimeRange(gt=day(5), lte=day(6))), [OTHER_PART]),
    (FulfillmentFilter(warehouse=("BER",), promised_at=DateTimeRange(gte=day(6))), []),
]


@pytest.mark.parametrize(("given", "expected"), PARTS)
async def test_fulfillments_are_filtered(views: SqlOrderViews, given: FulfillmentFilter, expected: list[Any]) -> None:
    page = await views.fulfillments(EVERYTHING, given, PageRequest(10))
    assert list(page.items) == expected
    assert await views.count_fulfillments(EVERYTHING, given) == len(expected)
