"""migrate."""

import typer

from adapters.entrypoints.databases import any_database
from adapters.entrypoints.starting import settings_and_log
from adapters.entrypoints.terminal import notice

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the database's tables to this version. `serve` does so by itself."""
    with any_database(settings_and_log()):
        notice("The database is up to date.")
