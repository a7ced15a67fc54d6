"""What of an order can still be claimed: units that left and that no other case is about, and units that have not left.

A unit is settled when it was cancelled, came back, or may be kept for nothing; the order line counts those. It is claimed while
a case is about it that has not settled it yet. What came back damaged from a case that ended stays out of the buyer's hands. A
unit that was exchanged is the buyer's again, and may be claimed anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.orders.intercepting import came_back
from domain.orders.model import Order
from domain.orders.units_off import not_moving, quantities_of
from domain.orders.views import AfterSaleView, OrderLineView
from domain.orders.vouchers import refundable_units
from domain.values.enums import AfterSaleKind, AfterSaleState, FulfillmentKind, FulfillmentState

_SETTLING: Final = frozenset((AfterSaleState.REFUNDING, AfterSaleState.REFUND_EXCEPTION))
"""Its units are counted by the order's lines already."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Units of one line that are asked for: they left, or they have not and are cancelled."""

    line_id: str
    sent: int
    unsent: int


def claim_of(order: Order, line: OrderLineView, kind: AfterSaleKind, quantity: int) -> Claim | None:
    """Which of the line's units a case about so many would be about; None: there are fewer. Who wants to send goods back means
    goods that they have; who wants the money only, rather those that have not left.
    """
    sent, unsent = sent_units_left(order, line), unsent_units_left(order, line)
    if kind is AfterSaleKind.EXCHANGE:
        unsent = 0
    if not 0 < quantity <= sent + unsent:
        return None
    from_unsent = min(quantity, unsent) if kind is AfterSaleKind.REFUND_ONLY else max(0, quantity - sent)
    return Claim(line.id, quantity - from_unsent, from_unsent)


def units_left(order: Order, line: OrderLineView, kind: AfterSaleKind) -> int:
    """How many units a case of the kind may be about."""
    unsent = 0 if kind is AfterSaleKind.EXCHANGE else unsent_units_left(order, line)
    return sent_units_left(order, line) + unsent


def sent_units_left(order: Order, line: OrderLineView) -> int:
    """Units that left, were not settled, are in no case, and are not on their way back by themselves."""
    settled = line.returned_quantity + line.kept_quantity
    claimed = sum(_held_by(order, case).get(line.id, 0) for case in order.after_sales)
    with_buyer = min(line.shipped_quantity, line.quantity - line.cancelled_quantity)
    return max(0, with_buyer - settled - claimed - _coming_back(order, line))


def _coming_back(order: Order, line: OrderLineView) -> int:
    """Units in parcels that were stopped, refused or lost, until the warehouse says what came; those that are off are settled."""
    count = 0
    for part in order.fulfillments:
        if part.kind is FulfillmentKind.ORIGINAL and part.status is FulfillmentState.RETURNING:
            back = came_back(order, part.id).get(line.id, 0)
            units = next(each for each in order.lines_of(part.id) if each.line_id == line.id) if back else None
            off = max(0, units.shipped_quantity + units.cancelled_quantity - units.quantity) if units else 0
            count += max(0, back - off)
    return count


def unsent_units_left(order: Order, line: OrderLineView) -> int:
    """Units that have not left; of vouchers those that were not redeemed."""
    units = quantities_of(not_moving(order)).get(line.id, 0)
    return min(units, refundable_units(order, line.id)) if order.vouchers else units


def _held_by(order: Order, case: AfterSaleView) -> Mapping[str, int]:
    """Units, by line id, that the case keeps from others, though no line counts them."""
    lines = order.lines_of_case(case.id)
    if case.status in _SETTLING or not case.is_open:
        accepted = any(line.accepted for line in lines)
        return {line.line_id: line.damaged for line in lines if accepted or case.status is AfterSaleState.CLOSED}
    return {line.line_id: line.sent for line in lines}
