"""receiveReturn: the warehouse says what came back for a case, and what of it can be sold again."""

from typing import Final

from domain.access.viewer import Viewer
from domain.actions.act_on_after_sale import acted, case_in
from domain.actions.changes import Target
from domain.actions.transactions import Call
from domain.after_sales.commands import ReceiveReturn
from domain.after_sales.returning import receiving_problems, return_received
from domain.orders.model import Order
from domain.orders.state import Step, refusal
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import Outcome
from domain.values.refusals import InvalidInput, Refusal, invalid

_ACTION: Final = "receiveReturn"
MAX_LINES: Final = 200


async def receive_return(ports: Ports, viewer: Viewer, command: ReceiveReturn) -> Outcome:
    """What follows is decided at once: the money, the exchange, or a dispute."""
    target = Target(MachineKind.AFTER_SALE, command.after_sale_id, command.expected_version, command.note)

    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, MachineKind.AFTER_SALE, command.after_sale_id, _ACTION, step)
        if refused is not None:
            return refused
        case = case_in(order, command.after_sale_id)
        problems = receiving_problems(order, case, command.lines)
        if problems:
            return InvalidInput(path=problems[0].path, problems=problems)
        return return_received(order, case, command.lines, step)

    async def problem(_uow: UnitOfWork) -> InvalidInput | None:
        return _problem(command)

    return await acted(ports, viewer, Call.of(_ACTION, command), target, decide, problem)


def _problem(command: ReceiveReturn) -> InvalidInput | None:
    ids = [line.line_id for line in command.lines]
    if not 0 < len(ids) <= MAX_LINES:
        return invalid("lines", code="INVALID_LENGTH", message=f"Name 1 to {MAX_LINES} lines.")
    if len(set(ids)) < len(ids):
        return invalid("lines", code="DUPLICATE_LINE", message="A line is named twice.")
    return None
