"""One migrated database per test process; every test that asks for `database` finds it empty."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import settings
from sqlalchemy import text

from adapters.db.connection import dsn
from adapters.db.embedded_server import EmbeddedServer
from adapters.db.engine import Database, prepare
from adapters.db.migrate import migrate
from tests.fixtures.clickhouse import ClickHouseProcess, clickhouse_process

settings.register_profile("ci", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_TABLES = prepare(
    text(
        "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'alembic_version'"
    )
)
# Ends with its standard input, which is this process's: also when this process is killed and cleans up nothing.
_REAPER = 'read _; kill -QUIT "$0"; sleep 1; rm -rf "$1" "$2"'


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    given = os.environ.get("TEST_DATABASE_URL")
    with _own_database(given) if given else _own_server() as url:
        migrate(url)
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, pool_size=10)
    if tables := await database.value(_TABLES):
        async with database.transaction() as transaction:
            await transaction.execute(prepare(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")))
            await transaction.commit()
    yield database
    await database.close()


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[ClickHouseProcess]:
    """Only nightly tests ask for it: its engine is in the extra of that name."""
    with clickhouse_process() as process:
        yield process


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that other users may enter; pytest's own are closed to them, and root's PostgreSQL is another user."""
    with _open_folder() as folder:
        yield folder


@contextlib.contextmanager
def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="order-center-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _own_server() -> Iterator[str]:
    with _open_folder() as folder:
        server = EmbeddedServer(folder, durable=False)
        try:
            url = server.start()
            with _reaped_after_a_kill(server, folder):
                yield url
        finally:
            server.discard()


@contextlib.contextmanager
def _reaped_after_a_kill(server: EmbeddedServer, folder: Path) -> Iterator[None]:
    command = ["/bin/sh", "-c", _REAPER, str(server.pid), str(folder), str(server.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True) as reaper:  # noqa: S603  our own command
        try:
            yield
        finally:
            reaper.kill()


@contextlib.contextmanager
def _own_database(url: str) -> Iterator[str]:
    name = f"order_center_test_{os.getpid()}"
    asyncio.run(_administer(url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    try:
        yield urlsplit(dsn(url))._replace(path=f"/{name}").geturl()
    finally:
        asyncio.run(_administer(url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _administer(url: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
