"""What came back and can be sold again goes to the warehouse that had sent it. Damaged units are scrapped. Pure."""

from domain.after_sales.refunding import case_of_last_step
from domain.orders.model import Order
from domain.orders.state import Step
from domain.orders.stock_back import PlacedUnits, with_units_taken_back
from domain.values.enums import FulfillmentKind


def restock_accepted(order: Order, _step: Step) -> Order:
    case, units = case_of_last_step(order), []
    for line in order.lines_of_case(case.id):
        sold, warehouse = order.line(line.line_id), _sent_from(order, line.line_id)
        if line.accepted and sold is not None and warehouse is not None:
            units.append(PlacedUnits(sold.id, sold.sku, warehouse, line.accepted))
    return with_units_taken_back(order, units)


def _sent_from(order: Order, line_id: str) -> str | None:
    """The first warehouse that sent units of the line; None: no warehouse did."""
    senders = {
        part.id: part.warehouse
        for part in order.fulfillments
        if part.kind is FulfillmentKind.ORIGINAL and part.warehouse is not None
    }
    sent = (line for line in order.fulfillment_lines if line.line_id == line_id and line.shipped_quantity)
    return next((senders[line.fulfillment_id] for line in sent if line.fulfillment_id in senders), None)
