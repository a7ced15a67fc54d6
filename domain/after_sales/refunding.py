"""The money of a case: what was agreed to, and the refunds when it is due. Pure.

What a case gives back are the shares of its units, by the same function as every refund of units. Where less was agreed to than
the quote, or only a part of the units was accepted, it is less in proportion. The order's lines count the units from then on:
those that came back as returned, those that did not as kept.
"""

from collections.abc import Mapping
from typing import Final

from domain.orders.model import Order
from domain.orders.refund_quotes import UnitsRefund
from domain.orders.refunding import over_payments, units_gone, units_refund
from domain.orders.state import Effect, Step
from domain.orders.units_off import refunded
from domain.orders.views import AfterSaleView, FulfillmentLineView, OrderLineView
from domain.values.enums import AfterSaleKind, AfterSaleState, FulfillmentKind, MachineKind
from domain.values.faults import DomainFault
from domain.values.money import share
from domain.values.replacing import replace


def case_of_last_step(order: Order) -> AfterSaleView:
    """The case that the last event is about."""
    case = order.after_sale(order.events[-1].subject_id)
    if case is None:
        raise DomainFault(f"{order.events[-1].subject_id} is no case of {order.head.id}.")
    return case


def agree(order: Order, _step: Step) -> Order:
    """Approved: for what was said, else for what was asked, else for the quote. An exchange has no amount."""
    case = case_of_last_step(order)
    if case.kind is AfterSaleKind.EXCHANGE or case.amount_minor is not None:
        return order
    amount = case.quote.total_minor if case.asked_minor is None else case.asked_minor
    return order.with_subject(MachineKind.AFTER_SALE, case.id, amount_minor=amount)


def follow_ruling(order: Order, step: Step) -> Order:
    """A ruling agrees, gives the money back, or ends the case."""
    effect = _RULINGS.get(case_of_last_step(order).status)
    return order if effect is None else effect(order, step)


def refund_case(order: Order, step: Step) -> Order:
    """Its units are settled and their money goes back. Those that had not left went with the request."""
    case = case_of_last_step(order)
    if case.sent_units == 0:
        return order
    units, came_back = _settled_units(order, case)
    units = _unsettled(order, units)
    worth = units_refund(order, units)
    amount = _amount(case, worth)
    refund = replace(worth, total_minor=amount, by_payment=over_payments(order, amount))
    order = order.with_subject(MachineKind.AFTER_SALE, case.id, amount_minor=amount)
    order = _booked(order, worth, units, came_back=came_back)
    return refunded(order, refund, step, reason=case.reason, after_sale_id=case.id)


def _settled_units(order: Order, case: AfterSaleView) -> tuple[Mapping[str, int], bool]:
    """Which units the money is for, by line id, and whether they came back: the accepted ones; by a ruling, all that came."""
    lines = order.lines_of_case(case.id)
    for units in ({line.line_id: line.accepted for line in lines}, {line.line_id: line.received for line in lines}):
        if any(units.values()):
            return units, True
    return {line.line_id: line.sent for line in lines}, False


def _unsettled(order: Order, units: Mapping[str, int]) -> dict[str, int]:
    """Without those that were given back meanwhile: a parcel may have come back by itself."""
    left = {line.id: line.quantity - units_gone(line) for line in order.lines}
    return {line_id: min(count, left.get(line_id, 0)) for line_id, count in units.items()}


def _amount(case: AfterSaleView, worth: UnitsRefund) -> int:
    """In proportion to the quote, where it is about fewer units."""
    agreed = case.quote.total_minor if case.amount_minor is None else case.amount_minor
    if agreed >= case.quote.total_minor:
        return worth.total_minor
    rest = max(0, case.quote.worth_minor - worth.worth_minor)
    return min(worth.maximum_minor, share(agreed, [worth.worth_minor, rest])[0])


def _booked(order: Order, worth: UnitsRefund, units: Mapping[str, int], *, came_back: bool) -> Order:
    values = {line.line_id: line.line_minor for line in worth.lines}

    def settled(line: OrderLineView) -> OrderLineView:
        quantity = units.get(line.id, 0)
        if not quantity:
            return line
        refunded = line.refunded_minor + values.get(line.id, 0)
        if came_back:
            return replace(line, returned_quantity=line.returned_quantity + quantity, refunded_minor=refunded)
        return replace(line, kept_quantity=line.kept_quantity + quantity, refunded_minor=refunded)

    order = order.with_lines(settled)
    return _returned(order, units) if came_back else order


def _returned(order: Order, units: Mapping[str, int]) -> Order:
    """The fulfillments' lines count them too: the first ones first."""
    originals = {part.id for part in order.fulfillments if part.kind is FulfillmentKind.ORIGINAL}
    left = dict(units)

    def back(line: FulfillmentLineView) -> FulfillmentLineView:
        out = line.shipped_quantity - line.returned_quantity if line.fulfillment_id in originals else 0
        part = min(out, left.get(line.line_id, 0))
        if part <= 0:
            return line
        left[line.line_id] -= part
        return replace(line, returned_quantity=line.returned_quantity + part)

    return replace(order, fulfillment_lines=tuple(back(line) for line in order.fulfillment_lines))


_RULINGS: Final[dict[AfterSaleState, Effect]] = {
    AfterSaleState.APPROVED: agree,
    AfterSaleState.REFUNDING: refund_case,
}
