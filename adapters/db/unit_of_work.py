"""The unit of work in SQL: one transaction, rolled back unless it was committed."""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from collections.abc import Sequence as Many
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Sequence,
    Table,
    Text,
    any_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)

from adapters.db import bulk_orders, erasing, export_jobs, groups, idempotency, jobs, waiting
from adapters.db.engine import Database, Transaction, retryable
from adapters.db.order_aggregate import insert_whole, read_locked, write_back
from adapters.db.tables import after_sales, fulfillments, order_lines, orders, payments, refunds, shipments, vouchers
from adapters.sql import Statement, prepare
from domain.access.viewer import OrderScope
from domain.exports.jobs import ExportJobView
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.views import GroupView
from domain.ports.exports import ExportRequest
from domain.ports.unit_of_work import KeyScope, Parcel, SeatRefused, StoredKey, TransientConflict, Waiting
from domain.values.enums import ExportStatus, GroupStatus, MachineKind, OrderStatus
from domain.values.outcomes import Outcome

P = TypeVar("P")

UNPAID: Final = tuple(
    status.value
    for status in (
        OrderStatus.PENDING_REVIEW,
        OrderStatus.PENDING_DEPOSIT,
        OrderStatus.PENDING_PAYMENT,
        OrderStatus.PARTIALLY_PAID,
    )
)

# The seed of the lock's hash keeps these locks apart from those on keys and orders.
_MEMBER_LOCKS: Final = 2

# Asked before and taken meanwhile: run again, the question has another answer.
_LOST_RACES: Final = frozenset(("ix_shipments_tracking_number_carrier",))


class Savepoint:
    def __init__(self) -> None:
        self.is_undone = False

    def undo(self) -> None:
        self.is_undone = True


class SqlUnitOfWork:
    """`local` makes, of the open transaction, the ports of the services that live in this very database. `tell_of_steps` is called
    after each commit that wrote steps of orders.
    """

    def __init__(
        self,
        database: Database,
        local: Mapping[type, Callable[[Transaction], Any]],
        tell_of_steps: Callable[[], None] | None = None,
    ) -> None:
        self._database = database
        self._local = local
        self._tell_of_steps = tell_of_steps
        self._has_steps = False
        self._stack = contextlib.AsyncExitStack()
        self._opened: Transaction | None = None

    async def __aenter__(self) -> Self:
        self._opened = await self._stack.enter_async_context(self._database.transaction())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)
        self._opened = None
        if error is not None and _gives_way(error):  # of a local port: ours were translated where they arose
            raise _conflict() from error

    async def commit(self) -> None:
        with _conflicts():
            await self._transaction.commit()
        if self._has_steps and self._tell_of_steps is not None:
            self._tell_of_steps()

    @contextlib.asynccontextmanager
    async def attempt(self) -> AsyncIterator[Savepoint]:
        attempt = Savepoint()
        with contextlib.suppress(_Undone), _conflicts():
            async with self._transaction.savepoint():
                yield attempt
                if attempt.is_undone:
                    raise _Undone

    def local(self, port: type[P]) -> P | None:
        make = self._local.get(port)
        return None if make is None else make(self._transaction)

    async def next_number(self) -> int:
        number: int = await self._transaction.value(_NEXT_NUMBER)
        return number

    async def next_numbers(self, count: int) -> list[int]:
        return await bulk_orders.numbers(self._transaction, count)

    async def load(self, scope: OrderScope, order_id: str) -> Order | None:
        with _conflicts():
            return await read_locked(self._transaction, scope, order_id)

    async def order_id_of(self, machine: MachineKind, subject_id: str) -> str | None:
        statement = _ORDER_ID_OF.get(machine)
        if statement is None:
            return None
        order_id: str | None = await self._transaction.value(statement, subject_id=subject_id)
        return order_id

    async def add(self, order: Order) -> str | None:
        self._has_steps = True
        with _conflicts():
            return await insert_whole(self._transaction, order)

    async def add_imported(self, orders: Many[Order]) -> frozenset[str]:
        self._has_steps = True
        with _conflicts():
            return await bulk_orders.add_new(self._transaction, orders)

    async def external_numbers_taken(self, channel: str, numbers: Collection[str]) -> frozenset[str]:
        return await bulk_orders.external_numbers_taken(self._transaction, channel, numbers)

    async def save(self, before: Order, after: Order) -> None:
        self._has_steps = True
        with _conflicts():
            await write_back(self._transaction, before, after)

    async def has_jobs(self, order_id: str) -> bool:
        return await erasing.has_jobs(self._transaction, order_id)

    async def keys_kept_until(self, ids: Collection[str], now: datetime) -> datetime | None:
        return await erasing.keys_kept_until(self._transaction, ids, now)

    async def is_erased(self, order_id: str) -> bool:
        return await erasing.is_erased(self._transaction, order_id)

    async def erase(self, order_id: str, ids: Collection[str], now: datetime) -> None:
        self._has_steps = True
        with _conflicts():
            await erasing.erase(self._transaction, order_id, ids, now)

    async def unpaid_orders_of(self, business_unit: str, member_id: str) -> int:
        await self._transaction.value(_LOCK_MEMBER, business_unit=business_unit, member_id=member_id)
        count: int = await self._transaction.value(
            _UNPAID_ORDERS, business_unit=business_unit, member_id=member_id, statuses=UNPAID
        )
        return count

    async def units_of_member(
        self,
        business_unit: str,
        member_id: str,
        skus: Many[str],
        since: datetime,
        *,
        has_imported: bool,
        besides: str | None = None,
    ) -> dict[str, int]:
        await self._transaction.value(_LOCK_MEMBER, business_unit=business_unit, member_id=member_id)
        rows = await self._transaction.rows(
            _UNITS_OF_MEMBER,
            business_unit=business_unit,
            member_id=member_id,
            skus=list(skus),
            since=since,
            has_imported=has_imported,
            besides=besides,
        )
        return {row[0]: int(row[1]) for row in rows}

    async def tracking_number_taken(self, carrier: str, tracking_number: str) -> bool:
        is_taken: bool = await self._transaction.value(
            _TRACKING_NUMBER_TAKEN, carrier=carrier, tracking_number=tracking_number
        )
        return is_taken

    async def parcels_known(self, parcels: Collection[Parcel]) -> frozenset[Parcel]:
        return await bulk_orders.parcels_known(self._transaction, parcels)

    async def shipment_of(self, carrier: str, tracking_number: str) -> tuple[str, str] | None:
        row = await self._transaction.row(_SHIPMENT_OF, carrier=carrier, tracking_number=tracking_number)
        return None if row is None else (row[0], row[1])

    async def open_group(self, group: GroupView, order_id: str) -> None:
        await groups.open_group(self._transaction, group, order_id)

    async def take_seat(
        self, group_id: str, order_id: str, business_unit: str, now: datetime
    ) -> GroupView | SeatRefused:
        with _conflicts():
            return await groups.take_seat(self._transaction, group_id, order_id, business_unit, now)

    async def release_seat(self, order_id: str) -> None:
        with _conflicts():
            await groups.release_seat(self._transaction, order_id)

    async def end_group(self, group_id: str, status: GroupStatus) -> None:
        with _conflicts():
            await groups.end_group(self._transaction, group_id, status)

    async def group(self, group_id: str) -> GroupView | None:
        with _conflicts():
            return await groups.group(self._transaction, group_id)

    async def seats_of(self, group_id: str) -> list[str]:
        return await groups.seats_of(self._transaction, group_id)

    async def order_of_voucher(self, voucher_id: str) -> str | None:
        order_id: str | None = await self._transaction.value(_ORDER_OF_VOUCHER, subject_id=voucher_id)
        return order_id

    async def waiting_for(self, sku: str, after: Waiting | None, limit: int) -> list[Waiting]:
        return await waiting.waiting_for(self._transaction, sku, after, limit)

    async def lock_key(self, scope: KeyScope) -> bool:
        return await idempotency.lock(self._transaction, scope)

    async def find_key(self, scope: KeyScope, now: datetime) -> StoredKey | None:
        return await idempotency.find(self._transaction, scope, now)

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
        with _conflicts():
            await idempotency.keep(
                self._transaction,
                scope,
                request_hash,
                outcome=outcome,
                subject_id=subject_id,
                locked_until=locked_until,
                now=now,
                expires_at=expires_at,
            )

    async def queue(self, order_id: str, errands: tuple[Errand, ...], now: datetime, *, lease_s: int = 0) -> int:
        with _conflicts():
            return await jobs.queue(self._transaction, order_id, errands, now, lease_s)

    async def finish(self, order_id: str, kind: ErrandKind, subject_id: str) -> None:
        with _conflicts():
            await jobs.finish(self._transaction, order_id, kind, subject_id)

    async def withdraw(self, order_id: str, kind: ErrandKind, subject_id: str) -> bool:
        with _conflicts():
            return await jobs.withdraw(self._transaction, order_id, kind, subject_id)

    async def exports_under_way(self, owner: str) -> int:
        return await export_jobs.under_way(self._transaction, owner)

    async def add_export(self, job: ExportJobView, request: ExportRequest) -> None:
        await export_jobs.add(self._transaction, job, request)

    async def export(self, owner: str, scope: OrderScope, job_id: str) -> ExportJobView | None:
        return await export_jobs.locked(self._transaction, owner, scope, job_id)

    async def end_export(self, job_id: str, status: ExportStatus, now: datetime) -> None:
        await export_jobs.end(self._transaction, job_id, status, now)

    @property
    def _transaction(self) -> Transaction:
        if self._opened is None:
            raise RuntimeError("the unit of work was not entered, or is over")
        return self._opened


class _Undone(Exception):
    """Leaves a savepoint, and no more."""


@contextlib.contextmanager
def _conflicts() -> Iterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        if not _gives_way(error):
            raise
        raise _conflict() from error


def _conflict() -> TransientConflict:
    return TransientConflict("Another transaction was in the way; this one may be run again.")


def _gives_way(error: BaseException) -> bool:
    if isinstance(error, asyncpg.UniqueViolationError):
        return error.constraint_name in _LOST_RACES
    return retryable(error)


def _order_id_of(table: Table) -> Statement:
    order_id = table.c.id if table is orders else table.c.order_id
    return prepare(select(order_id).where(table.c.id == bindparam("subject_id", type_=Text())))


_ORDER_ID_OF: Final = {
    MachineKind.ORDER: _order_id_of(orders),
    MachineKind.PAYMENT: _order_id_of(payments),
    MachineKind.REFUND: _order_id_of(refunds),
    MachineKind.FULFILLMENT: _order_id_of(fulfillments),
    MachineKind.AFTER_SALE: _order_id_of(after_sales),
}
_ORDER_OF_VOUCHER: Final = _order_id_of(vouchers)
_NEXT_NUMBER: Final = prepare(select(Sequence("order_numbers").next_value()))
_LOCK_MEMBER: Final = prepare(
    select(
        func.pg_advisory_xact_lock(
            func.hashtextextended(
                func.concat(
                    bindparam("business_unit", type_=Text()), literal(":"), bindparam("member_id", type_=Text())
                ),
                literal(_MEMBER_LOCKS, BigInteger()),
            )
        )
    )
)
_UNPAID_ORDERS: Final = prepare(
    select(func.count())
    .select_from(orders)
    .where(
        orders.c.business_unit == bindparam("business_unit", type_=Text()),
        orders.c.member_id == bindparam("member_id", type_=Text()),
        orders.c.status == any_(bindparam("statuses", type_=ARRAY(Text()))),
    )
)
_BESIDES: Final = bindparam("besides", type_=Text())
_UNITS: Final = order_lines.c.quantity - order_lines.c.cancelled_quantity - order_lines.c.returned_quantity
_UNITS_OF_MEMBER: Final = prepare(
    select(order_lines.c.sku, func.sum(_UNITS))
    .select_from(orders)
    .join(order_lines, order_lines.c.order_id == orders.c.id)
    .where(
        orders.c.member_id == bindparam("member_id", type_=Text()),
        orders.c.placed_at > bindparam("since", type_=DateTime(timezone=True)),
        orders.c.business_unit == bindparam("business_unit", type_=Text()),
        or_(bindparam("has_imported", type_=Boolean()), orders.c.is_imported.is_(False)),
        or_(_BESIDES.is_(None), orders.c.id != _BESIDES),
        order_lines.c.sku == any_(bindparam("skus", type_=ARRAY(Text()))),
    )
    .group_by(order_lines.c.sku)
)
_IS_PARCEL: Final = (
    shipments.c.carrier == bindparam("carrier", type_=Text()),
    shipments.c.tracking_number == bindparam("tracking_number", type_=Text()),
)
_TRACKING_NUMBER_TAKEN: Final = prepare(select(exists(literal(1)).where(*_IS_PARCEL)))
_SHIPMENT_OF: Final = prepare(select(shipments.c.order_id, shipments.c.id).where(*_IS_PARCEL))
