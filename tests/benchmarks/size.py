"""Does a list stay as fast when the table grows? One connection, one request after the other, at each size."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from resolvers.cursors import CursorKind, cursor_of
from tests.benchmarks import load, variables
from tests.benchmarks.databases import Seeded, connected, seeded, write_policies
from tests.benchmarks.limit_list import Position
from tests.benchmarks.load import Load
from tests.benchmarks.measuring import MOST_WARM_UP_S, environment, slices
from tests.benchmarks.operations import DOCUMENTS, LIST
from tests.benchmarks.processes import Cores, Server, serving
from tests.benchmarks.server import OURS

DEEP: Final = 0.9
_AT: Final = "SELECT placed_at, id FROM orders ORDER BY placed_at DESC, id DESC OFFSET $1 LIMIT 1"

Times = Mapping[str, float]
"""Mean ms a request, by what was asked."""


@dataclass(frozen=True, slots=True)
class _Size:
    """A server over a table of one size, and what it is asked, by name."""

    orders: int
    server: Server
    bodies: Mapping[str, Path]

    def asked(self, name: str, seconds: int, *, is_checked: bool = False) -> Load:
        return load.run(self.server.url, self.bodies[name], seconds=seconds, connections=1, is_checked=is_checked)


def times_of(sizes: Sequence[int], seconds: int, cores: Cores) -> dict[int, Times]:
    """All are asked in turn: a machine that is slower for a while is slower at each size."""
    with contextlib.ExitStack() as running:
        # The largest is seeded first, while all cores are free to do it.
        ready = [_ready(running, orders, cores) for orders in sorted(sizes, reverse=True)]
        found: dict[int, dict[str, list[Load]]] = {one.orders: {name: [] for name in one.bodies} for one in ready[::-1]}
        for one in ready:
            for name in one.bodies:
                one.asked(name, min(seconds, MOST_WARM_UP_S), is_checked=True)
        for part in slices(seconds):
            for one in ready:
                for name in one.bodies:
                    found[one.orders][name].append(one.asked(name, part))
    return {orders: {name: _mean_ms(loads) for name, loads in by_name.items()} for orders, by_name in found.items()}


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


def _ready(running: contextlib.ExitStack, orders: int, cores: Cores) -> _Size:
    data = running.enter_context(seeded(orders, cores))
    env = environment(data.url, data.folder, write_policies(data.folder / "policies"))
    server = running.enter_context(serving(OURS, cores, env, data.folder / "size.log"))
    asked = asyncio.run(_asked(data, orders))
    return _Size(orders, server, {name: _bodies(data, name, sets) for name, sets in asked.items()})


def _bodies(data: Seeded, name: str, sets: Sequence[Mapping[str, Any]]) -> Path:
    return load.write_bodies(data.folder / f"{name.replace(' ', '-')}.txt", DOCUMENTS[LIST], LIST, sets)


def _mean_ms(loads: Sequence[Load]) -> float:
    return sum(one.duration_us for one in loads) / sum(one.requests for one in loads) / 1000
