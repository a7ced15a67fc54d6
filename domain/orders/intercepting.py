"""Parcels that are stopped on their way, or come back by themselves, until the warehouse says what it got. Pure.

Theory of operation
    A fulfillment is stopped as a whole: all of its parcels that have not arrived. While it is INTERCEPTING nobody knows; then
    somebody says whether they were stopped, or time does that they were not, and it goes on where it was. A parcel that is
    stopped, refused or lost is marked (`ShipmentView.is_returning`); one that arrived stays with the buyer. A fulfillment of
    which something comes back sends no more: its units in no parcel are off.

    While the order is CANCEL_PENDING the units that were stopped were to be cancelled: they are off, and their money goes back.
    Others are given back when the warehouse has them: `returned` says what came (accepted units can be sold again, damaged
    ones not, the rest never came), and gives back the money of units that are not off yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.access.viewer import SYSTEM
from domain.orders.model import Order
from domain.orders.refunding import units_gone, units_refund
from domain.orders.state import Step, settled, transition, with_state_timer
from domain.orders.stock_back import PlacedUnits, with_units_taken_back
from domain.orders.units_off import (
    Units,
    quantities_of,
    refunded,
    with_stopped_units_off,
    with_unmoved_units_off,
)
from domain.orders.views import FulfillmentLineView, FulfillmentView, OrderLineView, ShipmentView
from domain.policies import UnitPolicy
from domain.values.enums import FulfillmentKind, FulfillmentState, MachineKind, OrderStatus
from domain.values.faults import DomainFault
from domain.values.refusals import InputProblem
from domain.values.replacing import replace

_FULFILLMENT: Final = MachineKind.FULFILLMENT
_CANCELLED: Final = "order cancelled"
_CAME_BACK: Final = "goods came back"
STOPPABLE: Final = frozenset((FulfillmentState.SHIPPED, FulfillmentState.PARTIALLY_SHIPPED))


@dataclass(frozen=True, slots=True)
class Received:
    """What the warehouse got of one line: sound, and not."""

    accepted: int
    damaged: int = 0


def on_their_way(order: Order, fulfillment_id: str) -> tuple[Units, ...]:
    """Units in parcels that could still be stopped; none where the fulfillment is not on its way."""
    if _part(order, fulfillment_id).status not in STOPPABLE:
        return ()
    return _units_in(order, fulfillment_id, tuple(p for p in _parcels(order, fulfillment_id) if _is_out(p)))


def unsupported_carrier(order: Order, fulfillment_ids: tuple[str, ...], policy: UnitPolicy) -> str | None:
    """A carrier of their parcels that stops none."""
    parcels = (p for fulfillment_id in fulfillment_ids for p in _parcels(order, fulfillment_id) if _is_out(p))
    return next((p.carrier for p in parcels if p.carrier in policy.intercepts.unsupported_carriers), None)


def resolved(order: Order, fulfillment_id: str, step: Step, *, is_stopped: bool) -> Order:
    """The order after it is known whether the parcels were stopped."""
    target = FulfillmentState.RETURNING if is_stopped else _part(order, fulfillment_id).previous_status
    order = transition(
        order,
        _FULFILLMENT,
        fulfillment_id,
        "resolveIntercept",
        step,
        to=target,
        details={"succeeded": is_stopped},
    )
    return settled(coming_back(order, fulfillment_id, step) if is_stopped else order, step)


def coming_back(order: Order, fulfillment_id: str, step: Step, *, parcel_id: str | None = None) -> Order:
    """The fulfillment just became RETURNING, with one parcel or with all that have not arrived."""
    back = tuple(
        parcel for parcel in _parcels(order, fulfillment_id) if _is_out(parcel) and parcel_id in {None, parcel.id}
    )
    marked = {parcel.id for parcel in back}
    order = replace(
        order, shipments=tuple(replace(p, is_returning=True) if p.id in marked else p for p in order.shipments)
    )
    order = _without_rest(order, fulfillment_id, step)
    if order.head.status is OrderStatus.CANCEL_PENDING:
        order = with_stopped_units_off(order, _units_in(order, fulfillment_id, back), step, reason=_CANCELLED)
    return order


def alert_return(order: Order, step: Step) -> Order:
    """An effect: the alert begins also where the row resumes what rested."""
    part = _part(order, order.events[-1].subject_id)
    if part.status is not FulfillmentState.RETURNING:
        return order
    return with_state_timer(order, _FULFILLMENT, part.id, part.status, step)


def give_up_intercepts(order: Order, step: Step) -> Order:
    """An effect: nobody said in time that anything was stopped."""
    for part in order.fulfillments:
        if part.status is FulfillmentState.INTERCEPTING:
            order = transition(
                order, _FULFILLMENT, part.id, "interceptTimeout", step.as_(SYSTEM), to=part.previous_status
            )
    return order


def came_back(order: Order, fulfillment_id: str) -> dict[str, int]:
    """The units of its parcels on their way back, by line id."""
    parcels = tuple(parcel for parcel in _parcels(order, fulfillment_id) if parcel.is_returning)
    return quantities_of(_units_in(order, fulfillment_id, parcels))


def return_problems(order: Order, fulfillment_id: str, received: Mapping[str, Received]) -> tuple[InputProblem, ...]:
    """What is wrong with having got these units (by line id)."""
    back, problems = came_back(order, fulfillment_id), []
    for position, (line_id, got) in enumerate(received.items()):
        path = ("lines", str(position))
        if line_id not in back:
            message = "No unit of such a line is on its way back."
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", message))
        elif min(got.accepted, got.damaged) < 0 or got.accepted + got.damaged > back[line_id]:
            message = f"At most {back[line_id]} units of this line are on their way back."
            problems.append(InputProblem((*path, "accepted"), "QUANTITY_OUT_OF_RANGE", message))
    return tuple(problems)


def returned(order: Order, fulfillment_id: str, received: Mapping[str, Received] | None, step: Step) -> Order:
    """The order after the warehouse has what came back; None: all of it, and sound. What is not named never came."""
    back = came_back(order, fulfillment_id)
    got = {line_id: Received(count) for line_id, count in back.items()} if received is None else received
    order = transition(order, _FULFILLMENT, fulfillment_id, "returnFulfillment", step, details=_details(got))
    warehouse = _part(order, fulfillment_id).warehouse
    skus = {line.line_id: line.sku for line in order.lines_of(fulfillment_id)}
    if warehouse is not None:
        order = with_units_taken_back(
            order, [PlacedUnits(line_id, skus[line_id], warehouse, each.accepted) for line_id, each in got.items()]
        )
    return settled(_with_units_returned(order, fulfillment_id, back, step), step)


def _with_units_returned(order: Order, fulfillment_id: str, back: Mapping[str, int], step: Step) -> Order:
    """Units that are off already were given back with the cancellation."""
    off = {line.line_id: _stopped(line) for line in order.lines_of(fulfillment_id)}
    left = {line.id: line.quantity - units_gone(line) for line in order.lines}
    quantities = {
        line_id: min(count - off[line_id], left[line_id]) for line_id, count in back.items() if count > off[line_id]
    }
    if _part(order, fulfillment_id).kind is FulfillmentKind.REPLACEMENT:
        quantities = {}  # it has no money: the case that it was sent for goes on with that
    refund = units_refund(order, quantities)
    worth = {line.line_id: line.line_minor for line in refund.lines}

    def line_back(line: OrderLineView) -> OrderLineView:
        if line.id not in quantities:
            return line
        count, value = line.returned_quantity + quantities[line.id], line.refunded_minor + worth[line.id]
        return replace(line, returned_quantity=count, refunded_minor=value)

    def part_back(line: FulfillmentLineView) -> FulfillmentLineView:
        count = quantities.get(line.line_id, 0) if line.fulfillment_id == fulfillment_id else 0
        return replace(line, returned_quantity=line.returned_quantity + count) if count else line

    order = order.with_lines(line_back)
    order = replace(order, fulfillment_lines=tuple(part_back(line) for line in order.fulfillment_lines))
    return refunded(order, refund, step, reason=_CAME_BACK)


def _stopped(line: FulfillmentLineView) -> int:
    """Units that are both shipped and off: nothing else of the line is left when something of it comes back."""
    return max(0, line.shipped_quantity + line.cancelled_quantity - line.quantity)


def _without_rest(order: Order, fulfillment_id: str, step: Step) -> Order:
    rest = tuple(
        Units(fulfillment_id, line.line_id, line.remaining_quantity)
        for line in order.lines_of(fulfillment_id)
        if line.remaining_quantity
    )
    return with_unmoved_units_off(order, rest, step, reason=_CANCELLED) if rest else order


def _units_in(order: Order, fulfillment_id: str, parcels: tuple[ShipmentView, ...]) -> tuple[Units, ...]:
    counts: dict[str, int] = {}
    for parcel in parcels:
        for line in parcel.lines:
            counts[line.line_id] = counts.get(line.line_id, 0) + line.quantity
    return tuple(
        Units(fulfillment_id, line.line_id, counts[line.line_id])
        for line in order.lines_of(fulfillment_id)
        if line.line_id in counts
    )


def _parcels(order: Order, fulfillment_id: str) -> tuple[ShipmentView, ...]:
    return tuple(parcel for parcel in order.shipments if parcel.fulfillment_id == fulfillment_id)


def _is_out(parcel: ShipmentView) -> bool:
    return parcel.delivered_at is None and not parcel.is_returning


def _details(received: Mapping[str, Received]) -> dict[str, Any]:
    lines = [{"lineId": line_id, "accepted": got.accepted, "damaged": got.damaged} for line_id, got in received.items()]
    return {"lines": lines}


def _part(order: Order, fulfillment_id: str) -> FulfillmentView:
    part = order.fulfillment(fulfillment_id)
    if part is None:
        raise DomainFault(f"{fulfillment_id} is no part of {order.head.id}.")
    return part
