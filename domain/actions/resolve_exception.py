"""resolveException: the order goes on where it was once its cause is gone, or all that was paid goes back."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Decide, Target, changed, loaded, step_for
from domain.actions.stock_holding import hold_missing, with_allocations_of
from domain.actions.transactions import Call, once
from domain.orders.conditions import stock_missing
from domain.orders.exceptions import cause_of
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.reverse_commands import ResolveException
from domain.orders.state import Step, refusal, settled, transition
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import ExceptionResolution, MachineKind, OrderStatus
from domain.values.faults import ServiceUnavailable
from domain.values.ids import IdKind, kind_of
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import ActionRejected, Refusal, ServiceDown

_ACTION = "resolveException"


async def resolve_exception(ports: Ports, viewer: Viewer, command: ResolveException) -> Outcome:
    target = Target(MachineKind.ORDER, command.order_id, command.expected_version, command.note)
    try:
        held = await _held(ports, viewer, command)
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)
    decide = _resolving(command.order_id, command.resolution, held)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        after = await changed(uow, ports, viewer, target, decide)
        return OrderChanged(order_id=after.head.id) if isinstance(after, Order) else after

    return at_once(await once(ports, viewer, Call.of(_ACTION, command), work))


async def _held(ports: Ports, viewer: Viewer, command: ResolveException) -> Order | None:
    """Units that were not there when the order was paid may be now: they are held before it goes on. None: nothing is missing."""
    if command.resolution is not ExceptionResolution.RETRY or kind_of(command.order_id) is not IdKind.ORDER:
        return None
    order = await loaded(ports, command.order_id, viewer.scope)
    if order is None or not stock_missing(order):
        return None
    step = step_for(ports, order.head, viewer.actor)
    is_refused = refusal(order, MachineKind.ORDER, order.head.id, _ACTION, step) is not None
    return None if is_refused else await hold_missing(ports.inventory, order, step)


def _resolving(order_id: str, resolution: ExceptionResolution, held: Order | None) -> Decide:
    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, MachineKind.ORDER, order_id, _ACTION, step)
        if refused is not None:
            return refused
        is_retry = resolution is ExceptionResolution.RETRY
        if held is not None and stock_missing(order):
            order = with_allocations_of(order, held).with_errands(Errand(ErrandKind.DEDUCT_STOCK, order.head.id))
        cause = cause_of(order) if is_retry else None
        if cause is not None:
            return ActionRejected(message=cause.message, action=_ACTION, state=order.head.status, blocked_by=(cause,))
        target = order.head.previous_status if is_retry else OrderStatus.REFUNDING
        details = {"resolution": resolution.value}
        return settled(transition(order, MachineKind.ORDER, order_id, _ACTION, step, to=target, details=details), step)

    return decide
