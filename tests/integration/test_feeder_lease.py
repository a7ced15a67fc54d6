"""One of several feeds a shared copy: whoever has the lease, until its connection is gone."""

import pytest
from sqlalchemy import text

from adapters.db.engine import Database, prepare
from adapters.db.feeder_lease import SqlFeederLease
from adapters.sql import UNREACHABLE, is_away

pytestmark = pytest.mark.anyio

END_HOLDERS = prepare(
    text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
    )
)


async def test_one_holds_it_and_another_gets_it_afterwards(database: Database) -> None:
    first, second = SqlFeederLease(database, "host/copy"), SqlFeederLease(database, "host/copy")
    async with first.taken() as held:
        assert held is not None
        await held.check()
        async with second.taken() as other:
            assert other is None
        async with SqlFeederLease(database, "host/another").taken() as elsewhere:
            assert elsewhere is not None
    async with second.taken() as other:
        assert other is not None


async def test_a_holder_whose_connection_is_gone_learns_of_it_and_another_gets_it(database: Database) -> None:
    async with SqlFeederLease(database, "host/copy").taken() as held:
        assert held is not None
        assert await database.value(END_HOLDERS) == 1
        with pytest.raises(UNREACHABLE) as raised:
            await held.check()
        assert is_away(raised.value)
        while True:  # its farewell comes before its end
            async with SqlFeederLease(database, "host/copy").taken() as other:
                if other is not None:
                    break
