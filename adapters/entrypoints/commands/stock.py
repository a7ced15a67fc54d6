"""stock."""

from typing import Annotated, Final

import typer

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.running import with_center
from domain.actions.receive_stock import receive_stock
from domain.actions.transactions import MAX_KEY_LENGTH
from domain.values.faults import ServiceRejected
from domain.values.texts import is_text

MOST_UNITS: Final = 2**31 - 1
"""What a database's column counts to."""

app = typer.Typer(help="The stock of the embedded inventory.", no_args_is_help=True)


@app.callback()
def inventory() -> None:
    """The stock of the embedded inventory."""


def _units_or_none(text: str) -> int:
    return 0 if text == "0" else _units(text)


def _units(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_UNITS)) and 0 < int(text) <= MOST_UNITS:
        return int(text)
    raise typer.BadParameter(f'"{text}" is not a whole number from 1 to {MOST_UNITS}.')


def _key(text: str) -> str:
    if text.strip() and len(text) <= MAX_KEY_LENGTH and is_text(text):
        return text
    raise typer.BadParameter(f"A key has 1 to {MAX_KEY_LENGTH} characters.")


@app.command()
def receive(
    sku: Annotated[str, typer.Argument(help="Which product.")],
    warehouse: Annotated[str, typer.Argument(help="Where: the warehouse's code.")],
    quantity: Annotated[int, typer.Argument(parser=_units, metavar="QUANTITY", help="How many units arrived.")],
    key: Annotated[
        str | None,
        typer.Option(
            parser=_key,
            metavar="KEY",
            help="A name for this arrival, such as the delivery note's number: sent again with the same key, by a script that was"
            " interrupted for example, it is booked once. Without a key every call is an arrival.",
        ),
    ] = None,
) -> None:
    """Units arrived in a warehouse: the worker gives them to who waits for them, the longest waiting first."""

    async def receiving(center: OrderCenter) -> None:
        try:
            found = await receive_stock(center.ports, sku, warehouse, quantity, key)
        except ServiceRejected as fault:
            raise UsageFault(str(fault)) from fault
        if found is None:
            raise UsageFault(f"There is no stock of {sku} in {warehouse}: check the SKU and the warehouse's code.")
        stock, before = found.stock, f'"{key}" was booked before, nothing is added. ' if found.is_replayed else ""
        typer.echo(f"{before}{sku}: {stock.on_hand} on hand, {stock.reserved} reserved, {stock.available} available.")

    with_center(receiving)


@app.command()
def allow(
    sku: Annotated[str, typer.Argument(help="Which product.")],
    warehouse: Annotated[str, typer.Argument(help="Where: the warehouse's code.")],
    quantity: Annotated[
        int, typer.Argument(parser=_units_or_none, metavar="QUANTITY", help="How many units; 0: none any more.")
    ],
) -> None:
    """So many units more may be sold than are there: where more is sure to come, or not every order is paid."""

    async def allowing(center: OrderCenter) -> None:
        try:
            found = await center.ports.inventory.allow(sku, warehouse, quantity)
        except ServiceRejected as fault:
            raise UsageFault(str(fault)) from fault
        if found is None:
            raise UsageFault(f"There is no stock of {sku} in {warehouse}: check the SKU and the warehouse's code.")
        typer.echo(f"{sku}: {found.available} available, {found.sellable} can be sold.")

    with_center(allowing)
