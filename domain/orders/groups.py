"""The orders of a group buy: what becomes of each when its group forms or fails. Pure.

A group is a thing of its own, beside the orders: a size, a deadline, and the seats that orders have taken. Every step of an
order that matters to it queues the errand to look at the group again; whoever does that holds all of its orders.
"""

from collections.abc import Sequence
from typing import Final

from domain.access.viewer import SYSTEM
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, settled, transition, with_timer
from domain.orders.views import GroupView
from domain.values.enums import GroupStatus, MachineKind, OrderStatus
from domain.values.replacing import replace

TIMEOUT: Final = "groupTimeout"
_STEPS: Final = {GroupStatus.FORMED: "groupFormed", GroupStatus.FAILED: "groupFailed"}


def is_paid(order: Order) -> bool:
    """A condition: it has a seat, as all do that were not imported."""
    return order.head.group_id is not None


def until_deadline(order: Order, step: Step) -> Order:
    """An effect: it waits as long as its group may take, not from now on."""
    timer, deadline = order.timer(order.head.id, TIMEOUT), order.head.group_deadline
    if timer is None or deadline is None:
        return order
    return with_timer(order, replace(timer, due_at=max(deadline, step.now)))


def look_at_group(order: Order, _step: Step) -> Order:
    """An effect: it may have been the last that was awaited."""
    group_id = order.head.group_id
    return order.with_errands(Errand(ErrandKind.SETTLE_GROUP, group_id)) if group_id else order


def fail_group(order: Order, _step: Step) -> Order:
    """An effect: its time is over, for all in it."""
    group_id = order.head.group_id
    if group_id is None:
        return order
    return order.with_errands(
        Errand(ErrandKind.SETTLE_GROUP, group_id, details=(("outcome", GroupStatus.FAILED.value),))
    )


def outcome_of(group: GroupView, orders: Sequence[Order]) -> GroupStatus:
    """What the group is, now that these orders have its seats."""
    is_full = group.status is GroupStatus.OPEN and len(orders) == group.size
    if is_full and all(order.head.status is OrderStatus.GROUP_PENDING for order in orders):
        return GroupStatus.FORMED
    return group.status


def told(order: Order, outcome: GroupStatus, step: Step) -> Order:
    """The order after its group formed or failed, if it waited for that."""
    action = _STEPS.get(outcome)
    if action is None or order.head.status is not OrderStatus.GROUP_PENDING:
        return order
    by_system = step.as_(SYSTEM)
    return settled(transition(order, MachineKind.ORDER, order.head.id, action, by_system), by_system)
