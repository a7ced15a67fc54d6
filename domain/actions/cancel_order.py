"""cancelOrder: the whole order, before it is paid."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Target, changed, taking
from domain.actions.transactions import Call, once
from domain.orders.commands import CancelOrder
from domain.orders.model import Order
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import InvalidInput, invalid

MAX_REASON_LENGTH = 500


async def cancel_order(ports: Ports, viewer: Viewer, command: CancelOrder) -> Outcome:
    """The reason becomes the note of the history's entry."""
    target = Target(MachineKind.ORDER, command.order_id, command.expected_version, command.reason)
    decide = taking(MachineKind.ORDER, command.order_id, "cancelOrder")

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        problem = _problem(command)
        if problem is not None:
            return problem
        after = await changed(uow, ports, viewer, target, decide)
        return OrderChanged(order_id=after.head.id) if isinstance(after, Order) else after

    return at_once(await once(ports, viewer, Call.of("cancelOrder", command), work))


def _problem(command: CancelOrder) -> InvalidInput | None:
    if command.lines is not None:
        message = "Lines of an order that is not paid cannot be cancelled alone; cancel the whole order."
        return invalid("lines", code="WHOLE_ORDER_ONLY", message=message)
    if not 0 < len(command.reason.strip()) <= MAX_REASON_LENGTH:
        message = f"A reason has 1 to {MAX_REASON_LENGTH} characters."
        return invalid("reason", code="INVALID_LENGTH", message=message)
    return None
