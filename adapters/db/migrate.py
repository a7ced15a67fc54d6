"""Brings the database to the newest revision. Several processes may start at once: one migrates, the others wait for it."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.db.connection import connect
from adapters.db.errors import MigrationError

_FOLDER = Path(__file__).parent / "migrations"
_LOCK_KEY = 7_021_845_093_311_402  # of this program, for pg_try_advisory_lock
_LOCK_POLL_S = 0.1


def migrate(url: str, versions: Path | None = None) -> None:
    """Synchronous: it has a loop of its own. One query and no more where there is nothing to do."""
    asyncio.run(_migrate(url, alembic_config(versions)))


def current_and_head(url: str, versions: Path | None = None) -> tuple[str | None, str | None]:
    """The database's revision and the newest one; None where there is none."""
    return asyncio.run(_current(url)), _scripts(alembic_config(versions)).get_current_head()


def alembic_config(versions: Path | None = None, metadata: MetaData | None = None) -> Config:
    """For `alembic.command`; `versions` is the folder of the revisions, the packaged one by default."""
    config = Config()
    config.set_main_option("script_location", _escaped(_FOLDER))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _escaped(versions or _FOLDER / "versions"))
    config.attributes["target_metadata"] = metadata
    return config


async def _migrate(url: str, config: Config) -> None:
    scripts = _scripts(config)
    head = scripts.get_current_head()
    if await _current(url) == head:
        return
    guard = await connect(url)
    try:
        await _lock(guard)
        current = await _revision(guard)
        if current == head:
            return
        _check_known(scripts, current)
        await _upgrade(url, config)
    finally:
        await guard.close()


async def _upgrade(url: str, config: Config) -> None:
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade_on, config)
    finally:
        await engine.dispose()


def _upgrade_on(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


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


def _scripts(config: Config) -> ScriptDirectory:
    return ScriptDirectory.from_config(config)


def _check_known(scripts: ScriptDirectory, current: str | None) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise MigrationError(
            f"The database is at revision {current}, which this version does not know: run a newer version."
        )


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
