"""The unit of work: one transaction over orders, keys, jobs and timers. Leaving it without `commit` rolls everything back."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self, TypeVar

from domain.access.viewer import OrderScope
from domain.exports.jobs import ExportJobView
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.views import GroupView
from domain.ports.exports import ExportRequest
from domain.values.enums import ExportStatus, GroupStatus, MachineKind
from domain.values.faults import OrderCenterFault
from domain.values.outcomes import Outcome

P = TypeVar("P")
Parcel = tuple[str, str]
"""Carrier and tracking number: together they are unique."""


class TransientConflict(OrderCenterFault):
    """The database chose this transaction to give way (deadlock, serialization): the whole of it may be run again."""

    code = "CONFLICT"
    is_retryable = True


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What an idempotency key is unique in."""

    caller: str
    operation: str
    key: str


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key that was seen before. Without an outcome it is being worked on until `locked_until`, on `subject_id`."""

    request_hash: str
    outcome: Outcome | None
    subject_id: str | None
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fulfillment that waits for stock, and its place among those that do."""

    backordered_at: datetime
    fulfillment_id: str
    order_id: str


@dataclass(frozen=True, slots=True)
class Job:
    """An errand on its way: done at least once, until it is finished."""

    id: int
    order_id: str
    errand: Errand
    attempts: int


@dataclass(frozen=True, slots=True)
class DueTimer:
    order_id: str
    subject_id: str
    name: str
    action: str
    machine: MachineKind


class SeatRefusal(StrEnum):
    UNKNOWN = "UNKNOWN_GROUP"
    CLOSED = "GROUP_CLOSED"
    FULL = "GROUP_FULL"


@dataclass(frozen=True, slots=True)
class SeatRefused:
    """Why there is no seat, and how many the group has."""

    why: SeatRefusal
    size: int = 0


class Attempt(Protocol):
    """A part of the transaction that can be taken back alone."""

    def undo(self) -> None: ...


class UnitOfWork(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def commit(self) -> None: ...

    def attempt(self) -> AbstractAsyncContextManager[Attempt]:
        """A savepoint: what is written inside is taken back when it was undone, or when an exception leaves it."""
        ...

    def local(self, port: type[P]) -> P | None:
        """The service's port bound to this very transaction, where the service is embedded; else None."""
        ...

    async def next_number(self) -> int:
        """The next order number: unique, rising, not gapless."""
        ...

    async def next_numbers(self, count: int) -> list[int]:
        """As many of them at once."""
        ...

    async def load(self, scope: OrderScope, order_id: str) -> Order | None:
        """The whole aggregate, locked until the end. None: unknown, or outside of the scope."""
        ...

    async def order_id_of(self, machine: MachineKind, subject_id: str) -> str | None:
        """The order that a payment, refund or fulfillment belongs to."""
        ...

    async def add(self, order: Order) -> str | None:
        """Writes a new order. None; or, where its external number is taken on the channel, the id of the order that has
        it, and nothing was written.
        """
        ...

    async def add_imported(self, orders: Sequence[Order]) -> frozenset[str]:
        """Writes new orders of one channel, in a few statements for all of them. The external numbers that are taken: of
        these orders nothing was written.
        """
        ...

    async def external_numbers_taken(self, channel: str, numbers: Collection[str]) -> frozenset[str]: ...

    async def save(self, before: Order, after: Order) -> None:
        """Writes what differs, by compare-and-set on the version. Queues nothing: errands are the caller's."""
        ...

    async def has_jobs(self, order_id: str) -> bool: ...

    async def keys_kept_until(self, ids: Collection[str], now: datetime) -> datetime | None:
        """When the last key expires whose outcome names one of these; None: there is none. Reads every key."""
        ...

    async def erase(self, order_id: str, ids: Collection[str], now: datetime) -> None:
        """Every row of the order goes, and the expired keys that name one of these ids; a tombstone stays. It is locked."""
        ...

    async def is_erased(self, order_id: str) -> bool:
        """Whether there was such an order, and it is gone."""
        ...

    async def unpaid_orders_of(self, business_unit: str, member_id: str) -> int:
        """Of a member; nobody else counts them until the end of the transaction."""
        ...

    async def units_of_member(
        self,
        business_unit: str,
        member_id: str,
        skus: Sequence[str],
        since: datetime,
        *,
        has_imported: bool,
        besides: str | None = None,
    ) -> Mapping[str, int]:
        """By SKU the units that the member's orders placed since then have, but for those that were cancelled or came back;
        nobody else counts them until the end of the transaction. `besides`: an order that is left out.
        """
        ...

    async def tracking_number_taken(self, carrier: str, tracking_number: str) -> bool: ...

    async def parcels_known(self, parcels: Collection[Parcel]) -> frozenset[Parcel]:
        """Those that are shipments of some order already."""
        ...

    async def shipment_of(self, carrier: str, tracking_number: str) -> tuple[str, str] | None:
        """The order and the shipment of the carrier's parcel."""
        ...

    async def open_group(self, group: GroupView, order_id: str) -> None:
        """A new group, in which the order has the first seat."""
        ...

    async def take_seat(
        self, group_id: str, order_id: str, business_unit: str, now: datetime
    ) -> GroupView | SeatRefused:
        """One seat for the order, or why there is none. Nobody else takes the same one."""
        ...

    async def release_seat(self, order_id: str) -> None:
        """The order's seat is free again, if its group is open still. Idempotent."""
        ...

    async def end_group(self, group_id: str, status: GroupStatus) -> None:
        """An open group formed, or failed."""
        ...

    async def group(self, group_id: str) -> GroupView | None:
        """Locked until the end."""
        ...

    async def seats_of(self, group_id: str) -> list[str]:
        """The orders that have a seat, sorted."""
        ...

    async def order_of_voucher(self, voucher_id: str) -> str | None: ...

    async def waiting_for(self, sku: str, after: Waiting | None, limit: int) -> list[Waiting]:
        """The fulfillments that wait for stock of the SKU, among others perhaps; the longest waiting first."""
        ...

    async def lock_key(self, scope: KeyScope) -> bool:
        """False: another transaction works on this key right now."""
        ...

    async def find_key(self, scope: KeyScope, now: datetime) -> StoredKey | None:
        """None: never seen, or expired."""
        ...

    async def keep_key(
        self,
        scope: KeyScope,
        request_hash: str,
        *,
        outcome: Outcome | None,
        subject_id: str | None,
        locked_until: datetime | None,
        now: datetime,
        expires_at: datetime,
    ) -> None:
        """Writes the key's row, or writes it anew."""
        ...

    async def queue(self, order_id: str, errands: tuple[Errand, ...], now: datetime, *, lease_s: int = 0) -> int:
        """Jobs for the worker, due after each errand's delay; with a lease, held back for the caller to do them itself.
        How many were queued: one
        that waits already for the same subject is not queued twice.
        """
        ...

    async def finish(self, order_id: str, kind: ErrandKind, subject_id: str) -> None:
        """The job is done."""
        ...

    async def withdraw(self, order_id: str, kind: ErrandKind, subject_id: str) -> bool:
        """Takes a job back before anybody began it. False: somebody has, or it is gone."""
        ...

    async def exports_under_way(self, owner: str) -> int:
        """Jobs of a caller that have not ended; nobody else counts them until the end of the transaction."""
        ...

    async def add_export(self, job: ExportJobView, request: ExportRequest) -> None:
        """A new job; at the commit the worker is told."""
        ...

    async def export(self, owner: str, scope: OrderScope, job_id: str) -> ExportJobView | None:
        """The caller's job, locked until the end. None: unknown, or another's."""
        ...

    async def end_export(self, job_id: str, status: ExportStatus, now: datetime) -> None:
        """It ends without a file; a worker that is at it lets go."""
        ...


class UnitOfWorkFactory(Protocol):
    def __call__(self) -> UnitOfWork: ...


class Queue(Protocol):
    """What the worker claims. Claims are leases: a worker that dies loses them when they run out."""

    async def claim_jobs(self, now: datetime, limit: int, lease_s: int) -> list[Job]: ...

    async def retry_job(self, job: Job, due_at: datetime, error: str) -> None:
        """The job failed: again at `due_at`."""
        ...

    async def claim_timers(self, now: datetime, limit: int, lease_s: int) -> list[DueTimer]: ...

    async def forget_keys(self, now: datetime, limit: int) -> int:
        """Removes idempotency keys past their expiry."""
        ...
