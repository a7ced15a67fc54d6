"""orderChanges: who may follow the orders, and the wait for what is not there yet."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Final

from domain.access.viewer import Viewer
from domain.ports.bundle import Ports
from domain.ports.changes import ChangePage, ChangeQuery, OrderChanges, Watch
from domain.values.enums import Role
from domain.values.faults import BadRequest

FOLLOWERS: Final = frozenset((Role.ANALYST, Role.ADMIN, Role.MERCHANT, Role.FINANCE, Role.PARTNER, Role.BUYER))
"""Each within its scope: a partner its channels' orders, a buyer its own."""
LOOK_AGAIN_S: Final = (0.05, 0.1, 0.25)
"""While something is written that cannot be read yet: whoever holds it up tells nobody when they end."""

Gone = Callable[[], Awaitable[None]]


async def follow_orders(
    ports: Ports, viewer: Viewer, query: ChangeQuery, wait_s: float, gone: Gone | None
) -> ChangePage:
    """The next page; where there is nothing, the first one with something in it, or an empty one when the time is over or the caller
    is `gone`. Raises BadRequest for whom nothing is shown.
    """
    if not viewer.roles & FOLLOWERS:
        raise BadRequest("Your roles do not allow following the orders.", "FORBIDDEN")
    changes = ports.order_changes
    if wait_s <= 0:
        return await changes.page(query)
    async with changes.watch() as watch, _present(gone) as is_gone:
        return await _awaited(changes, query, watch, wait_s, is_gone)


async def _awaited(
    changes: OrderChanges, query: ChangeQuery, watch: Watch, wait_s: float, is_gone: "asyncio.Future[None]"
) -> ChangePage:
    loop = asyncio.get_running_loop()
    until, looked = loop.time() + wait_s, 0
    while True:
        page = await changes.page(query)
        left = until - loop.time()
        if page.changes or page.has_more or left <= 0 or is_gone.done():
            return page
        pause, looked = (left, 0) if page.lag_seconds == 0 else (min(left, _pause(looked)), looked + 1)
        if not await _news(watch, pause, is_gone):
            return page
        query = replace(query, after=page.position)


def _pause(looked: int) -> float:
    return LOOK_AGAIN_S[min(looked, len(LOOK_AGAIN_S) - 1)]


async def _news(watch: Watch, seconds: float, is_gone: "asyncio.Future[None]") -> bool:
    """Whether it is worth while to look again."""
    waiting = asyncio.ensure_future(watch.news(seconds))
    try:
        await asyncio.wait((waiting, is_gone), return_when=asyncio.FIRST_COMPLETED)
        return waiting.done() and waiting.result()
    finally:
        waiting.cancel()


@contextlib.asynccontextmanager
async def _present(gone: Gone | None) -> "AsyncIterator[asyncio.Future[None]]":
    """A future that is done when the caller is gone; nothing is left of it afterwards."""
    watching = asyncio.ensure_future(_until(gone))
    try:
        yield watching
    finally:
        watching.cancel()
        await asyncio.wait((watching,))


async def _until(gone: Gone | None) -> None:
    if gone is None:
        await asyncio.get_running_loop().create_future()
    else:
        await gone()
