"""bi."""

import sys
from typing import Annotated

import typer

from adapters.db.bi_grant import grant as granted
from adapters.db.bi_views import SCHEMA
from adapters.entrypoints.bi_markdown import datasets_markdown
from adapters.entrypoints.databases import any_database
from adapters.entrypoints.running import run
from adapters.entrypoints.starting import settings_and_log

app = typer.Typer(help="What BI tools read by SQL: the views of the schema `bi`.", no_args_is_help=True)


@app.callback()
def views() -> None:
    """What BI tools read by SQL: the views of the schema `bi`."""


@app.command()
def grant(
    role: Annotated[str, typer.Argument(help="The PostgreSQL role; made where there is none.")],
    *,
    login: Annotated[
        bool, typer.Option(help="Whether a new role may log in: its password is made and printed, once.")
    ] = True,
) -> None:
    """Let a PostgreSQL role read the views of `bi`, and nothing else. Doing it again changes nothing.

    A tool then connects to the same database as that role: Metabase, Superset, Power BI, Grafana, or anything that speaks SQL.
    The views know no caller: whoever may read them reads every business unit. Where that is too much, give a key and the
    URLs of /bi/ instead.
    """
    with any_database(settings_and_log()) as url:
        done = run(granted(url, role, may_login=login))
    typer.echo(f"{role} {'was made and ' if done.is_new else ''}may read the views of the schema {SCHEMA}.")
    if done.password is not None:
        typer.echo(f"Password (shown this once): {done.password}")


@app.command()
def datasets() -> None:
    """Print the datasets as Markdown: each with its grain and its columns (docs/bi-datasets.md)."""
    sys.stdout.write(datasets_markdown())
