"""What every copy does: fed beside writers, asked meanwhile, opened again, taken over, and kept by the server."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from adapters.bootstrap import OrderCenter, clickhouse_engine, ports_over, with_engine
from adapters.db.analytics import SqlAnalytics
from adapters.db.engine import Database, prepare
from adapters.db.engine_source import COPIED, SqlEngineSource
from adapters.db.order_filters import BOUNDS, LISTS, RANGES
from adapters.db.queue import SqlQueue
from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.http import application
from adapters.olap.standing_in import EngineElseDatabase
from adapters.seeding.seed import seed_demo
from adapters.settings import Settings, SettingsError
from adapters.worker.engine_feed import EngineFeed
from adapters.worker.loop import Worker
from domain.access.viewer import EVERYTHING
from domain.actions.feed_engine import feed_engine
from domain.analytics.catalogue import Part
from domain.analytics.plan import Cut
from domain.ports.analytics import OrdersAsked
from domain.ports.analytics_engine import AnalyticsEngine, CopyOfNoMoment
from domain.ports.bundle import Terms
from domain.ports.order_views import DateTimeRange, MinorRange, OrderFilter
from domain.values.enums import Dimension, Role
from domain.values.feed_positions import position_of
from tests.fixtures.copies import ASKED, BY_SKU, KINDS, Copies, assert_same, copies_of, rows_of
from tests.fixtures.shop import POLICIES, SECRET
from tests.fixtures.writers import Writers

pytestmark = pytest.mark.anyio


@pytest.fixture(params=KINDS)
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Copies:
    return copies_of(request.param, tmp_path, lambda: request.getfixturevalue("clickhouse"))


@pytest.fixture
async def engine(copies: Copies) -> AsyncIterator[AnalyticsEngine]:
    async with copies.opened() as found:
        yield found


async def test_beside_writers_every_answer_is_of_one_moment(
    database: Database, writers: Writers, engine: AnalyticsEngine
) -> None:
    """Questions are asked while batches are taken in; each sees the copy as one of them left it."""
    source = SqlEngineSource(database)
    await feed_engine(source, engine)
    work = asyncio.create_task(writers.run(4, 15))
    while not work.done():
        async with engine.moment(ASKED) as moment:
            before = await moment.rows(BY_SKU)
            await feed_engine(source, engine)
            assert await moment.rows(BY_SKU) == before
            assert position_of(moment.watermark).snapshot is not None
    await work
    await feed_engine(source, engine)
    await assert_same(database, engine)
    assert await rows_of(engine) == await rows_of(SqlAnalytics(database))
    assert await source.lag_seconds(await engine.position()) == 0


async def test_a_batch_that_comes_twice_changes_nothing(
    database: Database, writers: Writers, engine: AnalyticsEngine
) -> None:
    source = SqlEngineSource(database)
    first = await source.batch(None)
    for _ in range(2):
        await engine.take_in(first)
    await writers.run(2, 2)
    changes = await source.batch(first.position)
    for _ in range(2):
        await engine.take_in(changes)
    await assert_same(database, engine)
    assert await engine.order_count() == await source.order_count()
    assert await engine.watermark() == changes.watermark


@pytest.mark.usefixtures("writers")
async def test_it_goes_on_where_it_was_when_opened_again(
    database: Database, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.engine_source.ORDERS_AT_ONCE", 4)
    source = SqlEngineSource(database)
    async with copies.opened() as engine:
        first = await source.batch(None)
        await engine.take_in(first)
    async with copies.opened() as engine:
        assert await engine.position() == first.position
        assert (await engine.order_count(), await engine.watermark()) == (4, None)
        assert await feed_engine(source, engine) == 2
        await assert_same(database, engine)
        await engine.reset()
        assert (await engine.position(), await engine.order_count()) == (None, 0)


@pytest.mark.usefixtures("writers")
async def test_a_copy_of_other_columns_is_made_anew(database: Database, copies: Copies) -> None:
    async with copies.opened_with({table: names[:3] for table, names in COPIED.items()}) as engine:
        await engine.take_in(replace(await SqlEngineSource(database).batch(None), tables=()))
    async with copies.opened() as engine:
        assert await engine.position() is None
        await feed_engine(SqlEngineSource(database), engine)
        assert await rows_of(engine) == await rows_of(SqlAnalytics(database))


@pytest.mark.usefixtures("writers")
async def test_a_copy_of_no_moment_does_not_answer_and_postgresql_does(
    database: Database, engine: AnalyticsEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.engine_source.ORDERS_AT_ONCE", 4)
    await engine.take_in(await SqlEngineSource(database).batch(None))
    with pytest.raises(CopyOfNoMoment):
        await rows_of(engine)
    right = await rows_of(SqlAnalytics(database))
    assert await rows_of(EngineElseDatabase(engine, SqlAnalytics(database))) == right
    assert right != []
    await feed_engine(SqlEngineSource(database), engine)
    before = database.statement_count
    assert await rows_of(EngineElseDatabase(engine, SqlAnalytics(database))) == right
    assert database.statement_count == before


async def test_the_server_keeps_the_copy_and_tells_its_lag(
    database: Database, writers: Writers, copies: Copies
) -> None:
    ports = ports_over(database, POLICIES, SECRET, Terms())
    settings = Settings(demo=True, **copies.settings)
    keys = DemoKeys(SECRET, ports.policies)
    center = OrderCenter(settings, database, ports, Worker(ports, SqlQueue(database)))
    async with with_engine(center) as served:
        feed = served.engine_feed
        assert feed is not None
        async with EngineFeed(feed.source, feed.engine, feed.lease, every_s=0.01).running():
            await _until_fed(feed)
            await writers.run(2, 3)
            await _until_fed(feed)
            transport = httpx.ASGITransport(application(served, keys))
            async with httpx.AsyncClient(transport=transport, base_url="http://order-center") as client:
                question = "{ orderAnalytics(input: {measures: [ORDERS, UNITS], dimensions: [STATUS]}) { rows } }"
                answer = await client.post(
                    "/graphql", json={"query": question}, headers={"authorization": f"Bearer {keys.keys[Role.ANALYST]}"}
                )
                metrics = (await client.get("/metrics")).text
        cut = Cut((Part.ORDERS, Part.UNITS), (Dimension.STATUS,))
        found = await rows_of(SqlAnalytics(database), cut)
        assert answer.json()["data"]["orderAnalytics"]["rows"] == [[row[0], str(row[1]), str(row[2])] for row in found]
        assert "order_center_analytics_engine_lag_seconds 0" in metrics


async def _until_fed(feed: EngineFeed) -> None:
    while await feed.engine.watermark() is None or await feed.lag_seconds() > 0:  # noqa: ASYNC110  it is another's copy that is waited for
        await asyncio.sleep(0.01)


async def test_by_default_there_is_no_engine(database: Database) -> None:
    ports = ports_over(database, POLICIES, SECRET, Terms())
    center = OrderCenter(Settings(), database, ports, Worker(ports, SqlQueue(database)))
    async with with_engine(center) as served:
        assert served is center


@pytest.mark.usefixtures("writers")
async def test_the_feed_outlives_a_fault(
    database: Database, engine: AnalyticsEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, faults = SqlEngineSource(database), [OSError("away"), ValueError("a bug")]
    whole = source.batch

    async def batch(after: Any) -> Any:
        if faults:
            raise faults.pop()
        return await whole(after)

    monkeypatch.setattr(source, "batch", batch)
    feed = EngineFeed(source, engine, every_s=0.001)
    async with feed.running():
        await _until_fed(feed)
    assert faults == []
    await assert_same(database, engine)


async def test_every_filter_lets_the_same_orders_through(database: Database, engine: AnalyticsEngine) -> None:
    await seed_demo(database, POLICIES, 150, 1, datetime(2026, 6, 1, tzinfo=UTC), lambda _done, _whole: None)
    await feed_engine(SqlEngineSource(database), engine)
    cut = Cut((Part.ORDERS, Part.UNITS), (Dimension.STATUS, Dimension.COUNTRY))
    seen = set()
    for asked in [one async for one in _filters(database)]:
        orders = OrdersAsked(EVERYTHING, asked)
        async with engine.moment(orders) as copied, SqlAnalytics(database).moment(orders) as stored:
            found = await copied.rows(cut)
            assert (asked, found) == (asked, await stored.rows(cut))
        seen.add(bool(found))
    assert seen == {True, False}


async def _filters(database: Database) -> AsyncIterator[OrderFilter]:
    """By every field: with one value that there is, with some, with none, and all of it turned around."""
    for name, column in LISTS.items():
        values = select(column).where(column.is_not(None)).distinct().order_by(column).limit(2)
        known = [row[0] for row in await database.rows(prepare(values))]
        for given in (known[:1], [*known, "it's none"], []):
            fields: dict[str, Any] = {name: tuple(given)}
            asked = OrderFilter(**fields)
            for one in (asked, OrderFilter(none_of=asked), OrderFilter(any_of=(asked, OrderFilter(id=())))):
                yield one
    for name, column in RANGES.items():
        middle = func.percentile_disc(0.5).within_group(column)
        at = await database.value(prepare(select(middle)))
        kind, currency = (MinorRange, "EUR") if name == "total" else (DateTimeRange, None)
        for bound in BOUNDS:
            fields = {name: kind(**{bound: at}), "currency": currency}
            asked = OrderFilter(**fields)
            for one in (asked, OrderFilter(none_of=asked)):
                yield one


async def test_without_its_client_clickhouse_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("clickhouse_connect", "adapters.olap.clickhouse"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    with pytest.raises(
        SettingsError, match=r"needs the part clickhouse of the installation: order-center\[clickhouse\]\.$"
    ):
        clickhouse_engine("clickhouse://host/copy", 1)
