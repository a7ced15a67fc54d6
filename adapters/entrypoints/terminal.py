"""What a server says: its welcome, and that it stopped. Plain text, as every start would pay for more."""

from collections.abc import Mapping
from typing import Final

import typer

from domain.values.enums import Role

EXAMPLES: Final = (
    (
        "The five newest orders",
        "{ orders(first: 5) { nodes { number status total { amount currency } member { name } } } }",
    ),
    ("What is where", "{ orders { totalCount facets { status { value count } } } }"),
    ("A product as it is now", '{ product(sku: \\"SKU-00001\\") { name price { amount } stock { available } } }'),
)


def notice(sentence: str) -> None:
    """Beside what was asked for: to stderr."""
    typer.echo(sentence, err=True)


def welcome(url: str, keys: Mapping[Role, str]) -> None:
    """The URL, the keys, three queries to begin with, and how to stop."""
    up = typer.style("The order center is up:", bold=True)
    typer.echo(f"\n{up} {url}/graphql (open it in a browser to try queries)\n")
    if keys:
        typer.echo(
            "One demo key per role; send one as `Authorization: Bearer KEY`. Without a key you are the demo admin."
        )
        for role, key in keys.items():
            typer.echo(f"  {role.lower():<10} {key}")
        typer.echo("\nThree queries to begin with:")
        for title, query in EXAMPLES:
            typer.echo(f"  # {title}")
            command = f"curl -s {url}/graphql -H 'content-type: application/json' -d '{{\"query\": \"{query}\"}}'"
            typer.echo(f"  {command}")
    else:
        typer.echo(
            "No keys can be issued yet: requests are anonymous and see no orders. `serve --demo` issues demo keys."
        )
    typer.echo("\nPress Ctrl-C to stop.\n")
