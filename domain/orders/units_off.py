"""Units of an order that are wanted no more: their lines, their fulfillments, their stock and their money. Pure.

Theory of operation
    Units that do not move are in no parcel yet. They are off at once: their fulfillment is CANCELLED when none of its units is
    left, SHIPPED when only those are left that were sent, and their stock goes back. Units in a parcel are off once it was
    stopped; their stock goes back when the warehouse has them (`domain/orders/returning.py`).

    Whoever calls this has taken the step that the units are off with; their refunds follow from `units_refund`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.access.viewer import SYSTEM
from domain.orders.backorders import look_again
from domain.orders.effects import with_refund
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.refund_quotes import UnitsRefund
from domain.orders.refunding import units_gone, units_refund
from domain.orders.state import Step, transition
from domain.orders.stock_back import PlacedUnits, with_units_withdrawn
from domain.orders.sums import drawn, open_payments, owed_minor
from domain.orders.views import FulfillmentLineView, FulfillmentView, OrderLineView
from domain.values.enums import FulfillmentKind, FulfillmentState, MachineKind
from domain.values.faults import DomainFault
from domain.values.replacing import replace

_FULFILLMENT = MachineKind.FULFILLMENT
NOT_MOVING = (
    FulfillmentState.BACKORDERED,
    FulfillmentState.CREATED,
    FulfillmentState.ALLOCATED,
    FulfillmentState.ON_HOLD,
    FulfillmentState.ACCEPTED,
    FulfillmentState.PRODUCING,
    FulfillmentState.READY,
    FulfillmentState.PARTIALLY_SHIPPED,
)
"""States of fulfillments with units in no parcel, in the order in which units are taken out of them: the least work first."""

Quantities = Mapping[str, int]
"""By line id."""


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one order line in one fulfillment; None: no fulfillment has them."""

    fulfillment_id: str | None
    line_id: str
    quantity: int


def not_moving(order: Order) -> tuple[Units, ...]:
    """All units that are in no parcel and still wanted, those first that cost the least work."""
    if not order.fulfillments:
        return tuple(Units(None, line.id, _left(line)) for line in order.lines if _left(line))
    parts = sorted(
        (p for p in order.fulfillments if p.status in NOT_MOVING and p.kind is FulfillmentKind.ORIGINAL),
        key=lambda part: NOT_MOVING.index(part.status),
    )
    return tuple(
        Units(part.id, line.line_id, line.remaining_quantity)
        for part in parts
        for line in order.lines_of(part.id)
        if line.remaining_quantity
    )


def picked(units: tuple[Units, ...], quantities: Quantities) -> tuple[Units, ...]:
    """As many of the units of each line as are wanted, the first ones first."""
    left, chosen = dict(quantities), []
    for part in units:
        quantity = min(part.quantity, left.get(part.line_id, 0))
        if quantity:
            chosen.append(replace(part, quantity=quantity))
            left[part.line_id] -= quantity
    return tuple(chosen)


def quantities_of(units: tuple[Units, ...]) -> dict[str, int]:
    quantities: dict[str, int] = {}
    for part in units:
        quantities[part.line_id] = quantities.get(part.line_id, 0) + part.quantity
    return quantities


def with_unmoved_units_off(
    order: Order,
    units: tuple[Units, ...],
    step: Step,
    *,
    reason: str,
    fees_minor: int = 0,
    after_sale_id: str | None = None,
    has_refund: bool = True,
) -> Order:
    """The order without units that do not move. `has_refund`: whether their money goes back now."""
    if not units:
        return order
    refund = units_refund(order, quantities_of(units), fees_minor=fees_minor)
    order = _without(with_units_withdrawn(order, _places(order, units)), units, refund)
    for fulfillment_id in dict.fromkeys(part.fulfillment_id for part in units):
        if fulfillment_id is not None:
            order = _with_part_reduced(order, fulfillment_id, step)
    if has_refund:
        order = order.with_head(kept_minor=order.head.kept_minor + refund.fees_minor)
        order = refunded(order, refund, step, reason=reason, after_sale_id=after_sale_id)
    return drawn(_with_rest_let_go(order))


def with_stopped_units_off(order: Order, units: tuple[Units, ...], step: Step, *, reason: str) -> Order:
    """The order without units that were stopped on their way."""
    if not units:
        return order
    refund = units_refund(order, quantities_of(units))
    order = refunded(_without(order, units, refund), refund, step, reason=reason)
    return drawn(_with_rest_let_go(order))


def refunded(order: Order, refund: UnitsRefund, step: Step, *, reason: str, after_sale_id: str | None = None) -> Order:
    """A refund is requested of each payment that money goes back to."""
    for share in refund.by_payment:
        payment = order.payment(share.payment_id)
        if payment is None:
            raise DomainFault(f"{share.payment_id} is no payment of {order.head.id}.")
        order = with_refund(
            order,
            payment,
            share.amount_minor,
            step,
            reason=reason,
            is_excess=False,
            after_sale_id=after_sale_id,
            is_at_once=False,
        )
    return order


def _without(order: Order, units: tuple[Units, ...], refund: UnitsRefund) -> Order:
    """Its lines and fulfillments without these units; what they are worth is what the order costs less."""
    quantities = quantities_of(units)
    worth = {line.line_id: line.line_minor for line in refund.lines}
    order = _with_parts_off(order.with_lines(lambda line: _line_off(line, quantities, worth)), units)
    is_all_off = all(line.cancelled_quantity == line.quantity for line in order.lines)
    cancelled = order.head.total_minor if is_all_off else order.head.cancelled_minor + refund.worth_minor
    return drawn(order.with_head(cancelled_minor=min(cancelled, order.head.total_minor)))


def _with_rest_let_go(order: Order) -> Order:
    """What is held and not needed any more."""
    if owed_minor(order.head) > 0:
        return order
    return order.with_errands(*(Errand(ErrandKind.VOID, payment.id) for payment in open_payments(order)))


def _line_off(line: OrderLineView, quantities: Quantities, worth: Quantities) -> OrderLineView:
    if line.id not in quantities:
        return line
    return replace(
        line,
        cancelled_quantity=line.cancelled_quantity + quantities[line.id],
        refunded_minor=line.refunded_minor + worth[line.id],
    )


def _with_parts_off(order: Order, units: tuple[Units, ...]) -> Order:
    off = {(part.fulfillment_id, part.line_id): part.quantity for part in units}

    def without(line: FulfillmentLineView) -> FulfillmentLineView:
        quantity = off.get((line.fulfillment_id, line.line_id), 0)
        return replace(line, cancelled_quantity=line.cancelled_quantity + quantity) if quantity else line

    order = replace(order, fulfillment_lines=tuple(without(line) for line in order.fulfillment_lines))
    for fulfillment_id in dict.fromkeys(part.fulfillment_id for part in units):
        if fulfillment_id is not None:
            units_off = sum(line.cancelled_quantity for line in order.lines_of(fulfillment_id))
            order = order.with_subject(_FULFILLMENT, fulfillment_id, cancelled_units=units_off)
    return order


def _with_part_reduced(order: Order, fulfillment_id: str, step: Step) -> Order:
    """The fulfillment after units of it are off: off as a whole, wholly sent, or smaller."""
    part, by_system = _part(order, fulfillment_id), step.as_(SYSTEM)
    if part.cancelled_units == part.unit_count:
        order = transition(order, _FULFILLMENT, part.id, "cancelFulfillment", by_system)
    elif part.status is FulfillmentState.PARTIALLY_SHIPPED and not _has_rest(order, part.id):
        order = transition(order, _FULFILLMENT, part.id, "cancelRest", by_system)
        parcels = [parcel for parcel in order.shipments if parcel.fulfillment_id == part.id]
        if all(parcel.delivered_at is not None for parcel in parcels):
            order = transition(order, _FULFILLMENT, part.id, "deliverFulfillment", by_system)
    if part.status is not FulfillmentState.BACKORDERED:
        return order
    # Smaller, it may find its units now; gone, those behind it may.
    skus = sorted({line.sku for line in order.lines_of(part.id)})
    return order.with_errands(look_again(f"{order.events[-1].id}:{part.id}", *skus))


def _has_rest(order: Order, fulfillment_id: str) -> bool:
    return any(line.remaining_quantity for line in order.lines_of(fulfillment_id))


def _places(order: Order, units: tuple[Units, ...]) -> list[PlacedUnits]:
    """Where units of fulfillments are set aside."""
    lines = {line.id: line.sku for line in order.lines}
    return [
        PlacedUnits(unit.line_id, lines[unit.line_id], warehouse, unit.quantity)
        for unit in units
        if unit.fulfillment_id is not None and (warehouse := _part(order, unit.fulfillment_id).warehouse) is not None
    ]


def _part(order: Order, fulfillment_id: str) -> FulfillmentView:
    part = order.fulfillment(fulfillment_id)
    if part is None:
        raise DomainFault(f"{fulfillment_id} is no part of {order.head.id}.")
    return part


def _left(line: OrderLineView) -> int:
    return line.quantity - units_gone(line) - line.shipped_quantity
