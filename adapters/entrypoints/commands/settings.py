"""settings."""

import sys

import typer

from adapters.settings import settings_markdown

app = typer.Typer()


@app.command()
def settings() -> None:
    """List the settings as Markdown, with their defaults."""
    sys.stdout.write(settings_markdown())
