"""The seat of a group buy: what is asked for, and how it is taken with the order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from domain.orders.commands import WantedGroup, Wish
from domain.orders.placement import Seat
from domain.orders.views import GroupView
from domain.policies import UnitPolicy
from domain.ports.unit_of_work import SeatRefusal, SeatRefused, UnitOfWork
from domain.values.enums import GroupStatus, OrderType
from domain.values.ids import IdKind, kind_of, new_id
from domain.values.refusals import InputProblem, LimitExceeded, Refusal, invalid

SMALLEST: Final = 2
_PATH: Final = ("group", "join")
_REFUSALS: Final = {
    SeatRefusal.UNKNOWN: invalid(*_PATH, code="UNKNOWN_GROUP", message="There is no such group."),
    SeatRefusal.CLOSED: invalid(*_PATH, code="GROUP_CLOSED", message="The group formed already, or its time is over."),
}


def group_problems(wish: Wish, largest: int) -> Iterator[InputProblem]:
    """What is wrong with the group that is asked for, or with its absence."""
    group = wish.group
    if wish.order_type is not OrderType.GROUP_BUY:
        if group is not None:
            yield InputProblem(("group",), "NOT_A_GROUP_BUY", f"{wish.order_type} orders have no group.")
    elif group is None:
        yield InputProblem(("group",), "MISSING", "A group buy opens a group, or joins one.")
    elif group.size is not None and not SMALLEST <= group.size <= largest:
        message = f"A group has {SMALLEST} to {largest} members here."
        yield InputProblem(("group", "open", "size"), "INVALID_GROUP_SIZE", message)
    elif group.join is not None and kind_of(group.join) is not IdKind.GROUP:
        yield InputProblem(("group", "join"), "INVALID_ID", "It is not the id of a group.")


async def seat_taken(
    uow: UnitOfWork, wanted: WantedGroup | None, unit: UnitPolicy, order_id: str, now: datetime
) -> Seat | Refusal | None:
    """The order's seat: in a new group, or in the one that is asked for. None: it is no group buy."""
    if wanted is None:
        return None
    if wanted.join is None:
        group = _opened(wanted.size or SMALLEST, unit, now)
        await uow.open_group(group, order_id)
        return Seat(group.id, group.deadline)
    found = await uow.take_seat(wanted.join, order_id, unit.code, now)
    return Seat(found.id, found.deadline) if isinstance(found, GroupView) else _refused(found)


def _opened(size: int, unit: UnitPolicy, now: datetime) -> GroupView:
    group_id = new_id(IdKind.GROUP, int(now.timestamp() * 1000))
    deadline = now + timedelta(seconds=unit.timeouts.group_s)
    return GroupView(group_id, unit.code, size, 1, GroupStatus.OPEN, deadline, now)


def _refused(refused: SeatRefused) -> Refusal:
    if refused.why is SeatRefusal.FULL:
        message = f"All {refused.size} seats of the group are taken."
        return LimitExceeded(code="GROUP_FULL", message=message, path=_PATH, limit=refused.size)
    return _REFUSALS[refused.why]
