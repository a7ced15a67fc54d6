"""approveRefund, rejectRefund and retryRefund: one step of the refund's table, and what follows for its order."""

from typing import Final

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Target, changed, taking
from domain.actions.transactions import Call, once
from domain.orders.model import Order
from domain.orders.reverse_commands import ActOnRefund
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault
from domain.values.outcomes import Outcome, RefundChanged
from domain.values.refusals import InvalidInput, invalid

_NEEDS_NOTE: Final = frozenset(("rejectRefund",))


async def act_on_refund(ports: Ports, viewer: Viewer, command: ActOnRefund) -> Outcome:
    """The provider is asked afterwards, by the worker."""
    target = Target(MachineKind.REFUND, command.refund_id, command.expected_version, command.note)
    decide = taking(MachineKind.REFUND, command.refund_id, command.action)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        problem = _problem(command)
        if problem is not None:
            return problem
        after = await changed(uow, ports, viewer, target, decide)
        if not isinstance(after, Order):
            return after
        refund = after.refund(command.refund_id)
        if refund is None:
            raise DomainFault(f"The refund {command.refund_id} is gone.")
        return RefundChanged(order_id=after.head.id, payment_id=refund.payment_id, refund_id=refund.id)

    return at_once(await once(ports, viewer, Call.of(command.action, command), work))


def _problem(command: ActOnRefund) -> InvalidInput | None:
    if command.action not in _NEEDS_NOTE or (command.note and command.note.strip()):
        return None
    return invalid("note", code="MISSING", message="Say in the note why the money is kept.")
