"""Deleting from a copy in ClickHouse what no question can need any more; done by its feeder, now and then.

A question is over long before `SETTLE_S` have passed. So what was superseded before that is deleted; likewise the rows of attempts that
were given up, places that others have followed, and tables of earlier generations. What says that rows are superseded is deleted one
time later: a question looks at its tables one after the other, and may have looked at the rows before they were gone.
Each step may come twice, or be the last before a crash: what is left over is invisible, and is deleted another time.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from adapters.olap.clickhouse_copy import NAMED, SUPERSEDED, ClickHouseCopy
from adapters.olap.clickhouse_dialect import outside_gaps
from adapters.olap.clickhouse_places import GAPS_KEPT, PLACES, Place
from adapters.olap.clickhouse_server import WORK_LIMIT_S, ClickHouseServer
from domain.values.faults import ServiceUnavailable

SETTLE_S: Final = 300.0
_SETTLED: Final = (
    f"SELECT max(batch) FROM {PLACES} WHERE generation = {{generation:UInt64}} AND batch <= {{place:UInt64}}"
    f" AND {outside_gaps('batch')} AND written_at < now64(6) - toIntervalMillisecond({{age_ms:UInt64}})"
)
_OF: Final = "toUInt64OrZero(splitByChar('_', name)[-1])"
"""The generation that a table of the copy is of."""
_GENERATION_DIGITS: Final = "[0-9]{16,20}"
_OLDER: Final = (
    f"SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name, {{ours:String}})"
    f" AND {_OF} BETWEEN 1 AND {{generation:UInt64}} - 1 AND {_OF} NOT IN (SELECT generation FROM {PLACES})"
)
"""Other tables of the database are none of ours, whatever their names end in."""

log = logging.getLogger("order_center.worker")


class Settling:
    def __init__(self, server: ClickHouseServer, copy: ClickHouseCopy) -> None:
        self._server = server
        self._copy = copy
        self._due = 0.0
        self._gone = 0
        """The rows that batches up to here have superseded were deleted the last time."""

    async def when_due(self, place: Place, settle_s: float) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._due:
            return
        self._due = now + settle_s
        try:
            await self.settle(place, settle_s)
        except ServiceUnavailable as error:
            log.warning(
                "What is superseded in the analytical copy could not be deleted; it is tried again. (%s)", error
            )

    async def settle(self, place: Place, age_s: float) -> None:
        """`place`: the newest."""
        values: dict[str, Any] = {**place.values, "generation": place.generation, "age_ms": int(age_s * 1000)}
        begun = await self._copy.places.clock()
        ((settled,),) = await self._server.rows(_SETTLED, values, WORK_LIMIT_S)
        if not settled:
            return
        values |= {"settled": settled, "gone": self._gone}
        for table, condition in self._conditions(place).items():
            await self._delete(table, condition, values)
        self._gone = settled
        self._copy.cleared = min(settled, begun - GAPS_KEPT)
        await self._drop(place)

    def _conditions(self, place: Place) -> Mapping[str, str]:
        """What is deleted, by the tables as they are stored; in this order."""
        superseded, named = place.tables[SUPERSEDED], place.tables[NAMED]
        over = f"by_batch <= {{settled:UInt64}} AND {outside_gaps('by_batch')}"
        gone = f"SELECT order_id, batch FROM {superseded} WHERE {over}"
        given_up = f"(batch <= {{settled:UInt64}} AND NOT {outside_gaps('batch')})"
        copied = {
            place.tables[name]: f"{given_up} OR ({next(iter(columns))}, batch) IN ({gone})"
            for name, columns in self._copy.layout.items()
        }
        return {
            **copied,
            superseded: "by_batch <= {gone:UInt64}",
            named: "batch <= {settled:UInt64}",
            PLACES: "batch < {settled:UInt64}",
        }

    async def _delete(self, table: str, condition: str, values: Mapping[str, Any]) -> None:
        """Looking first: a deletion rewrites something of every part."""
        ((count,),) = await self._server.rows(f"SELECT count() FROM {table} WHERE {condition}", values, WORK_LIMIT_S)
        if count:
            await self._server.run(f"DELETE FROM {table} WHERE {condition}", values)

    async def _drop(self, place: Place) -> None:
        ours = f"^({'|'.join(self._copy.names)})_{_GENERATION_DIGITS}$"
        values = {"generation": place.generation, "ours": ours}
        for (name,) in await self._server.rows(_OLDER, values, WORK_LIMIT_S):
            await self._server.run(f"DROP TABLE IF EXISTS {name}")
