"""stock."""

from typing import Annotated, Final

import typer

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.running import with_center
from domain.actions.receive_stock import receive_stock
from domain.values.faults import ServiceRejected

MOST_UNITS: Final = 2**31 - 1
"""What a database's column counts to."""

app = typer.Typer(help="The stock of the embedded inventory.", no_args_is_help=True)


@app.callback()
def inventory() -> None:
    """The stock of the embedded inventory."""


def _units(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_UNITS)) and 0 < int(text) <= MOST_UNITS:
        return int(text)
    raise typer.BadParameter(f'"{text}" is not a whole number from 1 to {MOST_UNITS}.')


@app.command()
def receive(
    sku: Annotated[str, typer.Argument(help="Which product.")],
    warehouse: Annotated[str, typer.Argument(help="Where: the warehouse's code.")],
    quantity: Annotated[int, typer.Argument(parser=_units, metavar="QUANTITY", help="How many units arrived.")],
) -> None:
    """Units arrived in a warehouse: the worker gives them to who waits for them, the longest waiting first."""

    async def receiving(center: OrderCenter) -> None:
        try:
            found = await receive_stock(center.ports, sku, warehouse, quantity)
        except ServiceRejected as fault:
            raise UsageFault(str(fault)) from fault
        if found is None:
            raise UsageFault(f"There is no stock of {sku} in {warehouse}: check the SKU and the warehouse's code.")
        typer.echo(f"{sku}: {found.on_hand} on hand, {found.reserved} reserved, {found.available} available.")

    with_center(receiving)
