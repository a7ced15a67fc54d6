"""The database of a command: the one that is configured, else the embedded one of the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.db.embedded_server import EmbeddedServer, running_url
from adapters.db.migrate import migrate
from adapters.settings import Settings


def embedded_server(settings: Settings) -> EmbeddedServer | None:
    """None where a database is configured."""
    return EmbeddedServer(settings.data_dir) if settings.database_url is None else None


@contextmanager
def started(embedded: EmbeddedServer | None) -> Iterator[None]:
    """It starts while the block begins, and stops at its end."""
    if embedded is None:
        yield
        return
    try:
        embedded.begin()
        yield
    finally:
        embedded.stop()


def migrated(settings: Settings, embedded: EmbeddedServer | None) -> str:
    """The URL of the database, once it is there and at this version."""
    url = embedded.wait() if embedded is not None else settings.database_url or ""
    migrate(url)
    return url


@contextmanager
def own_database(settings: Settings) -> Iterator[str]:
    """For a server: the embedded PostgreSQL is ours alone and ends with us. Migrated."""
    embedded = embedded_server(settings)
    with started(embedded):
        yield migrated(settings, embedded)


@contextmanager
def any_database(settings: Settings) -> Iterator[str]:
    """For a command: joins the embedded PostgreSQL of a server that is running, starts it for itself otherwise. Migrated."""
    url = settings.database_url or running_url(settings.data_dir)
    if url is None:
        with own_database(settings) as own:
            yield own
        return
    migrate(url)
    yield url
