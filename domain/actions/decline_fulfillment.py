"""declineFulfillment: a warehouse will not send it; another one that has its units is asked, or it waits for stock.

Where the inventory is embedded, one transaction: the units are found elsewhere, given back here, and the step says where they
went. Where it is another system, the step comes first: the fulfillment is BACKORDERED, which nobody can accept, and an errand
moves its units; whoever declined does it at once, the worker if that fails. The history shows both steps.
"""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Target, found, saved, step_for
from domain.actions.errands import perform
from domain.actions.stock_holding import given_back, taken_elsewhere
from domain.actions.transactions import Call, once
from domain.orders.backorders import declined, put_away, stocked_lines
from domain.orders.commands import ActOnFulfillment
from domain.orders.model import Errand, Order
from domain.orders.state import Step, refusal
from domain.orders.views import FulfillmentView
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault, ServiceUnavailable
from domain.values.outcomes import FulfillmentChanged, Outcome
from domain.values.refusals import InvalidInput, Refusal, invalid

_ACTION = "declineFulfillment"


async def decline_fulfillment(ports: Ports, viewer: Viewer, command: ActOnFulfillment) -> Outcome:
    """The note, which must be there, says why."""
    moves: list[Errand] = []

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        moves.clear()  # of a run that had to give way
        return _problem(command) or await _declined(uow, ports, viewer, command, moves)

    outcome = at_once(await once(ports, viewer, Call.of(_ACTION, command), work))
    if isinstance(outcome, FulfillmentChanged) and not outcome.is_replayed:
        await _follow(ports, outcome.order_id, moves)
    return outcome


async def _declined(
    uow: UnitOfWork, ports: Ports, viewer: Viewer, command: ActOnFulfillment, moves: list[Errand]
) -> Outcome:
    target = Target(MachineKind.FULFILLMENT, command.fulfillment_id, command.expected_version, command.note)
    before = await found(uow, viewer.scope, target)
    if isinstance(before, Refusal):
        return before
    step = step_for(ports, before.head, viewer.actor, command.note)
    refused = refusal(before, MachineKind.FULFILLMENT, command.fulfillment_id, _ACTION, step)
    if refused is not None:
        return refused
    part = before.fulfillment(command.fulfillment_id)
    if part is None:
        raise DomainFault(f"The fulfillment {command.fulfillment_id} is gone.")
    inventory = uow.local(Inventory)
    warehouse = await _moved(inventory, before, part, step) if inventory is not None else None
    after = declined(before, part.id, warehouse, step)
    await saved(uow, ports, before, after)
    if inventory is None and part.warehouse is not None and stocked_lines(before, part.id):
        moves.append(put_away(part, part.warehouse))
        await uow.queue(before.head.id, tuple(moves), step.now, lease_s=ports.terms.lease_s)
    return FulfillmentChanged(order_id=before.head.id, fulfillment_id=part.id)


async def _moved(inventory: Inventory, order: Order, part: FulfillmentView, step: Step) -> str | None:
    """Found before it is given back: the stock's rows are locked in one order, all of a SKU at once."""
    if part.warehouse is None:
        return None
    refusing = (*part.declined_by, part.warehouse)
    warehouse = await taken_elsewhere(inventory, order, part, step, refusing)
    await given_back(inventory, order, part, len(part.declined_by), part.warehouse)
    return warehouse


async def _follow(ports: Ports, order_id: str, moves: list[Errand]) -> None:
    """It is declined already: an inventory that does not answer is the worker's to ask again."""
    try:
        for errand in moves:
            await perform(ports, order_id, errand)
    except ServiceUnavailable:
        return


def _problem(command: ActOnFulfillment) -> InvalidInput | None:
    if command.note is not None and command.note.strip():
        return None
    return invalid("note", code="MISSING", message="Say in the note why it is declined.")
