"""A group is looked at: when every seat is taken and paid all of its orders go ahead; when it failed, none does.

All of its orders are held first, one after the other in the order of their ids, then the group: so nobody leaves it between
the look and the step, and two who look wait for each other instead of in a circle. Whoever changes one order holds it before
the group, too.
"""

from domain.access.viewer import EVERYTHING, SYSTEM
from domain.actions.changes import saved, step_for
from domain.actions.transactions import in_transaction
from domain.orders.groups import outcome_of, told
from domain.orders.model import Errand, Order
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import TransientConflict, UnitOfWork
from domain.values.enums import GroupStatus


async def settle_group(ports: Ports, order_id: str, errand: Errand) -> None:
    """`order_id`: the order whose step the errand is of. Idempotent."""
    group_id = errand.subject_id

    async def settle(uow: UnitOfWork) -> None:
        await uow.finish(order_id, errand.kind, group_id)
        orders = await _held(uow, group_id)
        group = await uow.group(group_id)
        if group is None:
            return
        if await uow.seats_of(group_id) != [order.head.id for order in orders]:
            raise TransientConflict("Somebody joined the group, or left it, in between.")
        outcome = outcome_of(group, orders)
        if outcome is GroupStatus.FORMED and group.status is GroupStatus.OPEN:
            await uow.end_group(group_id, outcome)
        for before in orders:
            after = told(before, outcome, step_for(ports, before.head, SYSTEM))
            await saved(uow, ports, before, after)

    await in_transaction(ports, settle)


async def _held(uow: UnitOfWork, group_id: str) -> list[Order]:
    orders = [await uow.load(EVERYTHING, order_id) for order_id in await uow.seats_of(group_id)]
    return [order for order in orders if order is not None]
