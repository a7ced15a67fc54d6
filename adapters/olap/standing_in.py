"""While an engine's copy is of no single moment, or its server does not answer, PostgreSQL does: slower, and right."""

import contextlib
from collections.abc import AsyncIterator

from domain.ports.analytics import Analytics, AnalyticsMoment, OrdersAsked
from domain.values.faults import ServiceUnavailable


class EngineElseDatabase(Analytics):
    def __init__(self, engine: Analytics, database: Analytics) -> None:
        self._engine = engine
        self._database = database

    @contextlib.asynccontextmanager
    async def moment(self, asked: OrdersAsked) -> AsyncIterator[AnalyticsMoment]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                moment = await stack.enter_async_context(self._engine.moment(asked))
            except ServiceUnavailable:
                moment = await stack.enter_async_context(self._database.moment(asked))
            yield moment
