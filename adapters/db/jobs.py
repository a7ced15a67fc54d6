"""Jobs in SQL: errands on their way, each once per order, kind and subject."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Text, bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from adapters.db.engine import Transaction
from adapters.db.rows import Codec, column_codec
from adapters.db.work_tables import jobs
from adapters.sql import Statement, prepare
from domain.orders.model import Errand, ErrandKind
from domain.ports.unit_of_work import Job

CHANNEL: Final = "order_center_jobs"
"""Where the database tells the worker, at the commit, that there is something to do."""


async def queue(
    transaction: Transaction, order_id: str, errands: tuple[Errand, ...], now: datetime, lease_s: int
) -> int:
    """How many were queued that were not waiting already."""
    locked_until = now + timedelta(seconds=lease_s) if lease_s else None
    queued = [
        await transaction.value(_QUEUE, **columns_of(order_id, errand, now), locked_until=locked_until)
        for errand in errands
    ]
    return sum(queued)


async def finish(transaction: Transaction, order_id: str, kind: ErrandKind, subject_id: str) -> None:
    await transaction.execute(_FINISH, key=_key(order_id, kind, subject_id))


async def withdraw(transaction: Transaction, order_id: str, kind: ErrandKind, subject_id: str) -> bool:
    """A lease of the one who queued it is no beginning; a claim of the worker is. Waits for a claim under way."""
    return bool(await transaction.execute(_WITHDRAW, key=_key(order_id, kind, subject_id)))


def job_of(row: Any) -> Job:
    return Job(row["id"], row["order_id"], _ERRAND.decode(row["payload"]), row["attempts"])


def columns_of(order_id: str, errand: Errand, now: datetime) -> dict[str, Any]:
    return {
        "kind": errand.kind.value,
        "order_id": order_id,
        "payload": _ERRAND.encode(errand),
        "due_at": now + timedelta(seconds=errand.delay_s),
        "created_at": now,
        "key": _key(order_id, errand.kind, errand.subject_id),
    }


def _key(order_id: str, kind: ErrandKind, subject_id: str) -> str:
    return f"{order_id}:{kind}:{subject_id}"


def _errand_codec() -> Codec:
    codec = column_codec(Errand)
    if codec is None:
        raise AssertionError("an errand is an object of JSON")
    return codec


def _queue() -> Statement:
    """One row; tells the worker, unless the job is leased or was queued already. Gives 1, or 0 for the latter."""
    columns: tuple[Column[Any], ...] = (
        jobs.c.kind, jobs.c.order_id, jobs.c.payload, jobs.c.due_at, jobs.c.locked_until, jobs.c.created_at, jobs.c.key,
    )  # fmt: skip
    queued = (
        insert(jobs)
        .values({column.name: bindparam(column.name, type_=column.type) for column in columns})
        .on_conflict_do_nothing(index_elements=[jobs.c.key])
        .returning(jobs.c.locked_until)
        .cte("queued")
    )
    told: ColumnElement[Any] = func.pg_notify(literal(CHANNEL, Text()), literal("", Text()))
    is_told = func.count(told).filter(queued.c.locked_until.is_(None))
    return prepare(select(func.count(), is_told).select_from(queued))


_ERRAND: Final = _errand_codec()
_BY_KEY: Final = jobs.c.key == bindparam("key", type_=Text())
_QUEUE: Final = _queue()
_FINISH: Final = prepare(delete(jobs).where(_BY_KEY))
_WITHDRAW: Final = prepare(delete(jobs).where(_BY_KEY, jobs.c.attempts == literal(0)))
