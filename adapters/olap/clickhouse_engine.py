"""ClickHouse, a server of its own: one columnar copy for any number of order centers, kept by one of them from the change feed.

A moment takes the newest place of the copy once; every question of it sees the rows as they are visible there, whatever is taken in
meanwhile. A question that is given up is stopped on the server, as the connection is closed.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clickhouse_connect.driver.exceptions import DatabaseError

from adapters.analytics_questions import CopiedTables, Questions
from adapters.olap.bounds import bounds_of
from adapters.olap.clickhouse_address import ClickHouseAddress
from adapters.olap.clickhouse_copy import ClickHouseCopy, layout_of
from adapters.olap.clickhouse_dialect import DIALECTS
from adapters.olap.clickhouse_places import Place
from adapters.olap.clickhouse_server import ClickHouseServer
from adapters.olap.clickhouse_settling import SETTLE_S, Settling
from adapters.olap.statements import Statements
from domain.analytics.plan import Cut
from domain.ports.analytics import OrdersAsked, SumTooLarge
from domain.ports.analytics_engine import AnalyticsEngine, CopyOfNoMoment, EngineBatch
from domain.values.feed_positions import FeedPosition

CANNOT_CONVERT: Final = 70
"""ClickHouse's code of what `accurateCast` finds."""
QUESTIONS_OF_A_MOMENT: Final = 20
"""More than any has."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class ClickHouseEngine(AnalyticsEngine):
    """Made by `opened`."""

    def __init__(self, server: ClickHouseServer, tables: CopiedTables, questions: Questions) -> None:
        self.server: Final = server
        self._questions = questions
        self._copy = ClickHouseCopy(server, layout_of(tables))
        self._settling = Settling(server, self._copy)
        self._settle_s = max(SETTLE_S, QUESTIONS_OF_A_MOMENT * server.question_s)
        self._statements = {is_settled: Statements(dialect) for is_settled, dialect in DIALECTS.items()}

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(
        cls, url: str, question_s: float, tables: CopiedTables, questions: Questions
    ) -> AsyncIterator["ClickHouseEngine"]:
        """Nothing is connected to yet."""
        server = ClickHouseServer(ClickHouseAddress.of(url), question_s)
        try:
            yield cls(server, tables, questions)
        finally:
            await server.close()

    @contextlib.asynccontextmanager
    async def moment(self, asked: OrdersAsked) -> AsyncIterator["ClickHouseMoment"]:
        """Raises CopyOfNoMoment, ServiceUnavailable."""
        place = await self._copy.head()
        if place is None or place.watermark is None or place.as_of is None:
            raise CopyOfNoMoment
        yield ClickHouseMoment(self, place, asked, place.as_of, place.watermark)

    async def answer(self, place: Place, asked: OrdersAsked, cut: Cut) -> list[tuple[Any, ...]]:
        question = self._questions(asked, cut)
        compiled = self._statements[place.is_settled].of(question)
        given = compiled.arguments({**question.values, **bounds_of(cut)})
        values = {name: _sent(value) for name, value in zip(compiled.parameters, given, strict=True)}
        of_place = {**place.tables.parameters(*self._copy.names), **place.values}
        return await self.server.rows(compiled.text, {**values, **of_place})

    async def position(self) -> FeedPosition | None:
        return await self._copy.position()

    async def watermark(self) -> str | None:
        head = await self._copy.head()
        return None if head is None else head.watermark

    async def order_count(self) -> int:
        return await self._copy.order_count()

    async def take_in(self, batch: EngineBatch) -> None:
        """Raises CopyMoved, ServiceUnavailable."""
        place = await self._copy.take_in(batch)
        await self._settling.when_due(place, self._settle_s)

    async def reset(self) -> None:
        await self._copy.reset()


@dataclass(frozen=True, slots=True)
class ClickHouseMoment:
    """An AnalyticsMoment, at one place of the copy."""

    engine: ClickHouseEngine
    place: Place
    asked: OrdersAsked
    as_of: datetime
    watermark: str

    async def rows(self, cut: Cut) -> list[tuple[Any, ...]]:
        try:
            return await self.engine.answer(self.place, self.asked, cut)
        except DatabaseError as error:
            if error.code != CANNOT_CONVERT:
                raise
            raise SumTooLarge from error


def _sent(value: Any) -> Any:
    """Instants travel as microseconds: no digits are lost, and no time zone is guessed."""
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value
