"""LISTEN on a connection of its own, made anew whenever it is lost."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable

import asyncpg

from adapters.db.connection import connect
from adapters.db.errors import DatabaseUnavailable

PROBE_EVERY_S = 30.0
PROBE_LIMIT_S = 5.0
RETRY_FIRST_S = 0.1
RETRY_MOST_S = 5.0

_LOST = (DatabaseUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

_logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def listening(url: str, channel: str, callback: Callable[[str], None]) -> AsyncIterator[None]:
    """`callback(payload)` for every notification while the block runs; LISTEN is in force from its first line on.

    After each re-connection it is called once with "": what was sent in between is lost, so it should look for itself.
    """
    listener = _Listener(url, channel, callback)
    await listener.subscribe()
    # Not a task group: it would wrap the block's own exceptions in a group.
    keeper = asyncio.create_task(listener.keep())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])
        listener.close()


class _Listener:
    def __init__(self, url: str, channel: str, callback: Callable[[str], None]) -> None:
        self._url = url
        self._channel = channel
        self._callback = callback
        self._connection: asyncpg.Connection | None = None
        self._lost = asyncio.Event()

    async def subscribe(self) -> None:
        self.close()
        self._lost = lost = asyncio.Event()
        self._connection = await connect(self._url)
        self._connection.add_termination_listener(lambda _: lost.set())
        await self._connection.add_listener(self._channel, lambda *notification: self._callback(notification[-1]))

    async def keep(self) -> None:
        while True:
            await self._until_lost()
            await self._resubscribe()
            try:
                self._callback("")
            except Exception:  # as asyncpg does for the other calls
                _logger.exception("the listener of %s failed", self._channel)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _until_lost(self) -> None:
        """A peer that vanished without a word is found by asking now and then."""
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(PROBE_EVERY_S):
                    await self._lost.wait()
            except TimeoutError:
                if not await self._answers():
                    return

    async def _answers(self) -> bool:
        if self._connection is None:
            return False
        try:
            await self._connection.execute("SELECT 1", timeout=PROBE_LIMIT_S)
        except _LOST:
            return False
        return True

    async def _resubscribe(self) -> None:
        pause_s = RETRY_FIRST_S
        while True:
            try:
                await self.subscribe()
            except _LOST as error:
                _logger.warning("listening to %s is interrupted: %s", self._channel, error)
            else:
                return
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  jitter
            pause_s = min(pause_s * 2, RETRY_MOST_S)
