"""Seeding as commands do it: with a bar that says how far it is."""

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.rich_terminal import progress
from adapters.seeding.seed import seed_demo


async def seed_with_progress(center: OrderCenter, orders: int | None = None, number: int | None = None) -> None:
    """As many orders and with the seed number that are given, else those of the settings."""
    settings = center.settings
    wanted = settings.demo_orders if orders is None else orders
    seed_number = settings.seed if number is None else number
    with progress("Seeding orders") as bar:
        await seed_demo(center.database, center.ports.policies, wanted, seed_number, center.ports.clock.now(), bar)
