"""One server process under measurement: `python -m tests.benchmarks.server KIND`, told the rest by its environment.

It prints `ready PORT` when it listens, and ends on SIGTERM.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import uvicorn
import uvloop
from starlette.applications import Starlette

from adapters.bootstrap import OrderCenter, assembled, with_engine
from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.collecting import settle
from adapters.entrypoints.serving import serve
from adapters.entrypoints.starting import bound_socket
from adapters.settings import Settings, load_settings, signing_key
from tests.benchmarks.limit import JSON_FORM, ROW_FORM, Form, limit_application
from tests.benchmarks.plain import plain_application

OURS: Final = "ours"
PLAIN: Final = "plain"
LIMIT_JSON: Final = "limit-json"
LIMIT_ROWS: Final = "limit-rows"

Serve = Callable[[Settings, str, socket.socket], Awaitable[None]]


async def _ours(settings: Settings, url: str, listener: socket.socket) -> None:
    """As `order-center serve` serves."""
    async with assembled(settings, url) as whole, with_engine(whole) as center:
        await serve(center, _keys(center), listener, lambda: _say_ready(listener))


async def _plain(settings: Settings, url: str, listener: socket.socket) -> None:
    async with assembled(settings, url) as center:
        await _run(plain_application(center, _keys(center)), listener)


def _limit(form: Form) -> Serve:
    async def run(settings: Settings, url: str, listener: socket.socket) -> None:
        async with limit_application(settings, url, form) as app:
            await _run(app, listener)

    return run


SERVERS: Final[Mapping[str, Serve]] = {
    OURS: _ours,
    PLAIN: _plain,
    LIMIT_JSON: _limit(JSON_FORM),
    LIMIT_ROWS: _limit(ROW_FORM),
}


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets:
            _say_ready(sockets[0])


async def _run(app: Starlette, listener: socket.socket) -> None:
    """With the settings of adapters/entrypoints/serving.py."""
    settle()
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False)
    await _Server(config).serve(sockets=[listener])


def _keys(center: OrderCenter) -> DemoKeys:
    return DemoKeys(signing_key(center.settings), center.ports.policies)


def _say_ready(listener: socket.socket) -> None:
    sys.stdout.write(f"ready {listener.getsockname()[1]}\n")
    sys.stdout.flush()


def main() -> None:
    settings = load_settings()
    if (core := os.environ.get("BENCHMARK_CORE")) is not None:
        os.sched_setaffinity(0, {int(core)})
    listener = bound_socket(settings.host, 0)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(SERVERS[sys.argv[1]](settings, settings.database_url or "", listener))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
