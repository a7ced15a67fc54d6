"""What of an order can be changed, beyond what its table says: by what is wanted, and by how far it is. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.orders.commands import LineQuantity
from domain.orders.model import Order
from domain.orders.modifying import NewTerms, lines_changed
from domain.orders.parting import SUPERSEDABLE, changed_parts, counting, is_produced
from domain.orders.views import UNPAID_STATUSES, Address, OrderView
from domain.values.enums import FulfillmentState, OrderType
from domain.values.refusals import BlockedReason, InputProblem

_LABELLED: Final = frozenset(FulfillmentState) - SUPERSEDABLE - {FulfillmentState.ACCEPTED, FulfillmentState.CANCELLED}
"""From the packing on, parcels bear an address."""


def line_problems(order: Order, lines: Sequence[LineQuantity]) -> tuple[InputProblem, ...]:
    """What is wrong with the quantities that are set."""
    problems = []
    seen: set[str] = set()
    for position, line in enumerate(lines):
        path = ("setLines", str(position))
        if order.line(line.line_id) is None:
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", "The order has no such line."))
        if line.line_id in seen:
            problems.append(InputProblem((*path, "lineId"), "DUPLICATE_LINE", "A line is named twice."))
        if line.quantity < 0:
            message = "A quantity is not negative; 0 takes the line off."
            problems.append(InputProblem((*path, "quantity"), "QUANTITY_OUT_OF_RANGE", message))
        seen.add(line.line_id)
    return tuple(problems)


def is_priced_anew(head: OrderView, address: Address | None, are_units_new: bool, are_coupons_new: bool) -> bool:
    """Whether anything changes that a price depends on. A price as agreed is not looked at for less."""
    place = (address.country, address.region) if address else (None, None)
    return are_units_new or are_coupons_new or place != (head.country, head.region)


def blocked(order: Order, terms: NewTerms) -> tuple[BlockedReason, ...]:
    """Why this cannot be changed any more."""
    return tuple(_reasons(order, terms))


def _reasons(order: Order, terms: NewTerms) -> Iterator[BlockedReason]:
    is_dearer_or_cheaper = terms.total_minor != order.head.total_minor
    is_repriced = is_dearer_or_cheaper or lines_changed(order, terms) or terms.discounts != order.discounts
    if is_repriced and any(line.cancelled_quantity for line in order.lines):
        yield BlockedReason("UNITS_CANCELLED", "Some units were cancelled: the price of the others stays.")
    if is_repriced and order.head.is_imported:
        yield BlockedReason("IMPORTED", "The prices of an imported order are those of its source.")
    if is_repriced and order.head.order_type is OrderType.VIRTUAL and order.head.status not in UNPAID_STATUSES:
        yield BlockedReason("VOUCHERS_UNDER_WAY", "It is paid, and its vouchers are being issued.")
    if any(is_produced(part) for part in changed_parts(order, {line.id: line.quantity for line in terms.lines})):
        yield BlockedReason("ALREADY_PRODUCED", "Units of some of these lines are packed, or being made.")
    if terms.shipping_address != order.head.shipping_address and _is_labelled(order):
        yield BlockedReason("ALREADY_PACKED", "Some of it is packed already, for the former address.")


def _is_labelled(order: Order) -> bool:
    return any(part.status in _LABELLED for part in counting(order))
