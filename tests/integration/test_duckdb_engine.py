"""The copy in DuckDB: fed beside writers, asked meanwhile, given up, opened again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from adapters.bootstrap import OrderCenter, duckdb_engine, ports_over, with_engine
from adapters.db.analytics import SqlAnalytics
from adapters.db.engine import Database, prepare
from adapters.db.engine_source import COPIED, SqlEngineSource
from adapters.db.queue import SqlQueue
from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.http import application
from adapters.olap.duckdb_engine import DuckDbEngine, EngineFileUnavailable
from adapters.olap.standing_in import EngineElseDatabase
from adapters.settings import AnalyticsEngineKind, Settings
from adapters.worker.engine_feed import EngineFeed
from adapters.worker.loop import Worker
from domain.access.viewer import EVERYTHING
from domain.actions.feed_engine import feed_engine
from domain.analytics.catalogue import Level, Part
from domain.analytics.plan import Cut
from domain.ports.analytics import OrdersAsked
from domain.ports.analytics_engine import CopyOfNoMoment
from domain.ports.bundle import Terms
from domain.ports.order_views import OrderFilter
from domain.values.enums import Dimension, Role
from domain.values.feed_positions import position_of
from tests.fixtures.shop import POLICIES, SECRET
from tests.fixtures.writers import Writers

pytestmark = pytest.mark.anyio

ASKED = OrdersAsked(EVERYTHING, OrderFilter())
BY_SKU = Cut((Part.ORDERS, Part.UNITS, Part.GROSS), (Dimension.SKU, Dimension.STATUS), Level.LINE)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[DuckDbEngine]:
    async with duckdb_engine(tmp_path / "analytics.duckdb") as found:
        assert isinstance(found, DuckDbEngine)
        yield found


@pytest.fixture
async def writers(database: Database) -> Writers:
    found = Writers(database, seed=5)
    await found.open(6)
    return found


async def assert_same(database: Database, engine: DuckDbEngine) -> None:
    """Every copied value of every row."""
    cursor = engine._connection.cursor()
    for table, columns in COPIED.items():
        names = ", ".join(f'"{name}"' for name in columns)
        stored = await database.rows(prepare(text(f"SELECT {names} FROM {table.name}")))
        times = {at for at, name in enumerate(columns) if name.endswith("_at")}
        shown = ", ".join(
            f"CAST(\"{name}\" AT TIME ZONE 'UTC' AS TIMESTAMP)" if at in times else f'"{name}"'
            for at, name in enumerate(columns)
        )
        copied = cursor.execute(f"SELECT {shown} FROM {table.name}").fetchall()
        plain = [
            tuple(value.replace(tzinfo=None) if at in times and value else value for at, value in enumerate(row))
            for row in stored
        ]
        assert sorted(map(repr, copied)) == sorted(map(repr, plain))


async def rows_of(analytics: Any, cut: Cut = BY_SKU) -> list[tuple[Any, ...]]:
    async with analytics.moment(ASKED) as moment:
        found: list[tuple[Any, ...]] = await moment.rows(cut)
        return found


async def test_beside_writers_every_answer_is_of_one_moment(
    database: Database, writers: Writers, engine: DuckDbEngine
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
    database: Database, writers: Writers, engine: DuckDbEngine
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


async def test_a_batch_is_taken_in_whole_or_not_at_all(
    database: Database, writers: Writers, engine: DuckDbEngine
) -> None:
    source = SqlEngineSource(database)
    await feed_engine(source, engine)
    before, place = await rows_of(engine), await engine.position()
    await writers.run(2, 2)
    batch: Any = await source.batch(place)
    with pytest.raises(AttributeError):
        await engine.take_in(replace(batch, as_of=None))
    assert (await rows_of(engine), await engine.position()) == (before, place)


@pytest.mark.usefixtures("writers")
async def test_it_goes_on_where_it_was_when_opened_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.engine_source.ORDERS_AT_ONCE", 4)
    source, path = SqlEngineSource(database), tmp_path / "copy" / "analytics.duckdb"
    async with duckdb_engine(path) as engine:
        first = await source.batch(None)
        await engine.take_in(first)
    async with duckdb_engine(path) as engine:
        assert await engine.position() == first.position
        assert (await engine.order_count(), await engine.watermark()) == (4, None)
        assert await feed_engine(source, engine) == 2
        assert isinstance(engine, DuckDbEngine)
        await assert_same(database, engine)
        await engine.reset()
        assert (await engine.position(), await engine.order_count()) == (None, 0)


@pytest.mark.usefixtures("writers")
async def test_a_copy_of_other_columns_is_made_anew(database: Database, tmp_path: Path) -> None:
    path, earlier = tmp_path / "analytics.duckdb", {table: names[:3] for table, names in COPIED.items()}
    async with DuckDbEngine.opened(path, earlier, lambda *_: pytest.fail("nothing is asked")) as engine:
        await engine.take_in(replace(await SqlEngineSource(database).batch(None), tables=()))
    async with duckdb_engine(path) as engine:
        assert await engine.position() is None
        await feed_engine(SqlEngineSource(database), engine)
        assert await rows_of(engine) == await rows_of(SqlAnalytics(database))


@pytest.mark.usefixtures("writers")
async def test_a_copy_of_no_moment_does_not_answer_and_postgresql_does(
    database: Database, engine: DuckDbEngine, monkeypatch: pytest.MonkeyPatch
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


async def test_a_question_that_is_given_up_is_interrupted(engine: DuckDbEngine) -> None:
    """It would take hours; the connection is free again at once."""
    cursor = engine._connection.cursor()
    endless = "SELECT sum(a.range * b.range) FROM range(100000000) a, range(100000000) b"
    asking = asyncio.create_task(engine._read(cursor, lambda: cursor.execute(endless).fetchall()))
    await asyncio.sleep(0.05)  # long enough to be at it, mostly; given up before it has begun, it is not begun at all
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]


async def test_a_file_that_cannot_be_opened_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "analytics.duckdb"
    path.write_bytes(b"no file of DuckDB's" * 1000)
    with pytest.raises(EngineFileUnavailable, match="cannot be opened"):
        async with duckdb_engine(path):
            pytest.fail("it was opened")


async def test_the_server_keeps_the_copy_and_tells_its_lag(
    database: Database, writers: Writers, tmp_path: Path
) -> None:
    ports = ports_over(database, POLICIES, SECRET, Terms())
    settings = Settings(demo=True, data_dir=tmp_path, analytics_engine=AnalyticsEngineKind.DUCKDB)
    keys = DemoKeys(SECRET, ports.policies)
    center = OrderCenter(settings, database, ports, Worker(ports, SqlQueue(database)))
    async with with_engine(center) as served:
        feed = served.engine_feed
        assert feed is not None
        async with EngineFeed(feed.source, feed.engine, every_s=0.01).running():
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
        assert (tmp_path / "analytics.duckdb").exists()


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
    database: Database, engine: DuckDbEngine, monkeypatch: pytest.MonkeyPatch
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
