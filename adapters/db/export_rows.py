"""The rows of exports: one COPY in one snapshot, in the order of the orders' ids, with the watermark of that very moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    not_,
    select,
    tuple_,
)
from sqlalchemy.types import BigInteger, Integer

from adapters.db.changes import check_reached
from adapters.db.columns import PgSnapshot, Xid8
from adapters.db.engine import Database, Snapshot
from adapters.db.order_filters import condition, parameter_names
from adapters.db.order_requests import order_request
from adapters.db.tables import after_sale_lines, after_sales, order_events, order_lines, orders, payments
from adapters.sql import prepare
from domain.access.viewer import EVERYTHING
from domain.exports.datasets import DATASETS
from domain.ports.exports import ExportRequest, Take
from domain.ports.order_views import OrderFilter, OrderQuery
from domain.values.enums import ExportDataset
from domain.values.feed_positions import FeedSnapshot, position_of, watermark_of

Expressions = Mapping[str, ColumnElement[Any]]


def _units(name: str) -> ColumnElement[Any]:
    units = select(func.coalesce(func.sum(after_sale_lines.c[name]), literal(0, BigInteger())))
    return units.where(after_sale_lines.c.after_sale_id == after_sales.c.id).correlate(after_sales).scalar_subquery()


_ORDER: Final[Expressions] = {
    "order_id": orders.c.id,
    "order_number": orders.c.number,
    "member_level": orders.c.buyer_level,
    "subtotal": orders.c.subtotal_minor,
    "discount_total": orders.c.discount_minor,
    "shipping_total": orders.c.shipping_minor,
    "tax_total": orders.c.tax_minor,
    "total": orders.c.total_minor,
    "captured_total": orders.c.captured_minor,
    "refunded_total": orders.c.refunded_minor,
    "cancelled_total": orders.c.cancelled_minor,
    "city": orders.c.shipping_address["city"].as_string(),
}
_SHARED: Final[Expressions] = {
    "order_number": orders.c.number,
    "business_unit": orders.c.business_unit,
    "channel": orders.c.channel,
    "placed_at": orders.c.placed_at,
    "order_status": orders.c.status,
}
_EXPRESSIONS: Final[Mapping[ExportDataset, Expressions]] = {
    ExportDataset.ORDERS: _ORDER,
    ExportDataset.ORDER_LINES: {
        **_SHARED,
        "line_id": order_lines.c.id,
        "unit_price": order_lines.c.unit_price_minor,
        "discount_total": order_lines.c.discount_minor,
        "tax_total": order_lines.c.tax_minor,
        "total": order_lines.c.total_minor,
        "refunded_total": order_lines.c.refunded_minor,
    },
    ExportDataset.PAYMENTS: {
        **_SHARED,
        "payment_id": payments.c.id,
        "amount": payments.c.amount_minor,
        "authorized": payments.c.authorized_minor,
        "captured": payments.c.captured_minor,
        "refunded": payments.c.refunded_minor,
    },
    ExportDataset.AFTER_SALES: {
        **_SHARED,
        "after_sale_id": after_sales.c.id,
        "amount": after_sales.c.amount_minor,
        "unit_count": _units("quantity"),
        "accepted_units": _units("accepted"),
        "damaged_units": _units("damaged"),
    },
    ExportDataset.TRANSITIONS: {**_SHARED, "event_id": order_events.c.id},
}
"""Where a column is not the table's own of the same name."""
_TABLES: Final[Mapping[ExportDataset, Table]] = {
    ExportDataset.ORDERS: orders,
    ExportDataset.ORDER_LINES: order_lines,
    ExportDataset.PAYMENTS: payments,
    ExportDataset.AFTER_SALES: after_sales,
    ExportDataset.TRANSITIONS: order_events,
}
_SORTS: Final[Mapping[ExportDataset, tuple[Column[Any], ...]]] = {
    ExportDataset.ORDERS: (orders.c.id,),
    ExportDataset.ORDER_LINES: (order_lines.c.order_id, order_lines.c.position),
    ExportDataset.PAYMENTS: (payments.c.order_id, payments.c.created_at, payments.c.id),
    ExportDataset.AFTER_SALES: (after_sales.c.order_id, after_sales.c.number),
    ExportDataset.TRANSITIONS: (order_events.c.order_id, order_events.c.sequence),
}
"""Each follows an index, so that nothing is sorted: a large sort would be written to the disk first."""
_NO_FILTER: Final = OrderFilter()
_XID, _POSITION, _HELD = "since_xid", "since_position", "since_held"
_STOP_S: Final = 1.0
_STOP: Final = prepare(select(func.pg_cancel_backend(bindparam("pid", type_=Integer()))))
_SNAPSHOT: Final = prepare(select(cast(func.pg_current_snapshot(), Text())))


@dataclass(frozen=True, slots=True)
class SqlExportReading:
    database: Database
    snapshot: Snapshot
    select: Select[Any]
    values: Mapping[str, Any]
    watermark: str
    total: int

    async def copy(self, take: Take) -> int:
        """Whatever `take` raises is raised here, once the server has stopped sending: asyncpg would wait for a cancellation that
        never comes, were it raised through it when all rows have come already.
        """
        statement, connection = prepare(self.select), self.snapshot.connection
        raised: list[Exception] = []

        async def taken(data: bytes) -> None:
            if raised:
                return
            try:
                await take(data)
            except Exception as error:  # noqa: BLE001  raised below
                raised.append(error)
                await self._stop(connection.get_server_pid())

        status = ""
        try:
            status = await connection.copy_from_query(
                statement.text, *statement.arguments(self.values), output=taken, format="csv", encoding="utf-8"
            )
        except asyncpg.QueryCanceledError:
            if not raised:
                raise
        if raised:
            raise raised[0]
        return int(status.rpartition(" ")[2])

    async def _stop(self, pid: int) -> None:
        """Where no connection is free for that, what still comes is let pass."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await self.database.value(_STOP, pid=pid)


class SqlExportRows:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def read(self, request: ExportRequest) -> AsyncIterator[SqlExportReading]:
        selected, values = export_select(request)
        async with self._database.snapshot() as snapshot:
            seen = await snapshot.value(_SNAPSHOT)
            if request.since is not None:
                check_reached(position_of(request.since), FeedSnapshot.of(seen))
            total = await snapshot.value(prepare(_counted(request, selected)), **values)
            yield SqlExportReading(self._database, snapshot, selected, values, watermark_of(seen), total)


def export_select(request: ExportRequest) -> tuple[Select[Any], dict[str, Any]]:
    """The rows in their order, and the values of its parameters. Raises BadRequest for a cursor that is none."""
    kind, table = request.dataset, _TABLES[request.dataset]
    expressions = _EXPRESSIONS[kind]
    asked = order_request(OrderQuery(request.scope, request.filter))
    names = [column.name for column in DATASETS[kind].columns]
    shown = [expressions[name] if name in expressions else table.c[name] for name in names]
    statement = select(*(column.label(name) for column, name in zip(shown, names, strict=True)))
    if table is not orders:
        statement = statement.join_from(table, orders, table.c.order_id == orders.c.id)
    statement = statement.where(condition(asked.shape, parameter_names())).order_by(*_SORTS[kind])
    values = dict(asked.values)
    if request.since is not None:
        since = position_of(request.since)
        values |= {_XID: str(since.transaction), _POSITION: since.number}
        values |= {} if since.snapshot is None else {_HELD: since.snapshot.text}
        statement = statement.where(_since(kind, is_snapshot=since.snapshot is not None))
    return statement, values


def _counted(request: ExportRequest, selected: Select[Any]) -> Select[Any]:
    """Where all rows are asked for, the table's own: whatever hangs on an order has one, so none needs to be joined."""
    is_all = request.since is None and request.filter == _NO_FILTER and request.scope == EVERYTHING
    rows = _TABLES[request.dataset] if is_all else selected.order_by(None).subquery()
    return select(func.count()).select_from(rows)


def _since(kind: ExportDataset, *, is_snapshot: bool) -> ColumnElement[bool]:
    """Steps after the cursor; of everything else, what hangs on orders with such steps."""
    after = tuple_(order_events.c.feed_xid, order_events.c.position) > tuple_(
        cast(bindparam(_XID, type_=Text()), Xid8()), bindparam(_POSITION, type_=BigInteger())
    )
    if is_snapshot:
        held = cast(bindparam(_HELD, type_=Text()), PgSnapshot())
        after = and_(after, not_(func.pg_visible_in_snapshot(order_events.c.xid, held)))
    if kind is ExportDataset.TRANSITIONS:
        return after
    return orders.c.id.in_(select(order_events.c.order_id).where(after))
