"""What an embedded service needs of the database: to read, and to write in a transaction of its own or in one that is open.

`adapters.db.engine.Database` is a `Connection`; `Joined` makes one of an open transaction, so that a service's writes are
committed with everything else in it. Two services never share a statement: each reads its own tables only.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ParamSpec, Protocol, TypeVar

from adapters.sql import Reader, Statement, is_away
from domain.values.faults import ServiceUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class Writer(Reader, Protocol):
    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        """The number of rows affected."""
        ...


class OwnTransaction(Writer, Protocol):
    """Rolled back unless committed."""

    async def commit(self) -> None: ...


class Connection(Reader, Protocol):
    def transaction(self) -> AbstractAsyncContextManager[OwnTransaction]: ...


class Joined:
    """An open transaction as a Connection: a transaction within it is it, and only its owner ends it."""

    def __init__(self, transaction: Writer) -> None:
        self._open = transaction

    async def rows(self, statement: Statement, /, **parameters: Any) -> list[Any]:
        return await self._open.rows(statement, **parameters)

    async def row(self, statement: Statement, /, **parameters: Any) -> Any | None:
        return await self._open.row(statement, **parameters)

    async def value(self, statement: Statement, /, **parameters: Any) -> Any:
        return await self._open.value(statement, **parameters)

    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        return await self._open.execute(statement, **parameters)

    async def commit(self) -> None:
        """Left to the owner."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Joined"]:
        yield self


def answers_as(service: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """A method of a service: a lost or refused connection is that service not answering."""

    def decorate(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @functools.wraps(method)
        async def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return await method(*args, **kwargs)
            except Exception as error:
                if not is_away(error):
                    raise
                raise ServiceUnavailable(service, "its database cannot be reached") from error

        return answer

    return decorate


def storable(keys: Iterable[str]) -> list[str]:
    """The keys that PostgreSQL can hold: what cannot be stored is unknown, and asking for it would be an error."""
    given = list(keys)
    return given if is_storable("".join(given)) else [key for key in given if is_storable(key)]


def is_storable(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
