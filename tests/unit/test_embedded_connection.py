"""What an embedded service makes of a database that does not answer."""

from typing import Any, NoReturn

import asyncpg
import pytest

from adapters.embedded.connection import is_storable, storable
from adapters.embedded.inventory import EmbeddedInventory
from adapters.embedded.members import EmbeddedMembers
from adapters.embedded.products import EmbeddedProducts
from adapters.sql import DatabaseUnavailable
from domain.values.faults import ServiceUnavailable

pytestmark = pytest.mark.anyio


class Failing:
    """A connection on which everything fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def rows(self, *_: Any, **__: Any) -> NoReturn:
        raise self._error

    async def row(self, *_: Any, **__: Any) -> NoReturn:
        raise self._error

    async def value(self, *_: Any, **__: Any) -> NoReturn:
        raise self._error

    def transaction(self) -> NoReturn:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        DatabaseUnavailable("The database cannot be reached."),
        ConnectionRefusedError(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.InterfaceError("connection is closed"),
    ],
)
async def test_a_lost_connection_is_the_service_not_answering(error: Exception) -> None:
    with pytest.raises(ServiceUnavailable, match="The product service does not answer") as read:
        await EmbeddedProducts(Failing(error)).by_skus(["A"])
    with pytest.raises(ServiceUnavailable, match="The inventory service does not answer") as written:
        await EmbeddedInventory(Failing(error)).release("o1")
    assert (read.value.service, read.value.__cause__) == ("product", error)
    assert (written.value.service, written.value.is_retryable) == ("inventory", True)


@pytest.mark.parametrize(
    "error",
    [asyncpg.UndefinedTableError(), asyncpg.SerializationError(), asyncpg.exceptions._base.DataError("no text")],
)
async def test_any_other_error_is_let_through(error: Exception) -> None:
    with pytest.raises(type(error)):
        await EmbeddedMembers(Failing(error)).by_ids(["mbr_1"])


def test_text_that_cannot_be_stored_is_left_out() -> None:
    assert storable(["A", "B\0", "\ud800", "é", ""]) == ["A", "é", ""]
    assert [is_storable(text) for text in ("", "\0", "\udfff", "\ue000")] == [True, False, False, True]
