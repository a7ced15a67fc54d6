"""orderAnalytics as callers ask it: exact figures, columns and refusals, by both executors and over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from graphql.execution import ExecutionResult
from sqlalchemy import text

from adapters.bootstrap import OrderCenter
from adapters.db.engine import Database, prepare
from adapters.db.queue import SqlQueue
from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.http import application
from adapters.settings import Settings
from adapters.worker.loop import Worker
from domain.access.viewer import Viewer
from domain.values.enums import ActorKind, ChannelKind, OrderStatus, Role
from domain.values.faults import ServiceUnavailable
from domain.values.feed_positions import position_of
from resolvers.context import RequestContext
from resolvers.faults import fault_of
from tests.fixtures.engines import ENGINES, POSTGRESQL, analysed_by
from tests.fixtures.executing import COMPILED, CORE, answered_by, executed
from tests.fixtures.order_rows import fulfillment, fulfillment_line, insert, line, order
from tests.fixtures.shop import (
    ADMIN,
    ANALYST,
    ANNA,
    FINANCE,
    MERCHANT,
    PARTNER,
    RIVAL,
    SECRET,
    SUPPORT,
    WAREHOUSE,
    Shop,
)

pytestmark = pytest.mark.anyio

ASK: Final = """query ($input: AnalyticsInput!) { orderAnalytics(input: $input) {
  columns { name kind type unit description } rows totals rowCount truncated asOf watermark } }"""


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def money(**amounts: int) -> dict[str, int]:
    """An order's columns: `total = gross − discount + shipping + tax`."""
    named = {"subtotal": 1000, "discount": 0, "shipping": 0, "tax": 0} | amounts
    total = named["subtotal"] - named["discount"] + named["shipping"] + named["tax"]
    return {f"{name}_minor": amount for name, amount in named.items()} | {"total_minor": total}


A: Final = order(
    "a", **money(subtotal=3000, discount=100, shipping=100, tax=7), captured_minor=3007, refunded_minor=10,
    unit_count=3, line_count=3, placed_at=at(2026, 3, 28, 23, 30), paid_at=at(2026, 3, 29, 8), country="DE",
)  # fmt: skip
B: Final = order(
    "b", **money(subtotal=500), currency="JPY", member_id="mbr_2", channel="app", channel_kind=ChannelKind.APP,
    status=OrderStatus.CANCELLED, placed_at=at(2026, 3, 29, 22, 30),
)  # fmt: skip
C: Final = order("c", **money(subtotal=2000), business_unit="rival", placed_at=at(2026, 4, 2, 12), country="FR")
LINES: Final = (
    line(A, "a1", position=1, sku="X", category="toys", discount_minor=34, tax_minor=3, total_minor=969),
    line(A, "a2", position=2, sku="Y", category="toys", discount_minor=33, tax_minor=2, total_minor=969),
    line(A, "a3", position=3, sku="X", seller_id="sel_1", discount_minor=33, tax_minor=2, total_minor=969),
    line(B, "b1", sku="X", unit_price_minor=500, total_minor=500, currency="JPY"),
    line(C, "c1", sku="Z", quantity=2, unit_price_minor=1000, total_minor=2000),
)
PARTS: Final = (fulfillment(A, "1", warehouse="BER", unit_count=2), fulfillment(A, "2", warehouse="HAM"))
PLACES: Final = (
    fulfillment_line(PARTS[0], LINES[0]),
    fulfillment_line(PARTS[0], LINES[1]),
    fulfillment_line(PARTS[1], LINES[2]),
)


@pytest.fixture(params=ENGINES)
async def shop(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """With these orders alone, which no action has made; asked on every engine."""
    await insert(database, A, B, C, *LINES, *PARTS, *PLACES)
    shop = Shop(database)
    async with analysed_by(request, database, shop.ports, tmp_path, is_anew=True) as shop.ports:
        yield shop


async def answer(shop: Shop, viewer: Viewer = ADMIN, **asked: Any) -> ExecutionResult:
    deadline = asyncio.get_running_loop().time() + 60
    context = RequestContext.of(viewer, shop.ports, deadline=deadline, request_id="r")
    return await executed(ASK, {"input": asked}, context=context)


async def table(shop: Shop, viewer: Viewer = ADMIN, **asked: Any) -> Any:
    result = await answer(shop, viewer, **asked)
    assert result.errors is None
    assert result.data is not None
    return result.data["orderAnalytics"]


async def rows(shop: Shop, viewer: Viewer = ADMIN, **asked: Any) -> list[list[str | None]]:
    found: list[list[str | None]] = (await table(shop, viewer, **asked))["rows"]
    return found


@pytest.mark.parametrize("executor", [COMPILED, CORE])
async def test_a_table_says_what_its_columns_are(shop: Shop, executor: str) -> None:
    time = {"grain": "MONTH", "timezone": "Europe/Berlin"}
    with answered_by(executor):
        found = await table(
            shop, measures=["ORDERS", "NET", "CANCEL_RATE"], dimensions=["CHANNEL"], time=time, totals=True
        )
    described = [(c["name"], c["kind"], c["type"], c["unit"]) for c in found["columns"]]
    assert described == [
        ("TIME", "TIME", "Date", "month"),
        ("CHANNEL", "DIMENSION", "String", None),
        ("CURRENCY", "DIMENSION", "String", None),
        ("ORDERS", "MEASURE", "BigInt", "orders"),
        ("NET", "MEASURE", "Decimal", None),
        ("CANCEL_RATE", "MEASURE", "Decimal", "ratio"),
    ]
    assert all(column["description"] for column in found["columns"])
    assert found["rows"] == [
        ["2026-03-01", "app", "JPY", "1", "500", "1.000000"],
        ["2026-03-01", "web", "EUR", "1", "29.00", "0.000000"],
        ["2026-04-01", "web", "EUR", "1", "20.00", "0.000000"],
    ]
    assert found["totals"] == [None, None, None, "3", None, "0.333333"]
    assert (found["rowCount"], found["truncated"]) == (3, False)
    assert found["asOf"].endswith("Z")
    assert position_of(found["watermark"]).snapshot is not None


async def test_currency_joins_when_amounts_would_be_mixed_and_then_only(shop: Shop) -> None:
    assert await rows(shop, measures=["ORDERS", "MEMBERS"]) == [["3", "2"]]
    assert await rows(shop, measures=["GROSS"]) == [["EUR", "50.00"], ["JPY", "500"]]
    euros = await table(shop, measures=["GROSS", "AVERAGE_ORDER_VALUE"], filter={"currency": "EUR"}, totals=True)
    assert [(column["name"], column["unit"]) for column in euros["columns"]] == [
        ("GROSS", "EUR"),
        ("AVERAGE_ORDER_VALUE", "EUR"),
    ]
    assert (euros["rows"], euros["totals"]) == ([["50.00", "24.50"]], ["50.00", "24.50"])
    web = await table(shop, measures=["GROSS"], filter={"channel": ["web"]})
    assert ([column["name"] for column in web["columns"]], web["rows"]) == (["GROSS"], [["50.00"]])
    # The first page has one currency only; the table has two.
    page = await table(shop, measures=["GROSS"], dimensions=["CHANNEL"], limit=1)
    assert (page["rows"], page["truncated"]) == ([["app", "JPY", "500"]], True)


async def test_an_orders_amounts_are_shared_over_its_lines_and_pieces(shop: Shop) -> None:
    """100 of shipping over 966, 967 and 967 of goods; 10 that went back over 969 and the shipping of each.

    The second line has the largest remainder, and the third an equal one: the earlier takes what is left.
    """
    only = {"channel": ["web"], "businessUnit": ["acme"]}
    measures = ["ORDERS", "UNITS", "GROSS", "DISCOUNTS", "SHIPPING", "TAX", "PAID", "REFUNDED"]
    assert await rows(shop, measures=measures, dimensions=["SKU"], filter=only) == [
        ["X", "1", "2", "20.00", "0.67", "0.66", "0.05", "19.98", "0.06"],
        ["Y", "1", "1", "10.00", "0.33", "0.34", "0.02", "9.99", "0.04"],
    ]
    assert await rows(shop, measures=measures, dimensions=["WAREHOUSE", "SKU"], filter=only) == [
        ["BER", "X", "1", "1", "10.00", "0.34", "0.33", "0.03", "9.99", "0.03"],
        ["BER", "Y", "1", "1", "10.00", "0.33", "0.34", "0.02", "9.99", "0.04"],
        ["HAM", "X", "1", "1", "10.00", "0.33", "0.33", "0.02", "9.99", "0.03"],
    ]
    whole = await table(shop, measures=measures, dimensions=["SKU"], filter=only, totals=True)
    assert whole["totals"] == [None, "1", "3", "30.00", "1.00", "1.00", "0.07", "29.97", "0.10"]


async def test_days_begin_where_the_caller_is(shop: Shop) -> None:
    """In Berlin, 29 March is the day of 23 hours: both orders are of it, though they are 23 hours apart."""
    utc = {"grain": "DAY", "range": {"gte": "2026-03-28T00:00:00Z", "lt": "2026-03-31T00:00:00Z"}, "fillGaps": True}
    assert await rows(shop, measures=["ORDERS"], time=utc) == [
        ["2026-03-28", "1"],
        ["2026-03-29", "1"],
        ["2026-03-30", "0"],
    ]
    berlin = utc | {
        "timezone": "Europe/Berlin",
        "range": {"gte": "2026-03-28T00:00:00+01:00", "lt": "2026-03-31T00:00:00+02:00"},
    }
    assert await rows(shop, measures=["ORDERS"], time=berlin) == [
        ["2026-03-28", "0"],
        ["2026-03-29", "1"],
        ["2026-03-30", "1"],
    ]
    weeks = {"grain": "WEEK", "timezone": "Europe/Berlin"}
    assert await rows(shop, measures=["ORDERS"], time=weeks) == [["2026-03-23", "1"], ["2026-03-30", "2"]]


async def test_hours_are_instants(shop: Shop) -> None:
    """The hour that comes twice is two, the one that is left out is none."""
    twice = [order("d", placed_at=at(2026, 10, 25, 0, 10)), order("e", placed_at=at(2026, 10, 25, 1, 20))]
    await insert(shop.database, *twice)
    time = {"grain": "HOUR", "timezone": "Europe/Berlin", "fillGaps": True}
    autumn = time | {"range": {"gte": "2026-10-25T02:00:00+02:00", "lt": "2026-10-25T03:00:00+01:00"}}
    assert await rows(shop, measures=["ORDERS"], time=autumn) == [
        ["2026-10-25T00:00:00Z", "1"],
        ["2026-10-25T01:00:00Z", "1"],
    ]
    spring = time | {"range": {"gte": "2026-03-29T01:00:00+01:00", "lt": "2026-03-29T04:00:00+02:00"}}
    assert await rows(shop, measures=["ORDERS"], time=spring) == [
        ["2026-03-29T00:00:00Z", "0"],
        ["2026-03-29T01:00:00Z", "0"],
    ]


async def test_a_period_is_compared_with_the_one_before(shop: Shop) -> None:
    time = {"grain": "MONTH", "range": {"gte": "2026-04-01T00:00:00Z", "lt": "2026-05-01T00:00:00Z"}}
    euros: Any = {"filter": {"currency": "EUR"}, "time": time, "totals": True, "compare": "PREVIOUS_PERIOD"}
    found = await table(shop, measures=["ORDERS", "GROSS"], **euros)
    assert [(column["name"], column["kind"]) for column in found["columns"]] == [
        ("TIME", "TIME"),
        ("ORDERS", "MEASURE"),
        ("GROSS", "MEASURE"),
        ("ORDERS_COMPARE", "COMPARE"),
        ("GROSS_COMPARE", "COMPARE"),
    ]
    assert found["rows"] == [["2026-04-01", "1", "20.00", "1", "30.00"]]
    assert found["totals"] == [None, "1", "20.00", "1", "30.00"]
    # A currency that only the time before has is one more.
    mixed = await rows(shop, measures=["GROSS"], time=time, compare="PREVIOUS_PERIOD")
    assert mixed == [["2026-04-01", "EUR", "20.00", "30.00"]]


async def test_conditions_and_order_are_of_amounts_whatever_the_currency(shop: Shop) -> None:
    falling = [{"measure": "GROSS", "descending": True}]
    assert await rows(shop, measures=["ORDERS"], dimensions=["CHANNEL"], orderBy=falling) == [
        ["app", "JPY", "1"],
        ["web", "EUR", "2"],
    ]
    above = [{"measure": "GROSS", "gte": "49.99", "lte": "50"}]
    assert await rows(shop, measures=["GROSS"], having=above) == [["EUR", "50.00"]]
    average = [{"measure": "AVERAGE_ORDER_VALUE", "gte": "24.51"}]
    assert await rows(shop, measures=["GROSS"], having=average) == [["JPY", "500"]]


async def test_by_another_clock_orders_without_that_time_are_left_out(shop: Shop) -> None:
    assert await rows(shop, measures=["ORDERS"], time={"field": "PAID_AT", "grain": "DAY"}) == [["2026-03-29", "1"]]
    assert await rows(shop, measures=["ORDERS"], time={"field": "PAID_AT"}) == [["3"]]


async def test_no_orders_are_a_row_of_nothing(shop: Shop) -> None:
    nobody = {"channel": ["none"]}
    measures = ["ORDERS", "GROSS", "AVERAGE_ORDER_VALUE", "CANCEL_RATE", "MEMBERS"]
    assert await rows(shop, measures=measures, filter=nobody) == [["0", "0", None, None, "0"]]
    assert await rows(shop, measures=["ORDERS"], dimensions=["CHANNEL"], filter=nobody) == []


@pytest.mark.parametrize(
    ("viewer", "found"),
    [
        (ADMIN, [["acme", "2"], ["rival", "1"]]),
        (ANALYST, [["acme", "2"], ["rival", "1"]]),
        (MERCHANT, [["acme", "2"]]),
        (FINANCE, [["acme", "2"]]),
        (RIVAL, [["rival", "1"]]),
        (PARTNER, []),
        (ANNA, []),
    ],
    ids=lambda given: given.id if isinstance(given, Viewer) else "",
)
async def test_everybody_counts_what_exists_for_them(shop: Shop, viewer: Viewer, found: list[list[str]]) -> None:
    everything = {"or": [{"businessUnit": ["acme", "rival"]}, {"not": {"channel": ["none"]}}]}
    asked = {"measures": ["ORDERS"], "dimensions": ["BUSINESS_UNIT"], "totals": True, "filter": everything}
    answered = await table(shop, viewer, **asked)
    assert answered["rows"] == found
    assert answered["totals"] == [None, str(sum(int(row[1]) for row in found))]
    by_line = await rows(shop, viewer, measures=["ORDERS"], dimensions=["BUSINESS_UNIT", "SKU"])
    assert {row[0] for row in by_line} == {row[0] for row in found}


@pytest.mark.parametrize(
    "viewer", [SUPPORT, WAREHOUSE, Viewer(ActorKind.ANONYMOUS, "anonymous", None, frozenset())], ids=lambda one: one.id
)
async def test_nothing_is_reckoned_up_for_others(shop: Shop, viewer: Viewer) -> None:
    before = shop.database.statement_count
    assert await refused(shop, viewer, measures=["ORDERS"]) == "FORBIDDEN"
    assert shop.database.statement_count == before


async def refused(shop: Shop, viewer: Viewer = ADMIN, **asked: Any) -> str:
    result = await answer(shop, viewer, **asked)
    assert result.data == {"orderAnalytics": None}
    assert result.errors is not None
    (error,) = result.errors
    fault = fault_of(error)
    assert fault is not None
    return fault.code


MARCH: Final = {"gte": "2026-03-01T00:00:00Z", "lt": "2026-04-01T00:00:00Z"}
AGES: Final = {"gte": "1000-01-01T00:00:00Z", "lt": "9000-01-01T00:00:00Z"}
AT_THE_END: Final = {"gte": "9990-01-01T00:00:00Z", "lte": "9999-12-31T23:59:59Z"}
AT_THE_BEGINNING: Final = {"gte": "0001-01-01T00:00:00Z", "lt": "0001-01-03T00:00:00Z"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"measures": []}, "INVALID_ANALYTICS"),
        ({"measures": ["NET", "NET"]}, "INVALID_ANALYTICS"),
        ({"dimensions": ["SKU", "SKU"]}, "INVALID_ANALYTICS"),
        ({"orderBy": [{"measure": "NET", "time": True}]}, "INVALID_ANALYTICS"),
        ({"orderBy": [{}]}, "INVALID_ANALYTICS"),
        ({"orderBy": [{"dimension": "SKU"}]}, "INVALID_ANALYTICS"),
        ({"having": [{"measure": "NET"}]}, "INVALID_ANALYTICS"),
        ({"orderBy": [{"time": True}]}, "TIME_GRAIN_NEEDED"),
        ({"time": {"fillGaps": True, "range": MARCH}}, "TIME_GRAIN_NEEDED"),
        ({"time": {"fillGaps": True, "grain": "DAY"}}, "TIME_RANGE_NEEDED"),
        ({"time": {"grain": "DAY", "range": {"gte": MARCH["gte"]}}, "compare": "PREVIOUS_PERIOD"}, "TIME_RANGE_NEEDED"),
        ({"compare": "SAME_PERIOD_LAST_YEAR"}, "TIME_RANGE_NEEDED"),
        ({"time": {"grain": "YEAR", "range": AGES}, "compare": "PREVIOUS_PERIOD"}, "TIME_RANGE_NEEDED"),
        ({"time": {"grain": "HOUR", "range": AGES, "fillGaps": True}}, "TOO_MANY_CELLS"),
        ({"time": {"grain": "YEAR", "range": AT_THE_END, "fillGaps": True}}, "TIME_RANGE_NEEDED"),
        ({"time": {"grain": "DAY", "range": AT_THE_BEGINNING, "timezone": "America/New_York"},
          "compare": "PREVIOUS_PERIOD"}, "TIME_RANGE_NEEDED"),
        ({"time": {"grain": "DAY", "range": MARCH, "fillGaps": True}, "having": [{"measure": "NET", "gte": "1"}]},
         "INVALID_ANALYTICS"),
        ({"time": {"timezone": "Europe/Atlantis"}}, "UNKNOWN_TIME_ZONE"),
        ({"time": {"timezone": "<+03>-3"}}, "UNKNOWN_TIME_ZONE"),
        ({"time": {"timezone": "Europe/Berlin\x00"}}, "UNKNOWN_TIME_ZONE"),
        ({"limit": 10_001}, "LIMIT_OUT_OF_RANGE"),
        ({"limit": -1}, "LIMIT_OUT_OF_RANGE"),
        ({"offset": -1}, "LIMIT_OUT_OF_RANGE"),
        ({"filter": {"total": {"gte": "1"}}}, "BAD_REQUEST"),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_is_refused_with_its_code(shop: Shop, asked: dict[str, Any], code: str) -> None:
    assert await refused(shop, **{"measures": ["ORDERS"], **asked}) == code


async def test_a_question_past_its_deadline_is_given_up_in_the_database_too(database: Database) -> None:
    """Somebody holds the orders; the statement that waits for them does not outlive its caller."""
    ports = Shop(database).ports
    async with database.transaction() as other:
        await other.execute(prepare(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")))
        deadline = asyncio.get_running_loop().time() + 0.3
        context = RequestContext.of(ADMIN, ports, deadline=deadline, request_id="r")
        result = await executed(ASK, {"input": {"measures": ["MEMBERS"]}}, context=context)
        waiting = await other.rows(prepare(text("SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'")))
    assert result.data == {"orderAnalytics": None}
    assert result.errors is not None
    (error,) = result.errors
    fault = fault_of(error)
    assert isinstance(fault, ServiceUnavailable)
    assert (fault.code, fault.service) == ("SERVICE_UNAVAILABLE", "analytics")
    assert waiting == []


HALF: Final = 2**62


async def test_a_sum_beyond_64_bits_is_refused_and_its_groups_are_not(shop: Shop) -> None:
    day = at(2026, 5, 1)
    great = [order(name, **money(subtotal=HALF), channel=name, placed_at=day) for name in ("x", "y")]
    await insert(shop.database, *great, *(line(one, one.number, sku="G", unit_price_minor=HALF) for one in great))
    time = {"range": {"gte": "2026-05-01T00:00:00Z"}}
    for dimension in ("CURRENCY", "SKU"):
        assert await refused(shop, measures=["GROSS"], dimensions=[dimension], time=time) == "SUM_OUT_OF_RANGE"
    assert await refused(shop, measures=["GROSS"], dimensions=["CHANNEL"], time=time, totals=True) == "SUM_OUT_OF_RANGE"
    each = f"{HALF // 100}.{HALF % 100:02}"
    assert await rows(shop, measures=["GROSS"], dimensions=["CHANNEL"], time=time) == [["x", each], ["y", each]]


async def test_the_catalogue_has_every_measure_and_dimension(shop: Shop) -> None:
    query = (
        "{ analyticsCatalog { measures { name type unit additive description } dimensions { name additive unit } } }"
    )
    context = RequestContext.of(ADMIN, shop.ports, deadline=1e9, request_id="r")
    result = await executed(query, context=context)
    assert result.data is not None
    found = result.data["analyticsCatalog"]
    assert [entry["name"] for entry in found["measures"] if not entry["additive"]] == [
        "AVERAGE_ORDER_VALUE",
        "MEMBERS",
        "CANCEL_RATE",
        "REFUND_RATE",
    ]
    assert len(found["measures"]) == 14
    assert [entry["name"] for entry in found["dimensions"] if not entry["additive"]] == [
        "SELLER",
        "SKU",
        "CATEGORY",
        "WAREHOUSE",
    ]
    assert len(found["dimensions"]) == 15


async def test_over_http_with_the_keys_of_roles(shop: Shop) -> None:
    settings = Settings(demo=True)
    keys = DemoKeys(SECRET, shop.ports.policies)
    center = OrderCenter(settings, shop.database, shop.ports, Worker(shop.ports, SqlQueue(shop.database)))
    body = {"query": ASK, "variables": {"input": {"measures": ["ORDERS"], "dimensions": ["CHANNEL"]}}}
    transport = httpx.ASGITransport(application(center, keys))
    async with httpx.AsyncClient(transport=transport, base_url="http://order-center") as client:
        answers = {
            role: (
                await client.post("/graphql", json=body, headers={"authorization": f"Bearer {keys.keys[role]}"})
            ).json()
            for role in (Role.ANALYST, Role.PARTNER, Role.WAREHOUSE)
        }
    assert answers[Role.ANALYST]["data"]["orderAnalytics"]["rows"] == [["app", "1"], ["web", "2"]]
    assert answers[Role.PARTNER]["data"]["orderAnalytics"]["rows"] == []
    (error,) = answers[Role.WAREHOUSE]["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["orderAnalytics"], "FORBIDDEN")
    assert answers[Role.WAREHOUSE]["data"] == {"orderAnalytics": None}


@pytest.mark.parametrize("shop", [POSTGRESQL], indirect=True)
async def test_a_table_is_two_statements_and_one_more_for_its_totals(shop: Shop) -> None:
    """And one that asks how far the cube is, where it could answer."""

    async def count(**asked: Any) -> int:
        before = shop.database.statement_count
        await table(shop, measures=["NET"], dimensions=["SKU"], **asked)
        return shop.database.statement_count - before

    assert [await count(), await count(totals=True), await count(limit=1)] == [2, 4, 4]
