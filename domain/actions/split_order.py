"""splitOrder: a paid order is split anew, by the unit's rules, by other dimensions or by hand, before a warehouse has begun."""

from domain.access.viewer import Viewer
from domain.actions.changes import Target, found, loaded, step_for
from domain.actions.stock_arranging import Change, changed_with_stock
from domain.actions.transactions import Call
from domain.orders.arranging import drawn_allocations
from domain.orders.commands import SplitOrder
from domain.orders.model import Order
from domain.orders.parting import split_anew
from domain.orders.split_plans import WantedPart, hand_problems, planned, planned_by_hand
from domain.orders.splitting import Part
from domain.orders.state import Step, refusal, settled, transition
from domain.policies import SplitRules
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import ServiceUnavailable
from domain.values.ids import IdKind, kind_of
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import InputProblem, InvalidInput, Refusal, ServiceDown
from domain.values.texts import text_problems

_ACTION = "splitOrder"
MAX_PARTS = 100
MAX_LINES = 200


async def split_order(ports: Ports, viewer: Viewer, command: SplitOrder) -> Outcome:
    target = Target(MachineKind.ORDER, command.order_id, command.expected_version)

    async def decide(uow: UnitOfWork) -> Change | Outcome:
        before = await found(uow, viewer.scope, target)
        if isinstance(before, Refusal):
            return before
        step = step_for(ports, before.head, viewer.actor)
        after = _split(before, command, step)
        return (
            after if isinstance(after, Refusal) else Change(before, after, step, OrderChanged(order_id=before.head.id))
        )

    try:
        return await changed_with_stock(ports, viewer, Call.of(_ACTION, command), decide)
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)


async def preview_split(
    ports: Ports, viewer: Viewer, command: SplitOrder
) -> tuple[Order, tuple[Part, ...]] | Refusal | None:
    """The order and the parts it would have now. None: unknown to the viewer. Writes nothing."""
    problems = tuple(text_problems(command))
    if problems:
        return InvalidInput(path=problems[0].path, problems=problems)
    is_order = kind_of(command.order_id) is IdKind.ORDER
    order = await loaded(ports, command.order_id, viewer.scope) if is_order else None
    if order is None:
        return None
    rules = step_for(ports, order.head, viewer.actor).policy.splitting
    parts = _parts(order, command, rules)
    return parts if isinstance(parts, Refusal) else (order, parts)


def _split(order: Order, command: SplitOrder, step: Step) -> Order | Refusal:
    refused = refusal(order, MachineKind.ORDER, order.head.id, _ACTION, step)
    if refused is not None:
        return refused
    parts = _parts(order, command, step.policy.splitting)
    if isinstance(parts, Refusal):
        return parts
    order = transition(order, MachineKind.ORDER, order.head.id, _ACTION, step, details=_details(command))
    order = split_anew(order, parts, step, is_looked_for=True)
    return settled(drawn_allocations(order, {line.id for line in order.lines}), step)


def _parts(order: Order, command: SplitOrder, rules: SplitRules) -> tuple[Part, ...] | InvalidInput:
    wanted = _wanted(command)
    problems = _problems(command) or (hand_problems(order, wanted) if wanted is not None else ())
    if problems:
        return InvalidInput(path=problems[0].path, problems=problems)
    return planned(order, rules, command.by) if wanted is None else planned_by_hand(order, rules, wanted)


def _wanted(command: SplitOrder) -> tuple[WantedPart, ...] | None:
    if command.parts is None:
        return None
    return tuple(
        WantedPart(tuple((line.line_id, line.quantity) for line in part.lines), part.warehouse)
        for part in command.parts
    )


def _problems(command: SplitOrder) -> tuple[InputProblem, ...]:
    if command.parts is None:
        return ()
    if command.by is not None:
        return (InputProblem(("by",), "BY_OR_PARTS", "Say by what it is split, or into which parts, not both."),)
    if len(command.parts) > MAX_PARTS or any(len(part.lines) > MAX_LINES for part in command.parts):
        message = f"An order is split into at most {MAX_PARTS} parts of at most {MAX_LINES} lines."
        return (InputProblem(("parts",), "TOO_MANY", message),)
    return ()


def _details(command: SplitOrder) -> dict[str, str]:
    if command.parts is not None:
        return {"by": "HAND"}
    return {} if command.by is None else {"by": ",".join(command.by)}
