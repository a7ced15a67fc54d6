"""An order as a whole: read under its lock, inserted, and written back where it differs.

Reading takes two statements. The first locks the head; only one that begins after the lock was granted sees what the former
holder wrote, so the parts are a second one: an array of rows for each of their tables.
"""

from collections.abc import Iterable
from typing import Any

from adapters.db.aggregate_statements import (
    ALL_PARTS,
    DELETE_TIMER,
    EVENT,
    HEAD,
    HOLDER,
    INSERT_EVENT,
    INSERT_HEAD,
    ORDER,
    PARTS,
    UPDATE_HEAD,
    UPDATE_HEAD_AND_SEARCH,
    Part,
)
from adapters.db.engine import Transaction
from adapters.db.order_search import searchable
from adapters.db.rows import RowMapper
from adapters.db.tables import order_timers
from adapters.sql import Statement
from domain.access.viewer import OrderScope
from domain.orders.model import Order
from domain.values.faults import DomainFault


async def read_locked(transaction: Transaction, scope: OrderScope, order_id: str) -> Order | None:
    """Waits for the order's lock, which it holds until the transaction's end."""
    head = await transaction.row(
        HEAD,
        order_id=order_id,
        business_units=_codes(scope.business_units),
        channels=_codes(scope.channels),
        member_id=scope.member_id,
    )
    if head is None:
        return None
    record = await transaction.row(ALL_PARTS, order_id=order_id)
    if record is None:
        raise AssertionError("a select without FROM has one row")
    parts = {part.attribute: tuple(map(part.mapper.decode, record[part.attribute])) for part in PARTS}
    return Order(ORDER.decode(head), **parts)


async def insert_whole(transaction: Transaction, order: Order) -> str | None:
    """None; or the id of the order that has this one's external number on its channel, and nothing was written.

    Waits for a transaction that is just inserting that number.
    """
    document = searchable(order.head, order.lines, order.shipments)
    values = dict(zip(ORDER.names, ORDER.encode(order.head), strict=True)) | document._asdict()
    if not await transaction.execute(INSERT_HEAD, **values):
        head = order.head
        holder: str | None = await transaction.value(HOLDER, external_number=head.external_number, channel=head.channel)
        return holder
    for part in PARTS:
        await _write(transaction, part.upsert, part.mapper, getattr(order, part.attribute))
    await _write(transaction, INSERT_EVENT, EVENT, order.events)
    return None


async def write_back(transaction: Transaction, before: Order, after: Order) -> None:
    """Writes what differs. Raises DomainFault when the row is not the one that was read: its lock was not held."""
    await _write_head(transaction, before, after)
    for part in PARTS:
        await _write_part(transaction, part, getattr(before, part.attribute), getattr(after, part.attribute))
    seen = before.head.version
    await _write(transaction, INSERT_EVENT, EVENT, [event for event in after.events if event.sequence > seen])


async def _write_head(transaction: Transaction, before: Order, after: Order) -> None:
    values = dict(zip(ORDER.names, ORDER.encode(after.head), strict=True)) | {"version_before": before.head.version}
    statement = UPDATE_HEAD
    document = searchable(after.head, after.lines, after.shipments)
    if document != searchable(before.head, before.lines, before.shipments):
        statement, values = UPDATE_HEAD_AND_SEARCH, values | document._asdict()
    if not await transaction.execute(statement, **values):
        raise DomainFault(f"{after.head.id} is not at version {before.head.version} any more, though it was locked.")


async def _write_part(transaction: Transaction, part: Part, before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    if after is before:
        return
    known = {part.key(view): view for view in before}
    gone = known.keys() - {part.key(view) for view in after}
    if gone and part.table is not order_timers:
        raise DomainFault(f"Rows of {part.table.name} do not vanish: {sorted(gone)}.")
    if gone:
        await transaction.execute_many(DELETE_TIMER, sorted(gone))
    changed = [view for view in after if known.get(part.key(view)) != view]
    await _write(transaction, part.upsert, part.mapper, changed)


async def _write(transaction: Transaction, statement: Statement, mapper: RowMapper[Any], views: Iterable[Any]) -> None:
    if rows := [mapper.encode(view) for view in views]:
        await transaction.execute_many(statement, rows)


def _codes(codes: frozenset[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)
