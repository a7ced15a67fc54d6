"""Keeping an analytical engine's copy: behind the feed by a moment, beside all other work, in a process that has the engine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from adapters.worker.telling import LastingFault
from domain.actions.feed_engine import Progress, feed_engine
from domain.ports.analytics_engine import AnalyticsEngine, EngineBatch, EngineCopy, EngineSource, FeederLease, HeldLease
from domain.values.feed_positions import FeedPosition

LOOK_EVERY_S: Final = 1.0
"""What is written within that time is taken in together."""


class NobodyElse(FeederLease, HeldLease):
    """Of a copy that one process has."""

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[HeldLease | None]:
        yield self

    async def check(self) -> None:
        """It cannot be lost."""


class EngineFeed:
    def __init__(
        self,
        source: EngineSource,
        engine: AnalyticsEngine,
        lease: FeederLease | None = None,
        *,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.source: Final = source
        self.engine: Final = engine
        self.lease: Final = lease or NobodyElse()
        self._every_s = every_s
        self._fault = LastingFault("The analytical copy could not be fed; it is tried again.")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the block runs the copy is kept. At its end a batch that was begun is given up: it comes again with the next start."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait((keeping,))

    async def load(self, progress: Progress, *, is_anew: bool) -> int:
        """All that there is; how many orders were taken in. Where another process feeds, its progress is told, and 0."""
        if is_anew:
            await self.engine.reset()
        whole = await self.source.order_count()
        while True:
            async with self.lease.taken() as held:
                if held is not None:
                    return await feed_engine(self.source, _Leased(self.engine, held), progress)
            progress(await self.engine.order_count(), whole)
            if await self.engine.watermark() is not None:
                return 0
            await asyncio.sleep(self._every_s)

    async def lag_seconds(self) -> float:
        """The age of the oldest step that the copy does not have."""
        return await self.source.lag_seconds(await self.engine.position())

    async def _keep(self) -> None:
        while True:
            try:
                await self._feed_while_held()
            except Exception as error:  # noqa: BLE001  whatever failed, it is tried again
                self._fault.goes_on(error)
            await asyncio.sleep(self._every_s)

    async def _feed_while_held(self) -> None:
        async with self.lease.taken() as held:
            if held is None:
                self._fault.forget()  # it is another's, if it goes on
            while held is not None:
                await feed_engine(self.source, _Leased(self.engine, held))
                self._fault.is_over()
                await asyncio.sleep(self._every_s)


class _Leased(EngineCopy):
    """Takes in nothing without the lease."""

    def __init__(self, engine: EngineCopy, held: HeldLease) -> None:
        self._engine = engine
        self._held = held

    async def position(self) -> FeedPosition | None:
        return await self._engine.position()

    async def take_in(self, batch: EngineBatch) -> None:
        await self._held.check()
        await self._engine.take_in(batch)

    async def order_count(self) -> int:
        return await self._engine.order_count()

    async def reset(self) -> None:
        await self._engine.reset()
