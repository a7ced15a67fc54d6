"""An order as a whole: read under its lock, inserted, and written back where it differs.

Reading takes two statements. The first locks the head; only one that begins after the lock was granted sees what the former
holder wrote, so the parts are a second one: an array of rows for each of their tables.
"""

from collections.abc import Iterable
from typing import Any

from adapters.db.aggregate_statements import ALL_PARTS, EVENT, HEAD, HOLDER, ORDER, PARTS, Part
from adapters.db.aggregate_writing import EVENTS, LOST, VERSION_BEFORE, insert_statement, update_statement
from adapters.db.engine import Transaction
from adapters.db.order_search import Searchable, searchable
from adapters.db.rows import RowMapper
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
    rows = {part.attribute: _rows(part.mapper, getattr(order, part.attribute)) for part in PARTS}
    rows[EVENTS] = _rows(EVENT, order.events)
    given = {name: some for name, some in rows.items() if some}
    if not await transaction.value(insert_statement(tuple(given)), **_head(order, with_search=True), **given):
        head = order.head
        holder: str | None = await transaction.value(HOLDER, external_number=head.external_number, channel=head.channel)
        return holder
    return None


async def write_back(transaction: Transaction, before: Order, after: Order) -> None:
    """Writes what differs. Raises DomainFault when the row is not the one that was read: its lock was not held."""
    seen = before.head.version
    rows = {part.attribute: _changed(part, before, after) for part in PARTS}
    rows[EVENTS] = _rows(EVENT, [event for event in after.events if event.sequence > seen])
    rows |= {LOST[part.attribute]: _lost(part, before, after) for part in PARTS if part.attribute in LOST}
    given = {name: some for name, some in rows.items() if some}
    has_search = _search(after) != _search(before)
    statement = update_statement(tuple(given), has_search=has_search)
    values = _head(after, with_search=has_search) | {VERSION_BEFORE: seen} | given
    if not await transaction.value(statement, **values):
        raise DomainFault(f"{after.head.id} is not at version {seen} any more, though it was locked.")


def _head(order: Order, *, with_search: bool) -> dict[str, Any]:
    values = dict(zip(ORDER.names, ORDER.encode(order.head), strict=True))
    return values | _search(order)._asdict() if with_search else values


def _search(order: Order) -> Searchable:
    return searchable(order.head, order.lines, order.shipments)


def _changed(part: Part, before: Order, after: Order) -> list[dict[str, Any]]:
    """New rows, and those that differ."""
    were, are = getattr(before, part.attribute), getattr(after, part.attribute)
    if are is were:
        return []
    known = {part.key(view): view for view in were}
    gone = known.keys() - {part.key(view) for view in are}
    if gone and part.attribute not in LOST:
        raise DomainFault(f"Rows of {part.table.name} do not vanish: {sorted(gone)}.")
    return _rows(part.mapper, [view for view in are if known.get(part.key(view)) != view])


def _lost(part: Part, before: Order, after: Order) -> list[dict[str, Any]]:
    """The keys of the rows that vanished."""
    were, are = getattr(before, part.attribute), getattr(after, part.attribute)
    if are is were:
        return []
    gone = set(map(part.key, were)) - set(map(part.key, are))
    names = [str(key.name) for key in part.table.primary_key]
    return [dict(zip(names, key, strict=True)) for key in sorted(gone)]


def _rows(mapper: RowMapper[Any], views: Iterable[Any]) -> list[dict[str, Any]]:
    return [dict(zip(mapper.names, mapper.encode(view), strict=True)) for view in views]


def _codes(codes: frozenset[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)
