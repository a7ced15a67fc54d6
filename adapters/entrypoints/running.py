"""How a command runs: settings, then a database, then the assembled order center in a loop of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import uvloop

from adapters.bootstrap import OrderCenter, assembled
from adapters.entrypoints.databases import any_database
from adapters.entrypoints.interrupts import obey_interrupts
from adapters.entrypoints.starting import settings_and_log

T = TypeVar("T")


def with_center(do: Callable[[OrderCenter], Awaitable[T]]) -> T:
    """What `do` gives, on the database of the settings: a running server's is joined."""
    settings = settings_and_log()

    async def within(url: str) -> T:
        async with assembled(settings, url) as center:
            return await do(center)

    with any_database(settings) as url:
        return run(within(url))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Raises KeyboardInterrupt, without beginning, where one was asked for before."""
    try:
        obey_interrupts()
    except KeyboardInterrupt:
        work.close()
        raise
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
