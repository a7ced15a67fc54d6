"""What the worker claims, in SQL: rows that are due and leased by nobody, each by one claimant only."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, Table, Text, and_, bindparam, literal, or_, select, update
from sqlalchemy.sql.dml import Update

from adapters.db import idempotency
from adapters.db.engine import Database
from adapters.db.jobs import job_of
from adapters.db.rows import mapper_of
from adapters.db.tables import order_timers
from adapters.db.work_tables import jobs
from adapters.sql import prepare
from domain.orders.views import TimerView
from domain.ports.unit_of_work import DueTimer, Job

ERROR_MAX_LENGTH: Final = 2000


class SqlQueue:
    """Each call is a transaction of its own. Nobody waits: what another one is claiming right now is passed over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_jobs(self, now: datetime, limit: int, lease_s: int) -> list[Job]:
        """The longest due first."""
        rows = await self._claimed(_CLAIM_JOBS, now, limit, lease_s)
        return [job_of(row) for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))]

    async def retry_job(self, job: Job, due_at: datetime, error: str) -> None:
        """Nothing, when the job's lease has run out and it was claimed again since."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                _RETRY_JOB, id=job.id, claimed=job.attempts, next_due_at=due_at, error=_storable(error)
            )
            await transaction.commit()

    async def claim_timers(self, now: datetime, limit: int, lease_s: int) -> list[DueTimer]:
        """The longest due first."""
        rows = await self._claimed(_CLAIM_TIMERS, now, limit, lease_s)
        timers = sorted(map(_TIMER.decode, rows), key=lambda timer: (timer.due_at or now, timer.subject_id, timer.name))
        return [DueTimer(t.order_id, t.subject_id, t.name, t.action, t.machine) for t in timers]

    async def forget_keys(self, now: datetime, limit: int) -> int:
        async with self._database.transaction() as transaction:
            count = await idempotency.forget(transaction, now, limit)
            await transaction.commit()
        return count

    async def _claimed(self, statement: Any, now: datetime, limit: int, lease_s: int) -> list[Any]:
        leased_until = now + timedelta(seconds=lease_s)
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(statement, now=now, limit=limit, leased_until=leased_until)
            await transaction.commit()
        return rows


def _storable(error: str) -> str:
    """PostgreSQL holds neither NUL nor half a surrogate pair."""
    return error[:ERROR_MAX_LENGTH].encode("utf-8", "replace").decode().replace("\0", "?")


def _claim(table: Table, returned: list[Column[Any]]) -> Update:
    """A CTE, as only that is sure to run once: the limit would not hold for a subquery that the planner repeats."""
    keys = list(table.primary_key)
    now: ColumnElement[Any] = bindparam("now", type_=table.c.due_at.type)
    due = (
        select(*keys)
        .where(table.c.due_at <= now, or_(table.c.locked_until.is_(None), table.c.locked_until <= now))
        .order_by(table.c.due_at, *keys)
        .limit(bindparam("limit", type_=BigInteger()))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(table)
        .where(and_(*(key == due.c[key.name] for key in keys)))
        .values(
            attempts=table.c.attempts + literal(1),
            locked_until=bindparam("leased_until", type_=table.c.locked_until.type),
        )
        .returning(*returned)
    )


_TIMER: Final = mapper_of(TimerView)
_CLAIM_JOBS: Final = prepare(_claim(jobs, [jobs.c.id, jobs.c.order_id, jobs.c.payload, jobs.c.attempts, jobs.c.due_at]))
_CLAIM_TIMERS: Final = prepare(_claim(order_timers, [order_timers.c[name] for name in _TIMER.names]))
_RETRY_JOB: Final = prepare(
    update(jobs)
    .where(
        jobs.c.id == bindparam("id", type_=BigInteger()),
        jobs.c.attempts == bindparam("claimed", type_=jobs.c.attempts.type),
    )
    .values(
        due_at=bindparam("next_due_at", type_=jobs.c.due_at.type),
        last_error=bindparam("error", type_=Text()),
        locked_until=None,
    )
)
