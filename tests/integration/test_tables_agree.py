import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.db.connection import connect, dsn
from adapters.db.migrate import migrate
from tests.fixtures.all_tables import METADATA

CATALOG = {
    "columns": """
        SELECT table_name, ordinal_position, column_name, data_type, is_nullable, collation_name, column_default,
            identity_generation, generation_expression
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


def on(url: str, work: Any) -> Any:
    async def run() -> Any:
        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=lambda: connect(url), poolclass=pool.NullPool
        )
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            answer = await connection.run_sync(work)
        await engine.dispose()
        return answer

    return asyncio.run(run())


@pytest.fixture
def empty_url(database_url: str) -> Iterator[str]:
    on(database_url, lambda connection: connection.execute(text("CREATE DATABASE tables_agree TEMPLATE template0")))
    yield urlsplit(dsn(database_url))._replace(path="/tables_agree").geturl()
    on(database_url, lambda connection: connection.execute(text("DROP DATABASE tables_agree WITH (FORCE)")))


def test_alembic_finds_no_difference_between_migrations_and_tables(database_url: str) -> None:
    migrate(database_url)
    assert on(database_url, differences) == []


def test_tables_made_from_the_metadata_are_those_of_the_migrations(database_url: str, empty_url: str) -> None:
    migrate(database_url)
    on(empty_url, METADATA.create_all)
    assert on(empty_url, catalog) == on(database_url, catalog)


def differences(connection: Connection) -> Any:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return compare_metadata(context, METADATA)


def catalog(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        kind: sorted((tuple(row) for row in connection.execute(text(query)) if row[0] != "alembic_version"), key=str)
        for kind, query in CATALOG.items()
    }
