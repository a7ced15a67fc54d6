"""The cube: kept from the feed beside writers, equal to a recount at every moment, made anew, examined."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, text

from adapters.db import cube
from adapters.db.engine import Database, Snapshot, prepare
from adapters.db.rollups import SqlRollups, pending_orders
from adapters.doctor.cube_rules import RULES
from adapters.worker.rollups import RollupUpkeep
from domain.ports.rollups import RollupAdvance
from tests.fixtures.writers import Writers

pytestmark = pytest.mark.anyio

ROUNDS = pytest.mark.parametrize("rounds", [15, pytest.param(500, marks=pytest.mark.nightly)])
SUMS = """count(*), count(*) FILTER (WHERE status = 'CANCELLED'), sum(unit_count), sum(subtotal_minor), sum(discount_minor),
    sum(shipping_minor), sum(tax_minor), sum(captured_minor), sum(refunded_minor)"""
HOUR_KEYS = """date_trunc('hour', placed_at, 'UTC'), business_unit, channel, order_type, status, payment_status, fulfillment_status,
    currency, coalesce(country, '')"""
DAY_KEYS = "date_trunc('day', placed_at, 'UTC'), business_unit, channel, order_type, currency"
RECOUNTS = tuple(
    prepare(text(f"SELECT {keys}, {SUMS} FROM orders GROUP BY {', '.join(map(str, range(1, number + 1)))}"))
    for keys, number in ((HOUR_KEYS, 9), (DAY_KEYS, 5))
)
KEPT = tuple(prepare(text(f"SELECT * FROM {table}")) for table in ("rollup_hours", "rollup_days"))


def read(cells: Any, key_count: int) -> Any:
    columns = list(cells.c)
    keys, sums = columns[:key_count], [func.sum(column) for column in columns[key_count:]]
    return prepare(select(*keys, *sums).group_by(*keys).having(func.sum(cells.c.orders) != 0))


READ = (read(cube.hours(), 9), read(cube.days(), 5))


def rows(found: list[Any]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in found)


async def assert_kept(database: Database) -> None:
    for kept, recount in zip(KEPT, RECOUNTS, strict=True):
        assert rows(await database.rows(kept)) == rows(await database.rows(recount))


async def assert_reads_the_present(snapshot: Snapshot) -> int:
    """How many orders were pending."""
    pending = await pending_orders(snapshot)
    if pending is None:
        return 0
    for reading, recount in zip(READ, RECOUNTS, strict=True):
        assert rows(await snapshot.rows(reading, pending=pending)) == rows(await snapshot.rows(recount))
    return len(pending)


async def broken(database: Database) -> list[tuple[str, int]]:
    found = [(rule.title, (await database.row(rule.statement) or {})["violations"]) for rule in RULES]
    return [(title, violations) for title, violations in found if violations]


@ROUNDS
async def test_beside_eight_writers_the_cube_is_a_recount_at_every_moment(
    database: Database, writers: Writers, rounds: int
) -> None:
    rollups, most_pending = SqlRollups(database), 0
    work = asyncio.create_task(writers.run(8, rounds))
    for turn in range(1_000_000):
        if turn % 3 == 0:
            await rollups.advance()
        async with database.snapshot() as snapshot:
            most_pending = max(most_pending, await assert_reads_the_present(snapshot))
        if turn % 20 == 0:
            assert await broken(database) == []
        if work.done():
            break
    await work
    assert most_pending > 0
    await RollupUpkeep(rollups).drain()
    await assert_kept(database)
    assert await rollups.lag_seconds() == 0
    assert await broken(database) == []


async def test_orders_that_were_there_are_taken_in_by_parts(
    database: Database, writers: Writers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.rollups.LISTED_AT_ONCE", 4)
    monkeypatch.setattr("adapters.db.rollups.PLACES_AT_ONCE", 3)
    rollups = SqlRollups(database)
    assert (await rollups.status()).is_complete is False
    assert [await rollups.advance() for _ in range(3)] == [
        RollupAdvance(4, True),
        RollupAdvance(2, True),
        RollupAdvance(0, False),
    ]
    await assert_kept(database)
    status = await rollups.status()
    assert (status.orders, status.is_complete, status.lag_seconds) == (6, True, 0)
    await writers.run(2, 3)
    assert await rollups.lag_seconds() > 0
    assert await RollupUpkeep(rollups).drain() > 0
    await assert_kept(database)


async def test_what_is_taken_in_twice_is_in_once(database: Database, writers: Writers) -> None:
    rollups = SqlRollups(database)
    await RollupUpkeep(rollups).drain()
    await writers.run(2, 3)
    await RollupUpkeep(rollups).drain()
    async with database.transaction() as transaction:
        await transaction.execute(
            prepare(text("UPDATE rollup_state SET feed_xid = '3', position = 0, snapshot = NULL"))
        )
        await transaction.commit()
    assert await RollupUpkeep(rollups).drain() == len(set(writers.ids))
    await assert_kept(database)


async def test_the_cube_is_made_anew(database: Database, writers: Writers) -> None:
    rollups = SqlRollups(database)
    await RollupUpkeep(rollups).drain()
    await writers.run(2, 3)
    await rollups.reset()
    assert (await rollups.status()).orders == 0
    async with database.snapshot() as snapshot:
        assert await pending_orders(snapshot) is None
    await RollupUpkeep(rollups).drain()
    await assert_kept(database)


async def test_an_erased_order_is_taken_out(database: Database, writers: Writers) -> None:
    rollups = SqlRollups(database)
    await RollupUpkeep(rollups).drain()
    await writers.erase(writers.ids[0])
    async with database.snapshot() as snapshot:
        assert await assert_reads_the_present(snapshot) == 1
    assert await broken(database) == []
    assert await RollupUpkeep(rollups).drain() == 1
    await assert_kept(database)


@pytest.mark.usefixtures("writers")
async def test_only_one_is_at_it(database: Database) -> None:
    rollups = SqlRollups(database)
    assert await rollups.advance() == RollupAdvance(6, True)
    async with database.transaction() as transaction:
        await transaction.rows(prepare(text("SELECT * FROM rollup_state FOR UPDATE")))
        assert await rollups.advance() is None
    assert await rollups.advance() == RollupAdvance(0, False)


async def test_with_too_many_pending_the_orders_themselves_are_read(
    database: Database, writers: Writers, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollups = SqlRollups(database)
    await RollupUpkeep(rollups).drain()
    await writers.open(4)
    monkeypatch.setattr("adapters.db.rollups.MOST_PENDING", 3)
    async with database.snapshot() as snapshot:
        assert await pending_orders(snapshot) is None
    monkeypatch.setattr("adapters.db.rollups.MOST_PENDING", 4)
    async with database.snapshot() as snapshot:
        assert await assert_reads_the_present(snapshot) == 4


@pytest.mark.parametrize(
    ("damage", "titles"),
    [
        ("UPDATE rollup_hours SET gross = gross + 1", ["the hours of the cube are the sums of what orders put in"]),
        ("DELETE FROM rollup_days", ["the days of the cube are the sums of what orders put in"]),
        ("UPDATE orders SET tax_minor = tax_minor + 1", ["what an order put into the cube is what it is"]),
    ],
)
@pytest.mark.usefixtures("writers")
async def test_the_doctor_sees_a_cube_that_is_wrong(database: Database, damage: str, titles: list[str]) -> None:
    assert await broken(database) == []
    await RollupUpkeep(SqlRollups(database)).drain()
    assert await broken(database) == []
    async with database.transaction() as transaction:
        await transaction.execute(prepare(text(damage)))
        await transaction.commit()
    assert [title for title, _ in await broken(database)] == titles


@pytest.mark.usefixtures("writers")
async def test_the_upkeep_works_until_it_is_stopped(database: Database) -> None:
    rollups, stop = SqlRollups(database), asyncio.Event()
    running = asyncio.create_task(RollupUpkeep(rollups, every_s=0.001).run(stop))
    while not (await rollups.status()).is_complete:  # noqa: ASYNC110  nobody tells of it
        await asyncio.sleep(0.001)
    stop.set()
    await running
    await assert_kept(database)
