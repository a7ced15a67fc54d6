"""Jobs that export, in SQL: the caller's side in a unit of work or read alone, and the worker's queue.

A claim is a lease, as with other jobs; `attempts` tells one claim from the next, so that a worker that was too slow writes
nothing over the one that has the job now. `due_at` is empty once a job has ended.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from adapters.db.engine import Database, Transaction
from adapters.db.text_values import storable
from adapters.db.work_tables import export_jobs as table
from adapters.sql import Reader, prepare
from domain.access.viewer import OrderScope
from domain.exports.jobs import ExportJobView
from domain.orders.views import Json
from domain.ports.exports import ExportClaim, ExportFile, ExportRequest
from domain.ports.order_views import OrderFilter
from domain.values.enums import ExportDataset, ExportFormat, ExportStatus
from domain.values.faults import BadRequest
from domain.values.feed_positions import position_of
from domain.values.paging import PageRequest, Slice

CHANNEL: Final = "order_center_exports"
"""Where the database tells the worker, at the commit, that a job is there or was cancelled."""
_OWNER_LOCKS: Final = 3
"""The seed of the lock's hash: keeps these locks apart from others."""


async def under_way(transaction: Transaction, owner: str) -> int:
    await transaction.value(_LOCK_OWNER, owner=owner)
    count: int = await transaction.value(_UNDER_WAY, owner=owner)
    return count


async def add(transaction: Transaction, job: ExportJobView, request: ExportRequest) -> None:
    await transaction.execute(
        _ADD,
        id=job.id,
        owner=job.owner,
        scope=_scope_document(job.scope),
        status=job.status.value,
        format=job.format.value,
        dataset=job.dataset.value,
        filter=_filters().dump_python(request.filter, mode="json", exclude_defaults=True),
        since=request.since,
        row_count=job.rows,
        byte_count=job.bytes,
        created_at=job.created_at,
        due_at=job.created_at,
    )
    await transaction.value(_TELL)


async def locked(transaction: Transaction, owner: str, scope: OrderScope, job_id: str) -> ExportJobView | None:
    row = await transaction.row(_LOCKED, owner=owner, scope=_scope_document(scope), id=job_id)
    return None if row is None else _job(row)


async def end(transaction: Transaction, job_id: str, status: ExportStatus, now: datetime) -> None:
    await transaction.execute(_END, id=job_id, status=status.value, now=now)


class SqlExportJobs:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, owner: str, scope: OrderScope, ids: Sequence[str]) -> list[ExportJobView | None]:
        rows = await self._reader.rows(_BY_IDS, owner=owner, scope=_scope_document(scope), keys=storable(ids))
        found = {row["id"]: _job(row) for row in rows}
        return [found.get(key) for key in ids]

    async def page(self, owner: str, scope: OrderScope, page: PageRequest) -> Slice[ExportJobView]:
        given = {"owner": owner, "scope": _scope_document(scope), "limit": page.limit + 1}
        if page.after is None:
            rows = await self._reader.rows(_FIRST_PAGE, **given)
        else:
            created_at, job_id = page.after
            rows = await self._reader.rows(_NEXT_PAGE, **given, after_at=created_at, after_id=job_id)
        jobs = tuple(_job(row) for row in rows[: page.limit])
        return Slice(jobs, has_next=len(rows) > page.limit, has_previous=page.after is not None)

    def check_since(self, cursor: str) -> None:
        if position_of(cursor).is_listing:
            raise BadRequest(
                "The cursor stands among the orders of the beginning: read to their end first.", "INVALID_CURSOR"
            )


class SqlExportQueue:
    """Each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: datetime, lease_s: int) -> ExportClaim | None:
        row = await self._written(_CLAIM, now=now, leased_until=now + timedelta(seconds=lease_s))
        if row is None:
            return None
        job = _job(row)
        read = _filters().validate_python(row["filter"])
        return ExportClaim(job, ExportRequest(job.dataset, job.scope, read, row["since"]))

    async def renew(self, claim: ExportClaim, now: datetime, lease_s: int, progress: float) -> bool:
        leased_until = now + timedelta(seconds=lease_s)
        return await self._of_claim(_RENEW, claim, leased_until=leased_until, progress=progress)

    async def release(self, claim: ExportClaim) -> None:
        await self._of_claim(_RELEASE, claim)

    async def succeed(self, claim: ExportClaim, file: ExportFile, now: datetime, expires_at: datetime) -> bool:
        return await self._of_claim(
            _SUCCEED,
            claim,
            status=ExportStatus.SUCCEEDED.value,
            row_count=file.rows,
            byte_count=file.bytes,
            sha256=file.sha256,
            watermark=file.watermark,
            now=now,
            expires_at=expires_at,
        )

    async def retry(self, claim: ExportClaim, due_at: datetime) -> None:
        await self._of_claim(_RETRY, claim, next_due_at=due_at)

    async def fail(self, claim: ExportClaim, now: datetime, error: str) -> None:
        await self._of_claim(_FAIL, claim, status=ExportStatus.FAILED.value, now=now, error=error)

    async def expired(self, now: datetime, limit: int) -> list[ExportJobView]:
        return [_job(row) for row in await self._database.rows(_EXPIRED, now=now, limit=limit)]

    async def ended(self, ids: Sequence[str]) -> list[ExportJobView]:
        return [_job(row) for row in await self._database.rows(_ENDED, keys=storable(ids))]

    async def forget_file(self, job_id: str) -> None:
        await self._written(_FORGET_FILE, id=job_id)

    async def _of_claim(self, statement: Any, claim: ExportClaim, **given: Any) -> bool:
        return await self._written(statement, id=claim.job.id, claimed=claim.attempt, **given) is not None

    async def _written(self, statement: Any, **given: Any) -> Any:
        async with self._database.transaction() as transaction:
            row = await transaction.row(statement, **given)
            await transaction.commit()
        return row


def _job(row: Any) -> ExportJobView:
    return ExportJobView(
        id=row["id"],
        owner=row["owner"],
        scope=_scope(row["scope"]),
        status=ExportStatus(row["status"]),
        format=ExportFormat(row["format"]),
        dataset=ExportDataset(row["dataset"]),
        progress=row["progress"],
        rows=row["row_count"],
        bytes=row["byte_count"],
        sha256=row["sha256"],
        watermark=row["watermark"],
        error=row["error"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        expires_at=row["expires_at"],
        attempt=row["attempts"],
    )


def _scope_document(scope: OrderScope) -> Json:
    """Always alike for the same scope."""
    return {
        "business_units": None if scope.business_units is None else sorted(scope.business_units),
        "channels": None if scope.channels is None else sorted(scope.channels),
        "member_id": scope.member_id,
    }


def _scope(document: Json) -> OrderScope:
    units, channels = document["business_units"], document["channels"]
    return OrderScope(
        None if units is None else frozenset(units),
        None if channels is None else frozenset(channels),
        document["member_id"],
    )


@cache
def _filters() -> TypeAdapter[OrderFilter]:
    """Made on first use: a start need not pay for it."""
    return TypeAdapter(OrderFilter)


_SHOWN: Final = (
    table.c.id, table.c.owner, table.c.scope, table.c.status, table.c.format, table.c.dataset, table.c.progress,
    table.c.row_count, table.c.byte_count, table.c.sha256, table.c.watermark, table.c.error, table.c.created_at,
    table.c.finished_at, table.c.expires_at, table.c.attempts,
)  # fmt: skip
_OWN: Final = (
    table.c.owner == bindparam("owner", type_=Text()),
    table.c.scope == bindparam("scope", type_=JSONB()),
)
_IS_IT: Final = table.c.id == bindparam("id", type_=Text())
_IS_CLAIMED: Final = and_(
    _IS_IT, table.c.due_at.is_not(None), table.c.attempts == bindparam("claimed", type_=table.c.attempts.type)
)
_NOW: Final[ColumnElement[Any]] = bindparam("now", type_=table.c.created_at.type)
_LEASED_UNTIL: Final[ColumnElement[Any]] = bindparam("leased_until", type_=table.c.locked_until.type)
_PAGE: Final = (
    select(*_SHOWN)
    .where(*_OWN)
    .order_by(table.c.created_at.desc(), table.c.id.desc())
    .limit(bindparam("limit", type_=BigInteger()))
)


def _given(*names: str) -> dict[str, Any]:
    return {name: bindparam(name, type_=table.c[name].type) for name in names}


_LOCK_OWNER: Final = prepare(
    select(
        func.pg_advisory_xact_lock(
            func.hashtextextended(bindparam("owner", type_=Text()), literal(_OWNER_LOCKS, BigInteger()))
        )
    )
)
_UNDER_WAY: Final = prepare(
    select(func.count()).where(table.c.owner == bindparam("owner", type_=Text()), table.c.due_at.is_not(None))
)
_ADD: Final = prepare(
    insert(table).values(
        _given(
            "id", "owner", "scope", "status", "format", "dataset", "filter", "since", "row_count", "byte_count",
            "created_at", "due_at",
        )
    )
)  # fmt: skip
_TELL: Final = prepare(select(func.pg_notify(literal(CHANNEL, Text()), literal("", Text()))))
_LOCKED: Final = prepare(select(*_SHOWN).where(*_OWN, _IS_IT).with_for_update())
_END: Final = prepare(
    update(table).where(_IS_IT).values(**_given("status"), finished_at=_NOW, due_at=None, locked_until=None)
)
_BY_IDS: Final = prepare(select(*_SHOWN).where(*_OWN, table.c.id == any_(bindparam("keys", type_=ARRAY(Text())))))
_FIRST_PAGE: Final = prepare(_PAGE)
_NEXT_PAGE: Final = prepare(
    _PAGE.where(
        tuple_(table.c.created_at, table.c.id)
        < tuple_(bindparam("after_at", type_=table.c.created_at.type), bindparam("after_id", type_=Text()))
    )
)
_DUE: Final = (
    select(table.c.id)
    .where(table.c.due_at <= _NOW, or_(table.c.locked_until.is_(None), table.c.locked_until <= _NOW))
    .order_by(table.c.due_at, table.c.id)
    .limit(literal(1, BigInteger()))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM: Final = prepare(
    update(table)
    .where(table.c.id == _DUE.c.id)
    .values(
        status=literal(ExportStatus.RUNNING.value, Text()),
        progress=func.coalesce(table.c.progress, literal(0.0)),
        attempts=table.c.attempts + literal(1),
        locked_until=_LEASED_UNTIL,
    )
    .returning(*_SHOWN, table.c.filter, table.c.since)
)
_RENEW: Final = prepare(
    update(table).where(_IS_CLAIMED).values(**_given("progress"), locked_until=_LEASED_UNTIL).returning(table.c.id)
)
_RELEASE: Final = prepare(
    update(table)
    .where(_IS_CLAIMED)
    .values(locked_until=None, attempts=table.c.attempts - literal(1))
    .returning(table.c.id)
)
_SUCCEED: Final = prepare(
    update(table)
    .where(_IS_CLAIMED)
    .values(
        **_given("status", "row_count", "byte_count", "sha256", "watermark", "expires_at"),
        progress=literal(1.0),
        finished_at=_NOW,
        due_at=None,
        locked_until=None,
    )
    .returning(table.c.id)
)
_RETRY: Final = prepare(
    update(table)
    .where(_IS_CLAIMED)
    .values(due_at=bindparam("next_due_at", type_=table.c.due_at.type), locked_until=None)
    .returning(table.c.id)
)
_FAIL: Final = prepare(
    update(table)
    .where(_IS_CLAIMED)
    .values(**_given("status", "error"), finished_at=_NOW, due_at=None, locked_until=None)
    .returning(table.c.id)
)
_EXPIRED: Final = prepare(
    select(*_SHOWN)
    .where(table.c.expires_at <= _NOW)
    .order_by(table.c.expires_at, table.c.id)
    .limit(bindparam("limit", type_=BigInteger()))
)
_ENDED: Final = prepare(
    select(*_SHOWN).where(table.c.due_at.is_(None), table.c.id == any_(bindparam("keys", type_=ARRAY(Text()))))
)
_FORGET_FILE: Final = prepare(update(table).where(_IS_IT).values(expires_at=None).returning(table.c.id))
