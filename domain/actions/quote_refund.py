"""quoteRefund: what giving units of an order back would bring now, by the function that real refunds use. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.access.viewer import Viewer
from domain.actions.changes import loaded, step_for
from domain.orders.cancelling import quoted
from domain.orders.commands import LineQuantity
from domain.orders.model import Order
from domain.orders.refund_quotes import UnitsRefund
from domain.orders.refunding import units_gone
from domain.orders.views import OrderLineView
from domain.orders.vouchers import refundable_units
from domain.ports.bundle import Ports
from domain.values.ids import IdKind, kind_of
from domain.values.refusals import InputProblem, InvalidInput, NotFound, Refusal, invalid

MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class QuoteRefund:
    order_id: str
    lines: tuple[LineQuantity, ...]


async def quote_refund(ports: Ports, viewer: Viewer, asked: QuoteRefund) -> UnitsRefund | Refusal:
    is_id = kind_of(asked.order_id) is IdKind.ORDER
    order = await loaded(ports, asked.order_id, viewer.scope) if is_id else None
    if order is None:
        return NotFound(path=("orderId",))
    if not 0 < len(asked.lines) <= MAX_LINES:
        return invalid("lines", code="INVALID_LENGTH", message=f"Name 1 to {MAX_LINES} lines.")
    quantities = {line.line_id: line.quantity for line in asked.lines}
    if len(quantities) < len(asked.lines):
        return invalid("lines", code="DUPLICATE_LINE", message="A line is named twice.")
    problems = _problems(order, quantities)
    if problems:
        return InvalidInput(path=problems[0].path, problems=problems)
    return quoted(order, quantities, step_for(ports, order.head, viewer.actor))


def _problems(order: Order, quantities: Mapping[str, int]) -> tuple[InputProblem, ...]:
    left = {line.id: _left(order, line) for line in order.lines}
    problems = []
    for position, (line_id, quantity) in enumerate(quantities.items()):
        path = ("lines", str(position))
        if line_id not in left:
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", "The order has no such line."))
        elif not 0 < quantity <= left[line_id]:
            message = f"Between 1 and {left[line_id]} units of this line can be given back."
            problems.append(InputProblem((*path, "quantity"), "QUANTITY_OUT_OF_RANGE", message))
    return tuple(problems)


def _left(order: Order, line: OrderLineView) -> int:
    """Of vouchers only those that were not redeemed."""
    units = line.quantity - units_gone(line)
    return min(units, refundable_units(order, line.id)) if order.vouchers else units
