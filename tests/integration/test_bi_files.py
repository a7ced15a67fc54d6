"""`/bi/`: who may fetch what, and what is in the files."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet
from starlette.requests import Request

from adapters.bootstrap import OrderCenter
from adapters.db import bi_rows
from adapters.db.bi_views import DATASETS
from adapters.db.queue import SqlQueue
from adapters.entrypoints.auth import DEMO_ROLES, DemoKeys
from adapters.entrypoints.bi_endpoint import AT_ONCE, BiEndpoint
from adapters.entrypoints.http import application
from adapters.export.streams import GROUP_ROWS, STREAMS
from adapters.settings import Settings
from adapters.worker.loop import Worker
from domain.access.viewer import EVERYTHING, Viewer
from domain.ports.bi_datasets import BiQuery
from domain.values.enums import ActorKind, Role
from tests.fixtures.shop import SECRET, Shop

pytestmark = pytest.mark.anyio

ALLOWED = {Role.ANALYST, Role.ADMIN, Role.MERCHANT, Role.FINANCE, Role.PARTNER}


class Someone:
    """Whoever asks is this one."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    def viewer(self, _headers: Any) -> Viewer:
        return self._viewer


def of_unit(*units: str) -> Viewer:
    return Viewer(ActorKind.STAFF, "stf", None, frozenset((Role.ANALYST,)), business_units=frozenset(units))


@pytest.fixture
def center(shop: Shop) -> OrderCenter:
    return OrderCenter(Settings(demo=True), shop.database, shop.ports, Worker(shop.ports, SqlQueue(shop.database)))


@pytest.fixture
def keys(center: OrderCenter) -> DemoKeys:
    return DemoKeys(SECRET, center.ports.policies)


@asynccontextmanager
async def client_of(center: OrderCenter, authenticator: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(center, authenticator))
    async with httpx.AsyncClient(transport=transport, base_url="http://order-center") as client:
        yield client


@pytest.fixture
async def client(center: OrderCenter, keys: DemoKeys) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(center, keys) as client:
        yield client


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def code_of(answer: httpx.Response) -> tuple[int, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"]


async def test_the_index_says_what_there_is(client: httpx.AsyncClient) -> None:
    found = (await client.get("/bi/")).json()["datasets"]
    assert [dataset["name"] for dataset in found] == list(DATASETS)
    orders = found[0]
    assert orders["grain"] == "one row per order, as it is now"
    assert orders["files"] == ["orders.csv", "orders.parquet"]
    assert orders["columns"][0] == {
        "name": "order_id",
        "type": "TEXT",
        "nullable": False,
        "description": "The order.",
    }
    assert {"businessUnit", "channel", "status", "currency"} <= set(orders["filters"])


@pytest.mark.parametrize("role", DEMO_ROLES)
async def test_a_role_may_or_may_not(client: httpx.AsyncClient, keys: DemoKeys, role: Role) -> None:
    key = keys.keys[role]
    answer = await client.get("/bi/orders.csv", headers={"authorization": f"Bearer {key}"})
    by_url = await client.get("/bi/orders.csv", params={"key": key})
    if role in ALLOWED:
        assert (answer.status_code, by_url.status_code) == (200, 200)
    else:
        assert code_of(answer) == code_of(by_url) == (403, "FORBIDDEN")


async def test_a_key_that_is_nobodys_is_refused_wherever_it_stands(client: httpx.AsyncClient) -> None:
    assert code_of(await client.get("/bi/orders.csv?key=nobody")) == (401, "UNAUTHENTICATED")
    assert code_of(await client.get("/bi/", headers={"authorization": "Bearer nobody"})) == (401, "UNAUTHENTICATED")


async def test_the_csv_has_every_column_and_true_values(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.paid()
    (row,) = rows_of(await client.get("/bi/orders.csv"))
    assert list(row) == [column.name for column in DATASETS["orders"].columns]
    (stored,) = await shop.sql("SELECT id, total_minor, placed_at, is_imported FROM orders")
    assert row["order_id"] == stored[0]
    assert row["total"] == str(Decimal(stored[1]).scaleb(-2))
    assert row["placed_at"] == stored[2].strftime("%Y-%m-%dT%H:%M:%S") + stored[2].strftime(".%f").rstrip(".0") + "Z"
    assert (row["is_imported"], row["cancelled_at"]) == ("false", "")


@pytest.mark.parametrize("name", list(DATASETS))
async def test_both_formats_hold_the_same_rows(shop: Shop, client: httpx.AsyncClient, name: str) -> None:
    await shop.delivered()
    rows = rows_of(await client.get(f"/bi/{name}.csv"))
    answer = await client.get(f"/bi/{name}.parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    table = parquet.read_table(io.BytesIO(answer.content))
    assert table.column_names == [column.name for column in DATASETS[name].columns]
    assert table.num_rows == len(rows)
    for column in DATASETS[name].columns:
        if column.kind == "MONEY":
            assert table.schema.field(column.name).type == pa.decimal128(22, 3)
            assert table[column.name].to_pylist() == [
                Decimal(row[column.name]) if row[column.name] else None for row in rows
            ]
        if column.kind == "TEXT":
            assert table[column.name].to_pylist() == [row[column.name] or None for row in rows]


async def test_filters_ranges_and_columns_narrow_the_rows(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.placed()
    await shop.paid()
    placed = (await shop.sql("SELECT max(placed_at) FROM orders"))[0][0].isoformat()
    one = {"columns": "order_number,status"}
    rows = rows_of(await client.get("/bi/orders.csv", params=one))
    assert [list(row) for row in rows] == [["order_number", "status"]] * 2
    waiting = rows_of(await client.get("/bi/orders.csv", params={**one, "status": "PENDING_PAYMENT"}))
    assert [row["status"] for row in waiting] == ["PENDING_PAYMENT"]
    both = await client.get("/bi/orders.csv", params={**one, "businessUnit": "acme,other", "status": ""})
    assert len(rows_of(both)) == 2
    assert rows_of(await client.get("/bi/orders.csv", params={"to": "2001-01-01"})) == []
    assert rows_of(await client.get("/bi/orders.csv", params={"from": "2999-01-01T00:00:00Z"})) == []
    assert len(rows_of(await client.get("/bi/orders.csv", params={"from": placed}))) >= 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/bi/orders.csv?bussinesUnit=acme", (400, "BAD_REQUEST")),
        ("/bi/orders.csv?columns=shoe_size", (400, "BAD_REQUEST")),
        ("/bi/orders.csv?from=yesterday", (400, "BAD_REQUEST")),
        ("/bi/orders.csv?from=2026-01-01T00:00:00", (400, "BAD_REQUEST")),
        ("/bi/orders.csv?status=%00", (400, "BAD_REQUEST")),
        ("/bi/orders.csv?status=" + "A," * 101, (400, "BAD_REQUEST")),
        ("/bi/orders.csv?status=" + "A" * 17_000, (414, "URL_TOO_LONG")),
        ("/bi/secrets.csv", (404, "NOT_FOUND")),
        ("/bi/orders.xlsx", (404, "NOT_FOUND")),
    ],
)
async def test_what_is_wrong_with_a_url_is_said(client: httpx.AsyncClient, url: str, expected: tuple[int, str]) -> None:
    assert code_of(await client.get(url)) == expected


async def test_another_units_rows_are_not_there_whatever_is_asked(shop: Shop, center: OrderCenter) -> None:
    await shop.delivered()
    for units, is_seen in ((("acme",), True), (("elsewhere",), False), ((), False)):
        async with client_of(center, Someone(of_unit(*units))) as client:
            for name in ("orders", "order_lines", "payments", "fulfillments", "transitions", "daily_sales"):
                assert bool(rows_of(await client.get(f"/bi/{name}.csv"))) is is_seen
                asked = await client.get(f"/bi/{name}.csv", params={"businessUnit": "acme"})
                assert bool(rows_of(asked)) is is_seen


async def test_a_partner_sees_its_channels_only(shop: Shop, center: OrderCenter) -> None:
    await shop.paid()
    for channels, count in ((frozenset(("web",)), 1), (frozenset(("other",)), 0), (None, 0)):
        partner = Viewer(ActorKind.PARTNER, "p", None, frozenset((Role.PARTNER,)), channels=channels)
        async with client_of(center, Someone(partner)) as client:
            assert len(rows_of(await client.get("/bi/orders.csv"))) == count


async def test_a_spreadsheet_runs_nothing(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.paid()
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'a "quoted", one', "plain"]
    for text in texts:
        quoted = text.replace("'", "''")
        await shop.sql(f"UPDATE order_lines SET name = '{quoted}' RETURNING 1")
        rows = rows_of(await client.get("/bi/order_lines.csv", params={"columns": "name,total"}))
        expected = text if text[0] in "ap" else f"'{text}"
        assert {row["name"] for row in rows} == {expected}
    await shop.sql("UPDATE order_lines SET name = 'Mug' RETURNING 1")


async def test_what_the_caller_has_is_not_sent_again(shop: Shop, client: httpx.AsyncClient) -> None:
    await shop.paid()
    first = await client.get("/bi/orders.csv")
    tag = first.headers["etag"]
    again = await client.get("/bi/orders.csv", headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await client.get("/bi/orders.csv?status=PAID", headers={"if-none-match": tag})
    assert other.status_code == 200
    await shop.placed()
    later = await client.get("/bi/orders.csv", headers={"if-none-match": tag})
    assert (later.status_code, len(rows_of(later))) == (200, 2)


async def test_head_tells_the_type_and_reads_nothing(shop: Shop, client: httpx.AsyncClient) -> None:
    before = shop.database.statement_count
    answer = await client.head("/bi/orders.parquet")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.apache.parquet")
    assert shop.database.statement_count == before


async def test_a_few_at_a_time_and_a_place_is_given_back(shop: Shop, center: OrderCenter, keys: DemoKeys) -> None:
    await shop.paid()
    endpoint = BiEndpoint(center, keys)
    for _ in range(AT_ONCE):
        await endpoint._places.acquire()
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "headers": [], "query_string": b"", "path": "/bi/orders.csv",
        "path_params": {"name": "orders", "suffix": "csv"}, "state": {"request_id": "r"},
    }  # fmt: skip
    refused = await endpoint.file(Request(scope))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    for _ in range(AT_ONCE):
        endpoint._places.release()
    for _ in range(3 * AT_ONCE):
        async with client_of(center, keys) as client:
            assert len(rows_of(await client.get("/bi/orders.csv"))) == 1


async def test_rows_come_in_batches_of_one_snapshot(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bi_rows, "BATCH", 2)
    for _ in range(3):
        await shop.paid()
    dataset = DATASETS["orders"]
    sizes = []
    async with bi_rows.SqlBiRows(shop.database).read(EVERYTHING, BiQuery(dataset, dataset.columns[:2])) as reading:
        async for rows in reading.batches():
            sizes.append([len(row) for row in rows])
            await shop.paid()
    assert sizes == [[2, 2], [2]]


async def test_a_caller_who_goes_away_gives_everything_back(
    shop: Shop, center: OrderCenter, keys: DemoKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bi_rows, "BATCH", 1)
    for _ in range(3):
        await shop.placed()
    endpoint, dataset = BiEndpoint(center, keys), DATASETS["orders"]
    for _ in range(4 * AT_ONCE):
        pieces = endpoint._pieces(of_unit("acme"), BiQuery(dataset, dataset.columns), "csv")
        tag, head, first = [await anext(pieces) for _ in range(3)]
        assert (tag[:1], head[:9], first[:4]) == (b'"', b"order_id,", b"ord_")
        await pieces.aclose()
    assert not endpoint._places.locked()
    open_ones = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    )
    assert await shop.sql(open_ones) == [(0,)]


async def test_parquet_is_written_in_groups_that_hold_every_row() -> None:
    columns = DATASETS["daily_sales"].columns
    day = datetime(2026, 3, 29, tzinfo=UTC)
    row = (day, "acme", "web", "EUR", 1, 0, 2, *[Decimal("1.50")] * 7)
    stream = STREAMS["parquet"](columns)
    pieces = [stream.begin()]
    pieces += [stream.encode([row] * 4000) for _ in range(9)]
    assert [bool(piece) for piece in pieces] == [True, *[False] * 7, True, False]
    file = parquet.ParquetFile(io.BytesIO(b"".join([*pieces, stream.end()])))
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [GROUP_ROWS, 4000]
    assert file.read().slice(35_999).to_pylist()[0]["net"] == Decimal("1.50")


async def test_the_page_for_analytics_is_served_with_its_policy(client: httpx.AsyncClient) -> None:
    answer = await client.get("/analytics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; script-src 'self';")
    for name in ("analytics.js", "analytics.css"):
        assert f"console/assets/{name}" in answer.text
        assert (await client.get(f"/console/assets/{name}")).status_code == 200
    refused = await client.post("/analytics")
    assert code_of(refused) == (405, "METHOD_NOT_ALLOWED")
