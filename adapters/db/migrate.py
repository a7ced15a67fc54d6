"""Brings the database to the newest revision. Several processes may start at once: one migrates, the others wait for it."""

import asyncio
import importlib
from pathlib import Path

import asyncpg

from adapters.db.connection import connect

VERSIONS = Path(__file__).parent / "migrations" / "versions"
_LOCK_KEY = 7_021_845_093_311_402  # of this program, for pg_try_advisory_lock
_LOCK_POLL_S = 0.1


def migrate(url: str, versions: Path = VERSIONS) -> None:
    """Synchronous: it has a loop of its own. One query and no more where there is nothing to do."""
    asyncio.run(_migrate(url, versions))


def current_and_head(url: str, versions: Path = VERSIONS) -> tuple[str | None, str]:
    """The database's revision and the newest one; None where there is none."""
    return asyncio.run(_current(url)), head_of(versions)


def head_of(versions: Path) -> str:
    """The newest revision: files are named for theirs, `0001_what_it_does.py`."""
    return max(path.stem.partition("_")[0] for path in versions.glob("[!_]*.py"))


async def _migrate(url: str, versions: Path) -> None:
    head = head_of(versions)
    if await _current(url) == head:
        return
    guard = await connect(url)
    try:
        await _lock(guard)
        current = await _revision(guard)
        if current != head:
            revisions = importlib.import_module("adapters.db.revisions")
            await revisions.upgrade(url, versions, current)
    finally:
        await guard.close()


async def _lock(guard: asyncpg.Connection) -> None:
    """Asked for again and again: a statement that waits holds a snapshot, and CREATE INDEX CONCURRENTLY waits for those."""
    while not await guard.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):  # noqa: ASYNC110  the event is in another process
        await asyncio.sleep(_LOCK_POLL_S)


async def _current(url: str) -> str | None:
    connection = await connect(url)
    try:
        return await _revision(connection)
    finally:
        await connection.close()


async def _revision(connection: asyncpg.Connection) -> str | None:
    try:
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return revision
