"""Who waits for the next steps of orders, and how they learn of them.

Theory of operation
    A writer's commit says nothing by itself: NOTIFY inside of a transaction takes a lock that all who commit with one share, and
    placements would wait for each other's disks. Instead each process that writes tells the others soon after (`Announcer`), once
    for many commits. A process begins to listen when the first of its callers waits; all of them share that connection, and nobody
    asks the tables meanwhile. What a killed process did not tell, or what was lost with a connection, is found at the next look,
    `LOOK_EVERY_S` later.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from sqlalchemy import Text, func, literal, select

from adapters.db.engine import Database
from adapters.sql import is_away, prepare
from domain.ports.changes import Watch

CHANNEL: Final = "order_center_steps"
LOOK_EVERY_S: Final = 5.0
TOGETHER_S: Final = 0.02
"""What is written within that time after a word is told with the next one."""

_TELL: Final = prepare(select(func.pg_notify(literal(CHANNEL, Text()), literal("", Text()))))
_logger = logging.getLogger(__name__)


class ChangeSignal:
    """Without a database to listen to, every watch looks again at intervals."""

    def __init__(self, database: Database | None = None) -> None:
        self._database = database
        self._watches: set[_Watch] = set()
        self._stack = contextlib.AsyncExitStack()
        self._starting = asyncio.Lock()
        self._is_listening = False
        self._is_over = False

    @property
    def watch_count(self) -> int:
        return len(self._watches)

    @contextlib.asynccontextmanager
    async def watch(self) -> AsyncIterator[Watch]:
        await self._listen()
        watch = _Watch(is_over=self._is_over)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def tell(self, _payload: str = "") -> None:
        for watch in self._watches:
            watch.told.set()

    def end(self) -> None:
        """Nobody waits any longer, nor will: the process is to stop."""
        self._is_over = True
        for watch in self._watches:
            watch.is_over = True
        self.tell()

    async def close(self) -> None:
        self.end()
        await self._stack.aclose()

    async def _listen(self) -> None:
        if self._database is None or self._is_listening:
            return
        async with self._starting:
            if not self._is_listening:
                await self._stack.enter_async_context(self._database.listen(CHANNEL, self.tell))
                self._is_listening = True


class _Watch(Watch):
    def __init__(self, *, is_over: bool) -> None:
        self.told = asyncio.Event()
        self.is_over = is_over

    async def news(self, seconds: float) -> bool:
        if self.is_over:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, LOOK_EVERY_S)):
                await self.told.wait()
        self.told.clear()
        return not self.is_over


class Announcer:
    """Tells every process that steps were written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written = asyncio.Event()

    def tell(self) -> None:
        """After a commit; costs nothing."""
        self._written.set()

    async def run(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            try:
                await self._database.rows(_TELL)
            except Exception as error:  # noqa: BLE001  those who wait look for themselves
                _logger.log(
                    logging.DEBUG if is_away(error) else logging.ERROR, "could not tell of new steps: %s", error
                )
            await asyncio.sleep(TOGETHER_S)


@contextlib.asynccontextmanager
async def announcing(database: Database) -> AsyncIterator[Callable[[], None]]:
    """What to call after each commit that wrote steps."""
    announcer = Announcer(database)
    task = asyncio.create_task(announcer.run())
    try:
        yield announcer.tell
    finally:
        task.cancel()
        await asyncio.wait([task])


@contextlib.asynccontextmanager
async def signalled(database: Database) -> AsyncIterator[ChangeSignal]:
    signal = ChangeSignal(database)
    try:
        yield signal
    finally:
        await signal.close()
