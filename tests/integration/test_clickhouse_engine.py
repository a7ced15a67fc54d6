"""The copy in ClickHouse, over HTTP, on its own engine: broken off anywhere, fed by two, cleaned up, stopped, gone."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from adapters.bootstrap import clickhouse_engine
from adapters.db.analytics import SqlAnalytics
from adapters.db.analytics_questions import question
from adapters.db.engine import Database, prepare
from adapters.db.engine_source import COPIED, SqlEngineSource
from adapters.db.feeder_lease import SqlFeederLease
from adapters.db.tables import orders
from adapters.olap.clickhouse_engine import ClickHouseEngine
from adapters.olap.clickhouse_places import CopyMoved, Place
from adapters.olap.standing_in import EngineElseDatabase
from adapters.worker.engine_feed import EngineFeed
from domain.access.viewer import EVERYTHING
from domain.actions.feed_engine import feed_engine
from domain.analytics.catalogue import Level, Part
from domain.analytics.plan import Cut
from domain.ports.analytics import OrdersAsked, SumTooLarge
from domain.ports.analytics_engine import EngineBatch
from domain.ports.order_views import OrderFilter
from domain.values.faults import ServiceUnavailable
from tests.fixtures.clickhouse import ClickHouseProcess, clickhouse_process
from tests.fixtures.copies import ASKED, BY_SKU, assert_same, rows_of
from tests.fixtures.engines import QUESTION_S
from tests.fixtures.writers import Writers

pytestmark = [pytest.mark.anyio, pytest.mark.nightly]

ENDLESS = "SELECT count() FROM numbers(1000000000000) WHERE number % 7 = 3"
RUNNING = f"SELECT count() FROM system.processes WHERE query LIKE '%{ENDLESS}%' AND query NOT LIKE '%system.processes%'"
Open = Callable[[], AbstractAsyncContextManager[ClickHouseEngine]]


class BrokenOff(Exception):
    """The process ended here."""


@pytest.fixture
def opened(clickhouse: ClickHouseProcess) -> Open:
    """As several servers would, all on one copy."""
    url = clickhouse.new_database()
    return lambda: clickhouse_engine(url, QUESTION_S)  # type: ignore[return-value]


@pytest.fixture
async def engine(opened: Open) -> AsyncIterator[ClickHouseEngine]:
    async with opened() as found:
        yield found


async def head_of(engine: ClickHouseEngine) -> Place:
    head = await engine._copy.head()
    assert head is not None
    return head


async def count(engine: ClickHouseEngine, table: str) -> int:
    ((found,),) = await engine.server.rows(f"SELECT count() FROM {table}", {})
    return int(found)


def break_off(engine: ClickHouseEngine, at: int, *, is_done: bool) -> None:
    """The step with that number, of those that write, is the last: it is done, or it is not."""
    steps = iter(range(at + 1))

    def broken(work: Any) -> Any:
        async def step(*arguments: Any, **named: Any) -> None:
            number = next(steps)
            if number < at or is_done:
                await work(*arguments, **named)
            if number == at:
                raise BrokenOff

        return step

    server: Any = engine.server
    server.insert, server.run = broken(server.insert), broken(server.run)


@pytest.mark.parametrize("is_done", [True, False])
async def test_broken_off_after_any_step_it_is_as_before_or_complete(
    database: Database, writers: Writers, opened: Open, is_done: bool
) -> None:
    source, at = SqlEngineSource(database), 0
    async with opened() as reader:
        await feed_engine(source, reader)
        while True:
            await writers.run(2, 1)
            before = await head_of(reader), await rows_of(reader)
            async with opened() as feeder:
                batch = await source.batch(await feeder.position())
                await feeder.server.rows("SELECT 1", {})
                break_off(feeder, at, is_done=is_done)
                try:
                    await feeder.take_in(batch)
                except BrokenOff:
                    after = await head_of(reader), await rows_of(reader)
                    assert after == before or after[0].position == batch.position
                else:
                    break
            assert (await rows_of(reader)) in (before[1], await rows_of(SqlAnalytics(database)))
            await feed_engine(source, reader)
            await assert_same(database, reader)
            at += 1
        assert at >= 5  # what the batch names, orders, lines, what they supersede, the place
        await assert_same(database, reader)


async def test_whoever_is_overtaken_stops_and_goes_on_from_there(
    database: Database, writers: Writers, opened: Open
) -> None:
    source = SqlEngineSource(database)
    async with opened() as first, opened() as second:
        await feed_engine(source, first)
        await writers.run(2, 1)
        batch = await source.batch(await first.position())
        await writers.run(2, 1)
        await feed_engine(source, second)
        before = await head_of(second)
        with pytest.raises(CopyMoved):
            await first.take_in(batch)
        assert await head_of(second) == before
        await writers.run(2, 1)
        await feed_engine(source, first)
        await assert_same(database, second)


async def test_of_two_places_after_one_the_first_counts_and_nothing_is_seen_of_the_other(
    database: Database, writers: Writers, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first feeder stops just before its commit, loses the lease, and wakes after the second's."""
    source, write_now, is_at_it = SqlEngineSource(database), asyncio.Event(), asyncio.Event()
    async with opened() as first, opened() as second:
        await feed_engine(source, first)
        await writers.run(2, 1)
        batch, write = await source.batch(await first.position()), first._copy.places.write

        async def late(place: Place) -> None:
            is_at_it.set()
            await write_now.wait()
            await write(place)

        monkeypatch.setattr(first._copy.places, "write", late)
        stopped = asyncio.create_task(feed_engine(source, first))
        await is_at_it.wait()
        await feed_engine(source, second)
        winner = await head_of(second)
        write_now.set()
        await stopped
        assert await head_of(first) == await head_of(second) == winner
        await assert_same(database, second)
        await writers.run(2, 1)
        await feed_engine(source, second)
        await assert_same(database, second)
        with pytest.raises(CopyMoved):
            await first.take_in(EngineBatch((), (), batch.after, batch.position, "w", batch.as_of))


async def test_rows_that_come_late_are_never_seen(database: Database, writers: Writers, opened: Open) -> None:
    """Of an attempt that was given up, after the next one is complete."""
    source, sent = SqlEngineSource(database), []
    async with opened() as first, opened() as second:
        await feed_engine(source, first)
        await writers.run(2, 1)
        server: Any = first.server
        insert = server.insert

        async def kept_back(*arguments: Any) -> None:
            sent.append((arguments[0], arguments[1], list(arguments[2])))

        server.insert = kept_back
        with pytest.raises(ServiceUnavailable, match="not whole"):
            await feed_engine(source, first)
        await feed_engine(source, second)
        for arguments in sent:
            await insert(*arguments)
        await assert_same(database, second)
        assert await rows_of(second) == await rows_of(SqlAnalytics(database))


async def test_an_insert_that_is_sent_again_adds_nothing(
    database: Database, writers: Writers, engine: ClickHouseEngine
) -> None:
    """As the client does where an answer was lost."""
    source, server = SqlEngineSource(database), engine.server
    await feed_engine(source, engine)
    await writers.run(2, 1)
    insert = server.insert

    async def twice(table: str, kinds: Any, rows: Any) -> None:
        given = list(rows)
        await insert(table, kinds, given)
        await insert(table, kinds, given)

    server.insert = twice  # type: ignore[method-assign]
    await feed_engine(source, engine)
    await assert_same(database, engine)


async def test_what_changed_is_not_put_into_a_copy_that_was_begun_anew_meanwhile(
    database: Database, writers: Writers, opened: Open
) -> None:
    """Between reading a batch and taking it in; and somebody looks at the position, as metrics do."""
    source = SqlEngineSource(database)
    async with opened() as feeder, opened() as other:
        await feed_engine(source, feeder)
        await writers.run(2, 1)
        batch = await source.batch(await feeder.position())
        await other.reset()
        assert await feeder.position() is None
        with pytest.raises(CopyMoved):
            await feeder.take_in(batch)
        assert (await head_of(other)).watermark is None
        await feed_engine(source, feeder)
        await assert_same(database, other)


async def test_tables_of_others_are_left_alone(database: Database, writers: Writers, engine: ClickHouseEngine) -> None:
    source, foreign = SqlEngineSource(database), ("sales_2024", "orders_2024", "orders_archive_1234567890123456789")
    for name in foreign:
        await engine.server.run(f"CREATE TABLE {name} (id UInt8) ENGINE = MergeTree ORDER BY id")
    await feed_engine(source, engine)
    before = await head_of(engine)
    await engine.reset()
    await writers.run(2, 1)
    await feed_engine(source, engine)
    await writers.run(2, 1)
    await feed_engine(source, engine)
    await engine._settling.settle(await head_of(engine), 0)
    await engine._settling.settle(await head_of(engine), 0)
    listed = await engine.server.rows("SELECT name FROM system.tables WHERE database = currentDatabase()", {})
    names = {name for (name,) in listed}
    assert names.issuperset(foreign)
    assert before.tables["orders"] not in names
    await assert_same(database, engine)


@pytest.mark.usefixtures("writers")
async def test_while_the_server_is_silent_postgresql_answers(database: Database) -> None:
    """One that is connected and says nothing any more, and one that never did."""
    source, right = SqlEngineSource(database), await rows_of(SqlAnalytics(database))
    with clickhouse_process() as process:
        url = process.new_database()
        async with ClickHouseEngine.opened(url, QUESTION_S, COPIED, question) as engine:
            await feed_engine(source, engine)
            either = EngineElseDatabase(engine, SqlAnalytics(database))
            process.send(signal.SIGSTOP)
            try:
                async with ClickHouseEngine.opened(url, QUESTION_S, COPIED, question) as late:
                    for one in (engine, late):
                        with pytest.raises(ServiceUnavailable, match="cannot be reached"):
                            await rows_of(one)
                        assert await rows_of(EngineElseDatabase(one, SqlAnalytics(database))) == right
            finally:
                process.send(signal.SIGCONT)
            engine.server._away_until = 0.0
            before = database.statement_count
            assert await rows_of(either) == right
            assert database.statement_count == before


async def test_what_no_question_needs_is_deleted_and_answers_are_the_same(
    database: Database, writers: Writers, engine: ClickHouseEngine
) -> None:
    source = SqlEngineSource(database)
    await feed_engine(source, engine)
    first = await head_of(engine)
    await engine.reset()
    for _ in range(3):
        await writers.run(2, 2)
        await feed_engine(source, engine)
    place, right = await head_of(engine), await rows_of(engine)
    stored, superseded = place.tables["orders"], place.tables["superseded"]
    assert (place.is_settled, await count(engine, superseded) > 0) == (False, True)
    assert await count(engine, first.tables["orders"]) == 6
    for is_known in (True, False):  # that rows are superseded is forgotten a time later
        await engine._settling.settle(place, 0.0)
        assert (await count(engine, superseded) > 0) is is_known
        assert await count(engine, stored) == await source.order_count()
        assert await rows_of(engine) == right
        await assert_same(database, engine)
    found = await engine.server.rows("SELECT name FROM system.tables WHERE database = currentDatabase()", {})
    assert {name for (name,) in found} == {"engine_places", *(place.tables[name] for name in engine._copy.names)}
    assert [await count(engine, name) for name in (stored, superseded, "engine_places")] == [
        await source.order_count(),
        0,
        1,
    ]
    await writers.open(1)
    await feed_engine(source, engine)
    assert (await head_of(engine)).is_settled
    await assert_same(database, engine)


async def test_what_was_given_up_is_deleted(database: Database, writers: Writers, opened: Open) -> None:
    source = SqlEngineSource(database)
    async with opened() as first:
        await feed_engine(source, first)
        await writers.run(2, 1)
        break_off(first, 3, is_done=True)
        with pytest.raises(BrokenOff):
            await feed_engine(source, first)
    async with opened() as second:
        await feed_engine(source, second)
        place = await head_of(second)
        assert len(place.gaps) == 1
        whole = await source.order_count()
        assert await count(second, place.tables["orders"]) > whole
        await second._settling.settle(place, 0.0)
        assert await count(second, place.tables["orders"]) == whole
        await assert_same(database, second)


async def test_a_moment_is_kept_while_the_copy_is_made_anew(database: Database, writers: Writers, opened: Open) -> None:
    source = SqlEngineSource(database)
    async with opened() as first, opened() as second:
        await feed_engine(source, first)
        right = await rows_of(SqlAnalytics(database))
        await writers.run(2, 1)
        async with first.moment(ASKED) as moment:
            assert await EngineFeed(source, second).load(lambda _done, _whole: None, is_anew=True) > 0
            assert await moment.rows(BY_SKU) == right
        await assert_same(database, first)


async def test_a_copy_is_begun_anew_also_where_a_feeder_commits_in_that_moment(
    database: Database, writers: Writers, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SqlEngineSource(database)
    async with opened() as first, opened() as second:
        await feed_engine(source, first)
        await writers.run(2, 1)
        write = second._copy.places.write

        async def a_moment_late(place: Place) -> None:
            monkeypatch.undo()
            await feed_engine(source, first)
            await write(place)

        monkeypatch.setattr(second._copy.places, "write", a_moment_late)
        before = await head_of(first)
        await second.reset()
        head = await head_of(first)
        assert (head.number, head.position, await first.order_count()) == (before.number + 2, None, 0)
        await feed_engine(source, first)
        await assert_same(database, second)


async def test_beside_another_feeder_loading_waits_for_it(database: Database, writers: Writers, opened: Open) -> None:
    source, told = SqlEngineSource(database), []
    async with opened() as first, opened() as second:
        feeds = [EngineFeed(source, engine, SqlFeederLease(database, "c"), every_s=0.01) for engine in (first, second)]
        async with feeds[0].running():
            while await first.watermark() is None:  # noqa: ASYNC110  it is another's work that is waited for
                await asyncio.sleep(0.01)
            assert await feeds[1].load(lambda done, whole: told.append((done, whole)), is_anew=False) == 0
            assert told == [(6, 6)]
            await feeds[1].load(lambda _done, _whole: None, is_anew=True)
            await writers.run(2, 1)
            while await feeds[1].lag_seconds() > 0:  # noqa: ASYNC110  likewise
                await asyncio.sleep(0.01)
        await feed_engine(source, second)
        await assert_same(database, first)


async def test_a_question_that_is_given_up_is_stopped_on_the_server(engine: ClickHouseEngine) -> None:
    asking = asyncio.create_task(engine.server.rows(ENDLESS, {}))
    while await engine.server.rows(RUNNING, {}) != [(1,)]:
        assert not asking.done()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    while await engine.server.rows(RUNNING, {}) != [(0,)]:
        pass


async def test_a_question_past_its_time_is_told_so(clickhouse: ClickHouseProcess) -> None:
    async with ClickHouseEngine.opened(clickhouse.new_database(), 0.2, COPIED, question) as engine:
        with pytest.raises(
            ServiceUnavailable, match=r"ClickHouse at tester@127\.0\.0\.1:\d+/copy_\d+: the question took too long\.$"
        ):
            await engine.server.rows(ENDLESS, {})


async def test_a_wrong_password_is_said_in_one_sentence(clickhouse: ClickHouseProcess) -> None:
    url = clickhouse.new_database().replace("secret", "guessed")
    async with ClickHouseEngine.opened(url, QUESTION_S, COPIED, question) as engine:
        with pytest.raises(ServiceUnavailable, match="it refuses the user or the password") as raised:
            await engine.position()
        assert "guessed" not in str(raised.value)


async def test_sums_do_not_wrap_around(database: Database, writers: Writers, engine: ClickHouseEngine) -> None:
    source = SqlEngineSource(database)
    batch = await source.batch(None)
    first = batch.tables[0]
    at = first.columns.index("subtotal_minor")
    rows = [(*row[:at], 2**62, *row[at + 1 :]) for row in map(tuple, first.rows)]
    await engine.take_in(replace(batch, tables=(replace(first, rows=rows), *batch.tables[1:]), watermark="w"))
    assert writers.ids
    with pytest.raises(SumTooLarge):
        await rows_of(engine, replace(BY_SKU, dimensions=(), level=Level.ORDER))


@pytest.mark.usefixtures("writers")
async def test_while_the_server_is_gone_postgresql_answers_and_the_feed_goes_on_afterwards(
    database: Database, writers: Writers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("adapters.olap.clickhouse_server.RETRY_AFTER_S", 0.01)
    source = SqlEngineSource(database)
    with clickhouse_process() as process, caplog.at_level(logging.WARNING):
        async with ClickHouseEngine.opened(process.new_database(), QUESTION_S, COPIED, question) as engine:
            process.stop()
            either = EngineElseDatabase(engine, SqlAnalytics(database))
            feed = EngineFeed(source, engine, every_s=0.01)
            assert await rows_of(either) == await rows_of(SqlAnalytics(database))
            async with feed.running():
                process.start()
                await _until_answered(engine)
                process.stop()
                await writers.run(2, 1)
                assert await rows_of(either) == await rows_of(SqlAnalytics(database))
                with pytest.raises(ServiceUnavailable):
                    await feed.lag_seconds()
                process.start()
                await _until_answered(engine)
                while await feed.lag_seconds() > 0:  # noqa: ASYNC110  it is another's work that is waited for
                    await asyncio.sleep(0.01)
            await assert_same(database, engine)
    told = [record.getMessage() for record in caplog.records if record.name == "order_center.analytics"]
    assert [text.partition(":")[0].partition(";")[0] for text in told] == [
        "ClickHouse cannot be reached",
        "ClickHouse answers again",
    ] * 2


async def _until_answered(engine: ClickHouseEngine) -> None:
    while True:
        try:
            if await engine.watermark() is not None:
                return
        except ServiceUnavailable:
            await asyncio.sleep(0.01)


async def test_a_copy_whose_database_was_dropped_is_made_anew(
    database: Database, writers: Writers, engine: ClickHouseEngine
) -> None:
    source = SqlEngineSource(database)
    await feed_engine(source, engine)
    await engine.server.run(f"DROP DATABASE {engine.server.address.database}")
    with pytest.raises(ServiceUnavailable):
        await rows_of(engine)
    assert await feed_engine(source, engine) == len(writers.ids)
    await assert_same(database, engine)


@pytest.mark.parametrize(
    "text", ["", "it's", "back\\slash", "tab\tand\nline", "ü€𝄞", "{v0:String}", "%s", "\\N", "NULL", "a', 'b"]
)
async def test_texts_arrive_as_they_are(engine: ClickHouseEngine, text: str) -> None:
    found = await engine.server.rows("SELECT {one:String}, {some:Array(String)}", {"one": text, "some": [text, "x"]})
    assert found == [(text, [text, "x"])]


@pytest.mark.usefixtures("writers")
async def test_a_long_list_is_sent_in_the_body(database: Database, engine: ClickHouseEngine) -> None:
    await feed_engine(SqlEngineSource(database), engine)
    ids = [row[0] for row in await database.rows(prepare(select(orders.c.id)))]
    asked = OrdersAsked(EVERYTHING, OrderFilter(id=(*ids[:2], *(f"ord_{number:040}" for number in range(2000)))))
    async with engine.moment(asked) as moment:
        assert await moment.rows(Cut((Part.ORDERS,))) == [(2,)]


async def test_several_who_feed_without_a_lease_do_no_harm(
    database: Database, writers: Writers, clickhouse: ClickHouseProcess
) -> None:
    """They overtake each other all the time; every moment is whole, and in the end nothing is missing or twice."""
    url, source = clickhouse.new_database(), SqlEngineSource(database)
    by_orders, by_lines = (replace(BY_SKU, dimensions=(), level=level) for level in (Level.ORDER, Level.LINE))
    async with contextlib.AsyncExitStack() as stack:
        reader, *feeders = [
            await stack.enter_async_context(ClickHouseEngine.opened(url, QUESTION_S, COPIED, question))
            for _ in range(4)
        ]
        await feed_engine(source, feeders[0])
        work = asyncio.create_task(writers.run(4, 10))
        fed = [asyncio.create_task(_fed_until(work, source, feeder)) for feeder in feeders]
        while not work.done():
            async with reader.moment(ASKED) as moment:
                assert await moment.rows(by_orders) == await moment.rows(by_lines)
        overtaken = sum([await one for one in fed])
        await feed_engine(source, reader)
        await assert_same(database, reader)
        assert overtaken > 0
        await reader._settling.settle(await head_of(reader), 0.0)
        await assert_same(database, reader)


async def _fed_until(work: "asyncio.Task[None]", source: SqlEngineSource, engine: ClickHouseEngine) -> int:
    """How often it was overtaken."""
    overtaken = 0
    while not work.done():
        try:
            await feed_engine(source, engine)
        except CopyMoved:
            overtaken += 1
    return overtaken
