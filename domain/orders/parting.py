"""Fulfillments out of parts: an order is split, and split anew as long as no warehouse has accepted anything. Pure.

Theory of operation
    Splitting anew supersedes fulfillments of which nothing is packed or made: they are CANCELLED, keep their numbers and what they said, and count no more
    (`superseded_at`). Their units and their money are those of the new ones, so that the fulfillments that count are the order, in
    units and in every money column. Whatever changes the lines shares the money anew over all fulfillments that count.

    A part whose units are to come from stock and are in none is BACKORDERED; where somebody is about to look for them, it stays
    CREATED, which nobody can accept, until they were found or not (`domain/orders/arranging.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta

from domain.access.viewer import SYSTEM
from domain.orders.model import Order
from domain.orders.splitting import Part, Share, shares
from domain.orders.state import Step, begun, transition
from domain.orders.views import FulfillmentLineView, FulfillmentView
from domain.values.enums import FulfillmentKind, FulfillmentState, MachineKind, OrderStatus
from domain.values.ids import IdKind
from domain.values.replacing import replace

_FULFILLMENT = MachineKind.FULFILLMENT
SUPERSEDABLE = frozenset((FulfillmentState.CREATED, FulfillmentState.ALLOCATED, FulfillmentState.BACKORDERED))
_UNPRODUCED = SUPERSEDABLE | {FulfillmentState.ACCEPTED}
"""Nothing of it is packed, or being made."""
Quantities = Mapping[str, int]
_CONFIRMED = frozenset((OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT))


def counting(order: Order) -> tuple[FulfillmentView, ...]:
    """The fulfillments that are the order: those it was split into, but for the replaced ones."""
    return tuple(f for f in order.fulfillments if f.kind is FulfillmentKind.ORIGINAL and f.superseded_at is None)


def changed_parts(order: Order, quantities: Quantities) -> tuple[FulfillmentView, ...]:
    """Those that count and have units of a line of which there are to be so many, by line id, and not as many as there are."""
    now = {line.id: line.quantity for line in order.lines}
    changed = {line_id for line_id, quantity in quantities.items() if now.get(line_id, quantity) != quantity}
    return tuple(part for part in counting(order) if any(line.line_id in changed for line in order.lines_of(part.id)))


def is_produced(part: FulfillmentView) -> bool:
    """Its units are packed, being made, or sent. What is on hold is where it was before."""
    state = part.previous_status if part.status is FulfillmentState.ON_HOLD else part.status
    return state not in _UNPRODUCED


def with_parts(order: Order, parts: Sequence[Part], step: Step, *, is_looked_for: bool = False) -> Order:
    """A fulfillment for each part. `is_looked_for`: where units are short, somebody is about to look for them."""
    by_system = step.as_(SYSTEM)
    for position, part in enumerate(parts, start=len(order.fulfillments) + 1):
        fulfillment = _fulfillment(order, part, position, step)
        order = replace(
            order,
            fulfillments=(*order.fulfillments, fulfillment),
            fulfillment_lines=order.fulfillment_lines + _lines(order, fulfillment.id, part),
        )
        order = begun(order, _FULFILLMENT, fulfillment.id, "split", by_system)
        if part.is_short and is_looked_for:
            continue
        target = FulfillmentState.BACKORDERED if part.is_short else FulfillmentState.ALLOCATED
        order = transition(order, _FULFILLMENT, fulfillment.id, "allocate", by_system, to=target)
    return order


def without(order: Order, fulfillment_ids: Collection[str], step: Step) -> Order:
    """These are superseded: others will have their units and their money."""
    by_system = step.as_(SYSTEM)
    for fulfillment_id in fulfillment_ids:
        order = transition(order, _FULFILLMENT, fulfillment_id, "supersedeFulfillment", by_system)
        order = order.with_subject(_FULFILLMENT, fulfillment_id, superseded_at=step.now)
    return order


def split_anew(order: Order, parts: Sequence[Part], step: Step, *, is_looked_for: bool = False) -> Order:
    """As if it had been split so from the beginning."""
    order = without(order, [part.id for part in counting(order)], step)
    return with_parts(order, parts, step, is_looked_for=is_looked_for)


def with_money_shared(order: Order) -> Order:
    """Every fulfillment that counts with its share of the order as its lines are now."""
    counted = {part.id for part in counting(order)}
    lines = [line for line in order.fulfillment_lines if line.fulfillment_id in counted]
    money = shares(order.lines, order.head.shipping_minor, [(line.line_id, line.quantity) for line in lines])
    shared: dict[str, list[Share]] = {part_id: [] for part_id in counted}
    for line, its_share in zip(lines, money, strict=True):
        shared[line.fulfillment_id].append(its_share)

    def with_its_money(part: FulfillmentView) -> FulfillmentView:
        return replace(part, **_sums(shared[part.id])) if part.id in counted else part

    return replace(order, fulfillments=tuple(with_its_money(part) for part in order.fulfillments))


def _sums(money: Sequence[Share]) -> dict[str, int]:
    columns = [column.name for column in fields(Share)]
    sums = {name: sum(getattr(its, name) for its in money) for name in columns}
    return sums | {"total_minor": sum(its.total_minor for its in money)}


def _fulfillment(order: Order, part: Part, position: int, step: Step) -> FulfillmentView:
    return FulfillmentView(
        id=step.ids(IdKind.FULFILLMENT),
        order_id=order.head.id,
        number=f"{order.head.number}-{position}",
        kind=FulfillmentKind.ORIGINAL,
        status=FulfillmentState.CREATED,
        previous_status=None,
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
        unit_count=sum(line.quantity for line in part.lines),
        shipped_units=0,
        cancelled_units=0,
        promised_at=_promised_at(order, step),
        created_at=step.now,
    )


def _promised_at(order: Order, step: Step) -> datetime | None:
    """From the confirmation on there is a date for each."""
    if order.head.status not in _CONFIRMED:
        return None
    return step.now + timedelta(seconds=step.policy.timeouts.promise_s)


def _lines(order: Order, fulfillment_id: str, part: Part) -> tuple[FulfillmentLineView, ...]:
    return tuple(
        FulfillmentLineView(fulfillment_id, line.line_id, order.head.id, line.sku, line.options, line.quantity, 0, 0, 0)
        for line in part.lines
    )
