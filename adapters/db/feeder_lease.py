"""Who feeds an analytical copy that several servers share: whoever has the lock, which is a session's, of PostgreSQL."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

import asyncpg
from sqlalchemy import Text, bindparam, func, select

from adapters.db.engine import Database, prepare
from adapters.sql import UNREACHABLE
from domain.ports.analytics_engine import FeederLease, HeldLease

CHECK_LIMIT_S: Final = 5.0
_KEY: Final = func.hashtextextended(bindparam("name", type_=Text()), 23)
_IS_FREE: Final = prepare(select(func.pg_try_advisory_xact_lock(_KEY)))
"""Over with the statement: whoever waits asks each second, and needs no connection of its own for it."""
_TAKE: Final = prepare(select(func.pg_try_advisory_lock(_KEY)))
_KEEP_IN_TOUCH: Final = (
    "SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
"""A holder that vanishes without a word, as its machine did, loses the lock after some ten seconds, and not after two hours."""


class SqlFeederLease(FeederLease):
    """`name`: of the copy."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[HeldLease | None]:
        if not await self._database.value(_IS_FREE, name=self._name):
            yield None
            return
        async with self._database.own_connection() as connection:
            await connection.execute(_KEEP_IN_TOUCH)
            is_ours = await connection.fetchval(_TAKE.text, *_TAKE.arguments({"name": self._name}))
            try:
                yield _Held(connection) if is_ours else None
            finally:
                # The end of the connection does it, too, but not at once; where it is gone already, there is nothing to give back.
                with contextlib.suppress(*UNREACHABLE):
                    await connection.execute("SELECT pg_advisory_unlock_all()", timeout=CHECK_LIMIT_S)


class _Held(HeldLease):
    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def check(self) -> None:
        """Raises what asyncpg does where the connection is gone, and the lock with it."""
        await self._connection.execute("SELECT 1", timeout=CHECK_LIMIT_S)
