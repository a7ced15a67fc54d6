"""The fulfillments of an imported order, one for each seller, and its parcels. Pure.

How far the goods are is what the order's status says, or its parcels where they say more: units of a parcel were sent, whatever
the status. A status that says "sent" is believed without a parcel, too.

A source names the SKUs of a parcel and no quantities. Parcels that share a SKU share its units as evenly as can be. A parcel
with goods of several sellers becomes one for each; the first of them has the tracking number, which is unique.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.orders.import_commands import ImportedShipment
from domain.orders.model import Order
from domain.orders.splitting import Part, split
from domain.orders.state import Step
from domain.orders.views import FulfillmentLineView, FulfillmentView, OrderLineView, ShipmentLine, ShipmentView
from domain.values.enums import FulfillmentKind, FulfillmentState, OrderStatus
from domain.values.ids import IdKind
from domain.values.money import share
from domain.values.replacing import replace

NO_CARRIER: Final = "UNKNOWN"
STATE_BY_STATUS: Final = {
    OrderStatus.PAID: FulfillmentState.ALLOCATED,
    OrderStatus.EXCEPTION: FulfillmentState.ALLOCATED,
    OrderStatus.ON_HOLD: FulfillmentState.ON_HOLD,
    OrderStatus.CONFIRMED: FulfillmentState.ALLOCATED,
    OrderStatus.IN_FULFILLMENT: FulfillmentState.ACCEPTED,
    OrderStatus.PARTIALLY_SHIPPED: FulfillmentState.ACCEPTED,
    OrderStatus.SHIPPED: FulfillmentState.SHIPPED,
    OrderStatus.DELIVERED: FulfillmentState.DELIVERED,
    OrderStatus.RECEIVED: FulfillmentState.DELIVERED,
    OrderStatus.COMPLETED: FulfillmentState.DELIVERED,
    OrderStatus.REFUNDING: FulfillmentState.CANCELLED,
    OrderStatus.CANCELLED: FulfillmentState.CANCELLED,
}
"""What a status says of goods of which no parcel tells. Of the others it says that nothing was split yet."""

OFF: Final = frozenset((OrderStatus.REFUNDING, OrderStatus.CANCELLED))
_OUT: Final = frozenset((FulfillmentState.SHIPPED, FulfillmentState.DELIVERED))


@dataclass(frozen=True, slots=True)
class _Parcel:
    said: ImportedShipment
    quantities: Mapping[str, int]
    """By line id; 0 where other parcels with the same SKU took all of it."""

    def is_of(self, part: Part) -> bool:
        """Whether it holds units of the part; an empty one is of every part that it names."""
        here = [self.quantities[line.line_id] for line in part.lines if line.line_id in self.quantities]
        return any(here) or (bool(here) and not any(self.quantities.values()))


def without_goods(order: Order) -> Order:
    """Nothing of it was split or sent."""
    if order.head.status not in OFF:
        return order
    return order.with_lines(lambda line: replace(line, cancelled_quantity=line.quantity))


def with_fulfillments(order: Order, shipments: Sequence[ImportedShipment], step: Step) -> Order:
    """The order with what was split, sent, delivered and cancelled of it."""
    status = order.head.status
    if status not in STATE_BY_STATUS and not shipments:
        return order
    if status in OFF and not shipments:
        return without_goods(order)
    parcels = _parcels(order.lines, shipments)
    for position, part in enumerate(split(order.lines, order.head.shipping_minor), start=1):
        order = _with_part(order, part, position, parcels, step)
    quantities = {line.line_id: line for line in order.fulfillment_lines}
    return order.with_lines(
        lambda line: replace(
            line,
            shipped_quantity=quantities[line.id].shipped_quantity,
            cancelled_quantity=quantities[line.id].cancelled_quantity,
        )
    )


def _parcels(lines: Sequence[OrderLineView], shipments: Sequence[ImportedShipment]) -> list[_Parcel]:
    quantities: list[dict[str, int]] = [{} for _ in shipments]
    for line in lines:
        holding = [at for at, said in enumerate(shipments) if said.skus is None or line.sku in said.skus]
        for at, quantity in zip(holding, share(line.quantity, [1] * len(holding)), strict=True):
            quantities[at][line.id] = quantity
    return [_Parcel(said, held) for said, held in zip(shipments, quantities, strict=True)]


def _with_part(order: Order, part: Part, position: int, parcels: Sequence[_Parcel], step: Step) -> Order:
    own = [parcel for parcel in parcels if parcel.is_of(part)]
    fulfillment_id = step.ids(IdKind.FULFILLMENT)
    sent = {line.line_id: sum(p.quantities.get(line.line_id, 0) for p in own) for line in part.lines}
    state = _state(order.head.status, part, sent, all(p.said.delivered_at for p in own))
    if state in _OUT and order.head.status not in OFF:
        sent = {line.line_id: line.quantity for line in part.lines}
    is_off = order.head.status in OFF
    lines = tuple(_line(order, fulfillment_id, part, at, sent, is_off=is_off) for at in range(len(part.lines)))
    return replace(
        order,
        fulfillments=(*order.fulfillments, _fulfillment(order, fulfillment_id, part, position, state, lines)),
        fulfillment_lines=order.fulfillment_lines + lines,
        shipments=order.shipments + tuple(_shipments(order, fulfillment_id, part, own, step)),
    )


def _state(status: OrderStatus, part: Part, sent: Mapping[str, int], has_arrived: bool) -> FulfillmentState:
    """`has_arrived`: every parcel of it, if there are any."""
    said = STATE_BY_STATUS.get(status, FulfillmentState.ALLOCATED)
    units_sent, units = sum(sent.values()), sum(line.quantity for line in part.lines)
    if said is FulfillmentState.DELIVERED or units_sent == 0:
        return said
    if has_arrived and (status in OFF or units_sent == units):
        return FulfillmentState.DELIVERED
    is_whole = said is FulfillmentState.SHIPPED or status in OFF or units_sent == units
    return FulfillmentState.SHIPPED if is_whole else FulfillmentState.PARTIALLY_SHIPPED


def _line(
    order: Order, fulfillment_id: str, part: Part, at: int, sent: Mapping[str, int], *, is_off: bool
) -> FulfillmentLineView:
    line = part.lines[at]
    shipped = sent[line.line_id]
    return FulfillmentLineView(
        fulfillment_id=fulfillment_id,
        line_id=line.line_id,
        order_id=order.head.id,
        sku=line.sku,
        options=line.options,
        quantity=line.quantity,
        shipped_quantity=shipped,
        cancelled_quantity=line.quantity - shipped if is_off else 0,
        returned_quantity=0,
    )


def _fulfillment(
    order: Order,
    fulfillment_id: str,
    part: Part,
    position: int,
    state: FulfillmentState,
    lines: Sequence[FulfillmentLineView],
) -> FulfillmentView:
    is_held = state is FulfillmentState.ON_HOLD
    return FulfillmentView(
        id=fulfillment_id,
        order_id=order.head.id,
        number=f"{order.head.number}-{position}",
        kind=FulfillmentKind.ORIGINAL,
        status=state,
        previous_status=FulfillmentState.ALLOCATED if is_held else None,
        warehouse=part.warehouse,
        seller_id=part.seller_id,
        seller_name=part.seller_name,
        split_by=part.reasons,
        currency=order.head.currency,
        subtotal_minor=part.subtotal_minor,
        discount_minor=part.discount_minor,
        shipping_minor=part.shipping_minor,
        tax_minor=part.tax_minor,
        total_minor=part.total_minor,
        unit_count=sum(line.quantity for line in lines),
        shipped_units=sum(line.shipped_quantity for line in lines),
        cancelled_units=sum(line.cancelled_quantity for line in lines),
        promised_at=None,
        created_at=_since(order),
    )


def _since(order: Order) -> datetime:
    return order.head.paid_at or order.head.placed_at


def _shipments(
    order: Order, fulfillment_id: str, part: Part, parcels: Sequence[_Parcel], step: Step
) -> Iterator[ShipmentView]:
    """Of each parcel what this part has in it. `parcels` that an earlier part had goods in lost their number to that one."""
    numbers = {(shipment.carrier, shipment.tracking_number) for shipment in order.shipments}
    for parcel in parcels:
        said = parcel.said
        held = ((line.line_id, parcel.quantities.get(line.line_id, 0)) for line in part.lines)
        carrier = said.carrier or NO_CARRIER
        is_numbered = (carrier, said.tracking_number) in numbers
        yield ShipmentView(
            id=step.ids(IdKind.SHIPMENT),
            order_id=order.head.id,
            fulfillment_id=fulfillment_id,
            carrier=carrier,
            tracking_number=None if is_numbered else said.tracking_number,
            lines=tuple(ShipmentLine(line_id, quantity) for line_id, quantity in held if quantity),
            shipped_at=said.shipped_at,
            delivered_at=said.delivered_at,
        )
