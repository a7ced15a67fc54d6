"""The copy in ClickHouse: its tables, and a batch put into them (`clickhouse_places.py` says how)."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text

from adapters.analytics_questions import CopiedTables
from adapters.olap.clickhouse_dialect import TABLE, visible
from adapters.olap.clickhouse_places import CopyMoved, Place, Places
from adapters.olap.clickhouse_server import WORK_LIMIT_S, ClickHouseServer
from domain.ports.analytics_engine import EngineBatch
from domain.values.faults import ServiceUnavailable
from domain.values.feed_positions import FeedPosition

SUPERSEDED: Final = "superseded"
INSERTS_REMEMBERED: Final = 1000
"""By each table: one that is sent again, as its answer was lost, adds nothing, however late the first one arrives."""
NAMED: Final = "batch_orders"
"""The orders that a batch names."""
_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (Text, "String"),
    (BigInteger, "Int64"),
    (Integer, "Int32"),
    (DateTime, "DateTime64(6, 'UTC')"),
)
_BATCH: Final[Mapping[str, str]] = {"batch": "UInt64"}
BESIDE: Final[Mapping[str, Mapping[str, str]]] = {
    SUPERSEDED: {"order_id": "String", "batch": "UInt64", "by_batch": "UInt64"},
    NAMED: {"order_id": "String", "batch": "UInt64"},
}
"""The tables beside those that are copied."""
_SUPERSEDE: Final = (
    f"INSERT INTO {{{TABLE}{SUPERSEDED}:Identifier}} SELECT id, batch, {{new:UInt64}} FROM {{{TABLE}orders:Identifier}}"
    f" WHERE id IN (SELECT order_id FROM {{{TABLE}{NAMED}:Identifier}} WHERE batch = {{new:UInt64}}) AND {visible('id')}"
)
_COUNT: Final = f"SELECT count() FROM {{{TABLE}orders:Identifier}} WHERE {visible('id')}"

Layout = Mapping[str, Mapping[str, str]]
"""Types by columns by tables; each table's first column is the order's id."""


def layout_of(tables: CopiedTables) -> Layout:
    return {table.name: _columns(table, names) for table, names in tables.items()}


def layout_name(layout: Layout) -> str:
    return hashlib.sha256(repr({name: dict(columns) for name, columns in layout.items()}).encode()).hexdigest()


def _columns(table: Table, names: tuple[str, ...]) -> dict[str, str]:
    return {**{name: _kind(table.c[name]) for name in names}, **_BATCH}


def _kind(column: Column[Any]) -> str:
    # `BigInteger` is an `Integer`: the narrower comes first.
    kind = next(sql for of, sql in _KINDS if isinstance(column.type, of))
    return f"Nullable({kind})" if column.nullable else kind


class ClickHouseCopy:
    """As its feeder sees it. What goes wrong leaves the place where it was."""

    def __init__(self, server: ClickHouseServer, layout: Layout) -> None:
        self.places: Final = Places(server)
        self.layout: Final = layout
        self.layout_name: Final = layout_name(layout)
        self.names: Final = (*layout, *BESIDE)
        self._server = server
        self.cleared = 0
        """Of gaps that ended before, no row is left (`clickhouse_settling.py`)."""
        self._last: Place | None = None
        """The place that was written here last: no attempt at the next one was made since. None: nobody knows."""

    async def head(self) -> Place | None:
        """None: there is no copy, or it is of other columns, from before or after an upgrade."""
        head = await self.places.head()
        return None if head is None or head.layout != self.layout_name else head

    async def position(self) -> FeedPosition | None:
        head = await self.head()
        return None if head is None else head.position

    async def order_count(self) -> int:
        head = await self.head()
        if head is None:
            return 0
        ((count,),) = await self._server.rows(_COUNT, self._values(head), WORK_LIMIT_S)
        return int(count)

    async def take_in(self, batch: EngineBatch) -> Place:
        """What came already changes nothing. Raises CopyMoved where the batch does not follow what is there."""
        place = await self.head()
        if place is None and batch.after is None:
            place = await self.reset()
        if place is None or place.position != batch.after:
            if place is None or place.position != batch.position:
                raise CopyMoved
            return place
        is_next, self._last = place == self._last, None
        following = place.next(None if is_next else await self.places.clock(), self.cleared)
        self._last = await self._put(place, following, batch)
        return self._last

    async def reset(self) -> Place:
        """A new generation, with nothing in it yet."""
        await self.places.make()
        generation = await self.places.clock()
        place = Place(0, generation, generation, self.layout_name)
        for name in self.names:
            await self._server.run(self._definition(place, name))
        while (head := await self.places.head()) != place:  # a feeder may commit in the same moment, and be the first
            place = replace(place, number=1 if head is None else head.number + 1)
            await self.places.write(place)
        self._last = place
        return place

    def _definition(self, place: Place, name: str) -> str:
        columns = BESIDE.get(name) or self.layout[name]
        shown = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        return (
            f"CREATE TABLE {place.tables[name]} ({shown}, INDEX by_batch batch TYPE minmax GRANULARITY 1)"
            f' ENGINE = MergeTree ORDER BY ("{next(iter(columns))}", batch)'
            f" SETTINGS non_replicated_deduplication_window = {INSERTS_REMEMBERED}"
        )

    async def _put(self, place: Place, following: Place, batch: EngineBatch) -> Place:
        if batch.order_ids:
            await self._insert(following, batch)
            await self._server.run(_SUPERSEDE, {**self._values(place), "new": following.batch})
            has_superseded = await self._checked(following, batch)
            following = replace(following, is_settled=not has_superseded)
        if await self.places.head() != place:
            raise CopyMoved
        position, watermark, as_of = batch.position, batch.watermark, batch.as_of
        following = replace(following, position=position, watermark=watermark, as_of=as_of)
        await self.places.write(following)
        return following

    async def _insert(self, place: Place, batch: EngineBatch) -> None:
        named = ((order_id, place.batch) for order_id in batch.order_ids)
        await self._server.insert(place.tables[NAMED], BESIDE[NAMED], named)
        for table in batch.tables:
            kinds = self.layout[table.name]
            if (*table.columns, *_BATCH) != tuple(kinds):
                raise AssertionError(f"{table.name} is copied with its columns in their order")
            if table.rows:
                rows = ((*row, place.batch) for row in table.rows)
                await self._server.insert(place.tables[table.name], kinds, rows)

    async def _checked(self, place: Place, batch: EngineBatch) -> bool:
        """That every row is there once. Whether anything is superseded."""
        expected = {NAMED: len(batch.order_ids), **{table.name: len(table.rows) for table in batch.tables}}
        counts = ", ".join(
            f"(SELECT count() FROM {{{TABLE}{name}:Identifier}} WHERE batch = {{new:UInt64}})" for name in expected
        )
        values = {**place.tables.parameters(*self.names), "new": place.batch}
        ((superseded, *found),) = await self._server.rows(
            f"SELECT (SELECT count() FROM {{{TABLE}{SUPERSEDED}:Identifier}}), {counts}", values, WORK_LIMIT_S
        )
        if found != list(expected.values()):
            raise ServiceUnavailable("analytics", "a batch is not whole in its copy; it is put in again")
        return bool(superseded)

    def _values(self, place: Place) -> dict[str, Any]:
        return {**place.tables.parameters(*self.names), **place.values}
