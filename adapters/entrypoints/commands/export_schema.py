"""export-schema."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from schema.build import sdl

app = typer.Typer()


@app.command()
def export_schema(
    path: Annotated[Path | None, typer.Argument(help="Where to; default: standard output.")] = None,
) -> None:
    """Print the GraphQL schema (SDL, an Apollo Federation 2 subgraph)."""
    if path is None:
        sys.stdout.write(sdl())
    else:
        path.write_text(sdl(), encoding="utf-8")
