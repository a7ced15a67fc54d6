"""Tracking: what a carrier says of a parcel is kept, and a parcel that arrived may be the last of its fulfillment. Pure.

Every checkpoint is a step of the fulfillment, in whatever order the carrier sends them. REFUSED, LOST and RETURNED are kept like
the others and change no state: the way back of goods (RETURNING and on) is not in these tables.
"""

from typing import Final

from domain.orders.model import Order
from domain.orders.state import Step, settled, transition
from domain.orders.views import CheckpointView, ShipmentView
from domain.values.enums import FulfillmentState, MachineKind, TrackingStatus
from domain.values.replacing import replace

MAX_CHECKPOINTS: Final = 200
"""Of one shipment."""


def checkpoints_of(order: Order, shipment_id: str) -> tuple[CheckpointView, ...]:
    return tuple(checkpoint for checkpoint in order.checkpoints if checkpoint.shipment_id == shipment_id)


def tracked(order: Order, shipment: ShipmentView, checkpoint: CheckpointView, step: Step) -> Order:
    """The order after the carrier's word; DELIVERED when every parcel of the whole fulfillment is."""
    order = replace(order, checkpoints=(*order.checkpoints, checkpoint))
    if checkpoint.status is TrackingStatus.DELIVERED and shipment.delivered_at is None:
        order = _arrived(order, replace(shipment, delivered_at=checkpoint.at))
    target = FulfillmentState.DELIVERED if _is_all_there(order, shipment.fulfillment_id) else None
    details = {"shipmentId": shipment.id, "eventId": checkpoint.event_id, "status": checkpoint.status.value}
    order = transition(
        order,
        MachineKind.FULFILLMENT,
        shipment.fulfillment_id,
        "recordTracking",
        step,
        to=target or _state(order, shipment.fulfillment_id),
        details=details,
    )
    return settled(order, step)


def _arrived(order: Order, shipment: ShipmentView) -> Order:
    return replace(order, shipments=tuple(shipment if s.id == shipment.id else s for s in order.shipments))


def _is_all_there(order: Order, fulfillment_id: str) -> bool:
    """All units are out, and no parcel is on its way."""
    is_sent = _state(order, fulfillment_id) is FulfillmentState.SHIPPED
    parcels = (shipment for shipment in order.shipments if shipment.fulfillment_id == fulfillment_id)
    return is_sent and all(parcel.delivered_at is not None for parcel in parcels)


def _state(order: Order, fulfillment_id: str) -> FulfillmentState | None:
    fulfillment = order.fulfillment(fulfillment_id)
    return fulfillment.status if fulfillment else None
