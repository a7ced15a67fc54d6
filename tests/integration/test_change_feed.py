"""The change feed under concurrent writers, from its beginning, from a snapshot, and over what is erased."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from adapters.db.change_signal import announcing, signalled
from adapters.db.changes import SqlOrderChanges
from adapters.db.engine import Database, Transaction, prepare
from domain.access.viewer import EVERYTHING, OrderScope
from domain.ports.changes import ChangePage, ChangeQuery, OrderChange
from domain.ports.order_views import OrderFilter
from domain.values.enums import ChangeKind, OrderStatus
from domain.values.faults import BadRequest
from domain.values.feed_positions import BEGINNING, FeedPosition, FeedSnapshot, cursor_of, position_of, watermark_of
from tests.fixtures.orders import START
from tests.fixtures.writers import Writers

pytestmark = pytest.mark.anyio

ROUNDS = pytest.mark.parametrize("rounds", [25, pytest.param(1000, marks=pytest.mark.nightly)])
STEPS = prepare(text("SELECT order_id, sequence FROM order_events"))
INVERSIONS = prepare(
    text(
        "SELECT count(*) FROM order_events a JOIN order_events b USING (order_id) WHERE a.sequence < b.sequence AND a.xid > b.xid"
    )
)
Versions = list[tuple[str, int]]


@pytest.fixture
async def writers(database: Database) -> AsyncIterator[Writers]:
    async with announcing(database) as tell:
        found = Writers(database, seed=1, tell=tell)
        await found.open(6)
        yield found


async def whole(changes: SqlOrderChanges, query: ChangeQuery) -> tuple[list[OrderChange], FeedPosition]:
    """Page after page, until there is nothing more. Positions travel as cursors, as clients carry them."""
    found: list[OrderChange] = []
    while True:
        page = await changes.page(query)
        found += page.changes
        query = replace(query, after=position_of(cursor_of(page.position)))
        if not page.has_more:
            return found, page.position


def versions(changes: list[OrderChange]) -> Versions:
    return [(change.order_id, change.version) for change in changes]


def is_in_order(found: Versions) -> bool:
    """Each order's versions come without a gap, from the first that was told."""
    last: dict[str, int] = {}
    for order_id, version in found:
        if version != last.get(order_id, version - 1) + 1:
            return False
        last[order_id] = version
    return True


async def follow(
    changes: SqlOrderChanges, limit: int, after: FeedPosition | None, is_over: Callable[[], bool]
) -> Versions:
    found: Versions = []
    query = ChangeQuery(EVERYTHING, limit, after)
    while True:
        was_over = is_over()
        page = await changes.page(query)
        found += versions(list(page.changes))
        query = replace(query, after=position_of(cursor_of(page.position)))
        if was_over and not page.has_more:
            return found
        await asyncio.sleep(0)


@ROUNDS
async def test_readers_beside_eight_writers_miss_nothing_and_read_nothing_twice(
    database: Database, writers: Writers, rounds: int
) -> None:
    await hold_that_nothing_is_missed(database, writers.run(8, rounds))


@pytest.mark.nightly
async def test_readers_beside_eight_writers_for_a_minute_miss_nothing_and_read_nothing_twice(
    database: Database, writers: Writers
) -> None:
    await hold_that_nothing_is_missed(database, writers.run_for(8, 60))


async def hold_that_nothing_is_missed(database: Database, writing: Coroutine[Any, Any, None]) -> None:
    """Three readers from the beginning and one that comes later, in pages of different sizes."""
    reader = await Database.open(database._url, pool_size=4)
    changes = SqlOrderChanges(reader)
    work = asyncio.create_task(writing)
    readers = [asyncio.create_task(follow(changes, limit, BEGINNING, work.done)) for limit in (3, 50, 1000)]
    await asyncio.sleep(0.05)
    late = asyncio.create_task(follow(changes, 2, None, work.done))
    await work
    written = sorted((row[0], row[1]) for row in await database.rows(STEPS))
    for following in readers:
        found = await following
        assert sorted(found) == written
        assert is_in_order(found)
    joined = await late
    first = dict(reversed(joined))
    assert sorted(joined) == [step for step in written if step[1] >= first.get(step[0], 1)]
    assert is_in_order(joined)
    await reader.close()
    assert await database.value(INVERSIONS) > 0  # what the places are for did happen


async def test_who_begins_gets_every_order_once_at_its_version_and_then_what_happens(writers: Writers) -> None:
    changes = SqlOrderChanges(writers.database)
    await writers.run(2, 3)
    found, position = await whole(changes, ChangeQuery(EVERYTHING, 4))
    assert len(found) == len(set(writers.ids))
    assert sorted(versions(found)) == sorted(await current(writers.database))
    assert {change.kind for change in found} == {ChangeKind.UPSERT}
    await writers.run(1, 2)
    after, _ = await whole(changes, ChangeQuery(EVERYTHING, 4, position))
    assert sorted([*versions(found), *versions(after)]) == sorted(set(versions(found) + versions(after)))
    last = dict(versions([*found, *after]))
    assert sorted(last.items()) == sorted(await current(writers.database))


async def current(database: Database) -> Versions:
    return [(row[0], row[1]) for row in await database.rows(prepare(text("SELECT id, version FROM orders")))]


async def test_a_snapshots_cursor_holds_exactly_what_was_seen_with_it(writers: Writers) -> None:
    """While transactions are running: one that began before it and ends after it is not held."""
    database, changes = writers.database, SqlOrderChanges(writers.database)
    slow, quick = writers.ids[:2]
    async with database.transaction() as running:
        await running.execute(prepare(text("SELECT pg_current_xact_id()")))
        await step(running, slow)
        async with database.transaction() as done:
            await step(done, quick)
            await done.commit()
        async with database.snapshot() as snapshot:
            seen = await snapshot.value(prepare(text("SELECT CAST(pg_current_snapshot() AS text)")))
            assert await snapshot.value(prepare(text("SELECT max(version) FROM orders"))) == 2
        position = position_of(watermark_of(seen))
        page = await changes.page(ChangeQuery(EVERYTHING, 10, position))
        assert page.changes == ()
        assert page.lag_seconds > 0
        await running.commit()
    page = await changes.page(ChangeQuery(EVERYTHING, 10, position))
    assert versions(list(page.changes)) == [(slow, 2)]
    assert page.lag_seconds == 0
    everything = await changes.page(ChangeQuery(EVERYTHING, 100, BEGINNING))
    assert len(everything.changes) == len(writers.ids) + 2


async def step(transaction: Transaction, order_id: str) -> None:
    await transaction.execute(
        prepare(text(f"UPDATE orders SET version = version + 1, status = 'PAID' WHERE id = '{order_id}'"))
    )
    await transaction.execute(
        prepare(
            text(
                "INSERT INTO order_events (id, order_id, sequence, machine, subject_id, to_state, action, actor_kind, actor_id, at, details)"
                f" SELECT 'evt_' || id || version, id, version, 'ORDER', id, 'PAID', 'payOrder', 'SYSTEM', 'system', now(), '{{}}'"
                f" FROM orders WHERE id = '{order_id}'"
            )
        )
    )


async def test_an_erased_order_leaves_a_tombstone_for_those_who_could_see_it(writers: Writers) -> None:
    changes = SqlOrderChanges(writers.database)
    order_id, *others = writers.ids
    _, position = await whole(changes, ChangeQuery(EVERYTHING, 10))
    await writers.erase(order_id)
    whoever = [OrderScope(business_units=frozenset(("acme-eu",))), OrderScope(channels=frozenset(("acme-web",)))]
    for scope in (EVERYTHING, *whoever):
        page = await changes.page(ChangeQuery(scope, 10, position, OrderFilter(status=(OrderStatus.CANCELLED,))))
        (change,) = page.changes
        assert (change.order_id, change.version, change.kind, change.at) == (order_id, 2, ChangeKind.DELETE, START)
    for scope in (OrderScope(business_units=frozenset(("rival",))), OrderScope(member_id="mbr_anna")):
        assert (await changes.page(ChangeQuery(scope, 10, position))).changes == ()
    found, _ = await whole(changes, ChangeQuery(EVERYTHING, 2))
    assert {change.order_id for change in found} == set(others)
    told, _ = await whole(changes, ChangeQuery(EVERYTHING, 2, BEGINNING))
    assert versions(told) == [*((other, 1) for other in others), (order_id, 2)]


async def test_an_erasure_that_cannot_be_told_yet_is_a_lag_too(writers: Writers) -> None:
    database, changes = writers.database, SqlOrderChanges(writers.database)
    order_id = writers.ids[0]
    _, position = await whole(changes, ChangeQuery(EVERYTHING, 10))
    async with database.transaction() as running:
        await running.execute(prepare(text("SELECT pg_current_xact_id()")))
        await writers.erase(order_id)
        page = await changes.page(ChangeQuery(EVERYTHING, 10, position))
        assert page.changes == ()
        assert page.lag_seconds > 0
        await running.commit()
    page = await changes.page(ChangeQuery(EVERYTHING, 10, position))
    assert versions(list(page.changes)) == [(order_id, 2)]
    assert page.lag_seconds == 0


@pytest.mark.parametrize("after", [None, BEGINNING], ids=["snapshot", "steps"])
async def test_scope_and_filter_are_held_against_what_the_order_is_now(
    writers: Writers, after: FeedPosition | None
) -> None:
    database, changes = writers.database, SqlOrderChanges(writers.database)
    async with database.transaction() as transaction:
        await step(transaction, writers.ids[0])
        await transaction.execute(
            prepare(text(f"UPDATE orders SET member_id = 'mbr_bob' WHERE id = '{writers.ids[1]}'"))
        )
        await transaction.commit()
    unpaid = OrderFilter(status=(OrderStatus.PENDING_PAYMENT,))
    found, _ = await whole(changes, ChangeQuery(EVERYTHING, 2, after, unpaid))
    assert versions(found) == [(order_id, 1) for order_id in writers.ids[1:]]
    bobs, _ = await whole(changes, ChangeQuery(OrderScope(member_id="mbr_bob"), 2, after))
    assert versions(bobs) == [(writers.ids[1], 1)]
    nobodys, _ = await whole(changes, ChangeQuery(OrderScope(business_units=frozenset()), 2, after))
    assert nobodys == []


@pytest.mark.parametrize("after", [None, BEGINNING], ids=["snapshot", "steps"])
async def test_a_page_looks_at_so_many_places_and_no_more(
    writers: Writers, after: FeedPosition | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter that nothing passes leaves pages empty, and yet the reader gets on."""
    monkeypatch.setattr("adapters.db.changes.SCAN", 2)
    changes = SqlOrderChanges(writers.database)
    query = ChangeQuery(EVERYTHING, 1, after, OrderFilter(number=("none",)))
    pages: list[ChangePage] = []
    while not pages or pages[-1].has_more:
        pages.append(await changes.page(query))
        query = replace(query, after=pages[-1].position)
    assert len(pages) == 4
    assert {page.changes for page in pages} == {()}


async def test_a_page_of_nothing_says_where_it_is(writers: Writers) -> None:
    changes = SqlOrderChanges(writers.database)
    start = await changes.page(ChangeQuery(EVERYTHING, 0))
    assert (start.changes, start.has_more) == ((), True)
    found, _ = await whole(changes, ChangeQuery(EVERYTHING, 3, start.position))
    assert [change.order_id for change in found] == writers.ids
    page = await changes.page(ChangeQuery(EVERYTHING, 0, BEGINNING))
    assert (page.changes, page.has_more, page.position) == ((), True, BEGINNING)


@pytest.mark.parametrize(
    "position",
    [FeedPosition(2**60, 1), FeedPosition(5, 0, FeedSnapshot(5, 2**60 + 5))],
    ids=["place", "snapshot"],
)
async def test_a_position_that_nobody_has_come_to_is_refused(database: Database, position: FeedPosition) -> None:
    with pytest.raises(BadRequest) as refused:
        await SqlOrderChanges(database).page(ChangeQuery(EVERYTHING, 1, position))
    assert refused.value.code == "INVALID_CURSOR"


async def test_who_waits_is_told_of_a_commit_by_another_process(database: Database) -> None:
    other = await Database.open(database._url, pool_size=2)
    async with signalled(other) as signal, announcing(database) as tell:
        changes = SqlOrderChanges(other, signal)
        async with changes.watch() as watch:
            waiting = asyncio.create_task(watch.news(60))
            await asyncio.sleep(0)
            tell()
            assert await waiting is True
            assert signal.watch_count == 1
        assert signal.watch_count == 0
    await other.close()


async def test_nobody_waits_in_a_process_that_stops(database: Database) -> None:
    async with signalled(database) as signal:
        changes = SqlOrderChanges(database, signal)
        async with changes.watch() as watch:
            waiting = asyncio.create_task(watch.news(60))
            await asyncio.sleep(0)
            signal.end()
            assert await waiting is False
            assert await watch.news(60) is False
        async with changes.watch() as watch:
            assert await watch.news(60) is False
