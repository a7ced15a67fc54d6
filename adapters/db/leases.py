"""Connections that are kept at hand between statements.

asyncpg's pool takes a connection back in a task of its own, and asks the server to reset it: for a small read that costs more than
the read. So a connection whose work ended well goes straight to the one who has waited longest, or is kept here for the next one.
Whatever ended otherwise (an error, a cancelled query, a transaction left open, a lost server) goes back to the pool, which knows
how to clean up; whoever waits then asks the pool.
"""

import asyncio
from collections import deque
from typing import Any

import asyncpg

from adapters.db.connection import translated

Connection = Any
"""A connection that asyncpg's pool has lent: asyncpg has no public type for it."""


class Leases:
    """`size` is the pool's own: it is never asked for more, so that nobody waits in its queue."""

    def __init__(self, url: str, pool: "asyncpg.Pool[asyncpg.Record]", size: int) -> None:
        self._url = url
        self._pool = pool
        self._size = size
        self._lent = 0
        self._kept: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._is_closing = False

    async def take(self) -> Connection:
        """The one that was used last. Raises DatabaseUnavailable."""
        while self._kept:
            connection = self._kept.pop()
            if _is_alive(connection):
                return connection
            await self.give_back(connection)
        while self._lent >= self._size:
            connection = await self._handed()
            if connection is not None:
                return connection
        self._lent += 1
        try:
            with translated(self._url):
                return await self._pool.acquire()
        except BaseException:
            self._returned()
            raise

    def keep(self, connection: Connection) -> bool:
        """After work that ended well. False: it is to be given back."""
        if self._is_closing or not _is_alive(connection) or connection.is_in_transaction():
            return False
        if not self._hand(connection):
            self._kept.append(connection)
        return True

    async def give_back(self, connection: Connection) -> None:
        try:
            await self._pool.release(connection)
        finally:
            self._returned()

    async def close(self) -> None:
        """Waits for the connections in use to be given back."""
        self._is_closing = True
        while self._kept:
            await self.give_back(self._kept.pop())
        await self._pool.close()

    async def _handed(self) -> Connection | None:
        """What somebody else has done with; None: the pool has one to lend."""
        future: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if not future.cancelled():  # it was handed over in the same moment
                await self._hand_on(future.result())
            raise

    async def _hand_on(self, connection: Connection | None) -> None:
        if connection is None:
            self._hand(None)
        elif not self.keep(connection):
            await self.give_back(connection)

    def _returned(self) -> None:
        self._lent -= 1
        self._hand(None)

    def _hand(self, connection: Connection | None) -> bool:
        """To the one who has waited longest. False: nobody waits."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(connection)
                return True
        return False


def _is_alive(connection: Connection) -> bool:
    """The pool takes a lost connection's lender away from it: to ask it anything is an error then."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False
