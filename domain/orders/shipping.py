"""Shipping: units of a fulfillment leave in a parcel. Pure."""

from collections.abc import Mapping

from domain.orders.model import Order
from domain.orders.state import Step, settled, transition
from domain.orders.views import FulfillmentLineView, ShipmentLine, ShipmentView
from domain.values.enums import FulfillmentKind, FulfillmentState, MachineKind
from domain.values.ids import IdKind
from domain.values.refusals import InputProblem
from domain.values.replacing import replace


def shipping_problems(order: Order, fulfillment_id: str, quantities: Mapping[str, int]) -> tuple[InputProblem, ...]:
    """What is wrong with shipping these units (by line id): lines of another fulfillment, none or more than remain."""
    lines = {line.line_id: line for line in order.lines_of(fulfillment_id)}
    problems = []
    for position, (line_id, quantity) in enumerate(quantities.items()):
        path, line = ("lines", str(position)), lines.get(line_id)
        if line is None:
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", "The fulfillment has no such line."))
        elif not 0 < quantity <= line.remaining_quantity:
            message = f"Between 1 and {line.remaining_quantity} units can be shipped of this line."
            problems.append(InputProblem((*path, "quantity"), "QUANTITY_OUT_OF_RANGE", message))
    return tuple(problems)


def shipped(
    order: Order,
    fulfillment_id: str,
    carrier: str,
    tracking_number: str | None,
    quantities: Mapping[str, int],
    step: Step,
) -> Order:
    """The order after a parcel with these units (by line id) left."""
    shipment = ShipmentView(
        id=step.ids(IdKind.SHIPMENT),
        order_id=order.head.id,
        fulfillment_id=fulfillment_id,
        carrier=carrier,
        tracking_number=tracking_number,
        lines=tuple(ShipmentLine(line_id, quantity) for line_id, quantity in quantities.items()),
        shipped_at=step.now,
        delivered_at=None,
    )
    order = replace(order, shipments=(*order.shipments, shipment))
    order = _with_units_out(order, fulfillment_id, quantities)
    has_rest = any(line.remaining_quantity for line in order.lines_of(fulfillment_id))
    target = FulfillmentState.PARTIALLY_SHIPPED if has_rest else FulfillmentState.SHIPPED
    details = {"shipmentId": shipment.id}
    order = transition(
        order, MachineKind.FULFILLMENT, fulfillment_id, "shipFulfillment", step, to=target, details=details
    )
    return settled(order, step)


def remaining(order: Order, fulfillment_id: str) -> dict[str, int]:
    """What can still be shipped, by line id."""
    lines = order.lines_of(fulfillment_id)
    return {line.line_id: line.remaining_quantity for line in lines if line.remaining_quantity}


def _with_units_out(order: Order, fulfillment_id: str, quantities: Mapping[str, int]) -> Order:
    def out(line: FulfillmentLineView) -> FulfillmentLineView:
        quantity = quantities.get(line.line_id, 0) if line.fulfillment_id == fulfillment_id else 0
        return replace(line, shipped_quantity=line.shipped_quantity + quantity) if quantity else line

    fulfillment = order.fulfillment(fulfillment_id)
    units = sum(quantities.values())
    if fulfillment is not None:
        sent = fulfillment.shipped_units + units
        order = order.with_subject(MachineKind.FULFILLMENT, fulfillment_id, shipped_units=sent)
    order = replace(order, fulfillment_lines=tuple(out(line) for line in order.fulfillment_lines))
    if fulfillment is not None and fulfillment.kind is FulfillmentKind.REPLACEMENT:
        return order  # the order's lines count what was ordered
    return order.with_lines(
        lambda line: (
            replace(line, shipped_quantity=line.shipped_quantity + quantities.get(line.id, 0))
            if line.id in quantities
            else line
        )
    )
