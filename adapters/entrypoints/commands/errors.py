"""errors."""

import sys

import typer

from resolvers.catalogue.page import errors_markdown

app = typer.Typer()


@app.command()
def errors() -> None:
    """List every code that an answer can carry as Markdown: what it means, and what to do."""
    sys.stdout.write(errors_markdown())
