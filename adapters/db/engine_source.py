"""What analytical engines are fed with: the rows of the orders that changed, each batch in one snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Table, Text, any_, bindparam, cast, func, select

from adapters.db.change_statements import NOW
from adapters.db.changes import place_values
from adapters.db.engine import Database, Snapshot
from adapters.db.rollup_statements import BEHIND, NEXT, PENDING
from adapters.db.tables import fulfillment_lines, fulfillments, order_discounts, order_lines, orders, shipments
from adapters.sql import Reader, prepare
from domain.ports.analytics_engine import EngineBatch, EngineSource, TableRows
from domain.values.feed_positions import BEGINNING, FeedPosition, FeedSnapshot, at_snapshot, cursor_of

ORDERS_AT_ONCE: Final = 10_000
PLACES_AT_ONCE: Final = 20_000

COPIED: Final[Mapping[Table, tuple[str, ...]]] = {
    orders: (
        "id", "number", "external_number", "business_unit", "channel", "channel_kind", "order_type", "status", "payment_status",
        "fulfillment_status", "after_sale_status", "version", "placed_at", "updated_at", "paid_at", "completed_at", "cancelled_at",
        "member_id", "buyer_level", "currency", "subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor",
        "captured_minor", "refunded_minor", "cancelled_minor", "unit_count", "country", "region",
    ),
    order_lines: (
        "order_id", "id", "position", "sku", "category", "seller_id", "quantity", "currency", "unit_price_minor", "discount_minor",
        "tax_minor", "total_minor", "refunded_minor",
    ),
    order_discounts: ("order_id", "position", "kind", "code", "amount_minor", "currency", "line_id"),
    fulfillments: ("order_id", "id", "number", "kind", "status", "warehouse", "seller_id", "superseded_at"),
    fulfillment_lines: ("order_id", "fulfillment_id", "line_id", "quantity", "cancelled_quantity"),
    shipments: ("order_id", "id", "tracking_number"),
}  # fmt: skip
"""What analytics sums, groups and filters by, and nothing else: no names, no addresses."""


class SqlEngineSource(EngineSource):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def batch(self, after: FeedPosition | None) -> EngineBatch:
        async with self._database.snapshot() as snapshot:
            ((as_of, held),) = await snapshot.rows(_NOW)
            now = FeedSnapshot.of(held)
            place = FeedPosition(now.first_running, 0, now, "") if after is None else after
            if place.is_listing:
                found = await _listed(snapshot, place, as_of)
            else:
                found = await _changed(snapshot, place, now, as_of)
            return replace(found, after=after)

    async def lag_seconds(self, after: FeedPosition | None) -> float:
        place = BEGINNING if after is None or after.is_listing else after
        statement = BEHIND[place.snapshot is not None]
        return float(await self._database.value(statement, **place_values(place), limit=1))

    async def order_count(self) -> int:
        return int(await self._database.value(_COUNT))


async def _listed(snapshot: Snapshot, after: FeedPosition, as_of: datetime) -> EngineBatch:
    """The next orders by id, as they are now: what of it the position's snapshot does not hold comes again."""
    rows = await snapshot.rows(_NEXT_LISTED, listed=after.listed, limit=ORDERS_AT_ONCE)
    ids = [row["id"] for row in rows]
    held = after.snapshot
    if held is None:
        raise AssertionError("orders are listed as a snapshot holds them")
    is_over = len(ids) < ORDERS_AT_ONCE
    position = at_snapshot(held) if is_over else FeedPosition(after.transaction, 0, held, ids[-1])
    return EngineBatch(tuple(ids), await _rows_of(snapshot, ids), after, position, None, as_of)


async def _changed(snapshot: Snapshot, after: FeedPosition, now: FeedSnapshot, as_of: datetime) -> EngineBatch:
    """All that this snapshot holds, where that is not too much: then the copy is as of it. Else what is below the horizon."""
    has_snapshot, given = after.snapshot is not None, place_values(after)
    pending = await snapshot.rows(PENDING[has_snapshot], **given, limit=PLACES_AT_ONCE + 1)
    if len(pending) <= PLACES_AT_ONCE:
        ids = list(dict.fromkeys(row["order_id"] for row in pending))
        position = at_snapshot(now)
        return EngineBatch(tuple(ids), await _rows_of(snapshot, ids), after, position, cursor_of(position), as_of)
    row = await snapshot.row(NEXT[has_snapshot], **given, limit=PLACES_AT_ONCE)
    if row is None:
        return EngineBatch((), (), after, after, None, as_of)
    position = after.past(int(row["transaction"]), row["position"])
    return EngineBatch(tuple(row["ids"]), await _rows_of(snapshot, row["ids"]), after, position, None, as_of)


async def _rows_of(reader: Reader, ids: Sequence[str]) -> tuple[TableRows, ...]:
    found = [await reader.rows(statement, ids=list(ids)) for statement in _ROWS.values()]
    return tuple(TableRows(table.name, COPIED[table], rows) for table, rows in zip(_ROWS, found, strict=True))


def _rows(table: Table, names: tuple[str, ...]) -> Any:
    order_id = table.c.id if table is orders else table.c.order_id
    return prepare(
        select(*(table.c[name] for name in names)).where(order_id == any_(bindparam("ids", type_=ARRAY(Text()))))
    )


_ROWS: Final = {table: _rows(table, names) for table, names in COPIED.items()}
_NOW: Final = prepare(select(func.clock_timestamp(), cast(NOW, Text())))
_COUNT: Final = prepare(select(func.count()).select_from(orders))
_NEXT_LISTED: Final = prepare(
    select(orders.c.id)
    .where(orders.c.id > bindparam("listed", type_=Text()))
    .order_by(orders.c.id)
    .limit(bindparam("limit", type_=BigInteger()))
)
