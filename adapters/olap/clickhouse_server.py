"""A ClickHouse server over HTTP: where it is, and how it is asked. What it does not do is told as ServiceUnavailable, in one sentence."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final

import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from adapters.olap.clickhouse_address import ClickHouseAddress
from domain.values.faults import ServiceUnavailable

CONNECT_LIMIT_S: Final = 2.0
"""Until a connection has asked and heard the first things."""
WORK_LIMIT_S: Final = 300.0
"""For what the feeder does: a batch put in, rows deleted."""
MARGIN_S: Final = 1.0
"""The server ends a question itself; a little later it counts as gone."""
RETRY_AFTER_S: Final = 3.0
"""For so long a server that was away is not asked: whoever wants an answer does not wait for it again."""
CONNECTIONS: Final = 32
SETTINGS: Final[Mapping[str, Any]] = {
    "join_use_nulls": 1,  # what an outer join does not find is NULL, and not 0 or ""
    "transform_null_in": 0,  # NULL is in no list
    "count_distinct_implementation": "uniqExact",  # a profile may have set an estimate
    "decimal_check_overflow": 1,
    "prefer_column_name_to_alias": 1,  # a name is a column's, as everywhere else in SQL
    "session_timezone": "UTC",
    "async_insert": 0,  # what is inserted is there when the insert is over
    "lightweight_deletes_sync": 2,  # so is what is deleted
}
"""Sent with every statement, whatever the user's profile says: SQL as PostgreSQL means it, exact, one thing after the other."""
_REASONS: Final[Mapping[int, str]] = {
    60: "a table of the copy is gone",
    164: "its user may only read",
    209: "it lost a connection",
    210: "it lost a connection",
    236: "it is about to end",
    439: "it has too much to do",
    452: "its user's profile forbids a setting",
    81: "its database is gone",
    159: "the question took too long",
    194: "it wants a password",
    202: "it has too much to do",
    241: "it has too little memory for it",
    242: "it takes no writes now",
    243: "its disk is full",
    252: "it has too many parts to merge",
    394: "the question was stopped",
    497: "its user may not do that",
    516: "it refuses the user or the password",
}
"""By ClickHouse's code of the error. Others are faults of ours."""

_GONE: Final = 81
_NO_TABLE: Final = 60
AWAY: Final = "it cannot be reached"

log = logging.getLogger("order_center.analytics")


class TableMissing(ServiceUnavailable):
    """A table that was asked for is not there."""


class ClickHouseServer:
    """Connected to when it is first asked, and again after it was away: an order center starts without it. The database is made
    where it is missing. `question_s`: how long a question may take.
    """

    def __init__(self, address: ClickHouseAddress, question_s: float) -> None:
        self.address: Final = address
        self.question_s: Final = question_s
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._away_until = 0.0
        self._is_away = False

    async def rows(self, text: str, values: Mapping[str, Any], limit_s: float | None = None) -> list[tuple[Any, ...]]:
        """Whoever gives up closes the connection, and the server stops. `limit_s`: in place of what a question may take."""
        limit_s = limit_s or self.question_s
        async with self._asked() as client:
            limit = {"max_execution_time": limit_s}
            async with asyncio.timeout(limit_s + MARGIN_S):
                found = await client.query(text, _named(text, values), {**SETTINGS, **limit}, tz_mode="aware")
            return [tuple(row) for row in found.result_rows]

    async def run(self, text: str, values: Mapping[str, Any] | None = None) -> None:
        async with self._asked() as client:
            async with asyncio.timeout(WORK_LIMIT_S + MARGIN_S):
                await client.command(text, _named(text, values or {}), settings=self._of_work())

    async def insert(self, table: str, kinds: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """`kinds`: the columns' types by their names, in the order of the rows' values."""
        async with self._asked() as client:
            given, names, types = list(rows), list(kinds), list(kinds.values())
            async with asyncio.timeout(WORK_LIMIT_S + MARGIN_S):
                await client.insert(table, given, names, column_type_names=types, settings=self._of_work())

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def _of_work(self) -> dict[str, Any]:
        return {**SETTINGS, "max_execution_time": WORK_LIMIT_S}

    @contextlib.asynccontextmanager
    async def _asked(self) -> AsyncIterator[AsyncClient]:
        """Raises ServiceUnavailable."""
        self._check_reached()
        try:
            async with self._connecting:
                self._check_reached()  # whoever waited here has seen it fail
                if self._client is None:
                    async with asyncio.timeout(CONNECT_LIMIT_S):
                        self._client = await self._connected()
            yield self._client
        except TimeoutError as error:
            raise self._lost(error) from error
        except DatabaseError as error:
            if error.code is None and isinstance(error, OperationalError):
                raise self._lost(error) from error
            if error.code is None:  # refused before it was sent: a setting, a value
                raise self._unavailable(str(error)) from error
            if error.code not in _REASONS:
                raise
            if error.code == _NO_TABLE:
                raise TableMissing("analytics", self._told(_REASONS[error.code])) from error
            if error.code == _GONE:
                await self.close()  # with the next connection it is made
            raise self._unavailable(_REASONS[error.code]) from error
        if self._is_away:
            self._is_away = False
            log.warning("ClickHouse answers again: %s", self.address)

    def _check_reached(self) -> None:
        """Raises ServiceUnavailable."""
        if asyncio.get_running_loop().time() < self._away_until:
            raise self._unavailable(AWAY)

    async def _connected(self) -> AsyncClient:
        address = self.address
        client: AsyncClient = await clickhouse_connect.get_async_client(
            interface="https" if address.is_secure else "http",
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            connect_timeout=CONNECT_LIMIT_S,
            send_receive_timeout=max(self.question_s, WORK_LIMIT_S) + MARGIN_S,
            connector_limit=CONNECTIONS,
            connector_limit_per_host=CONNECTIONS,
        )
        try:
            found = await client.query(f"EXISTS DATABASE `{address.database}`")
            if found.result_rows != [(1,)]:
                await client.command(f"CREATE DATABASE IF NOT EXISTS `{address.database}`")
        except BaseException:
            await client.close()
            raise
        client.database = address.database
        return client

    def _lost(self, error: Exception) -> ServiceUnavailable:
        self._away_until = asyncio.get_running_loop().time() + RETRY_AFTER_S
        if not self._is_away:
            self._is_away = True
            log.warning("ClickHouse cannot be reached; PostgreSQL answers meanwhile: %s (%s)", self.address, error)
        return self._unavailable(AWAY)

    def _unavailable(self, reason: str) -> ServiceUnavailable:
        return ServiceUnavailable("analytics", self._told(reason))

    def _told(self, reason: str) -> str:
        return f"ClickHouse at {self.address}: {reason}"


def _named(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Of the values, those that the text has a place for."""
    asked = set(re.findall(r"\{(\w+):", text))
    return {name: value for name, value in values.items() if name in asked}
