"""Exchanges: for what came back a replacement is sent. It is a fulfillment of its own, without money. Pure.

It is made when the returned goods are accepted, and its units are looked for outside of the step (REPLACE_UNITS): they may lie in
another system. Where no warehouse has them all, it is off and the money goes back.
"""

from domain.access.viewer import SYSTEM
from domain.after_sales.refunding import case_of_last_step
from domain.orders.backorders import allocation_id
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, begun, settled, transition
from domain.orders.views import AfterSaleLineView, FulfillmentLineView, FulfillmentView, OrderLineView
from domain.values.enums import FulfillmentKind, FulfillmentState, MachineKind
from domain.values.faults import DomainFault
from domain.values.ids import IdKind
from domain.values.replacing import replace

_FULFILLMENT = MachineKind.FULFILLMENT


def make_replacement(order: Order, step: Step) -> Order:
    """For the units that were accepted."""
    case = case_of_last_step(order)
    lines = tuple(line for line in order.lines_of_case(case.id) if line.accepted)
    part = _replacement(order, lines, step)
    order = replace(
        order,
        fulfillments=(*order.fulfillments, part),
        fulfillment_lines=order.fulfillment_lines + tuple(_line(order, part.id, line) for line in lines),
    )
    order = begun(order, _FULFILLMENT, part.id, "split", step.as_(SYSTEM))
    order = order.with_subject(MachineKind.AFTER_SALE, case.id, replacement_id=part.id)
    return order.with_errands(Errand(ErrandKind.REPLACE_UNITS, part.id))


def replaced(order: Order, part_id: str, warehouse: str | None, *, is_found: bool, step: Step) -> Order:
    """The order after the units of a replacement were looked for. `warehouse`: where they are held; None: they are not counted."""
    part, by_system = order.fulfillment(part_id), step.as_(SYSTEM)
    if part is None or part.status is not FulfillmentState.CREATED:
        return order
    if not is_found:
        return settled(_off(order, part, by_system), by_system)
    order = order.with_subject(_FULFILLMENT, part.id, warehouse=warehouse)
    if warehouse is not None:
        order = order.with_errands(Errand(ErrandKind.DEDUCT_STOCK, allocation_id(part.id, 0)))
    order = transition(order, _FULFILLMENT, part.id, "allocate", by_system, to=FulfillmentState.ALLOCATED)
    return settled(order, by_system)


def _off(order: Order, part: FulfillmentView, step: Step) -> Order:
    order = transition(order, _FULFILLMENT, part.id, "cancelFulfillment", step)
    order = order.with_subject(_FULFILLMENT, part.id, cancelled_units=part.unit_count)
    lines = (
        replace(line, cancelled_quantity=line.quantity) if line.fulfillment_id == part.id else line
        for line in order.fulfillment_lines
    )
    return replace(order, fulfillment_lines=tuple(lines))


def _replacement(order: Order, lines: tuple[AfterSaleLineView, ...], step: Step) -> FulfillmentView:
    sold = _sold(order, lines[0])
    return FulfillmentView(
        id=step.ids(IdKind.FULFILLMENT),
        order_id=order.head.id,
        number=f"{order.head.number}-{len(order.fulfillments) + 1}",
        kind=FulfillmentKind.REPLACEMENT,
        status=FulfillmentState.CREATED,
        previous_status=None,
        warehouse=None,
        seller_id=sold.seller_id,
        seller_name=sold.seller_name,
        split_by=(),
        currency=order.head.currency,
        subtotal_minor=0,
        discount_minor=0,
        shipping_minor=0,
        tax_minor=0,
        total_minor=0,
        unit_count=sum(line.accepted for line in lines),
        shipped_units=0,
        cancelled_units=0,
        promised_at=None,
        created_at=step.now,
    )


def _line(order: Order, part_id: str, line: AfterSaleLineView) -> FulfillmentLineView:
    sold = _sold(order, line)
    sku = line.exchange_sku or sold.sku
    options = sold.options if line.exchange_options is None else line.exchange_options
    return FulfillmentLineView(part_id, line.line_id, order.head.id, sku, options, line.accepted, 0, 0, 0)


def _sold(order: Order, line: AfterSaleLineView) -> OrderLineView:
    sold = order.line(line.line_id)
    if sold is None:
        raise DomainFault(f"{line.line_id} is no line of {order.head.id}.")
    return sold
