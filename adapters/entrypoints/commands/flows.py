"""flows."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from adapters.bootstrap import OrderCenter
from adapters.db.live_orders import LiveCount, live_counts
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.rich_terminal import console, transitions_table
from adapters.entrypoints.running import with_center
from domain.orders.checking import problems_of
from domain.orders.diagram import machines_of, mermaid_of
from domain.orders.flow_changes import differences, stranding
from domain.orders.flows import FLOWS
from domain.orders.state import Flow
from domain.values.enums import OrderType
from resolvers.catalogue.flow_page import with_rendered_parts
from schema.build import mutation_names

app = typer.Typer()


@app.command()
def flows(
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid state diagrams.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Whether the tables hold together; exits 1 if not.")] = False,
    diff: Annotated[
        tuple[str, str] | None,
        typer.Option("--diff", metavar="V1 V2", help="What differs: two versions, like 1 2, or PHYSICAL:1 PHYSICAL:2."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="With --diff: count the orders in the database that V2 would strand.")
    ] = False,
    page: Annotated[
        Path | None, typer.Option("--page", help="Write the tables anew into this page: docs/order-logic.md.")
    ] = None,
) -> None:
    """Show the state machines: every step, who may take it, what blocks it, what it brings about."""
    if check:
        _check()
    elif diff is not None:
        _diff(*diff, live=live)
    elif page is not None:
        page.write_text(with_rendered_parts(page.read_text(encoding="utf-8")), encoding="utf-8")
    elif as_mermaid:
        sys.stdout.write("".join(mermaid_of(flow) for flow in FLOWS.values()))
    else:
        for flow in FLOWS.values():
            for machine in machines_of(flow):
                console.print(transitions_table(flow, machine))


def _check() -> None:
    problems = problems_of(FLOWS.values(), mutation_names())
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{len(FLOWS)} flows: every state is reached, left and timed, every action has its mutation.")


def _diff(first: str, second: str, *, live: bool) -> None:
    for old, new in _pairs(first, second):
        typer.echo(f"{_named(old)} -> {_named(new)}")
        for line in differences(old, new) or ("  no difference",):
            typer.echo(f"  {line}" if line[0] in "-+~" else line)
        stranded = stranding(old, new)
        for place in stranded:
            typer.echo(f"  strands {place.machine.lower()} {place.state}: {place.reason}")
        if live:
            _count(old, tuple((place.machine, place.state) for place in stranded))


def _count(old: Flow, places: tuple[tuple[str, str], ...]) -> None:
    async def counting(center: OrderCenter) -> list[LiveCount]:
        return await live_counts(center.database, old.order_type, old.version, places)

    found = with_center(counting) if places else []
    for one in found:
        typer.echo(f"  {one.orders} orders have a {one.machine.lower()} in {one.state}, as {', '.join(one.examples)}")
    if not found:
        typer.echo("  no order would be stranded")


def _pairs(first: str, second: str) -> list[tuple[Flow, Flow]]:
    """The flows that are meant, an order type each where only versions are named. Raises UsageFault."""
    olds, news = _meant(first), _meant(second)
    if ":" in first or ":" in second:
        pairs = [(old, new) for old in olds for new in news]
    else:
        pairs = [(old, new) for old in olds for new in news if old.order_type is new.order_type]
    if not pairs:
        raise UsageFault(f"No order type has both {first} and {second}.")
    return pairs


def _meant(text: str) -> list[Flow]:
    order_type, _, version = text.rpartition(":")
    found = [
        flow
        for flow in FLOWS.values()
        if str(flow.version) == version and (not order_type or flow.order_type == order_type.upper())
    ]
    if not found:
        known = ", ".join(_named(flow) for flow in FLOWS.values())
        raise UsageFault(f"There is no flow {text}; there are {known}.")
    return found


def _named(flow: Flow) -> str:
    return f"{OrderType(flow.order_type)}:{flow.version}"
