"""Groups of a group buy and their seats. Whoever takes or gives back a seat holds the group's row until the transaction's end.

`joined` is the number of seats that were not given back: a seat is one row, written with its order and never without.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import DateTime, Text, bindparam, func, insert, literal_column, select, update

from adapters.db.engine import Transaction
from adapters.db.rows import mapper_of
from adapters.db.tables import group_seats, order_groups
from adapters.sql import prepare
from domain.orders.views import GroupView
from domain.ports.unit_of_work import SeatRefusal, SeatRefused
from domain.values.enums import GroupStatus

_GROUP: Final = mapper_of(GroupView)


async def open_group(transaction: Transaction, group: GroupView, order_id: str) -> None:
    await transaction.execute(_OPEN, **dict(zip(_GROUP.names, _GROUP.encode(group), strict=True)))
    await transaction.execute(_SIT_DOWN, order_id=order_id, group_id=group.id, claimed_at=group.created_at)


async def take_seat(
    transaction: Transaction, group_id: str, order_id: str, business_unit: str, now: datetime
) -> GroupView | SeatRefused:
    found = await group(transaction, group_id)
    if found is None or found.business_unit != business_unit:
        return SeatRefused(SeatRefusal.UNKNOWN)
    if found.status is not GroupStatus.OPEN or found.deadline <= now:
        return SeatRefused(SeatRefusal.CLOSED, found.size)
    if found.joined >= found.size:
        return SeatRefused(SeatRefusal.FULL, found.size)
    await transaction.execute(_JOIN, group_id=group_id)
    await transaction.execute(_SIT_DOWN, order_id=order_id, group_id=group_id, claimed_at=now)
    return found


async def release_seat(transaction: Transaction, order_id: str) -> None:
    """The group is locked before the seat is looked at: what is read of it then is not going to change."""
    group_id = await transaction.value(_GROUP_OF, order_id=order_id)
    if group_id is None:
        return
    found = await group(transaction, group_id)
    if (
        found is not None
        and found.status is GroupStatus.OPEN
        and await transaction.execute(_STAND_UP, order_id=order_id)
    ):
        await transaction.execute(_LEAVE, group_id=group_id)


async def end_group(transaction: Transaction, group_id: str, status: GroupStatus) -> None:
    await transaction.execute(_END, group_id=group_id, new_status=status.value)


async def group(transaction: Transaction, group_id: str) -> GroupView | None:
    """Locked."""
    row = await transaction.row(_LOCK, group_id=group_id)
    return None if row is None else _GROUP.decode(row)


async def seats_of(transaction: Transaction, group_id: str) -> list[str]:
    return [row[0] for row in await transaction.rows(_SEATS, group_id=group_id)]


_GROUP_ID: Final = bindparam("group_id", type_=Text())
_ORDER_ID: Final = bindparam("order_id", type_=Text())
_IS_TAKEN: Final = group_seats.c.released_at.is_(None)
_OPEN: Final = prepare(
    insert(order_groups).values({name: bindparam(name, type_=order_groups.c[name].type) for name in _GROUP.names})
)
_LOCK: Final = prepare(
    select(*(order_groups.c[name] for name in _GROUP.names)).where(order_groups.c.id == _GROUP_ID).with_for_update()
)
_JOIN: Final = prepare(
    update(order_groups)
    .where(order_groups.c.id == _GROUP_ID)
    .values(joined=order_groups.c.joined + literal_column("1"))
)
_LEAVE: Final = prepare(
    update(order_groups)
    .where(order_groups.c.id == _GROUP_ID)
    .values(joined=order_groups.c.joined - literal_column("1"))
)
_END: Final = prepare(
    update(order_groups)
    .where(order_groups.c.id == _GROUP_ID, order_groups.c.status == literal_column("'OPEN'"))
    .values(status=bindparam("new_status", type_=Text()))
)
_SIT_DOWN: Final = prepare(
    insert(group_seats).values(
        order_id=_ORDER_ID, group_id=_GROUP_ID, claimed_at=bindparam("claimed_at", type_=DateTime(timezone=True))
    )
)
_GROUP_OF: Final = prepare(select(group_seats.c.group_id).where(group_seats.c.order_id == _ORDER_ID, _IS_TAKEN))
_STAND_UP: Final = prepare(
    update(group_seats).where(group_seats.c.order_id == _ORDER_ID, _IS_TAKEN).values(released_at=func.now())
)
_SEATS: Final = prepare(
    select(group_seats.c.order_id)
    .where(group_seats.c.group_id == _GROUP_ID, _IS_TAKEN)
    .order_by(group_seats.c.order_id)
)
