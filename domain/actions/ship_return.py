"""shipReturn: the buyer sends goods back for a case."""

from typing import Final

from domain.access.viewer import Viewer
from domain.actions.act_on_after_sale import acted, case_in
from domain.actions.changes import Target
from domain.actions.ship_fulfillment import is_new_number
from domain.actions.transactions import Call
from domain.after_sales.commands import ShipReturn
from domain.after_sales.returning import return_shipped
from domain.orders.model import Order
from domain.orders.state import Step, refusal
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import Outcome
from domain.values.refusals import InputProblem, InvalidInput, Refusal

_ACTION: Final = "shipReturn"
MAX_TEXT_LENGTH: Final = 100


async def ship_return(ports: Ports, viewer: Viewer, command: ShipReturn) -> Outcome:
    """A tracking number is unique per carrier, out and back."""
    target = Target(MachineKind.AFTER_SALE, command.after_sale_id, command.expected_version)

    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, MachineKind.AFTER_SALE, command.after_sale_id, _ACTION, step)
        if refused is not None:
            return refused
        case = case_in(order, command.after_sale_id)
        return return_shipped(order, case, command.carrier, command.tracking_number, step)

    async def problem(_uow: UnitOfWork) -> InvalidInput | None:
        problems = _problems(command)
        return InvalidInput(path=problems[0].path, problems=problems) if problems else None

    check = is_new_number(command.carrier, command.tracking_number)
    return await acted(ports, viewer, Call.of(_ACTION, command), target, decide, problem, check=check)


def _problems(command: ShipReturn) -> tuple[InputProblem, ...]:
    return tuple(
        InputProblem((name,), "INVALID_LENGTH", f"It has 1 to {MAX_TEXT_LENGTH} characters.")
        for name, text in (("carrier", command.carrier), ("trackingNumber", command.tracking_number))
        if not 0 < len(text.strip()) <= MAX_TEXT_LENGTH
    )
