"""Reads the views of `bi` for callers of ours: in their scope, in one snapshot, some thousand rows at a time."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, DateTime, Text, any_, bindparam, column, select, table, text

from adapters.db.bi_views import SCHEMA
from adapters.db.engine import Database, Snapshot
from adapters.sql import Statement, prepare
from domain.access.viewer import OrderScope
from domain.ports.bi_datasets import BiQuery, BiReading

BATCH: Final = 4000
_MOMENT: Final = prepare(text("SELECT pg_current_snapshot()::text"))
# A reader that takes nothing for so long loses its connection: its snapshot would keep the whole database from being cleaned.
_STALLED: Final = "SET LOCAL idle_in_transaction_session_timeout = '120s'"

Shape = tuple[str, tuple[str, ...], tuple[str, ...], str, bool, bool, tuple[str, ...]]
"""Dataset, columns, key, column of time, begins, ends, columns whose values are given."""


class SqlBiRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def read(self, scope: OrderScope, query: BiQuery) -> AsyncIterator[BiReading]:
        async with self._database.snapshot() as snapshot:
            await snapshot.connection.execute(_STALLED)
            yield _Reading(snapshot, await snapshot.value(_MOMENT), query, _among(scope, query))


class _Reading:
    def __init__(self, snapshot: Snapshot, moment: str, query: BiQuery, among: dict[str, tuple[str, ...]]) -> None:
        self.moment = moment
        self._snapshot = snapshot
        self._query = query
        self._among = among

    async def batches(self) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
        statement, values = self._statement()
        cursor = await self._snapshot.connection.cursor(statement.text, *statement.arguments(values))
        while rows := await cursor.fetch(BATCH):
            yield rows

    def _statement(self) -> tuple[Statement, dict[str, Any]]:
        query = self._query
        values: dict[str, Any] = {f"among_{name}": list(given) for name, given in self._among.items()}
        if query.begins_at is not None:
            values["begins_at"] = query.begins_at
        if query.ends_at is not None:
            values["ends_at"] = query.ends_at
        dataset = query.dataset
        names = tuple(found.name for found in query.columns)
        shape = dataset.name, names, dataset.key, dataset.time, "begins_at" in values, "ends_at" in values
        return _select((*shape, tuple(self._among))), values


def _among(scope: OrderScope, query: BiQuery) -> dict[str, tuple[str, ...]]:
    """The values that were asked for, as far as the scope reaches. Buyers have no rows here."""
    if scope.member_id is not None:
        raise ValueError("datasets are for staff and partners")
    among = dict(query.among)
    for name, allowed in (("business_unit", scope.business_units), ("channel", scope.channels)):
        if allowed is not None:
            asked = among.get(name)
            among[name] = tuple(sorted(allowed if asked is None else allowed.intersection(asked)))
    return among


@lru_cache(maxsize=256)
def _select(shape: Shape) -> Statement:
    name, columns, key, time, begins, ends, among = shape
    asked: list[ColumnElement[Any]] = [column(one) for one in columns]
    statement = select(*asked).select_from(table(name, schema=SCHEMA)).order_by(*[column(one) for one in key])
    if begins:
        statement = statement.where(column(time) >= bindparam("begins_at", type_=DateTime(timezone=True)))
    if ends:
        statement = statement.where(column(time) < bindparam("ends_at", type_=DateTime(timezone=True)))
    for one in among:
        statement = statement.where(column(one) == any_(bindparam(f"among_{one}", type_=ARRAY(Text()))))
    return prepare(statement)
