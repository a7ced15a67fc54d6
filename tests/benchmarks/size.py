"""Does a list stay as fast when the table grows? One connection, one request after the other, at each size."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table

from resolvers.cursors import CursorKind, cursor_of
from tests.benchmarks import load, variables
from tests.benchmarks.databases import Seeded, connected, seeded, write_policies
from tests.benchmarks.limit_list import Position
from tests.benchmarks.measuring import MOST_WARM_UP_S, environment
from tests.benchmarks.operations import DOCUMENTS, LIST
from tests.benchmarks.processes import Cores, Server, serving
from tests.benchmarks.server import OURS

DEEP: Final = 0.9
_AT: Final = "SELECT placed_at, id FROM orders ORDER BY placed_at DESC, id DESC OFFSET $1 LIMIT 1"

Times = Mapping[str, float]
"""Mean ms a request, by what was asked."""


def times_of(orders: int, seconds: int, cores: Cores) -> Times:
    with seeded(orders, cores) as data:
        asked = asyncio.run(_asked(data, orders))
        env = environment(data.url, data.folder, write_policies(data.folder / "policies"))
        with serving(OURS, cores, env, data.folder / "size.log") as server:
            return {name: _mean_ms(data, server, name, sets, seconds) for name, sets in asked.items()}


def table(found: Mapping[int, Times]) -> Table:
    names = list(next(iter(found.values())))
    drawn = Table("orders", *(f"{name}, ms" for name in names), "deep page × first page", "lists × smallest")
    smallest = found[min(found)]
    for orders, times in found.items():
        ratios = (times["deep page"] / times["first page"], times["lists"] / smallest["lists"])
        drawn.add_row(f"{orders:,}", *(f"{times[name]:.2f}" for name in names), *(f"{ratio:.2f}" for ratio in ratios))
    return drawn


async def _asked(data: Seeded, orders: int) -> dict[str, list[dict[str, Any]]]:
    """LIST in all its variety, its first page, and the page behind nine tenths of all orders."""
    async with connected(data.url) as connection:
        lists = await variables.lists(connection)
        place = await connection.fetchrow(_AT, int(orders * DEEP))
    deep = cursor_of(CursorKind.PLACED_AT_DESC, Position(*place))
    return {"lists": lists, "first page": [{}], "deep page": [{"after": deep}]}


def _mean_ms(data: Seeded, server: Server, name: str, sets: list[dict[str, Any]], seconds: int) -> float:
    bodies = load.write_bodies(data.folder / f"{name.replace(' ', '-')}.txt", DOCUMENTS[LIST], LIST, sets)
    load.run(server.url, bodies, seconds=min(seconds, MOST_WARM_UP_S), connections=1, is_checked=True)
    found = load.run(server.url, bodies, seconds=seconds, connections=1)
    return found.duration_us / found.requests / 1000
