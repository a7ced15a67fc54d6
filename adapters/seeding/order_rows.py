"""Orders as rows for COPY, in two steps: making the rows is pure work for any process, writing them needs the database.

`adapters.db.bulk_orders` does both at once, for those who have the orders at hand.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from adapters.db.aggregate_statements import EVENT, ORDER, PARTS
from adapters.db.engine import Transaction
from adapters.db.jobs import columns_of
from adapters.db.order_search import Searchable, searchable
from adapters.db.tables import group_seats, order_events, order_groups, orders
from adapters.db.work_tables import jobs
from domain.orders.model import Errand, Order

Rows = dict[str, list[tuple[Any, ...]]]
"""Table → rows, each with the columns that COLUMNS names."""

_JOB: Final = ("kind", "order_id", "payload", "due_at", "created_at", "key")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    order_groups.name: ("id", "business_unit", "size", "joined", "status", "deadline", "created_at"),
    group_seats.name: ("order_id", "group_id", "claimed_at", "released_at"),
    orders.name: (*ORDER.names, *Searchable._fields),
    **{part.table.name: part.mapper.names for part in PARTS},
    order_events.name: EVENT.names,
    jobs.name: _JOB,
}
_TABLES: Final = {
    table.name: table
    for table in (order_groups, group_seats, orders, *(part.table for part in PARTS), order_events, jobs)
}
"""In the order in which they refer to each other."""


def order_rows(new: Iterable[Order]) -> Rows:
    rows: Rows = {name: [] for name in _TABLES}
    for order in new:
        search = searchable(order.head, order.lines, order.shipments)
        rows[orders.name].append((*ORDER.encode(order.head), *search))
        for part in PARTS:
            rows[part.table.name] += map(part.mapper.encode, getattr(order, part.attribute))
        rows[order_events.name] += map(EVENT.encode, order.events)
    return rows


def job_row(order_id: str, errand: Errand, queued_at: datetime) -> tuple[Any, ...]:
    columns = columns_of(order_id, errand, queued_at)
    return tuple(columns[name] for name in _JOB)


async def copy_rows(transaction: Transaction, rows: Rows) -> None:
    for name, table in _TABLES.items():
        if rows[name]:
            await transaction.copy(table, COLUMNS[name], rows[name])
