"""The database of a command: the one that is configured, else the embedded one of the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.db.embedded_server import EmbeddedServer, running_url
from adapters.db.migrate import migrate
from adapters.settings import Settings


@contextmanager
def own_database(settings: Settings) -> Iterator[str]:
    """For a server: the embedded PostgreSQL is ours alone and ends with us. Migrated."""
    if settings.database_url is not None:
        migrate(settings.database_url)
        yield settings.database_url
        return
    server = EmbeddedServer(settings.data_dir)
    try:
        url = server.start()
        migrate(url)
        yield url
    finally:
        server.stop()


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
