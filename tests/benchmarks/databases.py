"""The databases of a run: an embedded PostgreSQL of its own, durable as in production, seeded once and copied where a run writes."""

import asyncio
import contextlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from adapters.db.connection import connect, dsn
from adapters.db.embedded_server import EmbeddedServer
from adapters.db.engine import Database
from adapters.db.migrate import migrate
from adapters.entrypoints.rich_terminal import progress
from adapters.policy_files import PACKAGED, load_policies
from adapters.seeding.plans import BASKETS, Baskets
from adapters.seeding.seed import seed_demo
from tests.benchmarks.processes import Cores, children

SEED: Final = 1
REFERENCE: Final = datetime(2026, 7, 1, tzinfo=UTC)
"""The seeded orders end here: every run has the same ones."""
UNITS_RECEIVED: Final = 10_000_000
NO_LIMIT: Final = 1_000_000_000
MAINTENANCE: Final = "postgres"
SEEDED: Final = "seeded.txt"
"""Beside a cluster that is kept: which orders it has."""

_RESTOCK: Final = (
    f"UPDATE services.stock SET received = received + {UNITS_RECEIVED}, on_hand = on_hand + {UNITS_RECEIVED}"
)
_UNPAID_LIMIT: Final = re.compile(r"^unpaid_orders_per_member = .*\n", re.MULTILINE)
_LIMITS: Final = "[limits]\n"


class KeptOrdersError(Exception):
    """The folder has the orders of another run."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """A server with one seeded database."""

    url: str
    postmaster: int
    folder: Path
    version: str
    """PostgreSQL's own."""

    def database(self, name: str) -> str:
        """The URL of another database of the server."""
        return urlsplit(dsn(self.url))._replace(path=f"/{name}").geturl()

    @contextlib.contextmanager
    def copy(self, name: str) -> Iterator[str]:
        """A copy of the seeded database, to which nobody may be connected; it is gone after the block."""
        source = urlsplit(dsn(self.url)).path.removeprefix("/")
        asyncio.run(
            _execute(self.database(MAINTENANCE), f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        )
        try:
            yield self.database(name)
        finally:
            asyncio.run(_execute(self.database(MAINTENANCE), f"DROP DATABASE {name} WITH (FORCE)"))


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.contextmanager
def seeded(orders: int, cores: Cores, baskets: Baskets = BASKETS, kept: Path | None = None) -> Iterator[Seeded]:
    """Seeds with all cores; then PostgreSQL, this process and what they start leave the measured server's core.

    `kept` is a folder where the cluster stays for the next run that wants the same orders. Raises KeptOrdersError.
    """
    folder = Path(tempfile.mkdtemp(prefix="order-center-benchmark-"))
    folder.chmod(0o755)  # where root runs this, PostgreSQL is another user
    server = EmbeddedServer((kept or folder) / "data")
    recipe = f"{orders} orders, baskets {[*baskets.placed]} and {[*baskets.legacy]}\n"
    try:
        url = server.start()
        migrate(url)
        if not _has_kept(kept, recipe):
            with progress(f"Seeding {orders:,} orders") as bar:
                asyncio.run(_fill(url, orders, baskets, bar))
            if kept is not None:
                (kept / SEEDED).write_text(recipe, encoding="utf-8")
        pid = server.pid or 0
        cores.move_others(0, pid, *children(pid))
        yield Seeded(url, pid, folder, asyncio.run(_version(url)))
    finally:
        if kept is None:
            server.discard()
        else:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _has_kept(kept: Path | None, recipe: str) -> bool:
    if kept is None or not (kept / SEEDED).exists():
        return False
    found = (kept / SEEDED).read_text(encoding="utf-8")
    if found != recipe:
        raise KeptOrdersError(f"{kept} has {found.strip()}, not {recipe.strip()}: use another folder.")
    return True


def write_policies(folder: Path) -> Path:
    """The packaged policies, but any number of unpaid orders a member: placements are counted in ten thousands here."""
    folder.mkdir(exist_ok=True)
    for path in PACKAGED.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        unlimited = f"{_LIMITS}unpaid_orders_per_member = {NO_LIMIT}\n"
        (folder / path.name).write_text(_UNPAID_LIMIT.sub("", text).replace(_LIMITS, unlimited), encoding="utf-8")
    return folder


async def _fill(url: str, orders: int, baskets: Baskets, bar: Callable[[int, int], None]) -> None:
    database = await Database.open(url)
    try:
        await seed_demo(database, load_policies(), orders, SEED, REFERENCE, bar, baskets)
    finally:
        await database.close()
    await _execute(url, _RESTOCK, "VACUUM ANALYZE", "CHECKPOINT")


async def _version(url: str) -> str:
    async with connected(url) as connection:
        version: str = await connection.fetchval("SHOW server_version")
    return version


async def _execute(url: str, *statements: str) -> None:
    async with connected(url) as connection:
        for statement in statements:
            await connection.execute(statement)
