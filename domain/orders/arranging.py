"""What an order wants the inventory to hold for it, and what becomes of the order when it is known where that is. Pure.

Theory of operation
    Before it is split, an order holds the units of its lines, wherever they are. Afterwards each fulfillment has an allocation of
    its own in its warehouse; one that is CREATED looks for its units; one that is BACKORDERED has none.

    ARRANGE_STOCK makes the inventory hold just that: it may be done at any time and as often as one likes, and puts right
    whatever a step, a crash or a step that was not taken after all left behind. Its answer says where the units are that were
    looked for. A fulfillment leaves from one place: where they are in several, it is superseded by one for each.
"""

from collections.abc import Collection, Sequence

from domain.access.viewer import SYSTEM
from domain.inventory.holding import Holding
from domain.orders.backorders import allocation_id
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.parting import counting, with_money_shared, with_parts, without
from domain.orders.splitting import HandPart, split_by_hand
from domain.orders.state import Step, settled, transition
from domain.orders.sums import CLOSED_FOR_PAYMENT
from domain.orders.views import UNPAID_STATUSES, Allocation, FulfillmentView, OrderLineView
from domain.values.enums import FulfillmentState, MachineKind, OrderStatus, StockPolicy
from domain.values.replacing import replace

_FULFILLMENT = MachineKind.FULFILLMENT
_HOLDS_NOTHING = frozenset((FulfillmentState.BACKORDERED, FulfillmentState.CANCELLED))


def is_arranged(order: Order) -> bool:
    """Whether it wants any particular units: what is off, or comes back, is put away by other errands."""
    head = order.head
    return head.status not in CLOSED_FOR_PAYMENT and not any(line.returned_quantity for line in order.lines)


def wanted_holdings(order: Order) -> tuple[Holding, ...]:
    """All that the order is to hold."""
    if not counting(order):
        return _unsplit(order)
    stocked = {line.id for line in order.lines if line.stock_policy is not StockPolicy.NONE}
    return tuple(
        Holding(line.line_id, line.sku, units, _place(part), True, allocation_id(part.id, len(part.declined_by)))
        for part in order.fulfillments
        if part.status not in _HOLDS_NOTHING
        for line in order.lines_of(part.id)
        if line.line_id in stocked and (units := line.quantity - line.cancelled_quantity)
    )


def arranged(order: Order, found: Sequence[Holding], step: Step) -> Order:
    """The order after the inventory holds all this for it."""
    if not counting(order):
        order = _allocated(order, found, {line.id for line in order.lines})
    for part in order.fulfillments:
        if part.status is FulfillmentState.CREATED:
            its_own = [each for each in found if each.allocation_id == allocation_id(part.id, len(part.declined_by))]
            order = _found(order, part, its_own, step)
    return settled(order, step)


def with_stock_arranged(order: Order) -> Order:
    """After the latest event somebody is to see to its units."""
    return order.with_errands(arrange_after(order.events[-1].id))


def arrange_after(cause_id: str, *new_lines: str) -> Errand:
    """`new_lines`: ids of lines that may never be written, though units were held for them."""
    return Errand(ErrandKind.ARRANGE_STOCK, cause_id, details=tuple((line_id, "new") for line_id in new_lines))


def drawn_allocations(order: Order, line_ids: Collection[str]) -> Order:
    """The lines' allocations are where their fulfillments are."""
    places: dict[str, dict[str, int]] = {line_id: {} for line_id in line_ids}
    for part in counting(order):
        for line in order.lines_of(part.id):
            if line.line_id in places and part.warehouse is not None:
                there = places[line.line_id]
                there[part.warehouse] = there.get(part.warehouse, 0) + line.quantity

    def moved(line: OrderLineView) -> OrderLineView:
        if line.id not in places or line.stock_policy is StockPolicy.NONE:
            return line
        return replace(line, allocations=tuple(Allocation(at, units) for at, units in places[line.id].items()))

    return order.with_lines(moved)


def _unsplit(order: Order) -> tuple[Holding, ...]:
    """What leaves the stock with the payment is not held before it."""
    is_paid = order.head.status not in UNPAID_STATUSES
    unheld = {StockPolicy.NONE} if is_paid else {StockPolicy.NONE, StockPolicy.DEDUCT_ON_PAYMENT}
    return tuple(
        Holding(line.id, line.sku, line.quantity, None, is_paid or line.stock_policy is StockPolicy.DEDUCT_ON_ORDER)
        for line in order.lines
        if line.stock_policy not in unheld and line.quantity
    )


def _place(part: FulfillmentView) -> str | None:
    """One that looks for its units has no place yet."""
    return None if part.status is FulfillmentState.CREATED else part.warehouse


def _allocated(order: Order, found: Sequence[Holding], line_ids: Collection[str]) -> Order:
    def moved(line: OrderLineView) -> OrderLineView:
        if line.id not in line_ids:
            return line
        there = (Allocation(str(each.warehouse), each.quantity) for each in found if each.line_id == line.id)
        return replace(line, allocations=tuple(there))

    return order.with_lines(moved)


def _found(order: Order, part: FulfillmentView, its_own: Sequence[Holding], step: Step) -> Order:
    places = sorted({str(each.warehouse) for each in its_own})
    if len(places) > 1:
        return _parted(order, part, its_own, places, step)
    warehouse = places[0] if places else None
    target = FulfillmentState.ALLOCATED if warehouse else FulfillmentState.BACKORDERED
    order = order.with_subject(_FULFILLMENT, part.id, warehouse=warehouse)
    order = transition(order, _FULFILLMENT, part.id, "allocate", step.as_(SYSTEM), to=target)
    if order.head.status is OrderStatus.ON_HOLD and warehouse is not None:
        order = transition(order, _FULFILLMENT, part.id, "hold", step.as_(SYSTEM))
    return drawn_allocations(order, {line.line_id for line in order.lines_of(part.id)})


def _parted(
    order: Order, part: FulfillmentView, its_own: Sequence[Holding], places: Sequence[str], step: Step
) -> Order:
    """A fulfillment for each place; what is not stocked goes with the first."""
    stocked = {each.line_id for each in its_own}
    loose = {line.line_id: line.quantity for line in order.lines_of(part.id) if line.line_id not in stocked}
    wanted = [
        HandPart(at, _units(its_own, at) | (loose if position == 0 else {})) for position, at in enumerate(places)
    ]
    lines = [replace(line, quantity=_all(wanted, line.id)) for line in order.lines if _all(wanted, line.id)]
    parts = split_by_hand(lines, 0, wanted, step.policy.splitting)
    order = with_parts(without(order, [part.id], step), parts, step)
    order = drawn_allocations(with_money_shared(order), {line.id for line in lines})
    return with_stock_arranged(order)  # the allocations are to bear the new names


def _units(holdings: Sequence[Holding], warehouse: str) -> dict[str, int]:
    units: dict[str, int] = {}
    for each in holdings:
        if each.warehouse == warehouse:
            units[each.line_id] = units.get(each.line_id, 0) + each.quantity
    return units


def _all(parts: Sequence[HandPart], line_id: str) -> int:
    return sum(part.quantities.get(line_id, 0) for part in parts)
