"""`order-center serve`: HTTP and, in the default, the worker, in one process; both end together, cleanly, on a signal."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn

from adapters.bootstrap import OrderCenter
from adapters.db.embedded_server import EmbeddedServer
from adapters.entrypoints.auth import Authenticator
from adapters.entrypoints.collecting import settle
from adapters.entrypoints.http import application
from adapters.entrypoints.keeping import kept_running

SHUTDOWN_S = 10


async def serve(
    center: OrderCenter,
    authenticator: Authenticator,
    listener: socket.socket,
    on_ready: Callable[[], None],
    embedded: EmbeddedServer | None = None,
) -> None:
    """Until SIGINT or SIGTERM: requests in flight are answered, the worker finishes what it has begun. `embedded` is kept
    running meanwhile; raises EmbeddedServerError where it cannot be.
    """
    config = uvicorn.Config(
        application(center, authenticator),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    server = _Server(config, on_ready)
    settle()

    def stop() -> None:
        center.stop_waiting()
        server.stop()

    async with (
        kept_running(embedded, server.stop),
        working(center, enabled=center.settings.worker),
        _feeding(center),
    ):
        with _signals(stop):
            await server.serve(sockets=[listener])


async def work(center: OrderCenter, on_ready: Callable[[], None]) -> None:
    """The worker alone, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    settle()
    with _signals(stop.set):
        on_ready()
        async with asyncio.TaskGroup() as group:
            _start(group, center, stop)


def _feeding(center: OrderCenter) -> contextlib.AbstractAsyncContextManager[None]:
    """Whoever has an analytical engine feeds it, with a worker or without."""
    return contextlib.nullcontext() if center.engine_feed is None else center.engine_feed.running()


@contextlib.asynccontextmanager
async def working(center: OrderCenter, *, enabled: bool) -> AsyncIterator[None]:
    """The worker runs while the block does."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        if enabled:
            _start(group, center, stop)
        try:
            yield
        finally:
            stop.set()


def _start(group: asyncio.TaskGroup, center: OrderCenter, stop: asyncio.Event) -> None:
    """Each until `stop`: what takes long has a loop of its own, so that timers and jobs do not wait for it."""
    group.create_task(center.worker.run(stop))
    group.create_task(center.rollup_upkeep.run(stop))
    if center.exports is not None:
        group.create_task(center.exports.worker.run(stop))


class _Server(uvicorn.Server):
    """Leaves signals to us, and says when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """The first signal asks, the second insists."""
        self.force_exit = self.should_exit
        self.should_exit = True


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
