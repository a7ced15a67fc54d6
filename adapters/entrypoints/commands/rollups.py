"""rollups."""

import asyncio
from collections.abc import Callable
from typing import Final

import typer

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.rich_terminal import progress
from adapters.entrypoints.running import with_center
from domain.ports.rollups import Rollups

BESIDE_ANOTHER_S: Final = 0.1
"""Between two looks while a worker is at it."""
SHOWN_EVERY_S: Final = 0.5
"""Counting what there is takes a moment, too."""

app = typer.Typer(help="The cube that analytics reads where it can.", no_args_is_help=True)


@app.callback()
def cube() -> None:
    """The cube that analytics reads where it can: sums by hour and by day, kept by the worker from the change feed."""


@app.command()
def rebuild() -> None:
    """Make the cube anew from the orders. Meanwhile analytics reads the orders themselves: slower, and right.

    Needed only where `order-center doctor` finds the cube wrong (I10), or after rows were changed by hand. A server or worker may run
    beside it, and helps. Interrupted, it goes on with the next worker or the next rebuild.
    """

    async def rebuilding(center: OrderCenter) -> None:
        with progress("Orders in the cube") as bar:
            await center.rollups.reset()
            await _until_complete(center.rollups, bar)
        await _tell(center.rollups)

    with_center(rebuilding)


@app.command()
def status() -> None:
    """What is in the cube, and how far it is behind the orders."""

    async def telling(center: OrderCenter) -> None:
        await _tell(center.rollups)

    with_center(telling)


async def _until_complete(rollups: Rollups, bar: Callable[[int, int], None]) -> None:
    clock, shown_at, has_more = asyncio.get_running_loop().time, 0.0, True
    while has_more:
        done = await rollups.advance()
        if done is None:
            await asyncio.sleep(BESIDE_ANOTHER_S)
        has_more = done is None or done.has_more
        if clock() - shown_at > SHOWN_EVERY_S or not has_more:
            found = await rollups.status()
            bar(found.orders, found.all_orders)
            shown_at = clock()


async def _tell(rollups: Rollups) -> None:
    found = await rollups.status()
    state = "complete" if found.is_complete else "still being made"
    typer.echo(
        f"The cube is {state}: {found.orders:,} of {found.all_orders:,} orders in {found.cells:,} hourly cells;"
        f" {found.lag_seconds:.0f} s behind."
    )
