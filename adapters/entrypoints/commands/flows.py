"""flows."""

import sys
from typing import Annotated

import typer

from adapters.entrypoints.rich_terminal import console, transitions_table
from domain.orders.diagram import machines_of, mermaid_of
from domain.orders.flows import FLOWS

app = typer.Typer()


@app.command()
def flows(
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid state diagrams.")] = False,
) -> None:
    """Show the state machines: every step, who may take it, what blocks it, what it brings about."""
    for flow in FLOWS.values():
        if as_mermaid:
            sys.stdout.write(mermaid_of(flow))
            continue
        for machine in machines_of(flow):
            console.print(transitions_table(flow, machine))
