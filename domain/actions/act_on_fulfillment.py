"""The simple actions of a fulfillment's machine: one step of its table, and what follows for the order."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Target, changed, taking
from domain.actions.transactions import Call, once
from domain.orders.commands import ActOnFulfillment
from domain.orders.model import Order
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import FulfillmentChanged, Outcome


async def act_on_fulfillment(ports: Ports, viewer: Viewer, command: ActOnFulfillment) -> Outcome:
    """acceptFulfillment, packFulfillment or deliverFulfillment."""
    fulfillment_id = command.fulfillment_id
    target = Target(MachineKind.FULFILLMENT, fulfillment_id, command.expected_version, command.note)
    decide = taking(MachineKind.FULFILLMENT, fulfillment_id, command.action)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        after = await changed(uow, ports, viewer, target, decide)
        if isinstance(after, Order):
            return FulfillmentChanged(order_id=after.head.id, fulfillment_id=fulfillment_id)
        return after

    return at_once(await once(ports, viewer, Call.of(command.action, command), work))
