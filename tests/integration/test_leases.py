"""Connections between statements: who waits for one, and what becomes of those who no longer wait."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.db.connection import connect_options
from adapters.db.errors import DatabaseUnavailable
from adapters.db.leases import Leases

pytestmark = pytest.mark.anyio

SIZE = 2
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leases'"


@pytest.fixture
async def leases(database_url: str) -> AsyncIterator[Leases]:
    options = connect_options(database_url)
    settings = {**(options.pop("server_settings", None) or {}), "application_name": "leases"}
    pool = await asyncpg.create_pool(**options, server_settings=settings, min_size=0, init_size=1, max_size=SIZE)
    leases = Leases(database_url, pool, SIZE)
    yield leases
    await leases.close()


async def both(leases: Leases) -> tuple[asyncpg.Connection, asyncpg.Connection]:
    return await leases.take(), await leases.take()


async def waiting(leases: Leases) -> "asyncio.Task[asyncpg.Connection]":
    """Somebody who has come too late."""
    task = asyncio.ensure_future(leases.take())
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_the_one_used_last_is_taken_first(leases: Leases) -> None:
    first, second = await both(leases)
    assert leases.keep(first)
    assert leases.keep(second)
    assert await leases.take() is second
    assert await leases.take() is first
    leases.keep(first)
    leases.keep(second)


async def test_who_has_waited_longest_gets_it_without_the_pool(leases: Leases) -> None:
    first, second = await both(leases)
    early, late = await waiting(leases), await waiting(leases)
    assert leases.keep(second)
    assert await early is second
    assert not late.done()
    assert leases.keep(first)
    assert await late is first
    assert (leases.keep(first), leases.keep(second)) == (True, True)


async def test_who_no_longer_waits_is_passed_over(leases: Leases) -> None:
    first, second = await both(leases)
    gone, there = await waiting(leases), await waiting(leases)
    gone.cancel()
    await asyncio.wait([gone])
    assert leases.keep(first)
    assert await there is first
    leases.keep(first)
    leases.keep(second)


async def test_a_connection_handed_to_one_who_leaves_goes_on_to_the_next(leases: Leases) -> None:
    first, second = await both(leases)
    leaving, there = await waiting(leases), await waiting(leases)
    assert leases.keep(first)  # handed over: the task has not run since
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await there is first
    leases.keep(first)
    leases.keep(second)


async def test_a_place_handed_to_one_who_leaves_goes_on_to_the_next(leases: Leases) -> None:
    first, second = await both(leases)
    leaving, there = await waiting(leases), await waiting(leases)
    await leases.give_back(first)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    taken = await there
    assert await taken.fetchval("SELECT 1") == 1
    leases.keep(taken)
    leases.keep(second)


async def test_what_goes_back_to_the_pool_makes_room_for_who_waits(leases: Leases) -> None:
    first, second = await both(leases)
    there = await waiting(leases)
    await first.execute("BEGIN")
    assert not leases.keep(first), "a transaction that was left open is the pool's to clean up"
    await leases.give_back(first)
    taken = await there
    assert not taken.is_in_transaction()
    assert await taken.fetchval(SESSIONS) == SIZE
    leases.keep(taken)
    leases.keep(second)


async def test_a_lost_connection_makes_room_too(leases: Leases) -> None:
    first, second = await both(leases)
    there = await waiting(leases)
    await first.close()
    assert not leases.keep(first)
    await leases.give_back(first)
    taken = await there
    assert await taken.fetchval("SELECT 1") == 1
    leases.keep(taken)
    leases.keep(second)


async def test_one_that_was_lost_while_kept_is_replaced(leases: Leases) -> None:
    first = await leases.take()
    leases.keep(first)
    await first.close()
    taken = await leases.take()
    assert await taken.fetchval("SELECT 1") == 1
    leases.keep(taken)


async def test_never_more_connections_than_the_size(leases: Leases) -> None:
    async def work(number: int) -> int:
        connection = await leases.take()
        await asyncio.sleep(0)
        found = await connection.fetchval("SELECT $1::int", number)
        if number % 3 and leases.keep(connection):
            return int(found)
        await leases.give_back(connection)
        return int(found)

    assert sorted(await asyncio.gather(*map(work, range(60)))) == list(range(60))
    connection = await leases.take()
    assert await connection.fetchval(SESSIONS) <= SIZE
    leases.keep(connection)


class Gone:
    """A pool whose server does not answer."""

    async def acquire(self) -> asyncpg.Connection:
        raise ConnectionRefusedError


async def test_a_server_that_is_gone_leaves_its_place_free(leases: Leases, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(leases, "_pool", Gone())
        for _ in range(2 * SIZE):
            with pytest.raises(DatabaseUnavailable):
                await leases.take()
    first, second = await both(leases)
    leases.keep(first)
    leases.keep(second)
