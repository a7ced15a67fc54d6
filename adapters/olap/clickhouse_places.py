"""Where a copy in ClickHouse is, and what of its rows is visible there.

Theory of operation
    ClickHouse has no transactions, several servers ask one copy, and the answers of one moment are several statements. So nothing is
    ever changed in place. A batch's rows carry its number (`batch`); the numbers only grow. A *place* is one row of `engine_places`,
    and writing it is the commit: at it, a row is visible if its batch is not beyond the place's, and if no batch up to there has
    superseded it: `superseded` has the order, the batch that its rows are of, and the batch that replaced them. Whoever asks takes
    the newest place once, and gives it to every statement of the moment.

    An attempt that did not come to its place (a crash, a lost connection) may have left rows, and may leave more even later. So the
    next attempt does not take the next number, but one of the server's clock, which no attempt before it can have; and the place
    names the numbers between as a *gap*: nothing in a gap is ever visible. Whoever begins to feed begins so.

    One feeds at a time, by a lease (`adapters/db/feeder_lease.py`). Should two commit after the same place, as one of them was
    stopped for a while and does not know yet that it has lost the lease, the first place written counts. Neither place is wrong:
    each is a whole copy, of its own snapshot; each has its numbers, and the next place is built on one of them and names the
    other's as a gap. Whoever finds another place than it left stops, and begins anew (`CopyMoved`).

    The tables belong to a *generation*, a number in their names. A copy that is made anew, or of other columns, has a new one.
    What no question can need any more is deleted after a while (`clickhouse_settling.py`).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from adapters.olap.clickhouse_dialect import TABLE
from adapters.olap.clickhouse_server import ClickHouseServer, TableMissing
from domain.values.faults import ServiceUnavailable
from domain.values.feed_positions import FeedPosition, cursor_of, position_of

PLACES: Final = "engine_places"
GAPS_KEPT_S: Final = 24 * 3600
"""For so long an attempt that was given up may still wake and write."""
HEAD_LIMIT_S: Final = 2.0
"""For a question that reads next to nothing; then the server counts as gone."""
_RANDOM_BITS: Final = 12
_SECOND: Final = 1_000_000 << _RANDOM_BITS
GAPS_KEPT: Final = GAPS_KEPT_S * _SECOND
"""As numbers of the clock."""
_KINDS: Final[Mapping[str, str]] = {
    "number": "UInt64",
    "batch": "UInt64",
    "generation": "UInt64",
    "layout": "String",
    "position": "Nullable(String)",
    "watermark": "Nullable(String)",
    "as_of": "Nullable(DateTime64(6, 'UTC'))",
    "gaps": "Array(Tuple(UInt64, UInt64))",
    "is_settled": "Bool",
}
_COLUMNS: Final = ", ".join(f"{name} {kind}" for name, kind in _KINDS.items())
_CREATE: Final = (
    f"CREATE TABLE IF NOT EXISTS {PLACES} ({_COLUMNS}, written_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'))"
    " ENGINE = MergeTree ORDER BY (number, written_at, batch)"
)
_HEAD: Final = f"SELECT {', '.join(_KINDS)} FROM {PLACES} ORDER BY number DESC, written_at, batch LIMIT 1"
"""Without a subquery: that would look at the table a moment later, and the newest place might be in one of the two looks only."""
_NOW: Final = "SELECT toUnixTimestamp64Micro(now64(6))"


class CopyMoved(ServiceUnavailable):
    """Somebody else has fed the copy, or begun it anew."""

    def __init__(self) -> None:
        super().__init__("analytics", "its copy was changed by another feeder; it is gone on with from there")


@dataclass(frozen=True, slots=True)
class Place:
    number: int
    """Counts the places."""
    batch: int
    """The last that is visible."""
    generation: int
    layout: str
    position: FeedPosition | None = None
    watermark: str | None = None
    as_of: datetime | None = None
    gaps: tuple[tuple[int, int], ...] = ()
    """Batches between these two, both excluded, are of attempts that were given up."""
    is_settled: bool = True
    """Nothing is superseded: rows are visible by their batch alone."""

    @property
    def tables(self) -> "Tables":
        return Tables(self.generation)

    @property
    def values(self) -> dict[str, Any]:
        """Of the parameters of `clickhouse_dialect.visible`."""
        return {"place": self.batch, "gaps": list(self.gaps)}

    def next(self, clock: int | None, cleared: int) -> "Place":
        """Its batch is the next one; where a clock is given, that one, with a gap before it. Gaps are over that ended before `cleared`."""
        if clock is None:
            return replace(self, number=self.number + 1, batch=self.batch + 1)
        kept = tuple(gap for gap in self.gaps if gap[1] > cleared)
        # Should the server's clock have been set back, the clock's random digits still keep attempts apart.
        batch = max(clock, self.batch + 1 + clock % 2**_RANDOM_BITS)
        return replace(self, number=self.number + 1, batch=batch, gaps=(*kept, (self.batch, batch)))


@dataclass(frozen=True, slots=True)
class Tables:
    """Of a generation, by the names that they have elsewhere."""

    generation: int

    def __getitem__(self, name: str) -> str:
        return f"{name}_{self.generation}"

    def parameters(self, *names: str) -> dict[str, str]:
        return {f"{TABLE}{name}": self[name] for name in names}


class Places:
    def __init__(self, server: ClickHouseServer) -> None:
        self._server = server

    async def make(self) -> None:
        """Where nobody has yet."""
        await self._server.run(_CREATE)

    async def head(self) -> Place | None:
        """The newest; None: there is no copy."""
        try:
            found = await self._server.rows(_HEAD, {}, HEAD_LIMIT_S)
        except TableMissing:
            return None
        return _place(found[0]) if found else None

    async def clock(self) -> int:
        """A number that no batch before it has, also of others."""
        ((now,),) = await self._server.rows(_NOW, {}, HEAD_LIMIT_S)
        return int(now) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)

    async def write(self, place: Place) -> None:
        """The commit."""
        position = None if place.position is None else cursor_of(place.position)
        row = [getattr(place, name) for name in _KINDS]
        row[list(_KINDS).index("position")] = position
        row[list(_KINDS).index("gaps")] = list(place.gaps)
        await self._server.insert(PLACES, _KINDS, [row])


def _place(row: tuple[Any, ...]) -> Place:
    found = dict(zip(_KINDS, row, strict=True))
    position = found["position"]
    return Place(
        **{
            **found,
            "position": None if position is None else position_of(position),
            "gaps": tuple(tuple(gap) for gap in found["gaps"]),
        }
    )
