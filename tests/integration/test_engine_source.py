"""Feeding an engine: a copy in memory, kept beside writers, is the database as of its watermark."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from adapters.db.changes import SqlOrderChanges
from adapters.db.engine import Database, prepare
from adapters.db.engine_source import COPIED, SqlEngineSource
from domain.actions.feed_engine import feed_engine
from domain.ports.analytics_engine import EngineBatch, EngineCopy
from domain.values.feed_positions import BEGINNING, FeedPosition, position_of
from tests.fixtures.following import versions_after
from tests.fixtures.writers import Writers

pytestmark = pytest.mark.anyio

ROUNDS = pytest.mark.parametrize("rounds", [15, pytest.param(500, marks=pytest.mark.nightly)])


@dataclass
class Copy(EngineCopy):
    place: FeedPosition | None = None
    as_of: str | None = None
    tables: dict[str, dict[str, list[tuple[Any, ...]]]] = field(default_factory=dict)
    batches: int = 0

    async def position(self) -> FeedPosition | None:
        return self.place

    async def take_in(self, batch: EngineBatch) -> None:
        self.batches += 1
        self.place, self.as_of = batch.position, batch.watermark
        for table in batch.tables:
            rows = self.tables.setdefault(table.name, {})
            for order_id in batch.order_ids:
                rows.pop(order_id, None)
            for row in table.rows:
                rows.setdefault(row[0], []).append(tuple(row))

    async def order_count(self) -> int:
        return len(self.tables.get("orders", {}))

    async def reset(self) -> None:
        self.place, self.as_of, self.tables = None, None, {}

    def rows(self, name: str) -> list[str]:
        return sorted(repr(row) for rows in self.tables.get(name, {}).values() for row in rows)


async def stored(database: Database, name: str, columns: tuple[str, ...]) -> list[str]:
    rows = await database.rows(prepare(text(f"SELECT {', '.join(columns)} FROM {name}")))
    return sorted(repr(tuple(row)) for row in rows)


async def assert_same(database: Database, copy: Copy) -> None:
    for table, columns in COPIED.items():
        assert copy.rows(table.name) == await stored(database, table.name, columns)


@ROUNDS
async def test_beside_eight_writers_the_copy_has_each_version_that_its_watermark_has(
    database: Database, writers: Writers, rounds: int
) -> None:
    """The feed from the beginning to the end gives each order's versions; what comes after the watermark is what the copy lacks."""
    source, copy, changes = SqlEngineSource(database), Copy(), SqlOrderChanges(database)
    work, seen = asyncio.create_task(writers.run(8, rounds)), []
    while not work.done():
        await feed_engine(source, copy)
        assert copy.as_of is not None
        versions = {
            row[0]: row[COPIED_ORDERS.index("version")] for rows in copy.tables["orders"].values() for row in rows
        }
        seen.append((copy.as_of, versions))
    await work
    await feed_engine(source, copy)
    await assert_same(database, copy)
    whole = await versions_after(changes, BEGINNING)
    for watermark, versions in seen:
        later = await versions_after(changes, position_of(watermark))
        first = {order_id: version for order_id, version in reversed(later)}  # noqa: C416  the last one said is the first one told
        last = dict(whole)
        assert versions == {
            order_id: first.get(order_id, version + 1) - 1
            for order_id, version in last.items()
            if first.get(order_id) != 1
        }


COPIED_ORDERS = next(columns for table, columns in COPIED.items() if table.name == "orders")


async def test_a_copy_is_made_in_parts_and_goes_on_where_it_was(
    database: Database, writers: Writers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.engine_source.ORDERS_AT_ONCE", 4)
    source, copy, progress = SqlEngineSource(database), Copy(), []
    first = await source.batch(None)
    await copy.take_in(first)
    assert (len(first.order_ids), copy.as_of, first.has_more) == (4, None, True)
    assert await feed_engine(source, copy, lambda done, whole: progress.append((done, whole))) == 2
    assert progress == [(6, 6), (6, 6)]
    assert copy.as_of is not None
    await assert_same(database, copy)
    assert await source.lag_seconds(copy.place) == 0
    await writers.run(2, 2)
    assert await source.lag_seconds(copy.place) > 0
    monkeypatch.setattr("adapters.db.engine_source.PLACES_AT_ONCE", 2)
    await feed_engine(source, copy)
    assert copy.batches > 5
    await assert_same(database, copy)


async def test_an_erased_order_leaves_the_copy(database: Database, writers: Writers) -> None:
    source, copy = SqlEngineSource(database), Copy()
    await feed_engine(source, copy)
    await writers.erase(writers.ids[0])
    assert await feed_engine(source, copy) == 1
    assert await copy.order_count() == 5
    await assert_same(database, copy)


async def test_what_is_too_much_and_cannot_be_read_yet_is_waited_for(
    database: Database, writers: Writers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.db.engine_source.PLACES_AT_ONCE", 2)
    source, copy = SqlEngineSource(database), Copy()
    await feed_engine(source, copy)
    async with database.transaction() as running:
        await running.execute(prepare(text("SELECT pg_current_xact_id()")))
        await writers.open(3)
        assert await feed_engine(source, copy) == 0
        assert copy.as_of is None
    await feed_engine(source, copy)
    await assert_same(database, copy)
