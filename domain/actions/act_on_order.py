"""The simple actions of the order's machine: one step of its table, and what follows from it."""

from domain.access.viewer import Viewer
from domain.actions.changes import Target, changed, taking
from domain.actions.transactions import Call, InFlight, once
from domain.orders.commands import ActOnOrder
from domain.orders.model import Order
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault
from domain.values.outcomes import OrderChanged, Outcome


async def act_on_order(ports: Ports, viewer: Viewer, command: ActOnOrder) -> Outcome:
    """rejectOrder, confirmOrder, holdOrder, releaseOrder, confirmReceipt, extendReceipt or completeOrder."""
    target = Target(MachineKind.ORDER, command.order_id, command.expected_version, command.note)
    decide = taking(MachineKind.ORDER, command.order_id, command.action)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        after = await changed(uow, ports, viewer, target, decide)
        return OrderChanged(order_id=after.head.id) if isinstance(after, Order) else after

    return at_once(await once(ports, viewer, Call.of(command.action, command), work))


def at_once(outcome: Outcome | InFlight) -> Outcome:
    """The outcome of work that has no second half."""
    if isinstance(outcome, InFlight):
        raise DomainFault("An action without a second half was left in flight.")
    return outcome
