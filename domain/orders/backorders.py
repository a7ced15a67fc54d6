"""Where a fulfillment's units come from when its first warehouse does not send them: another one, or stock that is yet to come.

Theory of operation
    A warehouse that declines, or says nothing in its time, is never asked again. Where another one has every unit (a fulfillment leaves from one place), the
    fulfillment goes there at once; else it is BACKORDERED, belongs to no warehouse, and has its place in the queue by the moment
    it began to wait (`backordered_at`). Stock is the inventory's: who runs these steps has asked it already, and says where
    the units are reserved now; since they are paid for, they leave the stock with the step. The lines' allocations follow them.

    Whenever a fulfillment begins to wait or ceases to, those who wait for the same SKUs are looked at again (FILL_BACKORDERS,
    `domain/actions/backorders.py`): stock may have come while the step was taken, and those behind it may be next.
"""

from typing import Final

from domain.access.viewer import SYSTEM
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, refusal, settled, transition, with_state_timer
from domain.orders.views import Allocation, FulfillmentLineView, FulfillmentView, OrderLineView
from domain.values.enums import FulfillmentKind, FulfillmentState, MachineKind, OrderStatus, StockPolicy
from domain.values.faults import DomainFault
from domain.values.replacing import replace

ACCEPT_TIMEOUT: Final = "acceptTimeout"

_FULFILLMENT = MachineKind.FULFILLMENT


def stocked_lines(order: Order, fulfillment_id: str) -> tuple[FulfillmentLineView, ...]:
    """Its lines whose units come from stock, and are still wanted."""
    counted = {line.id for line in order.lines if line.stock_policy is not StockPolicy.NONE}
    return tuple(line for line in order.lines_of(fulfillment_id) if line.line_id in counted and line.remaining_quantity)


def declined(order: Order, fulfillment_id: str, warehouse: str | None, step: Step) -> Order:
    """The order after a warehouse would not send it. `warehouse`: the one that has its units now; None: none has."""
    return settled(_gone(order, fulfillment_id, warehouse, "declineFulfillment", step), step)


def timed_out(order: Order, fulfillment_id: str, warehouse: str | None, step: Step) -> Order:
    """The order after a warehouse said nothing in its time. `warehouse`: the one that has its units now. Where none has, it
    stays, and a person is told; where it cannot be accepted yet nobody is late. Each time the whole time begins anew.
    """
    if refusal(order, _FULFILLMENT, fulfillment_id, ACCEPT_TIMEOUT, step) is not None:
        return with_state_timer(order, _FULFILLMENT, fulfillment_id, FulfillmentState.ALLOCATED, step)
    if warehouse is not None:
        return settled(_gone(order, fulfillment_id, warehouse, ACCEPT_TIMEOUT, step), step)
    order = transition(order, _FULFILLMENT, fulfillment_id, "alert", step)
    return settled(with_state_timer(order, _FULFILLMENT, fulfillment_id, FulfillmentState.ALLOCATED, step), step)


def allocated(order: Order, fulfillment_id: str, warehouse: str, step: Step) -> Order:
    """The order after the warehouse has the units of a fulfillment that waited. One that is on hold holds it too."""
    part, by_system = _part(order, fulfillment_id), step.as_(SYSTEM)
    order = _placed(order, part, warehouse)
    order = order.with_errands(_deduction(part.id, len(part.declined_by)))
    order = transition(order, _FULFILLMENT, part.id, "allocate", by_system, details={"to": warehouse})
    if order.head.status is OrderStatus.ON_HOLD:
        order = transition(order, _FULFILLMENT, part.id, "hold", by_system)
    return settled(order, by_system)


def ask_warehouses(order: Order, step: Step) -> Order:
    """Nobody can accept before the order is confirmed: the time to do so begins with that."""
    for part in order.fulfillments:
        if part.status is FulfillmentState.ALLOCATED:
            order = with_state_timer(order, _FULFILLMENT, part.id, part.status, step)
    return order


def ask_anew(order: Order, step: Step) -> Order:
    """Each warehouse has the whole time to accept."""
    part = _part(order, order.events[-1].subject_id)
    if part.status is not FulfillmentState.ALLOCATED:
        return order
    return with_state_timer(order, _FULFILLMENT, part.id, part.status, step)


def queue_for_stock(order: Order, step: Step) -> Order:
    """Who begins to wait takes the last place; whose wait is over leaves it."""
    event = order.events[-1]
    part = _part(order, event.subject_id)
    is_waiting = part.status is FulfillmentState.BACKORDERED
    if is_waiting == (part.backordered_at is not None):
        return order
    order = order.with_subject(_FULFILLMENT, part.id, backordered_at=step.now if is_waiting else None)
    skus = sorted({line.sku for line in stocked_lines(order, part.id)})
    # Whoever fills the queue of one SKU goes on with it; only other SKUs have to be looked at once more.
    if not skus or (part.status is FulfillmentState.ALLOCATED and len(skus) == 1):
        return order
    return order.with_errands(look_again(event.id, *skus))


def allocation_id(fulfillment_id: str, declines: int) -> str:
    """Of the warehouse that it goes to after so many declines: a fulfillment waits at most once between two of them."""
    return f"{fulfillment_id}:{declines}"


def look_again(cause_id: str, *skus: str) -> Errand:
    """At those that wait for these SKUs, because of an event or a receipt."""
    return Errand(ErrandKind.FILL_BACKORDERS, cause_id, details=tuple(("sku", sku) for sku in skus))


def put_away(part: FulfillmentView, warehouse: str) -> Errand:
    """What the warehouse had for it, before it declined, goes back; another warehouse is looked for, if none has them. A later
    decline is an errand of its own.
    """
    declines = len(part.declined_by)
    details = (("declines", str(declines + 1)), ("fulfillment", part.id), ("warehouse", warehouse))
    return Errand(ErrandKind.MOVE_STOCK, allocation_id(part.id, declines), details=details)


def _gone(order: Order, fulfillment_id: str, warehouse: str | None, action: str, step: Step) -> Order:
    part = _part(order, fulfillment_id)
    refusing = () if part.warehouse is None else (part.warehouse,)
    order = order.with_subject(_FULFILLMENT, part.id, declined_by=(*part.declined_by, *refusing))
    order = _placed(order, part, warehouse)
    if warehouse is not None:
        order = order.with_errands(_deduction(part.id, len(part.declined_by) + 1))
    target = FulfillmentState.BACKORDERED if warehouse is None else FulfillmentState.ALLOCATED
    details = {"from": part.warehouse, "to": warehouse}
    return transition(order, _FULFILLMENT, part.id, action, step, to=target, details=details)


def _deduction(fulfillment_id: str, declines: int) -> Errand:
    """An errand of its own: one for the order may be on its way already, and have passed the stock by."""
    return Errand(ErrandKind.DEDUCT_STOCK, allocation_id(fulfillment_id, declines))


def _part(order: Order, fulfillment_id: str) -> FulfillmentView:
    part = order.fulfillment(fulfillment_id)
    if part is None:
        raise DomainFault(f"{fulfillment_id} is no part of {order.head.id}.")
    return part


def _placed(order: Order, part: FulfillmentView, warehouse: str | None) -> Order:
    """Its units are there now, and nowhere else."""
    units = {line.line_id: line.remaining_quantity for line in stocked_lines(order, part.id)}

    def moved(line: OrderLineView) -> OrderLineView:
        if line.id not in units or part.kind is FulfillmentKind.REPLACEMENT:
            return line
        return replace(line, allocations=_allocations(line, part.warehouse, warehouse, units[line.id]))

    order = order.with_lines(moved)
    return order.with_subject(_FULFILLMENT, part.id, warehouse=warehouse)


def _allocations(line: OrderLineView, source: str | None, target: str | None, quantity: int) -> tuple[Allocation, ...]:
    quantities: dict[str | None, int] = {}
    for warehouse, units in (
        *((a.warehouse, a.quantity) for a in line.allocations),
        (source, -quantity),
        (target, quantity),
    ):
        quantities[warehouse] = quantities.get(warehouse, 0) + units
    return tuple(Allocation(at, units) for at, units in quantities.items() if at is not None and units > 0)
