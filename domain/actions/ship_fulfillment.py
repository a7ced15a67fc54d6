"""shipFulfillment: a parcel leaves, with all that remains or with the units that are named."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Check, Decide, Target, changed
from domain.actions.transactions import Call, once
from domain.orders.commands import ShipFulfillment
from domain.orders.model import Order
from domain.orders.shipping import remaining, shipped, shipping_problems
from domain.orders.state import Step, refusal
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import FulfillmentChanged, Outcome
from domain.values.refusals import InputProblem, InvalidInput, Refusal, invalid

MAX_TEXT_LENGTH = 100
MAX_LINES = 200


async def ship_fulfillment(ports: Ports, viewer: Viewer, command: ShipFulfillment) -> Outcome:
    """A tracking number is unique per carrier."""
    target = Target(MachineKind.FULFILLMENT, command.fulfillment_id, command.expected_version)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        problems = _problems(command)
        if problems:
            return InvalidInput(path=problems[0].path, problems=problems)
        check = is_new_number(command.carrier, command.tracking_number)
        after = await changed(uow, ports, viewer, target, _shipping(command), check=check)
        if not isinstance(after, Order):
            return after
        return FulfillmentChanged(order_id=after.head.id, fulfillment_id=command.fulfillment_id)

    return at_once(await once(ports, viewer, Call.of("shipFulfillment", command), work))


def is_new_number(carrier: str, tracking_number: str) -> Check:
    """A tracking number is unique per carrier, out and back."""

    async def check(uow: UnitOfWork) -> Refusal | None:
        if not await uow.tracking_number_taken(carrier, tracking_number):
            return None
        message = "This tracking number of the carrier belongs to another parcel."
        return invalid("trackingNumber", code="TRACKING_NUMBER_TAKEN", message=message)

    return check


def _problems(command: ShipFulfillment) -> tuple[InputProblem, ...]:
    problems = [
        InputProblem((name,), "INVALID_LENGTH", f"It has 1 to {MAX_TEXT_LENGTH} characters.")
        for name, text in (("carrier", command.carrier), ("trackingNumber", command.tracking_number))
        if not 0 < len(text.strip()) <= MAX_TEXT_LENGTH
    ]
    lines = command.lines
    if lines is not None and not 0 < len(lines) <= MAX_LINES:
        problems.append(InputProblem(("lines",), "INVALID_LENGTH", f"Name 1 to {MAX_LINES} lines, or none at all."))
    if lines and len({line.line_id for line in lines}) < len(lines):
        problems.append(InputProblem(("lines",), "DUPLICATE_LINE", "A line is named twice."))
    return tuple(problems)


def _shipping(command: ShipFulfillment) -> Decide:
    def decide(order: Order, step: Step) -> Order | Refusal:
        fulfillment_id = command.fulfillment_id
        refused = refusal(order, MachineKind.FULFILLMENT, fulfillment_id, "shipFulfillment", step)
        if refused is not None:
            return refused
        quantities = _wanted(command, order)
        problems = shipping_problems(order, fulfillment_id, quantities)
        if problems:
            return InvalidInput(path=problems[0].path, problems=problems)
        return shipped(order, fulfillment_id, command.carrier, command.tracking_number, quantities, step)

    return decide


def _wanted(command: ShipFulfillment, order: Order) -> dict[str, int]:
    if command.lines is None:
        return remaining(order, command.fulfillment_id)
    return {line.line_id: line.quantity for line in command.lines}
