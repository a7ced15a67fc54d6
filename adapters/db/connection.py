"""How a connection to PostgreSQL is made: its URL, its codecs, its session, and what to say when it cannot be made."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import orjson

from adapters.db.errors import DatabaseUnavailable

_JSONB_VERSION = b"\x01"
_SESSION = {"application_name": "order-center", "timezone": "UTC"}
_DRIVER = re.compile(r"^postgres(ql)?(\+\w+)?://")
# What asyncpg raises when a server refuses us, is starting, is gone, or when the URL makes no sense to it.
_CANNOT_CONNECT = (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_CONNECT_LIMIT_S = 10.0


class PlainConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """Given back to the pool without a reset query: nothing here leaves session state, and a round trip is saved each time."""

    def get_reset_query(self) -> str:
        return ""


def dsn(url: str) -> str:
    """The form asyncpg takes, of a URL that may name SQLAlchemy's driver."""
    return _DRIVER.sub("postgresql://", url)


def connect_options(url: str) -> dict[str, Any]:
    return {
        "dsn": dsn(url),
        "connection_class": PlainConnection,
        "server_settings": _SESSION,
        "statement_cache_size": 1024,  # all our statements: they are few, and preparing one again costs a round trip
        "max_cached_statement_lifetime": 0,
        "max_cacheable_statement_size": 0,  # a statement of many tables is prepared once, too
        "timeout": _CONNECT_LIMIT_S,
    }


async def connect(url: str) -> asyncpg.Connection:
    with translated(url):
        connection = await asyncpg.connect(**connect_options(url))
    try:
        await set_codecs(connection)
    except BaseException:  # Ctrl-C in this very moment: nobody else knows the connection yet
        connection.terminate()
        raise
    return connection


async def set_codecs(connection: asyncpg.Connection) -> None:
    """JSON as plain values, in the binary format because COPY takes no other."""
    for name, prefix in (("jsonb", _JSONB_VERSION), ("json", b"")):
        await connection.set_type_codec(
            name, schema="pg_catalog", format="binary", encoder=_encoder(prefix), decoder=_decoder(len(prefix))
        )


@contextlib.contextmanager
def translated(url: str) -> Iterator[None]:
    """Failures to connect become DatabaseUnavailable; only connecting may stand inside."""
    try:
        yield
    except _CANNOT_CONNECT as error:
        raise DatabaseUnavailable(f"The database {shown(url)} cannot be reached: {_reason(error)}.") from error


def shown(url: str) -> str:
    """The URL without password and options."""
    try:
        parts = urlsplit(dsn(url))
        host = parts.hostname or parse_qs(parts.query).get("host", ["local socket"])[0]
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "of the given URL"
    return f"{parts.username or ''}@{host}{port}{parts.path}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, ValueError):
        return "its URL is not understood"  # the message might quote the URL, password included
    return str(error).rstrip(".")


def _encoder(prefix: bytes) -> Any:
    return lambda value: prefix + orjson.dumps(value)


def _decoder(prefix_bytes: int) -> Any:
    return (lambda data: orjson.loads(data[prefix_bytes:])) if prefix_bytes else orjson.loads
