"""approveOrder: a person lets an order of the review go on to its payment. rejectOrder is a simple action of the table."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Target, changed
from domain.actions.transactions import Call, InFlight, once
from domain.orders.commands import ActOnOrder
from domain.orders.model import Order
from domain.orders.review import approved
from domain.orders.state import Step, refusal
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import Refusal


async def approve_order(ports: Ports, viewer: Viewer, command: ActOnOrder) -> Outcome:
    """Its stock is held long enough already: the reservation was made for the review and the payment after it."""
    target = Target(MachineKind.ORDER, command.order_id, command.expected_version, command.note)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome | InFlight:
        after = await changed(uow, ports, viewer, target, _approved)
        return OrderChanged(order_id=after.head.id) if isinstance(after, Order) else after

    return at_once(await once(ports, viewer, Call.of("approveOrder", command), work))


def _approved(order: Order, step: Step) -> Order | Refusal:
    refused = refusal(order, MachineKind.ORDER, order.head.id, "approveOrder", step)
    return refused if refused is not None else approved(order, step)
