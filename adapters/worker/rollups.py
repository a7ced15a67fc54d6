"""The upkeep of the cube: behind the feed by a moment, in parts, beside all other work."""

import asyncio
import contextlib
from typing import Final

from adapters.worker.telling import LastingFault
from domain.ports.rollups import Rollups

LOOK_EVERY_S: Final = 1.0
"""What is written within that time is taken in together."""


class RollupUpkeep:
    def __init__(self, rollups: Rollups, *, every_s: float = LOOK_EVERY_S) -> None:
        self._rollups = rollups
        self._every_s = every_s
        self._fault = LastingFault("The cube could not be kept; it is tried again.")

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; a part that was begun is finished. Faults of the database are waited out."""
        while not stop.is_set():
            if not await self._turn():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await stop.wait()

    async def drain(self) -> int:
        """All that can be read; how many orders that were."""
        total = 0
        while (done := await self._rollups.advance()) is not None:
            total += done.orders
            if not done.has_more:
                break
        return total

    async def _turn(self) -> bool:
        """Whether there is more to do at once."""
        try:
            done = await self._rollups.advance()
        except Exception as error:  # noqa: BLE001  whatever failed, it is tried again
            self._fault.goes_on(error)
            return False
        self._fault.is_over()
        return done is not None and done.has_more
