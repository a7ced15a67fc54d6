"""acceptTimeout: a warehouse said nothing in its time. Another one that has the units is asked; where none has, a person is told.

As with declineFulfillment, but for one thing: time alone makes nobody wait for stock, so the units are found elsewhere before the
step is taken. Where the inventory is another system, they are held there with no transaction open; the step then says where
they are, and an errand gives back what the silent one had. What was found for an order that moved on meanwhile is let go again.
"""

from datetime import datetime

from domain.access.viewer import EVERYTHING, SYSTEM
from domain.actions.changes import loaded, saved, step_for
from domain.actions.stock_holding import given_back, let_go_again, taken_elsewhere
from domain.actions.transactions import in_transaction
from domain.orders.backorders import ACCEPT_TIMEOUT, put_away, stocked_lines, timed_out
from domain.orders.model import Order
from domain.orders.state import Step, refusal
from domain.orders.views import FulfillmentView
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory
from domain.ports.unit_of_work import DueTimer, UnitOfWork
from domain.values.enums import MachineKind


async def pass_on(ports: Ports, due: DueTimer) -> bool:
    """Whether the timer was still due. Idempotent. Raises ServiceUnavailable."""
    if Inventory not in ports.embedded:
        return await _apart(ports, due)

    async def work(uow: UnitOfWork) -> bool:
        order, inventory = await uow.load(EVERYTHING, due.order_id), uow.local(Inventory)
        part = _silent(order, due, ports.clock.now())
        if order is None or part is None or inventory is None:
            return False
        step = step_for(ports, order.head, SYSTEM)
        warehouse = await _found(inventory, order, part, step)
        if warehouse is not None and part.warehouse is not None:
            await given_back(inventory, order, part, len(part.declined_by), part.warehouse)
        await saved(uow, ports, order, timed_out(order, part.id, warehouse, step))
        return True

    return await in_transaction(ports, work)


async def _apart(ports: Ports, due: DueTimer) -> bool:
    seen = await loaded(ports, due.order_id)
    asked = _silent(seen, due, ports.clock.now())
    if seen is None or asked is None:
        return False
    warehouse = await _found(ports.inventory, seen, asked, step_for(ports, seen.head, SYSTEM))

    async def work(uow: UnitOfWork) -> bool:
        order = await uow.load(EVERYTHING, due.order_id)
        if order is None:
            return False
        step = step_for(ports, order.head, SYSTEM)
        is_same = _silent(order, due, ports.clock.now()) == asked and _wants(order, asked) == _wants(seen, asked)
        after = timed_out(order, asked.id, warehouse, step) if is_same else order
        if warehouse is not None and asked.warehouse is not None:
            now = after.fulfillment(asked.id)
            has_moved = is_same and now is not None and now.warehouse == warehouse
            declines = len(asked.declined_by) + 1
            errand = put_away(asked, asked.warehouse) if has_moved else let_go_again(order, asked.id, declines)
            after = after.with_errands(errand)
        await saved(uow, ports, order, after)
        return is_same

    return await in_transaction(ports, work)


async def _found(inventory: Inventory, order: Order, part: FulfillmentView, step: Step) -> str | None:
    """The next warehouse that has all of its units, which are held there now."""
    is_early = refusal(order, MachineKind.FULFILLMENT, part.id, ACCEPT_TIMEOUT, step) is not None
    if is_early or part.warehouse is None or not stocked_lines(order, part.id):
        return None
    return await taken_elsewhere(inventory, order, part, step, (*part.declined_by, part.warehouse))


def _silent(order: Order | None, due: DueTimer, now: datetime) -> FulfillmentView | None:
    """The fulfillment, if its time is over."""
    timer = order.timer(due.subject_id, due.name) if order else None
    if order is None or timer is None or timer.due_at is None or timer.due_at > now:
        return None
    return order.fulfillment(due.subject_id)


def _wants(order: Order, part: FulfillmentView) -> list[tuple[str, int]]:
    return [(line.line_id, line.remaining_quantity) for line in stocked_lines(order, part.id)]
