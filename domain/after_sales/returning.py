"""Goods that come back for a case: the parcel, what carriers say of it, and what the warehouse finds in it. Pure."""

from collections.abc import Mapping, Sequence

from domain.after_sales.commands import ReceivedLine
from domain.orders.model import Order
from domain.orders.state import Step, settled, transition
from domain.orders.tracking import with_checkpoint
from domain.orders.views import AfterSaleLineView, AfterSaleView, CheckpointView, ShipmentLine, ShipmentView
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault
from domain.values.ids import IdKind
from domain.values.refusals import InputProblem
from domain.values.replacing import replace

_AFTER_SALE = MachineKind.AFTER_SALE


def return_shipped(order: Order, case: AfterSaleView, carrier: str, tracking_number: str, step: Step) -> Order:
    """The order after the buyer sent the case's units back."""
    parcel = ShipmentView(
        id=step.ids(IdKind.SHIPMENT),
        order_id=order.head.id,
        fulfillment_id=None,
        carrier=carrier,
        tracking_number=tracking_number,
        lines=tuple(_packed(order, line) for line in order.lines_of_case(case.id) if line.sent),
        shipped_at=step.now,
        delivered_at=None,
        after_sale_id=case.id,
    )
    order = replace(order, shipments=(*order.shipments, parcel))
    order = order.with_subject(_AFTER_SALE, case.id, return_shipment_id=parcel.id)
    details = {"shipmentId": parcel.id}
    return settled(transition(order, _AFTER_SALE, case.id, "shipReturn", step, details=details), step)


def return_tracked(order: Order, parcel: ShipmentView, checkpoint: CheckpointView, step: Step) -> Order:
    """The order after a carrier's word on a return. It moves nothing: a warehouse says what came."""
    if parcel.after_sale_id is None:
        raise DomainFault(f"{parcel.id} is no return.")
    order = with_checkpoint(order, parcel, checkpoint)
    details = {"shipmentId": parcel.id, "eventId": checkpoint.event_id, "status": checkpoint.status.value}
    order = transition(order, _AFTER_SALE, parcel.after_sale_id, "recordTracking", step, details=details)
    return settled(order, step)


def receiving_problems(order: Order, case: AfterSaleView, received: Sequence[ReceivedLine]) -> tuple[InputProblem, ...]:
    """What is wrong with receiving these units: lines of no or another case, none at all, or more than are on their way."""
    lines = {line.line_id: line for line in order.lines_of_case(case.id)}
    problems = []
    for position, given in enumerate(received):
        path, line = ("lines", str(position)), lines.get(given.line_id)
        if line is None:
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", "The case has no such line."))
        elif min(given.accepted, given.damaged) < 0 or given.accepted + given.damaged > line.sent:
            message = f"Accepted and damaged together are at most {line.sent}, and neither is below 0."
            problems.append(InputProblem((*path, "accepted"), "QUANTITY_OUT_OF_RANGE", message))
    if not problems and not any(given.accepted + given.damaged for given in received):
        problems.append(InputProblem(("lines",), "NOTHING_RECEIVED", "Name at least one unit that came back."))
    return tuple(problems)


def return_received(order: Order, case: AfterSaleView, received: Sequence[ReceivedLine], step: Step) -> Order:
    """The order after the warehouse looked at what came: what is decided follows at once."""
    found = {line.line_id: line for line in received}
    order = replace(order, after_sale_lines=tuple(_counted(line, case, found) for line in order.after_sale_lines))
    order = _arrived(order, case, step)
    return settled(transition(order, _AFTER_SALE, case.id, "receiveReturn", step), step)


def _packed(order: Order, line: AfterSaleLineView) -> ShipmentLine:
    sold = order.line(line.line_id)
    if sold is None:
        raise DomainFault(f"{line.line_id} is no line of {order.head.id}.")
    return ShipmentLine(sold.id, line.sent, sold.sku, sold.options)


def _counted(line: AfterSaleLineView, case: AfterSaleView, found: Mapping[str, ReceivedLine]) -> AfterSaleLineView:
    given = found.get(line.line_id) if line.after_sale_id == case.id else None
    if given is None:
        return line
    return replace(line, received=given.accepted + given.damaged, accepted=given.accepted, damaged=given.damaged)


def _arrived(order: Order, case: AfterSaleView, step: Step) -> Order:
    """What a warehouse holds in its hands was delivered, whatever the carrier said."""

    def there(parcel: ShipmentView) -> ShipmentView:
        is_it = parcel.id == case.return_shipment_id and parcel.delivered_at is None
        return replace(parcel, delivered_at=step.now) if is_it else parcel

    return replace(order, shipments=tuple(there(parcel) for parcel in order.shipments))
