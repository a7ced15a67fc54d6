"""Erasing an order in SQL: its tombstone, then every row that refers to it, then itself."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, bindparam, delete, exists, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from adapters.db.changes import SqlTombstones
from adapters.db.engine import Transaction
from adapters.db.tables import metadata, order_tombstones, orders
from adapters.db.work_tables import idempotency_keys, jobs
from adapters.sql import Statement, prepare


async def erase(transaction: Transaction, order_id: str, ids: Collection[str], now: datetime) -> None:
    await SqlTombstones(transaction).bury([order_id], now)
    await transaction.execute(_FORGET_KEYS, ids=_named_ids(ids))
    for statement in _DELETES:
        await transaction.execute(statement, order_id=order_id)


async def is_erased(transaction: Transaction, order_id: str) -> bool:
    found: bool = await transaction.value(_IS_ERASED, order_id=order_id)
    return found


async def has_jobs(transaction: Transaction, order_id: str) -> bool:
    found: bool = await transaction.value(_HAS_JOBS, order_id=order_id)
    return found


async def keys_kept_until(transaction: Transaction, ids: Collection[str], now: datetime) -> datetime | None:
    until: datetime | None = await transaction.value(_KEPT_UNTIL, ids=_named_ids(ids), now=now)
    return until


def _named_ids(ids: Collection[str]) -> dict[str, list[str]]:
    return {"ids": list(ids)}


def _names_one_of_them() -> ColumnElement[bool]:
    """Anywhere in the outcome: that of a batch has outcomes in it."""
    named: ColumnElement[Any] = literal_column("CAST('$.** ? (@ == $ids[*])' AS jsonpath)")
    found: ColumnElement[bool] = func.jsonb_path_exists(
        idempotency_keys.c.outcome, named, bindparam("ids", type_=JSONB())
    )
    return found


def _deletes() -> Iterator[Statement]:
    """What refers to others before what it refers to; a table that is new is among them by its foreign key."""
    order_id: ColumnElement[Any] = bindparam("order_id", type_=Text())
    for table in reversed(metadata.sorted_tables):
        if any(key.column.table is orders for key in table.foreign_keys):
            yield prepare(delete(table).where(table.c.order_id == order_id))
    yield prepare(delete(orders).where(orders.c.id == order_id))


_DELETES: Final = tuple(_deletes())
_FORGET_KEYS: Final = prepare(delete(idempotency_keys).where(_names_one_of_them()))
_KEPT_UNTIL: Final = prepare(
    select(func.max(idempotency_keys.c.expires_at)).where(
        idempotency_keys.c.expires_at > bindparam("now", type_=idempotency_keys.c.expires_at.type), _names_one_of_them()
    )
)
_HAS_JOBS, _IS_ERASED = (
    prepare(select(exists(literal(1)).where(table.c.order_id == bindparam("order_id", type_=Text()))))
    for table in (jobs, order_tombstones)
)
