"""The revisions, run by alembic. Loaded only where there is something to do: alembic is most of what a start would import."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.db.connection import connect
from adapters.db.errors import MigrationError

_FOLDER = Path(__file__).parent / "migrations"


def alembic_config(versions: Path, metadata: MetaData | None = None) -> Config:
    """For `alembic.command`; `versions` is the folder of the revisions."""
    config = Config()
    config.set_main_option("script_location", _escaped(_FOLDER))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _escaped(versions))
    config.attributes["target_metadata"] = metadata
    return config


async def upgrade(url: str, versions: Path, current: str | None) -> None:
    """From the revision `current` to the newest. Raises MigrationError for one that is not known here."""
    config = alembic_config(versions)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise MigrationError(
            f"The database is at revision {current}, which this version does not know: run a newer version."
        )
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade_on, config)
    finally:
        await engine.dispose()


def _upgrade_on(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
