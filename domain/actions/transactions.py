"""How actions use transactions: run again when the database asks for it, at most once under an idempotency key.

A key is claimed in the transaction that does the work, so that both are there or neither. Work that needs the provider in
between leaves the key in flight under a lease (`InFlight`); its second half stores the outcome. Whoever comes with the same
key meanwhile is told to wait; after the lease, the work is taken up where it stands.
"""

import asyncio
import hashlib
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import timedelta
from typing import Any, Final, TypeVar

from domain.access.viewer import Viewer
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import KeyScope, StoredKey, TransientConflict, UnitOfWork
from domain.values.outcomes import Outcome, Success
from domain.values.refusals import IdempotencyConflict, InvalidInput, Refusal, RequestInProgress, ServiceDown, invalid
from domain.values.texts import is_sound_json, is_text, text_problems

T = TypeVar("T")
MAX_TRIES: Final = 8
MAX_KEY_LENGTH: Final = 255
MAX_NOTE_LENGTH: Final = 2000


@dataclass(frozen=True, slots=True)
class Call:
    """One request for an action, as far as its key is concerned."""

    operation: str
    key: str | None
    fingerprint: str
    problem: InvalidInput | None = None
    """What is wrong with the command whatever its action."""

    @classmethod
    def of(cls, operation: str, command: Any) -> "Call":
        """The fingerprint covers the whole command but for the key itself."""
        key, canonical = command.idempotency_key, _canonical(command)
        is_sound = canonical is not None and is_sound_json(canonical) and is_text(key or "")
        problems = () if is_sound else tuple(text_problems(command))
        if problems or canonical is None:
            return cls(operation, None, "", InvalidInput(path=problems[0].path, problems=problems))
        digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
        return cls(operation, key, digest, _note_problem(getattr(command, "note", None)))


def _canonical(command: Any) -> str | None:
    """All but the key, always alike; None: nested without end, which is one of the problems of texts."""
    content = _plain(command)
    del content["idempotency_key"]
    try:
        return json.dumps(content, sort_keys=True, default=_plain, ensure_ascii=False)
    except RecursionError:
        return None


def _plain(value: Any) -> Any:
    """What JSON has no word for: fields by name, or a text. Not `asdict`, which copies all that it finds first."""
    return {part.name: getattr(value, part.name) for part in fields(value)} if is_dataclass(value) else str(value)


@dataclass(frozen=True, slots=True)
class InFlight:
    """The first half is done; the second is about this subject."""

    order_id: str
    subject_id: str


Work = Callable[[UnitOfWork, str | None], Awaitable[Outcome | InFlight]]
"""Takes the subject of an earlier, unfinished run under the same key, or None."""


async def in_transaction(ports: Ports, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """Run and commit; again, a few times, when the database chose this transaction to give way."""
    for tried in range(1, MAX_TRIES + 1):
        try:
            async with ports.unit_of_work() as uow:
                result = await work(uow)
                await uow.commit()
                return result
        except TransientConflict:
            if tried == MAX_TRIES:
                raise
            await asyncio.sleep(random.uniform(0, 0.01 * 2**tried))  # noqa: S311  jitter
    raise AssertionError("unreachable")  # pragma: no cover


async def once(ports: Ports, viewer: Viewer, call: Call, work: Work) -> Outcome | InFlight:
    """Do the work at most once under the call's key. A refusal leaves nothing behind but itself, under the key."""
    problem = call.problem or _key_problem(call.key)
    if problem is not None:
        return problem

    return await in_transaction(ports, lambda uow: once_within(ports, viewer, call, uow, work))


async def once_within(ports: Ports, viewer: Viewer, call: Call, uow: UnitOfWork, work: Work) -> Outcome | InFlight:
    """As `once`, as a part of a transaction that does more: what it does is taken back with it."""
    problem = call.problem or _key_problem(call.key)
    if problem is not None:
        return problem
    if call.key is None:
        return await _attempted(uow, work, None)
    return await _once_under_key(ports, _scope(viewer, call, call.key), call, uow, work)


async def finished(ports: Ports, viewer: Viewer, call: Call, subject_id: str, outcome: Outcome | None) -> None:
    """Store the outcome of work that was in flight; None: it failed by no fault of the caller, who may try again."""
    if call.key is None:
        return
    scope = _scope(viewer, call, call.key)

    async def keep(uow: UnitOfWork) -> None:
        await _keep(ports, uow, scope, call, outcome, subject_id, lease_s=0)

    await in_transaction(ports, keep)


async def concluded(
    ports: Ports, viewer: Viewer, call: Call, subject_id: str, work: Callable[[UnitOfWork], Awaitable[Outcome]]
) -> Outcome:
    """The second half and its outcome under the key, in one transaction: for work that must not be done twice. Nothing is
    done where the first half took so long that the same request was begun anew. A ServiceDown is not kept: try again.
    """
    scope = _scope(viewer, call, call.key) if call.key is not None else None

    async def whole(uow: UnitOfWork) -> Outcome:
        if scope is not None and not await _is_still_at(uow, ports, scope, subject_id):
            return RequestInProgress(retry_after_ms=ports.terms.retry_after_ms)
        outcome = await work(uow)
        if scope is not None:
            kept = None if isinstance(outcome, ServiceDown) else outcome
            await _keep(ports, uow, scope, call, kept, subject_id, lease_s=0)
        return outcome

    return await in_transaction(ports, whole)


async def _is_still_at(uow: UnitOfWork, ports: Ports, scope: KeyScope, subject_id: str) -> bool:
    if not await uow.lock_key(scope):
        raise TransientConflict("Somebody asks for the same key right now.")
    seen = await uow.find_key(scope, ports.clock.now())
    return seen is not None and seen.outcome is None and seen.subject_id == subject_id


async def _once_under_key(ports: Ports, scope: KeyScope, call: Call, uow: UnitOfWork, work: Work) -> Outcome | InFlight:
    wait = RequestInProgress(retry_after_ms=ports.terms.retry_after_ms)
    if not await uow.lock_key(scope):
        return wait
    now = ports.clock.now()
    seen = await uow.find_key(scope, now)
    if seen is not None:
        if seen.request_hash != call.fingerprint:
            return IdempotencyConflict()
        if seen.outcome is not None:
            return _replayed(seen.outcome)
        if _is_held(seen, ports):
            return wait
    outcome = await _attempted(uow, work, seen.subject_id if seen else None)
    if isinstance(outcome, InFlight):
        await _keep(ports, uow, scope, call, None, outcome.subject_id, lease_s=ports.terms.lease_s)
    else:
        await _keep(ports, uow, scope, call, outcome, None, lease_s=0)
    return outcome


async def _attempted(uow: UnitOfWork, work: Work, resumed: str | None) -> Outcome | InFlight:
    async with uow.attempt() as attempt:
        outcome = await work(uow, resumed)
        if isinstance(outcome, Refusal):
            attempt.undo()
    return outcome


async def _keep(
    ports: Ports,
    uow: UnitOfWork,
    scope: KeyScope,
    call: Call,
    outcome: Outcome | None,
    subject_id: str | None,
    *,
    lease_s: int,
) -> None:
    now = ports.clock.now()
    await uow.keep_key(
        scope,
        call.fingerprint,
        outcome=outcome,
        subject_id=subject_id,
        locked_until=now + timedelta(seconds=lease_s) if lease_s else None,
        now=now,
        expires_at=now + timedelta(seconds=ports.terms.idempotency_ttl_s),
    )


def _is_held(seen: StoredKey, ports: Ports) -> bool:
    return seen.locked_until is not None and seen.locked_until > ports.clock.now()


def _replayed(outcome: Outcome) -> Outcome:
    return replace(outcome, is_replayed=True) if isinstance(outcome, Success) else outcome


def _scope(viewer: Viewer, call: Call, key: str) -> KeyScope:
    return KeyScope(f"{viewer.kind}:{viewer.id}", call.operation, key)


def _key_problem(key: str | None) -> InvalidInput | None:
    if key is None or 0 < len(key) <= MAX_KEY_LENGTH:
        return None
    message = f"An idempotency key has 1 to {MAX_KEY_LENGTH} characters."
    return invalid("idempotencyKey", code="INVALID_LENGTH", message=message)


def _note_problem(note: str | None) -> InvalidInput | None:
    if note is None or len(note) <= MAX_NOTE_LENGTH:
        return None
    return invalid("note", code="INVALID_LENGTH", message=f"A note has at most {MAX_NOTE_LENGTH} characters.")
