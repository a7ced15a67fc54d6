"""What only the copy in DuckDB does: batches are transactions of a file, questions are interrupted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.bootstrap import duckdb_engine
from adapters.db.engine import Database
from adapters.db.engine_source import SqlEngineSource
from adapters.olap.duckdb_engine import DuckDbEngine, EngineFileUnavailable
from domain.actions.feed_engine import feed_engine
from tests.fixtures.copies import rows_of
from tests.fixtures.writers import Writers

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[DuckDbEngine]:
    async with duckdb_engine(tmp_path / "analytics.duckdb") as found:
        assert isinstance(found, DuckDbEngine)
        yield found


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
