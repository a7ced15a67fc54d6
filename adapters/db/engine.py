"""The execution layer: prepared statements on asyncpg, from SQLAlchemy clauses that were compiled once.

`Database` reads with one connection per statement. `snapshot` reads many statements at one moment. `transaction` writes; it is
rolled back unless it was committed, so that forgetting to commit is safe. Reader and transaction are different types: a reader
cannot write.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import asyncpg
from sqlalchemy.sql.expression import TableClause

from adapters.db.connection import connect, connect_options, set_codecs, translated
from adapters.db.errors import DatabaseUnavailable
from adapters.db.leases import Leases
from adapters.db.listener import listening
from adapters.sql import Reader, Statement, prepare

__all__ = ["Database", "DatabaseUnavailable", "Reader", "Snapshot", "Statement", "Transaction", "prepare", "retryable"]

# A lost connection rolls its transaction back by itself. InternalClientError is what asyncpg raises in the moment between
# the server's unasked farewell ("terminating connection") and the socket's end.
_CONNECTION_LOST = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.InternalClientError)
_RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class Database:
    """`statement_count` counts every statement sent, without BEGIN, COMMIT, ROLLBACK and savepoints."""

    def __init__(self, url: str, pool: "asyncpg.Pool[asyncpg.Record]", pool_size: int) -> None:
        self.statement_count = 0
        self._url = url
        self._leases = Leases(url, pool, pool_size)

    @classmethod
    async def open(cls, url: str, pool_size: int = 10) -> Self:
        with translated(url):
            # The floor of zero keeps asyncpg from re-connecting in the background while the server is away.
            pool = await asyncpg.create_pool(
                **connect_options(url),
                min_size=0,
                init_size=1,
                max_size=pool_size,
                init=set_codecs,
                max_queries=1_000_000,
            )
        return cls(url, pool, pool_size)

    async def close(self) -> None:
        """Waits for the connections in use to be given back."""
        await self._leases.close()

    async def rows(self, statement: Statement, /, **parameters: Any) -> list[asyncpg.Record]:
        records: list[asyncpg.Record] = await self._answer("fetch", statement, parameters)
        return records

    async def row(self, statement: Statement, /, **parameters: Any) -> asyncpg.Record | None:
        return await self._answer("fetchrow", statement, parameters)

    async def value(self, statement: Statement, /, **parameters: Any) -> Any:
        return await self._answer("fetchval", statement, parameters)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """All statements inside see one moment (REPEATABLE READ, READ ONLY)."""
        async with (
            self._session() as session,
            session.connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield session

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """READ COMMITTED; rolled back at the block's end unless `commit` was called."""
        async with self._session() as session:
            transaction = Transaction(self, session.connection)
            await transaction.begin()
            try:
                yield transaction
            finally:
                await transaction.rollback()

    def listen(self, channel: str, callback: Callable[[str], None]) -> contextlib.AbstractAsyncContextManager[None]:
        return listening(self._url, channel, callback)

    @contextlib.asynccontextmanager
    async def own_connection(self) -> AsyncIterator[Any]:
        """asyncpg's, and none of the pool's: for what a session holds, which ends with the block. Raises DatabaseUnavailable."""
        connection = await connect(self._url)
        try:
            yield connection
        finally:
            connection.terminate()

    async def _answer(self, method: str, statement: Statement, parameters: Mapping[str, Any]) -> Any:
        """Without a context manager, an object or a task: this is what every read pays."""
        leases = self._leases
        connection = await leases.take()
        try:
            self.statement_count += 1
            answer = await getattr(connection, method)(statement.text, *statement.arguments(parameters))
        except BaseException:
            await leases.give_back(connection)
            raise
        if not leases.keep(connection):
            await leases.give_back(connection)
        return answer

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator["Snapshot"]:
        connection = await self._leases.take()
        try:
            yield Snapshot(self, connection)
        except BaseException:
            await self._leases.give_back(connection)
            raise
        if not self._leases.keep(connection):
            await self._leases.give_back(connection)


class Snapshot:
    """A Reader on one connection."""

    def __init__(self, database: Database, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._database = database

    async def rows(self, statement: Statement, /, **parameters: Any) -> list[asyncpg.Record]:
        records: list[asyncpg.Record] = await self._counted().fetch(statement.text, *statement.arguments(parameters))
        return records

    async def row(self, statement: Statement, /, **parameters: Any) -> asyncpg.Record | None:
        return await self._counted().fetchrow(statement.text, *statement.arguments(parameters))

    async def value(self, statement: Statement, /, **parameters: Any) -> Any:
        return await self._counted().fetchval(statement.text, *statement.arguments(parameters))

    def _counted(self) -> asyncpg.Connection:
        self._database.statement_count += 1
        return self.connection


class Transaction(Snapshot):
    """A Reader that writes too. After `commit` or `rollback` every statement is a RuntimeError."""

    def __init__(self, database: Database, connection: asyncpg.Connection) -> None:
        super().__init__(database, connection)
        self._transaction = connection.transaction()
        self._is_open = False
        self._savepoint_count = 0
        self._past_savepoint: str | None = None

    async def begin(self) -> None:
        await self._transaction.start()
        self._is_open = True

    async def commit(self) -> None:
        self._check_open()
        self._is_open = False
        await self._transaction.commit()

    async def rollback(self) -> None:
        """Undoes everything; harmless after `commit`."""
        if self._is_open:
            self._is_open = False
            with contextlib.suppress(*_CONNECTION_LOST):
                await self._transaction.rollback()

    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        """The number of rows affected; 0 for statements that affect none."""
        status = await self._counted().execute(statement.text, *statement.arguments(parameters))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0

    async def execute_many(self, statement: Statement, items: Iterable[Mapping[str, Any] | Sequence[Any]]) -> None:
        """Once per item, pipelined: by name from mappings; sequences are in the order of `statement.parameters`."""
        arguments = [statement.arguments(item) if isinstance(item, Mapping) else item for item in items]
        await self._counted().executemany(statement.text, arguments)

    async def copy(self, table: TableClause, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> int:
        """Bulk insert by COPY; the number of rows."""
        status = await self._counted().copy_records_to_table(
            table.name, schema_name=getattr(table, "schema", None), columns=columns, records=records
        )
        return int(status.rpartition(" ")[2])

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """An exception inside undoes what the block did, and goes on.

        A savepoint that is over is let go with the next one, or at the end: to do that at once would be a round trip for nothing.
        """
        self._check_open()
        self._savepoint_count += 1
        name = f"s{self._savepoint_count}"
        past = f"RELEASE SAVEPOINT {self._past_savepoint}; " if self._past_savepoint else ""
        self._past_savepoint = None
        await self.connection.execute(f"{past}SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            await self.connection.execute(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        finally:
            self._past_savepoint = name

    def _counted(self) -> asyncpg.Connection:
        self._check_open()
        return super()._counted()

    def _check_open(self) -> None:
        if not self._is_open:
            raise RuntimeError("the transaction has ended")


def retryable(error: BaseException) -> bool:
    """Whether the same transaction, begun anew, may succeed: it lost against another one."""
    return isinstance(error, _RETRYABLE)
