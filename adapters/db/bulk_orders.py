"""Many new orders at once: a statement for each table, however many orders there are."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ARRAY, Integer, Text, any_, bindparam, func, select
from sqlalchemy import Sequence as NumberSequence

from adapters.db.aggregate_statements import EVENT, INSERT_HEAD, ORDER, PARTS
from adapters.db.engine import Transaction
from adapters.db.order_search import searchable
from adapters.db.tables import order_events, orders, shipments
from adapters.sql import prepare
from domain.orders.model import Order
from domain.ports.unit_of_work import Parcel


async def add_new(transaction: Transaction, new: Sequence[Order]) -> frozenset[str]:
    """Writes those whose external number is free on their channel; the external numbers of the others.

    Waits for a transaction that is just inserting one of them. All who add do so in one order, so that none waits in a circle.
    """
    ordered = sorted(new, key=lambda order: order.head.external_number or "")
    await transaction.execute_many(INSERT_HEAD, [_head(order) for order in ordered])
    rows = await transaction.rows(_PRESENT, ids=[order.head.id for order in ordered])
    present = {row[0] for row in rows}
    await _copy_parts(transaction, [order for order in ordered if order.head.id in present])
    return frozenset(order.head.external_number or "" for order in ordered if order.head.id not in present)


async def numbers(transaction: Transaction, count: int) -> list[int]:
    return [row[0] for row in await transaction.rows(_NEXT_NUMBERS, count=count)]


async def external_numbers_taken(transaction: Transaction, channel: str, given: Collection[str]) -> frozenset[str]:
    rows = await transaction.rows(_EXTERNAL_NUMBERS, channel=channel, numbers=list(given))
    return frozenset(row[0] for row in rows)


async def parcels_known(transaction: Transaction, parcels: Collection[Parcel]) -> frozenset[Parcel]:
    if not parcels:
        return frozenset()
    carriers, tracking_numbers = zip(*parcels, strict=True)
    rows = await transaction.rows(_PARCELS, carriers=list(carriers), numbers=list(tracking_numbers))
    return frozenset((row[0], row[1]) for row in rows)


async def _copy_parts(transaction: Transaction, new: Sequence[Order]) -> None:
    for part in PARTS:
        rows = [part.mapper.encode(view) for order in new for view in getattr(order, part.attribute)]
        if rows:
            await transaction.copy(part.table, part.mapper.names, rows)
    events = [EVENT.encode(event) for order in new for event in order.events]
    await transaction.copy(order_events, EVENT.names, events)


def _head(order: Order) -> tuple[Any, ...]:
    """In the order of the statement's parameters, which is that of the table's columns."""
    values = dict(zip(ORDER.names, ORDER.encode(order.head), strict=True))
    values |= searchable(order.head, order.lines, order.shipments)._asdict()
    return tuple(values[name] for name in INSERT_HEAD.parameters)


def _texts(name: str) -> Any:
    return bindparam(name, type_=ARRAY(Text()))


_ASKED: Final = (
    func.unnest(_texts("carriers"), _texts("numbers")).table_valued("carrier", "number").render_derived(name="asked")
)
_PRESENT: Final = prepare(select(orders.c.id).where(orders.c.id == any_(_texts("ids"))))
_NEXT_NUMBERS: Final = prepare(
    select(NumberSequence("order_numbers").next_value()).select_from(
        func.generate_series(1, bindparam("count", type_=Integer()))
    )
)
_EXTERNAL_NUMBERS: Final = prepare(
    select(orders.c.external_number).where(
        orders.c.channel == bindparam("channel", type_=Text()), orders.c.external_number == any_(_texts("numbers"))
    )
)
_PARCELS: Final = prepare(
    select(shipments.c.carrier, shipments.c.tracking_number).join(
        _ASKED, (shipments.c.tracking_number == _ASKED.c.number) & (shipments.c.carrier == _ASKED.c.carrier)
    )
)
