"""The analytical engine that is always there: PostgreSQL itself, in one snapshot.

What the cube can answer is read from it, brought to that very moment by what changed since it was last kept; all else, and while the cube
is far behind, is counted from the orders. Both give the same.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import Text, cast, func, literal_column, select

from adapters.db.analytics_cube import cube_statement
from adapters.db.analytics_statements import cut_statement, cut_values, shape_of
from adapters.db.engine import Database, Snapshot, prepare
from adapters.db.order_requests import Request, order_request
from adapters.db.rollups import pending_orders
from domain.analytics.plan import Cut
from domain.ports.analytics import Analytics, OrdersAsked, SumTooLarge
from domain.ports.order_views import OrderQuery
from domain.values.feed_positions import watermark_of

MEMORY: Final = "64MB"
"""For each sort and hash of a statement: with PostgreSQL's own 4 MB groups are sorted on disk, instead of being found by hashes."""
_MOMENT: Final = prepare(
    select(
        func.clock_timestamp(),
        cast(func.pg_current_snapshot(), Text()),
        func.set_config(
            literal_column("'work_mem'", Text()), literal_column(f"'{MEMORY}'", Text()), literal_column("true")
        ),
    )
)
"""The first statement: what is seen from then on is what was there at this moment. The memory is this transaction's only."""
_UNKNOWN: Final[list[str]] = []


class SqlAnalytics(Analytics):
    """`reads_cube`: false where the orders themselves are to be counted, whatever the cube has."""

    def __init__(self, database: Database, *, reads_cube: bool = True) -> None:
        self._database = database
        self._reads_cube = reads_cube

    @contextlib.asynccontextmanager
    async def moment(self, asked: OrdersAsked) -> AsyncIterator["SqlMoment"]:
        request = order_request(OrderQuery(asked.scope, asked.filter))
        async with self._database.snapshot() as snapshot:
            (seen,) = await snapshot.rows(_MOMENT)
            yield SqlMoment(snapshot, request, seen[0], watermark_of(seen[1]), reads_cube=self._reads_cube)


@dataclass(slots=True)
class SqlMoment:
    """An AnalyticsMoment, in one snapshot."""

    snapshot: Snapshot
    request: Request
    as_of: datetime
    watermark: str
    reads_cube: bool
    _pending: list[str] | None = field(default_factory=lambda: _UNKNOWN, init=False)

    async def rows(self, cut: Cut) -> list[tuple[Any, ...]]:
        try:
            return [tuple(row) for row in await self._found(cut)]
        except asyncpg.NumericValueOutOfRangeError as error:
            raise SumTooLarge from error

    async def _found(self, cut: Cut) -> list[Any]:
        shape, given = self.request.shape, self.request.values | cut_values(cut)
        pending = await self._pending_orders() if cut.cube and self.reads_cube else None
        if pending is None:
            return await self.snapshot.rows(cut_statement(shape_of(cut), shape), **given)
        statement = cube_statement(shape_of(cut, cut.cube), shape)
        return await self.snapshot.rows(statement, **given, pending=pending)

    async def _pending_orders(self) -> list[str] | None:
        """None: the cube is not there, or too far behind."""
        if self._pending is _UNKNOWN:
            self._pending = await pending_orders(self.snapshot)
        return self._pending
