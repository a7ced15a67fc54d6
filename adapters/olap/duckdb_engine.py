"""DuckDB, in this process: a columnar file in the data folder, kept from the change feed.

DuckDB is asked in threads, so the loop never waits; each question has a connection and a transaction of its own, and so sees the copy
as one batch left it, whatever is taken in meanwhile. A question that is given up is interrupted.
One process has the file at a time: whoever serves also feeds.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb

from adapters.analytics_questions import CopiedTables, Questions
from adapters.faults import OperatorFault
from adapters.olap.bounds import bounds_of
from adapters.olap.duckdb_copy import DuckDbCopy, Place, layout_of, place_of
from adapters.olap.duckdb_dialect import DuckDbDialect
from adapters.olap.statements import Statements
from domain.analytics.plan import Cut
from domain.ports.analytics import OrdersAsked, SumTooLarge
from domain.ports.analytics_engine import AnalyticsEngine, CopyOfNoMoment, EngineBatch
from domain.values.enums import TimeGrain
from domain.values.feed_positions import FeedPosition

T = TypeVar("T")
READERS: Final = 4
"""Questions at once; each uses every core that is free."""
_NO_DOWNLOADS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_DIALECT: Final = DuckDbDialect()  # type: ignore[no-untyped-call]


class EngineFileUnavailable(OperatorFault):
    """The file of the copy cannot be opened."""


class DuckDbEngine(AnalyticsEngine):
    """Made by `opened`."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", tables: CopiedTables, questions: Questions) -> None:
        self._connection = connection
        self._questions = questions
        self._copy = DuckDbCopy(connection.cursor(), layout_of(tables))
        self._feeder = ThreadPoolExecutor(1, "duckdb-feeder")
        self._readers = ThreadPoolExecutor(READERS, "duckdb-reader")
        self._statements = Statements(_DIALECT)

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, path: Path, tables: CopiedTables, questions: Questions) -> AsyncIterator["DuckDbEngine"]:
        """Raises EngineFileUnavailable."""
        connection = await asyncio.to_thread(_connected, path)
        try:
            engine = cls(connection, tables, questions)
            try:
                await engine._fed(engine._copy.prepare)
                yield engine
            finally:
                await asyncio.to_thread(engine._end_threads)
        finally:
            connection.close()

    @contextlib.asynccontextmanager
    async def moment(self, asked: OrdersAsked) -> AsyncIterator["DuckDbMoment"]:
        """Raises CopyOfNoMoment."""
        cursor = self._connection.cursor()
        try:
            place = await self._read(cursor, lambda: _begun(cursor))
            if place.watermark is None or place.as_of is None:
                raise CopyOfNoMoment
            yield DuckDbMoment(self, cursor, asked, place.as_of, place.watermark)
        finally:
            cursor.close()

    async def answer(self, cursor: "duckdb.DuckDBPyConnection", asked: OrdersAsked, cut: Cut) -> list[tuple[Any, ...]]:
        question = self._questions(asked, cut)
        compiled = self._statements.of(question)
        arguments = compiled.arguments({**question.values, **bounds_of(cut)})
        return await self._read(cursor, lambda: cursor.execute(compiled.text, arguments).fetchall())

    async def position(self) -> FeedPosition | None:
        return (await self._fed(self._copy.place)).position

    async def watermark(self) -> str | None:
        return (await self._fed(self._copy.place)).watermark

    async def order_count(self) -> int:
        return await self._fed(self._copy.order_count)

    async def take_in(self, batch: EngineBatch) -> None:
        await self._fed(lambda: self._copy.take_in(batch))

    async def reset(self) -> None:
        await self._fed(self._copy.reset)

    async def _fed(self, work: Callable[[], T]) -> T:
        return await _awaited(self._feeder.submit(work), self._copy.cursor)

    async def _read(self, cursor: "duckdb.DuckDBPyConnection", work: Callable[[], T]) -> T:
        return await _awaited(self._readers.submit(work), cursor)

    def _end_threads(self) -> None:
        self._feeder.shutdown()
        self._readers.shutdown()


@dataclass(frozen=True, slots=True)
class DuckDbMoment:
    """An AnalyticsMoment, in one transaction of the copy."""

    engine: DuckDbEngine
    cursor: "duckdb.DuckDBPyConnection"
    asked: OrdersAsked
    as_of: datetime
    watermark: str

    async def rows(self, cut: Cut) -> list[tuple[Any, ...]]:
        try:
            found = await self.engine.answer(self.cursor, self.asked, cut)
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise SumTooLarge from error
        if cut.clock is None or cut.clock.grain is not TimeGrain.HOUR:
            return found
        return [(bucket.replace(tzinfo=UTC), *others) for bucket, *others in found]


def _connected(path: Path) -> "duckdb.DuckDBPyConnection":
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(path, config=_NO_DOWNLOADS)
    except (duckdb.Error, OSError) as error:
        raise EngineFileUnavailable(
            f"The analytical copy {path} cannot be opened: another process has it, or it is no file of DuckDB's. The server that has"
            " it keeps it by itself; a damaged one may be removed."
        ) from error


def _begun(cursor: "duckdb.DuckDBPyConnection") -> Place:
    cursor.execute("BEGIN TRANSACTION")
    return place_of(cursor)


async def _awaited(work: "Future[T]", cursor: "duckdb.DuckDBPyConnection") -> T:
    """Whoever gives up interrupts the statement, and waits until the connection is free again."""
    waited = asyncio.wrap_future(work)
    try:
        return await asyncio.shield(waited)
    except asyncio.CancelledError:
        if not work.cancel():
            cursor.interrupt()
            await asyncio.wait((waited,))
            if not waited.cancelled():
                waited.exception()
        raise
