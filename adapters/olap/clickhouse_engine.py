"""ClickHouse, a server of its own: one columnar copy for any number of order centers, kept by one of them from the change feed.

A moment takes the newest place of the copy once; every question of it sees the rows as they are visible there, whatever is taken in
meanwhile. A question that is given up is stopped on the server, as the connection is closed.
"""

import contextlib
from collections.abc import AsyncIterator, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clickhouse_connect.driver.exceptions import DatabaseError

from adapters.analytics_questions import CopiedTables, Question, Questions
from adapters.olap.bounds import bounds_of
from adapters.olap.clickhouse_copy import ClickHouseCopy, layout_of
from adapters.olap.clickhouse_dialect import DIALECTS
from adapters.olap.clickhouse_places import Place
from adapters.olap.clickhouse_server import ClickHouseAddress, ClickHouseServer
from adapters.olap.clickhouse_settling import SETTLE_S, Settling
from adapters.sql import Compiled, compiled_for
from domain.analytics.plan import Cut
from domain.ports.analytics import AnalyticsMoment, OrdersAsked, SumTooLarge
from domain.ports.analytics_engine import AnalyticsEngine, CopyOfNoMoment, EngineBatch
from domain.values.feed_positions import FeedPosition

STATEMENTS_KEPT: Final = 512
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
        self._compiled: dict[Hashable, Compiled] = {}

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
        compiled = self._statement(question, is_settled=place.is_settled)
        given = compiled.arguments({**question.values, **bounds_of(cut)})
        values = {name: _sent(value) for name, value in zip(compiled.parameters, given, strict=True)}
        of_place = {**place.tables.parameters(*self._copy.names), **place.values}
        return await self.server.rows(compiled.text, {**values, **of_place})

    def _statement(self, question: Question, *, is_settled: bool) -> Compiled:
        key = (question.key, is_settled)
        found = self._compiled.get(key)
        if found is None:
            if len(self._compiled) >= STATEMENTS_KEPT:
                self._compiled.clear()
            found = self._compiled[key] = compiled_for(question.clause(), DIALECTS[is_settled])
        return found

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


class ClickHouseMoment(AnalyticsMoment):
    def __init__(
        self, engine: ClickHouseEngine, place: Place, asked: OrdersAsked, as_of: datetime, watermark: str
    ) -> None:
        self._engine = engine
        self._place = place
        self._asked = asked
        self._as_of = as_of
        self._watermark = watermark

    @property
    def as_of(self) -> datetime:
        return self._as_of

    @property
    def watermark(self) -> str:
        return self._watermark

    async def rows(self, cut: Cut) -> list[tuple[Any, ...]]:
        try:
            return await self._engine.answer(self._place, self._asked, cut)
        except DatabaseError as error:
            if error.code != CANNOT_CONVERT:
                raise
            raise SumTooLarge from error


def _sent(value: Any) -> Any:
    """Instants travel as microseconds: no digits are lost, and no time zone is guessed."""
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value
