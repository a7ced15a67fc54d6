"""Keeps the embedded PostgreSQL running while a server runs: one that was killed is started again, and recovers by itself.

Requests meanwhile are answered with SERVICE_UNAVAILABLE; the pool, the listener and the worker find their way back alone. A
PostgreSQL that does not start again, a few times in a row, ends the server with its reason: there is nothing left to serve.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from adapters.db.embedded_server import EmbeddedServer
from adapters.db.errors import EmbeddedServerError

LOOK_EVERY_S: Final = 0.2
ATTEMPTS: Final = 5
FIRST_PAUSE_S: Final = 0.2
INTERRUPT_EVERY_S: Final = 0.1

log = logging.getLogger("order_center.database")


@asynccontextmanager
async def kept_running(server: EmbeddedServer | None, give_up: Callable[[], None]) -> AsyncIterator[None]:
    """While the block runs; None: the database is another's to keep. Where it cannot be kept, `give_up` asks the block to end,
    and its end raises EmbeddedServerError.
    """
    if server is None:
        yield
        return
    # Not a task group: it would cut the block off, where requests are to be answered still.
    keeper = asyncio.create_task(_keep(server))
    keeper.add_done_callback(lambda _: give_up())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])
    if not keeper.cancelled():
        keeper.result()


async def _keep(server: EmbeddedServer) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if not server.is_running:
            log.warning("PostgreSQL has ended unasked; it is started again.")
            await _started_again(server)
            log.warning("PostgreSQL runs again.")


async def _started_again(server: EmbeddedServer) -> None:
    pause_s = FIRST_PAUSE_S
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await _start(server)
        except EmbeddedServerError as error:
            log.warning("Attempt %d of %d failed: %s", attempt, ATTEMPTS, error)
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(pause_s)
            pause_s *= 2
        else:
            return


async def _start(server: EmbeddedServer) -> None:
    """In a thread, as it waits. A thread cannot be cancelled: what it waits for is ended instead, until it is over."""
    starting = asyncio.create_task(asyncio.to_thread(server.start))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        while not starting.done():
            server.interrupt()
            await asyncio.wait([starting], timeout=INTERRUPT_EVERY_S)
        if not starting.cancelled():
            starting.exception()  # looked at: what an interrupted start says interests nobody
        raise
