"""Tracking: what a carrier says of a parcel is kept, and a parcel that arrived may be the last of its fulfillment. Pure.

Every checkpoint is a step of the fulfillment, in whatever order the carrier sends them. A parcel that is REFUSED, LOST or
RETURNED on its way will not arrive, whatever is said of it later: it comes back, and with it its fulfillment.
"""

from typing import Final

from domain.orders.intercepting import coming_back
from domain.orders.model import Order
from domain.orders.state import Step, settled, transition
from domain.orders.views import CheckpointView, ShipmentView
from domain.values.enums import FulfillmentState, MachineKind, TrackingStatus
from domain.values.faults import DomainFault
from domain.values.replacing import replace

MAX_CHECKPOINTS: Final = 200
"""Of one shipment."""
_LOST_TO_BUYER: Final = frozenset((TrackingStatus.REFUSED, TrackingStatus.LOST, TrackingStatus.RETURNED))
_WILL_NOT_ARRIVE: Final = {
    FulfillmentState.SHIPPED: _LOST_TO_BUYER,
    FulfillmentState.PARTIALLY_SHIPPED: _LOST_TO_BUYER,
    FulfillmentState.INTERCEPTING: frozenset((TrackingStatus.RETURNED,)),
}
"""By the fulfillment's state: what says of a parcel that it comes back."""


def checkpoints_of(order: Order, shipment_id: str) -> tuple[CheckpointView, ...]:
    return tuple(checkpoint for checkpoint in order.checkpoints if checkpoint.shipment_id == shipment_id)


def tracked(order: Order, shipment: ShipmentView, checkpoint: CheckpointView, step: Step) -> Order:
    """The order after the carrier's word; DELIVERED when every parcel of the whole fulfillment is, RETURNING when one will not
    arrive.
    """
    fulfillment_id = shipment.sent_with
    order = with_checkpoint(order, shipment, checkpoint)
    target = _target(order, shipment, checkpoint.status)
    details = {"shipmentId": shipment.id, "eventId": checkpoint.event_id, "status": checkpoint.status.value}
    before = _state(order, fulfillment_id)
    order = transition(
        order, MachineKind.FULFILLMENT, fulfillment_id, "recordTracking", step, to=target or before, details=details
    )
    if target is FulfillmentState.RETURNING:
        # Of a fulfillment that is to be stopped all comes back, else what the carrier speaks of.
        parcel_id = None if before is FulfillmentState.INTERCEPTING else shipment.id
        order = coming_back(order, fulfillment_id, step, parcel_id=parcel_id)
    return settled(order, step)


def with_checkpoint(order: Order, shipment: ShipmentView, checkpoint: CheckpointView) -> Order:
    """The carrier's word is kept; the first that says so is when the parcel arrived."""
    order = replace(order, checkpoints=(*order.checkpoints, checkpoint))
    is_there = checkpoint.status is TrackingStatus.DELIVERED and not shipment.is_returning
    if is_there and shipment.delivered_at is None:
        order = _arrived(order, replace(shipment, delivered_at=checkpoint.at))
    return order


def _arrived(order: Order, shipment: ShipmentView) -> Order:
    return replace(order, shipments=tuple(shipment if s.id == shipment.id else s for s in order.shipments))


def _target(order: Order, shipment: ShipmentView, said: TrackingStatus) -> FulfillmentState | None:
    """The state that the carrier's word leads to; None: the one it is in."""
    state = _state(order, shipment.sent_with)
    if shipment.delivered_at is None and said in _WILL_NOT_ARRIVE.get(state, ()):
        return FulfillmentState.RETURNING
    return FulfillmentState.DELIVERED if _is_all_there(order, shipment.sent_with) else None


def _is_all_there(order: Order, fulfillment_id: str) -> bool:
    """All units are out, and no parcel is on its way."""
    is_sent = _state(order, fulfillment_id) in {FulfillmentState.SHIPPED, FulfillmentState.INTERCEPTING}
    is_whole = not any(line.remaining_quantity for line in order.lines_of(fulfillment_id))
    parcels = (shipment for shipment in order.shipments if shipment.fulfillment_id == fulfillment_id)
    return is_sent and is_whole and all(parcel.delivered_at is not None for parcel in parcels)


def _state(order: Order, fulfillment_id: str) -> FulfillmentState:
    fulfillment = order.fulfillment(fulfillment_id)
    if fulfillment is None:
        raise DomainFault(f"{fulfillment_id} is no part of {order.head.id}.")
    return fulfillment.status
