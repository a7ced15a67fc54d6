"""Cancelling an order that is paid, whole or by units, in every state that the tables list. Pure.

Theory of operation
    A `Cancellation` says which units are off at once, because they do not move, and which fulfillments are to be stopped on
    their way. Units that do not move go first. Parcels are stopped by the fulfillment: units on their way can be cancelled
    only together with all others of their fulfillment that are. What becomes of them is said by resolveIntercept.

    With the last unit the order is REFUNDING; with parcels to be stopped it is CANCEL_PENDING until each of them is resolved;
    else it stays where it is, and what follows is derived.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.access.viewer import SYSTEM
from domain.orders.deposits import fee_minor
from domain.orders.intercepting import on_their_way, unsupported_carrier
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.refund_quotes import UnitsRefund
from domain.orders.refunding import units_gone, units_refund
from domain.orders.state import SAME, Rule, Step, settled, transition
from domain.orders.units_off import Units, not_moving, picked, quantities_of, with_unmoved_units_off
from domain.policies import UnitPolicy
from domain.values.enums import FulfillmentKind, MachineKind, OrderStatus
from domain.values.refusals import ActionRejected, BlockedReason, InputProblem, InvalidInput, invalid

REASON: Final = "order cancelled"
_ORDER: Final = MachineKind.ORDER


@dataclass(frozen=True, slots=True)
class Cancellation:
    now: tuple[Units, ...]
    """Off at once."""
    stopping: tuple[str, ...] = ()
    """Fulfillments to be stopped on their way."""

    def target(self, order: Order) -> str:
        if self.stopping:
            return OrderStatus.CANCEL_PENDING
        off = sum(unit.quantity for unit in self.now) + sum(line.cancelled_quantity for line in order.lines)
        return OrderStatus.REFUNDING if off == order.head.unit_count else SAME


def cancellation(
    order: Order, rule: Rule, quantities: Mapping[str, int] | None, policy: UnitPolicy
) -> Cancellation | InvalidInput | ActionRejected:
    """What cancelling these units (by line id; None: all that can be) means, under the table's row for it."""
    may_stop = OrderStatus.CANCEL_PENDING in rule.next
    moving = _moving(order) if may_stop else {}
    free = not_moving(order)
    if quantities is None:
        found = Cancellation(free, tuple(moving))
    else:
        problems = _problems(quantities, quantities_of((*free, *(u for units in moving.values() for u in units))))
        if problems:
            return InvalidInput(path=problems[0].path, problems=problems)
        taken = _chosen(free, moving, quantities)
        if taken is None:
            message = "Units on their way can be stopped only together with all others that travel with them."
            return invalid("lines", code="TRAVELS_WITH_OTHERS", message=message)
        found = taken
    if not found.now and not found.stopping:
        return _blocked(order, BlockedReason("NOTHING_TO_CANCEL", "No unit is left that can be cancelled."))
    carrier = unsupported_carrier(order, found.stopping, policy)
    if carrier is not None:
        message = f"{carrier} does not stop parcels on their way."
        return _blocked(order, BlockedReason("INTERCEPT_NOT_SUPPORTED", message))
    if found.target(order) not in rule.next:
        return invalid("lines", code="WHOLE_ORDER_ONLY", message="It can be cancelled only as a whole now.")
    return found


def cancelled(order: Order, asked: Cancellation, step: Step) -> Order:
    """The order after its cancellation was asked for. What was begun for it costs a fee when it is given up as a whole."""
    target = asked.target(order)
    fees_minor = fee_minor(order, step) if target == OrderStatus.REFUNDING else 0
    wanted = order.head.status if target == SAME else target
    order = transition(order, _ORDER, order.head.id, "cancelOrder", step, to=wanted, details=_details(asked))
    order = with_unmoved_units_off(order, asked.now, step, reason=REASON, fees_minor=fees_minor)
    for fulfillment_id in asked.stopping:
        order = transition(order, MachineKind.FULFILLMENT, fulfillment_id, "interceptFulfillment", step.as_(SYSTEM))
    if target == OrderStatus.REFUNDING:
        order = give_up(order, step)
    return settled(order, step)


def quoted(order: Order, quantities: Mapping[str, int], step: Step) -> UnitsRefund:
    """What giving these units back now brings; with the last ones the fee is kept."""
    is_all = all(units_gone(line) + quantities.get(line.id, 0) == line.quantity for line in order.lines)
    return units_refund(order, quantities, fees_minor=fee_minor(order, step) if is_all else 0)


def cancel_what_is_left(order: Order, step: Step) -> Order:
    """An effect: all that does not move is off, its money goes back, less the fee for what was begun."""
    fees_minor = fee_minor(order, step)
    order = with_unmoved_units_off(order, not_moving(order), step, reason=REASON, fees_minor=fees_minor)
    return give_up(order, step)


def give_up(order: Order, step: Step) -> Order:
    """An effect: nothing of the order is left. Its coupons can be used again, what is held for it is let go."""
    order = order.with_head(cancelled_at=order.head.cancelled_at or step.now)
    return order.with_errands(Errand(ErrandKind.RELEASE_COUPONS, order.head.id))


def _moving(order: Order) -> dict[str, tuple[Units, ...]]:
    """Units on their way, by fulfillment. What replaces other goods was not sold."""
    originals = (part.id for part in order.fulfillments if part.kind is FulfillmentKind.ORIGINAL)
    return {part_id: units for part_id in originals if (units := on_their_way(order, part_id))}


def _problems(quantities: Mapping[str, int], most: Mapping[str, int]) -> tuple[InputProblem, ...]:
    problems = []
    for position, (line_id, quantity) in enumerate(quantities.items()):
        path = ("lines", str(position))
        if line_id not in most:
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", "No unit of such a line can be cancelled."))
        elif not 0 < quantity <= most[line_id]:
            message = f"Between 1 and {most[line_id]} units of this line can be cancelled."
            problems.append(InputProblem((*path, "quantity"), "QUANTITY_OUT_OF_RANGE", message))
    return tuple(problems)


def _chosen(
    free: tuple[Units, ...], moving: Mapping[str, tuple[Units, ...]], quantities: Mapping[str, int]
) -> Cancellation | None:
    """Units that do not move first, then whole fulfillments; None: some units travel with others that are wanted."""
    now = picked(free, quantities)
    at_once = quantities_of(now)
    left = {line_id: quantity - at_once.get(line_id, 0) for line_id, quantity in quantities.items()}
    stopping = []
    for fulfillment_id, units in moving.items():
        if all(unit.quantity <= left.get(unit.line_id, 0) for unit in units):
            stopping.append(fulfillment_id)
            for unit in units:
                left[unit.line_id] -= unit.quantity
    return None if any(left.values()) else Cancellation(now, tuple(stopping))


def _details(asked: Cancellation) -> dict[str, Any]:
    units = quantities_of(asked.now)
    details: dict[str, Any] = {"units": [{"lineId": line, "quantity": count} for line, count in units.items()]}
    return details | ({"stopping": list(asked.stopping)} if asked.stopping else {})


def _blocked(order: Order, reason: BlockedReason) -> ActionRejected:
    return ActionRejected(message=reason.message, action="cancelOrder", state=order.head.status, blocked_by=(reason,))
