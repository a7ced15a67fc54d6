"""interceptFulfillment, resolveIntercept and returnFulfillment: parcels that are stopped on their way, or come back."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Decide, Target, changed, taking
from domain.actions.transactions import Call, once
from domain.orders.commands import ActOnFulfillment
from domain.orders.intercepting import Received, resolved, return_problems, returned, unsupported_carrier
from domain.orders.model import Order
from domain.orders.reverse_commands import ResolveIntercept, ReturnFulfillment
from domain.orders.state import Step, refusal
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import FulfillmentChanged, Outcome
from domain.values.refusals import ActionRejected, BlockedReason, InvalidInput, Refusal, invalid

MAX_LINES = 200
_FULFILLMENT = MachineKind.FULFILLMENT
_Command = ActOnFulfillment | ResolveIntercept | ReturnFulfillment


async def intercept_fulfillment(ports: Ports, viewer: Viewer, command: ActOnFulfillment) -> Outcome:
    """The carrier must be one that stops parcels."""

    def decide(order: Order, step: Step) -> Order | Refusal:
        carrier = unsupported_carrier(order, (command.fulfillment_id,), step.policy)
        refused = refusal(order, _FULFILLMENT, command.fulfillment_id, command.action, step)
        if refused is not None or carrier is None:
            return refused or taking(_FULFILLMENT, command.fulfillment_id, command.action)(order, step)
        part = order.fulfillment(command.fulfillment_id)
        reason = BlockedReason("INTERCEPT_NOT_SUPPORTED", f"{carrier} does not stop parcels on their way.")
        state = part.status if part else ""
        return ActionRejected(message=reason.message, action=command.action, state=state, blocked_by=(reason,))

    return await _done(ports, viewer, command.action, command, decide)


async def resolve_intercept(ports: Ports, viewer: Viewer, command: ResolveIntercept) -> Outcome:
    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, _FULFILLMENT, command.fulfillment_id, "resolveIntercept", step)
        return refused or resolved(order, command.fulfillment_id, step, is_stopped=command.is_stopped)

    return await _done(ports, viewer, "resolveIntercept", command, decide)


async def return_fulfillment(ports: Ports, viewer: Viewer, command: ReturnFulfillment) -> Outcome:
    """Units that are not named never came; where no line is named, all came, and sound."""
    received = _received(command)

    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, _FULFILLMENT, command.fulfillment_id, "returnFulfillment", step)
        if refused is not None:
            return refused
        problems = return_problems(order, command.fulfillment_id, received or {})
        if problems:
            return InvalidInput(path=problems[0].path, problems=problems)
        return returned(order, command.fulfillment_id, received, step)

    return await _done(ports, viewer, "returnFulfillment", command, decide, _lines_problem(command))


async def _done(
    ports: Ports,
    viewer: Viewer,
    action: str,
    command: _Command,
    decide: Decide,
    problem: InvalidInput | None = None,
) -> Outcome:
    target = Target(_FULFILLMENT, command.fulfillment_id, command.expected_version, command.note)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        if problem is not None:
            return problem
        after = await changed(uow, ports, viewer, target, decide)
        if isinstance(after, Order):
            return FulfillmentChanged(order_id=after.head.id, fulfillment_id=command.fulfillment_id)
        return after

    return at_once(await once(ports, viewer, Call.of(action, command), work))


def _received(command: ReturnFulfillment) -> dict[str, Received] | None:
    if command.lines is None:
        return None
    return {line.line_id: Received(line.accepted, line.damaged) for line in command.lines}


def _lines_problem(command: ReturnFulfillment) -> InvalidInput | None:
    lines = command.lines or ()
    if len(lines) > MAX_LINES:
        return invalid("lines", code="INVALID_LENGTH", message=f"Name at most {MAX_LINES} lines.")
    if len({line.line_id for line in lines}) < len(lines):
        return invalid("lines", code="DUPLICATE_LINE", message="A line is named twice.")
    return None
