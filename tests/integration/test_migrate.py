import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapters.db.connection import dsn
from adapters.db.errors import MigrationError
from adapters.db.migrate import current_and_head, migrate

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}
"""


def ask(url: str, statement: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(dsn(url))
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(answer())


@pytest.fixture
def empty_url(database_url: str) -> Iterator[str]:
    name = "migrate_test"
    ask(database_url, f"CREATE DATABASE {name}")
    yield urlsplit(dsn(database_url))._replace(path=f"/{name}").geturl()
    ask(database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    add(tmp_path, "r1", None, "op.create_table('t', sa.Column('n', sa.Integer))")
    add(tmp_path, "r2", "r1", "op.execute(\"INSERT INTO t SELECT (current_setting('lock_timeout') = '5s')::int\")")
    return tmp_path


def add(folder: Path, revision: str, down: str | None, upgrade: str) -> None:
    (folder / f"{revision}.py").write_text(REVISION.format(revision=revision, down=repr(down), upgrade=upgrade))


def test_an_empty_database_is_brought_to_the_head_under_a_lock_timeout(empty_url: str, versions: Path) -> None:
    assert current_and_head(empty_url, versions) == (None, "r2")
    migrate(empty_url, versions)
    assert current_and_head(empty_url, versions) == ("r2", "r2")
    assert ask(empty_url, "SELECT sum(n) FROM t") == 1


def test_migrating_twice_does_nothing_the_second_time(empty_url: str, versions: Path) -> None:
    migrate(empty_url, versions)
    migrate(empty_url, versions)
    assert ask(empty_url, "SELECT count(*) FROM t") == 1


def test_of_many_at_once_one_migrates_and_all_succeed(empty_url: str, versions: Path) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_url, versions)
        except BaseException as failure:  # noqa: BLE001  shown by the assertion below
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert ask(empty_url, "SELECT count(*) FROM t") == 1


def test_a_failing_revision_leaves_the_database_as_it_was(empty_url: str, versions: Path) -> None:
    add(versions, "r3", "r2", "op.execute('SELECT 1 / 0')")
    with pytest.raises(Exception, match="division by zero"):
        migrate(empty_url, versions)
    assert current_and_head(empty_url, versions) == (None, "r3")
    assert ask(empty_url, "SELECT to_regclass('t')") is None


def test_a_database_of_a_newer_version_is_refused(empty_url: str, versions: Path) -> None:
    migrate(empty_url, versions)
    (versions / "r2.py").unlink()
    with pytest.raises(MigrationError) as raised:
        migrate(empty_url, versions)
    assert str(raised.value) == "The database is at revision r2, which this version does not know: run a newer version."


def test_the_packaged_revisions_have_one_head_and_the_test_database_is_there(database_url: str) -> None:
    current, head = current_and_head(database_url)
    assert current == head
