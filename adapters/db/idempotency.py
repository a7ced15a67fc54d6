"""Idempotency keys in SQL: one row each, and an advisory lock while a transaction works on one.

The lock needs no row, so that the first request under a key holds it too; it ends with its transaction.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Text, and_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.db.engine import Transaction
from adapters.db.outcomes import decode_outcome, encode_outcome
from adapters.db.work_tables import idempotency_keys
from adapters.sql import Statement, prepare
from domain.orders.views import Json
from domain.ports.unit_of_work import KeyScope, StoredKey
from domain.values.outcomes import Outcome


class KeyState(StrEnum):
    """What of a key's row holds: its outcome, its lease, or neither, so that whoever comes next may try again."""

    DONE = "DONE"
    IN_FLIGHT = "IN_FLIGHT"
    OPEN = "OPEN"


async def lock(transaction: Transaction, scope: KeyScope) -> bool:
    """False: another transaction has it."""
    is_ours: bool = await transaction.value(_LOCK, name=f"{scope.caller}\x1f{scope.operation}\x1f{scope.key}")
    return is_ours


async def find(transaction: Transaction, scope: KeyScope, now: datetime) -> StoredKey | None:
    row = await transaction.row(_FIND, **_names(scope), now=now)
    if row is None:
        return None
    document = row["outcome"] or {}
    return StoredKey(
        row["request_hash"],
        decode_outcome(document) if row["state"] == KeyState.DONE else None,
        document.get(_SUBJECT),
        row["locked_until"] if row["state"] == KeyState.IN_FLIGHT else None,
    )


async def keep(
    transaction: Transaction,
    scope: KeyScope,
    request_hash: str,
    *,
    outcome: Outcome | None,
    subject_id: str | None,
    locked_until: datetime | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    await transaction.execute(
        _KEEP,
        **_names(scope),
        request_hash=request_hash,
        state=_state(outcome, locked_until),
        outcome=_document(outcome, subject_id),
        locked_until=locked_until or now,
        created_at=now,
        expires_at=expires_at,
    )


async def forget(transaction: Transaction, now: datetime, limit: int) -> int:
    """Removes at most `limit` keys past their expiry; those that another transaction is writing stay."""
    return await transaction.execute(_FORGET, now=now, limit=limit)


def _state(outcome: Outcome | None, locked_until: datetime | None) -> str:
    if outcome is not None:
        return KeyState.DONE.value
    return (KeyState.OPEN if locked_until is None else KeyState.IN_FLIGHT).value


def _document(outcome: Outcome | None, subject_id: str | None) -> Json | None:
    """The outcome's own fields, and beside them the subject that the work is about."""
    document = encode_outcome(outcome) if outcome is not None else {}
    return document | ({_SUBJECT: subject_id} if subject_id is not None else {}) or None


def _names(scope: KeyScope) -> dict[str, str]:
    return {"caller": scope.caller, "operation": scope.operation, "key": scope.key}


def _find() -> Statement:
    key = idempotency_keys.c
    return prepare(
        select(key.request_hash, key.state, key.outcome, key.locked_until).where(
            *(column == bindparam(column.name, type_=Text()) for column in _KEY),
            key.expires_at > bindparam("now", type_=key.expires_at.type),
        )
    )


def _keep() -> Statement:
    statement = insert(idempotency_keys).values(
        {column.name: bindparam(column.name, type_=column.type) for column in idempotency_keys.c}
    )
    changes = {column.name: statement.excluded[column.name] for column in idempotency_keys.c if column not in _KEY}
    return prepare(statement.on_conflict_do_update(index_elements=_KEY, set_=changes))


def _forget() -> Statement:
    key = idempotency_keys.c
    past = (
        select(*_KEY)
        .where(key.expires_at <= bindparam("now", type_=key.expires_at.type))
        .order_by(key.expires_at)
        .limit(bindparam("limit", type_=BigInteger()))
        .with_for_update(skip_locked=True)
        .cte("past")
    )
    return prepare(delete(idempotency_keys).where(and_(*(column == past.c[column.name] for column in _KEY))))


_SUBJECT: Final = "subject_id"
_KEY: Final[tuple[Column[Any], ...]] = tuple(idempotency_keys.primary_key)

_LOCK: Final = prepare(
    select(
        func.pg_try_advisory_xact_lock(
            func.hashtextextended(bindparam("name", type_=Text()), bindparam("seed", 0, BigInteger()))
        )
    )
)
_FIND: Final = _find()
_KEEP: Final = _keep()
_FORGET: Final = _forget()
