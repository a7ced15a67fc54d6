"""worker."""

import typer

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.running import with_center
from adapters.entrypoints.serving import work
from adapters.entrypoints.terminal import notice

app = typer.Typer()


@app.command()
def worker() -> None:
    """Run the worker alone: timers and jobs. Any number may run beside servers that were started with ORDER_CENTER_WORKER=false."""

    async def working(center: OrderCenter) -> None:
        await work(center, lambda: notice("The worker is up. Press Ctrl-C to stop."))

    with_center(working)
    notice("Stopped.")
