"""I10: figures at a watermark are a recount of the orders as they were at it, whoever was writing, read from the orders or from the cube."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from adapters.bootstrap import ports_over
from adapters.db.analytics import SqlAnalytics
from adapters.db.changes import SqlOrderChanges
from adapters.db.engine import Database
from adapters.db.rollups import SqlRollups, pending_orders
from domain.access.viewer import Viewer
from domain.actions.analyse_orders import analyse_orders
from domain.analytics.plan import AnalyticsRequest
from domain.ports.bundle import Ports, Terms
from domain.ports.order_views import OrderFilter
from domain.values.enums import ActorKind, Dimension, Measure, Role
from domain.values.feed_positions import BEGINNING, position_of
from domain.values.money import Money
from tests.fixtures.following import versions_after
from tests.fixtures.shop import POLICIES, SECRET
from tests.fixtures.writers import Writers

pytestmark = pytest.mark.anyio

ROUNDS = pytest.mark.parametrize("rounds", [15, pytest.param(500, marks=pytest.mark.nightly)])
ANALYST = Viewer(ActorKind.STAFF, "ana", "Ana", frozenset((Role.ANALYST,)))
BY_STATUS = AnalyticsRequest(
    measures=(Measure.ORDERS, Measure.UNITS, Measure.NET, Measure.REFUNDED),
    dimensions=(Dimension.STATUS, Dimension.CURRENCY),
)
Rows = list[tuple[str | None, ...]]


async def figures(ports: Ports) -> tuple[str, Rows]:
    table = await analyse_orders(ports, ANALYST, BY_STATUS, OrderFilter())
    return table.watermark, sorted(table.rows, key=repr)


async def recounted(changes: SqlOrderChanges, writers: Writers, watermark: str) -> Rows:
    """From what the writers remember, of the versions that the feed does not tell after the watermark."""
    last = dict(await versions_after(changes, BEGINNING))
    for order_id, version in reversed(await versions_after(changes, position_of(watermark))):
        last[order_id] = version - 1
    heads = [writers.written[order] for order in last.items() if order[1] > 0]
    sums: Counter[tuple[str, str, str]] = Counter()
    for head in heads:
        key = (head.status.value, head.currency)
        sums[*key, "orders"] += 1
        sums[*key, "units"] += head.unit_count
        sums[*key, "net"] += head.subtotal_minor - head.discount_minor
        sums[*key, "refunded"] += head.refunded_minor
    return sorted((_row(key, sums) for key in {(status, currency) for status, currency, _ in sums}), key=repr)


def _row(key: tuple[str, str], sums: Counter[tuple[str, str, str]]) -> tuple[Any, ...]:
    money = (str(Money(sums[*key, name], key[1]).amount) for name in ("net", "refunded"))
    return (*key, str(sums[*key, "orders"]), str(sums[*key, "units"]), *money)


@ROUNDS
async def test_figures_at_a_watermark_are_a_recount_of_what_was_written_up_to_it(
    database: Database, rounds: int
) -> None:
    writers, rollups, changes = Writers(database, seed=4), SqlRollups(database), SqlOrderChanges(database)
    await writers.open(6)
    raw = replace(ports_over(database, POLICIES, SECRET, Terms()), analytics=SqlAnalytics(database, reads_cube=False))
    cubed = replace(raw, analytics=SqlAnalytics(database))
    work, seen, kept = asyncio.create_task(writers.run(8, rounds)), [], []
    while not work.done():
        await rollups.advance()
        async with database.snapshot() as snapshot:
            is_kept = await pending_orders(snapshot) is not None
        kept.append(is_kept)
        seen += [await figures(raw), await figures(cubed)]
    await work
    assert any(kept)
    for watermark, rows in seen:
        assert rows == await recounted(changes, writers, watermark)
