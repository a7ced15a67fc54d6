"""analytics."""

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from adapters.bootstrap import OrderCenter, with_engine
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.rich_terminal import progress
from adapters.entrypoints.running import with_center
from adapters.faults import OperatorFault
from adapters.worker.engine_feed import EngineFeed
from domain.values.faults import ServiceUnavailable


class EngineUnavailable(OperatorFault):
    """The engine is a server, and does not answer."""


app = typer.Typer(help="The analytical engine beside the database, where one is set.", no_args_is_help=True)


@app.callback()
def engine() -> None:
    """The analytical engine of ORDER_CENTER_ANALYTICS_ENGINE: its copy of the orders, kept from the change feed by the server."""


@app.command()
def load(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Drop the copy first, and make it anew.")] = False,
) -> None:
    """Bring the copy up to the orders as they are: before the first start, or where it is to be made anew.

    DuckDB's not beside a server: that has the copy, and keeps it by itself. Interrupted, it goes on where it was.
    """

    async def loading(center: OrderCenter) -> None:
        async with with_engine(center) as served, _reached():
            feed = _feed_of(served)
            with progress("Orders in the copy") as bar:
                taken_in = await feed.load(bar, is_anew=rebuild)
            typer.echo(f"{taken_in:,} orders were taken in.")
            await _tell(feed)

    with_center(loading)


@app.command()
def status() -> None:
    """What is in the copy, and how far it is behind the orders. DuckDB's beside a server: look at /metrics."""

    async def telling(center: OrderCenter) -> None:
        async with with_engine(center) as served, _reached():
            await _tell(_feed_of(served))

    with_center(telling)


@contextlib.asynccontextmanager
async def _reached() -> AsyncIterator[None]:
    """An engine that does not answer ends the command with a sentence."""
    try:
        yield
    except ServiceUnavailable as fault:
        raise EngineUnavailable(str(fault)) from fault


def _feed_of(center: OrderCenter) -> EngineFeed:
    if center.engine_feed is None:
        raise UsageFault(
            "PostgreSQL answers analytics itself, and needs no copy: set ORDER_CENTER_ANALYTICS_ENGINE to use another engine."
        )
    return center.engine_feed


async def _tell(feed: EngineFeed) -> None:
    state = "still being made" if await feed.engine.watermark() is None else "complete"
    held, whole = await feed.engine.order_count(), await feed.source.order_count()
    typer.echo(f"The copy is {state}: {held:,} of {whole:,} orders; {await feed.lag_seconds():.0f} s behind.")
