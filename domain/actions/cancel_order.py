"""cancelOrder: the whole order or units of it. Before it is paid only the whole; on their way, parcels are to be stopped."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Decide, Target, changed, taking
from domain.actions.transactions import Call, once
from domain.orders.cancelling import Cancellation, cancellation, cancelled
from domain.orders.commands import CancelOrder
from domain.orders.model import Order
from domain.orders.state import Step, refusal
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import InvalidInput, Refusal, invalid

MAX_REASON_LENGTH = 500
MAX_LINES = 200
_ACTION = "cancelOrder"


async def cancel_order(ports: Ports, viewer: Viewer, command: CancelOrder) -> Outcome:
    """The reason becomes the note of the history's entry."""
    target = Target(MachineKind.ORDER, command.order_id, command.expected_version, command.reason)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        problem = _problem(command)
        if problem is not None:
            return problem
        after = await changed(uow, ports, viewer, target, _cancelling(command))
        return OrderChanged(order_id=after.head.id) if isinstance(after, Order) else after

    return at_once(await once(ports, viewer, Call.of(_ACTION, command), work))


def _cancelling(command: CancelOrder) -> Decide:
    quantities = None if command.lines is None else {line.line_id: line.quantity for line in command.lines}

    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, MachineKind.ORDER, order.head.id, _ACTION, step)
        if refused is not None:
            return refused
        rule = step.flow.rule(MachineKind.ORDER, order.head.status, _ACTION)
        if rule is None:
            raise DomainFault(f"{_ACTION} is not in the table for {order.head.status}.")
        if rule.effects:  # the row says all there is to do: the order is off as a whole
            take = taking(MachineKind.ORDER, order.head.id, _ACTION)
            return take(order, step) if quantities is None else _whole_only()
        asked = cancellation(order, rule, quantities, step.policy)
        return cancelled(order, asked, step) if isinstance(asked, Cancellation) else asked

    return decide


def _whole_only() -> InvalidInput:
    message = "Lines of the order cannot be cancelled alone now; cancel the whole order."
    return invalid("lines", code="WHOLE_ORDER_ONLY", message=message)


def _problem(command: CancelOrder) -> InvalidInput | None:
    if not 0 < len(command.reason.strip()) <= MAX_REASON_LENGTH:
        message = f"A reason has 1 to {MAX_REASON_LENGTH} characters."
        return invalid("reason", code="INVALID_LENGTH", message=message)
    lines = command.lines
    if lines is not None and not 0 < len(lines) <= MAX_LINES:
        return invalid("lines", code="INVALID_LENGTH", message=f"Name 1 to {MAX_LINES} lines, or none at all.")
    if lines and len({line.line_id for line in lines}) < len(lines):
        return invalid("lines", code="DUPLICATE_LINE", message="A line is named twice.")
    return None
