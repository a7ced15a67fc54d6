"""The file of the copy: its tables, and a batch put into them in one transaction. Blocking: it is called in a thread."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
from sqlalchemy import BigInteger, DateTime, Integer, Table, Text

from adapters.analytics_questions import CopiedTables
from domain.ports.analytics_engine import EngineBatch, TableRows
from domain.values.feed_positions import FeedPosition, cursor_of, position_of

PLACE: Final = "engine_place"
"""One row: up to where the copy is. It belongs to the same transactions as the rows."""
_IDS: Final = "batch_ids"
_NEW: Final = "batch_of_"
_PLACE_COLUMNS: Final = "position VARCHAR, watermark VARCHAR, as_of TIMESTAMP, layout VARCHAR"
_KINDS: Final[Sequence[tuple[type, str, Any]]] = (
    (Text, "VARCHAR", pa.string()),
    (BigInteger, "BIGINT", pa.int64()),
    (Integer, "INTEGER", pa.int32()),
    (DateTime, "TIMESTAMPTZ", pa.timestamp("us", tz="UTC")),
)


class Place(NamedTuple):
    position: FeedPosition | None
    watermark: str | None
    as_of: datetime | None


NOWHERE: Final = Place(None, None, None)


class _Columns(NamedTuple):
    definition: str
    schema: Any
    """Arrow's."""


def layout_of(tables: CopiedTables) -> dict[str, _Columns]:
    """By the table's name."""
    return {table.name: _columns(table, names) for table, names in tables.items()}


def _columns(table: Table, names: tuple[str, ...]) -> _Columns:
    kinds = [(name, *_kind(table.c[name].type)) for name in names]
    return _Columns(
        ", ".join(f'"{name}" {sql}' for name, sql, _arrow in kinds),
        pa.schema([(name, arrow) for name, _sql, arrow in kinds]),
    )


def _kind(of: Any) -> tuple[str, Any]:
    # `BigInteger` is an `Integer`: the narrower comes first.
    return next((sql, arrow) for kind, sql, arrow in _KINDS if isinstance(of, kind))


class DuckDbCopy:
    """Over a cursor of its own: one thread at a time."""

    def __init__(self, cursor: "duckdb.DuckDBPyConnection", layout: Mapping[str, _Columns]) -> None:
        self.cursor: Final = cursor
        self._layout = layout
        self._layout_name = hashlib.sha256(
            "; ".join(f"{name} ({columns.definition})" for name, columns in layout.items()).encode()
        ).hexdigest()

    def prepare(self) -> None:
        """Makes what is missing. A copy of other columns, from before an upgrade, is dropped: it is loaded anew."""
        self.cursor.execute(f"CREATE TABLE IF NOT EXISTS {PLACE} ({_PLACE_COLUMNS})")
        found = self.cursor.execute(f"SELECT layout FROM {PLACE}").fetchall()
        if found != [(self._layout_name,)]:
            self.reset()

    def reset(self) -> None:
        self._transacted(self._emptied)

    def place(self) -> Place:
        return place_of(self.cursor)

    def order_count(self) -> int:
        return int(self.cursor.execute("SELECT count(*) FROM orders").fetchall()[0][0])

    def take_in(self, batch: EngineBatch) -> None:
        given = self._given(batch)
        for name, table in given.items():
            self.cursor.register(name, table)
        try:
            self._transacted(lambda: self._take_in(batch, given))
        finally:
            for name in given:
                self.cursor.unregister(name)

    def _transacted(self, work: Callable[[], None]) -> None:
        self.cursor.execute("BEGIN TRANSACTION")
        try:
            work()
            self.cursor.execute("COMMIT")
        except BaseException:
            self.cursor.execute("ROLLBACK")
            raise

    def _emptied(self) -> None:
        for name, columns in self._layout.items():
            self.cursor.execute(f"CREATE OR REPLACE TABLE {name} ({columns.definition})")
        self.cursor.execute(f"DELETE FROM {PLACE}")
        self.cursor.execute(f"INSERT INTO {PLACE} VALUES (NULL, NULL, NULL, $1)", [self._layout_name])

    def _given(self, batch: EngineBatch) -> dict[str, pa.Table]:
        """What the batch brings, by the names that statements have for it."""
        if not batch.order_ids:
            return {}
        rows = {f"{_NEW}{table.name}": self._arrow(table) for table in batch.tables if table.rows}
        return {_IDS: pa.table({"id": pa.array(batch.order_ids, pa.string())}), **rows}

    def _arrow(self, table: TableRows) -> pa.Table:
        schema = self._layout[table.name].schema
        if tuple(schema.names) != table.columns:
            raise AssertionError(f"{table.name} is copied with its columns in their order")
        columns = zip(zip(*table.rows, strict=True), schema.types, strict=True)
        return pa.Table.from_arrays([pa.array(values, kind) for values, kind in columns], schema=schema)

    def _take_in(self, batch: EngineBatch, given: Mapping[str, pa.Table]) -> None:
        for name, columns in self._layout.items():
            if _IDS in given:
                own = columns.schema.names[0]
                self.cursor.execute(f'DELETE FROM {name} WHERE "{own}" IN (SELECT id FROM {_IDS})')
            if _NEW + name in given:
                self.cursor.execute(f"INSERT INTO {name} SELECT * FROM {_NEW}{name}")
        self.cursor.execute(
            f"UPDATE {PLACE} SET position = $1, watermark = $2, as_of = $3",
            [cursor_of(batch.position), batch.watermark, batch.as_of.astimezone(UTC).replace(tzinfo=None)],
        )


def place_of(cursor: "duckdb.DuckDBPyConnection") -> Place:
    ((position, watermark, as_of),) = cursor.execute(f"SELECT position, watermark, as_of FROM {PLACE}").fetchall()
    return Place(
        None if position is None else position_of(position),
        watermark,
        None if as_of is None else as_of.replace(tzinfo=UTC),
    )
