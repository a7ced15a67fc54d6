"""Connections that are kept at hand between statements.

asyncpg's pool takes a connection back in a task of its own: for a small read that costs more than the read. So a connection
whose work ended well is kept here, and the next one takes it without asking the pool. Whatever ended otherwise (an error, a
cancelled query, a transaction left open, a lost server) goes back to the pool, which knows how to clean up; so does every
connection for which somebody waits.
"""

from typing import Any

import asyncpg

from adapters.db.connection import translated

Connection = Any
"""A connection that asyncpg's pool has lent: asyncpg has no public type for it."""


class Leases:
    def __init__(self, url: str, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._url = url
        self._pool = pool
        self._kept: list[Connection] = []
        self._waiting = 0
        self._is_closing = False

    async def take(self) -> Connection:
        """The one that was used last. Raises DatabaseUnavailable."""
        while self._kept:
            connection = self._kept.pop()
            if _is_alive(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            with translated(self._url):
                return await self._pool.acquire()
        finally:
            self._waiting -= 1

    def keep(self, connection: Connection) -> bool:
        """After work that ended well. False: it is to be given back."""
        if self._waiting or self._is_closing or not _is_alive(connection) or connection.is_in_transaction():
            return False
        self._kept.append(connection)
        return True

    async def give_back(self, connection: Connection) -> None:
        await self._pool.release(connection)

    async def close(self) -> None:
        """Waits for the connections in use to be given back."""
        self._is_closing = True
        while self._kept:
            await self._pool.release(self._kept.pop())
        await self._pool.close()


def _is_alive(connection: Connection) -> bool:
    """The pool takes a lost connection's lender away from it: to ask it anything is an error then."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False
