"""Keeping an analytical engine's copy: behind the feed by a moment, beside all other work, in the process that has the engine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from adapters.worker.telling import tell
from domain.actions.feed_engine import Progress, feed_engine
from domain.ports.analytics_engine import AnalyticsEngine, EngineSource

LOOK_EVERY_S: Final = 1.0
"""What is written within that time is taken in together."""


class EngineFeed:
    def __init__(self, source: EngineSource, engine: AnalyticsEngine, *, every_s: float = LOOK_EVERY_S) -> None:
        self.source: Final = source
        self.engine: Final = engine
        self._every_s = every_s

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
        """All that there is; how many orders were taken in."""
        if is_anew:
            await self.engine.reset()
        return await feed_engine(self.source, self.engine, progress)

    async def lag_seconds(self) -> float:
        """The age of the oldest step that the copy does not have."""
        return await self.source.lag_seconds(await self.engine.position())

    async def _keep(self) -> None:
        while True:
            try:
                await feed_engine(self.source, self.engine)
            except Exception as error:  # noqa: BLE001  whatever failed, it is tried again
                tell(error, "The analytical copy could not be fed; it is tried again.")
            await asyncio.sleep(self._every_s)
