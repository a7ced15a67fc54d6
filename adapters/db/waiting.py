"""The queue of those who wait for stock, in SQL: fulfillments by the moment they began to wait."""

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, DateTime, Text, bindparam, exists, literal, or_, select, tuple_

from adapters.db.engine import Transaction
from adapters.db.tables import fulfillment_lines, fulfillments
from adapters.sql import prepare
from domain.ports.unit_of_work import Waiting


async def waiting_for(transaction: Transaction, sku: str, after: Waiting | None, limit: int) -> list[Waiting]:
    rows = await transaction.rows(
        _WAITING,
        sku=sku,
        after=after.backordered_at if after else None,
        after_id=after.fulfillment_id if after else None,
        limit=limit,
    )
    return [Waiting(*row) for row in rows]


_AFTER: Final[ColumnElement[Any]] = bindparam("after", type_=DateTime(timezone=True))
_PLACE: Final = (fulfillments.c.backordered_at, fulfillments.c.id)
_WAITING: Final = prepare(
    select(*_PLACE, fulfillments.c.order_id)
    .where(
        fulfillments.c.backordered_at.is_not(None),
        or_(_AFTER.is_(None), tuple_(*_PLACE) > tuple_(_AFTER, bindparam("after_id", type_=Text()))),
        exists(literal(1)).where(
            fulfillment_lines.c.fulfillment_id == fulfillments.c.id,
            fulfillment_lines.c.sku == bindparam("sku", type_=Text()),
        ),
    )
    .order_by(*_PLACE)
    .limit(bindparam("limit", type_=BigInteger()))
)
