"""seed."""

from typing import Annotated

import typer

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.running import with_center
from adapters.entrypoints.seeding import seed_with_progress
from adapters.seeding.seeded import is_seeded

app = typer.Typer()


@app.command()
def seed(
    orders: Annotated[
        int | None, typer.Option(min=0, help="How many orders; default ORDER_CENTER_DEMO_ORDERS.")
    ] = None,
    number: Annotated[int | None, typer.Option("--seed", min=0, help="The same number gives the same data.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Add to a database that has orders already.")] = False,
) -> None:
    """Write demo data: catalogue, members, stock, and orders in every state, spread over two years."""

    async def seeding(center: OrderCenter) -> None:
        if not add and await is_seeded(center.database):
            raise UsageFault("The database was seeded already; --add writes more orders beside those.")
        await seed_with_progress(center, orders, number)

    with_center(seeding)
