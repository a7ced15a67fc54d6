"""Changing what was ordered: lines, coupons, address, note. Pure.

Theory of operation
    `NewTerms` is the order as it will be, priced. Before it is paid it simply becomes that: it is PAID when what is secured is
    enough, and what was captured beyond it goes back.

    Once paid, what costs no more is applied at once: what was captured too much goes back. What costs more waits as a PENDING
    modification with an installment of its own, DIFFERENCE: paid, the terms are applied (a derived step); not paid in time, or
    overtaken by a cancellation or by the production of its lines, it is dropped, and what was paid of it goes back. What is
    owed only later, as the balance of what is made to order, does not count as a difference: a lower total lowers it first.

    Applying new lines to an order that is split supersedes the fulfillments that no warehouse has accepted, and accepted ones that
    have units of a line that changes: their warehouse is asked anew. Their units stay where they are; units that are new look
    for a place (`domain/orders/arranging.py`). The others keep their units, and every fulfillment that counts gets its share of
    the new money. Lines and what hangs on them never vanish: one that is not wanted any more has no units.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.orders.arranging import drawn_allocations, with_stock_arranged
from domain.orders.deposits import stamp_secured
from domain.orders.effects import capture_at_confirmation, with_refund
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.parting import SUPERSEDABLE, changed_parts, counting, with_money_shared, with_parts, without
from domain.orders.refunding import over_payments
from domain.orders.splitting import split
from domain.orders.state import Step, settled, transition, with_timer, without_timer
from domain.orders.sums import CLOSED_FOR_PAYMENT, drawn, later_minor
from domain.orders.views import (
    Address,
    Allocation,
    DiscountView,
    InstallmentView,
    ModificationView,
    OrderLineView,
    TimerView,
)
from domain.values.enums import InstallmentKind, MachineKind, ModificationStatus, OrderStatus, StockPolicy
from domain.values.replacing import replace

TIMEOUT = "modificationTimeout"
_ORDER = MachineKind.ORDER
_CAPTURED_AFTER = frozenset((OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT))


@dataclass(frozen=True, slots=True)
class NewTerms:
    """The order as it is to be. `lines`: all of them, in their order, those without units too."""

    lines: tuple[OrderLineView, ...]
    discounts: tuple[DiscountView, ...]
    shipping_minor: int
    shipping_address: Address | None
    note: str | None

    @property
    def total_minor(self) -> int:
        return self.shipping_minor + sum(line.total_minor for line in self.lines)


def modified_unpaid(order: Order, terms: NewTerms, step: Step) -> Order:
    """Before it is paid in full. What follows is to be taken when it is known where its units are: it may be split then."""
    details = _details(order, terms)
    order = drawn(_fitted(_with_terms(order, terms)))
    is_secured = order.head.secured_minor >= order.head.total_minor
    target = OrderStatus.PAID if is_secured else order.head.status
    order = transition(order, _ORDER, order.head.id, "modifyOrder", step, to=target, details=details)
    return without_surplus(order, step)


def modified_paid(order: Order, terms: NewTerms, step: Step) -> Order:
    """Once it is paid: applied, or waiting for its difference."""
    details = _details(order, terms)
    order = _dropped(order, step)
    order = transition(order, _ORDER, order.head.id, "modifyOrder", step, details=details)
    if is_difference_due(order, terms):
        return settled(_waiting(order, terms, step), step)
    return settled(without_surplus(_applied(order, terms, step), step), step)


def is_difference_due(order: Order, terms: NewTerms) -> bool:
    """Whether more is to be secured now than is."""
    return terms.total_minor - later_minor(order) > order.head.secured_minor


def pending(order: Order) -> ModificationView | None:
    return next((each for each in order.modifications if each.status is ModificationStatus.PENDING), None)


def apply_modification(order: Order, step: Step) -> Order:
    """The difference is there."""
    waiting = pending(order)
    if waiting is None:
        return order
    terms = NewTerms(waiting.lines, waiting.discounts, waiting.shipping_minor, waiting.shipping_address, waiting.note)
    order = _ended(order, ModificationStatus.APPLIED, step)
    order = _with_coupons_arranged(with_stock_arranged(_applied(order, terms, step)))
    order = without_surplus(drawn(order), step)
    return capture_at_confirmation(order, step) if order.head.status in _CAPTURED_AFTER else order


def drop_modification(order: Order, step: Step) -> Order:
    """The difference is not waited for any more; what was paid of it goes back."""
    return without_surplus(_with_coupons_arranged(_dropped(order, step)), step)


def without_surplus(order: Order, step: Step) -> Order:
    """What was captured beyond what the order costs goes straight back."""
    order = drawn(order)
    surplus = order.head.captured_minor - order.head.total_minor  # the money of cancelled units is another matter
    is_settled = order.head.is_imported or order.head.status in CLOSED_FOR_PAYMENT
    if surplus <= 0 or is_settled or pending(order) is not None:
        return order
    for part in over_payments(order, surplus):
        payment = order.payment(part.payment_id)
        if payment is None:
            continue
        excess = payment.excess_minor + part.amount_minor
        order = order.with_subject(MachineKind.PAYMENT, payment.id, excess_minor=excess)
        order = with_refund(order, payment, part.amount_minor, step, reason="order modified", is_excess=True)
    return drawn(order)


def lines_changed(order: Order, terms: NewTerms) -> bool:
    """Whether other units are wanted."""
    units = {line.id: line.quantity for line in order.lines}
    return any(units.get(line.id, 0) != line.quantity for line in terms.lines)


def _with_coupons_arranged(order: Order) -> Order:
    """While it waited, the order claimed the coupons of both: those it had, and those it was to have."""
    return order.with_errands(Errand(ErrandKind.ARRANGE_COUPONS, order.events[-1].id))


def _details(order: Order, terms: NewTerms) -> dict[str, str]:
    return {
        "differenceMinor": str(terms.total_minor - order.head.total_minor),
        "totalMinor": str(terms.total_minor),
    }


def _with_terms(order: Order, terms: NewTerms) -> Order:
    """Its lines, ledger and head are the new ones. Where units are is not looked at."""
    now = {line.id: line for line in order.lines}
    lines = tuple(_kept(now[line.id], line) if line.id in now else line for line in terms.lines)
    address = terms.shipping_address
    return replace(order, lines=lines, discounts=terms.discounts).with_head(
        subtotal_minor=sum(line.unit_price_minor * line.quantity for line in lines),
        discount_minor=sum(line.discount_minor for line in lines),
        shipping_minor=terms.shipping_minor,
        tax_minor=sum(line.tax_minor for line in lines),
        total_minor=terms.total_minor,
        line_count=len(lines),
        unit_count=sum(line.quantity for line in lines),
        shipping_address=address,
        country=address.country if address else None,
        region=address.region if address else None,
        note=terms.note,
    )


def _kept(now: OrderLineView, new: OrderLineView) -> OrderLineView:
    """A line that goes on: what became of it since stays."""
    return replace(
        now,
        quantity=new.quantity,
        unit_price_minor=new.unit_price_minor,
        discount_minor=new.discount_minor,
        tax_minor=new.tax_minor,
        total_minor=new.total_minor,
    )


def _applied(order: Order, terms: NewTerms, step: Step) -> Order:
    """The new terms of an order that is paid."""
    former = order
    order = _fitted(_with_terms(order, terms))
    if not counting(former):
        return order
    if lines_changed(former, terms):
        changed = changed_parts(former, {line.id: line.quantity for line in terms.lines})
        order = _split_anew(order, {part.id for part in changed}, step)
    if terms.total_minor != former.head.total_minor:
        order = stamp_secured(drawn(order), step)
    return with_money_shared(order)


def _split_anew(order: Order, changed: Collection[str], step: Step) -> Order:
    """The units of fulfillments that nobody accepted, or that change, and new ones, in new fulfillments."""
    free = [part.id for part in counting(order) if part.status in SUPERSEDABLE or part.id in changed]
    lines = tuple(_free_units(order, free))
    parts = split(lines, 0, step.policy.splitting)
    order = with_parts(without(order, free, step), parts, step, is_looked_for=True)
    return drawn_allocations(order, {line.id for line in order.lines})


def _free_units(order: Order, free: Sequence[str]) -> Iterator[OrderLineView]:
    """Of each line the units that belong to no accepted fulfillment, allocated where they are."""
    kept: dict[str, int] = {}
    places: dict[str, list[Allocation]] = {}
    for part in counting(order):
        for units in order.lines_of(part.id):
            if part.id not in free:
                kept[units.line_id] = kept.get(units.line_id, 0) + units.quantity
            elif part.warehouse is not None:
                places.setdefault(units.line_id, []).append(Allocation(part.warehouse, units.quantity))
    for line in order.lines:
        quantity = line.quantity - kept.get(line.id, 0)
        if quantity > 0:
            there = () if line.stock_policy is StockPolicy.NONE else tuple(_taken(places.get(line.id, ()), quantity))
            yield replace(line, quantity=quantity, allocations=there)


def _taken(places: Sequence[Allocation], units: int) -> Iterator[Allocation]:
    """So many of the units that are there, the largest lots first: as few parcels as possible."""
    for place in sorted(places, key=lambda place: -place.quantity):
        quantity = min(units, place.quantity)
        units -= quantity
        if quantity:
            yield Allocation(place.warehouse, quantity)


def _fitted(order: Order) -> Order:
    """The installments are the total again: the last ones give way first, the first one takes what is more."""
    left, fitted = order.head.total_minor, list[InstallmentView]()
    for installment in order.installments:
        amount = min(left, installment.amount_minor)
        left -= amount
        if amount or not fitted:
            fitted.append(replace(installment, amount_minor=amount))
    if left:
        fitted[0] = replace(fitted[0], amount_minor=fitted[0].amount_minor + left)
    return replace(order, installments=tuple(fitted))


def _waiting(order: Order, terms: NewTerms, step: Step) -> Order:
    """A PENDING modification, its installment and its deadline."""
    head, due_at = order.head, step.now + timedelta(seconds=step.policy.timeouts.pay_s)
    waiting = ModificationView(
        order_id=head.id,
        position=len(order.modifications) + 1,
        status=ModificationStatus.PENDING,
        total_before_minor=head.total_minor,
        total_minor=terms.total_minor,
        shipping_minor=terms.shipping_minor,
        lines=terms.lines,
        discounts=terms.discounts,
        shipping_address=terms.shipping_address,
        note=terms.note,
        made_at=step.now,
        ended_at=None,
    )
    installment = InstallmentView(
        head.id,
        max(each.position for each in order.installments) + 1,
        InstallmentKind.DIFFERENCE,
        terms.total_minor - head.total_minor,
        0,
        head.currency,
        step.now,
        due_at,
    )
    order = replace(
        order,
        modifications=(*order.modifications, waiting),
        installments=(*order.installments, installment),
    )
    # Not a timer of the order's state: the modification outlives the steps of the order.
    return with_timer(order, TimerView(head.id, timer_subject(head.id), TIMEOUT, TIMEOUT, _ORDER, due_at, None))


def timer_subject(order_id: str) -> str:
    return f"{order_id}:modification"


def _dropped(order: Order, step: Step) -> Order:
    """Nothing is pending any more; the installment that was for it is gone."""
    waiting = pending(order)
    if waiting is None:
        return order
    return drawn(replace(_ended(order, ModificationStatus.DROPPED, step), installments=order.installments[:-1]))


def _ended(order: Order, status: ModificationStatus, step: Step) -> Order:
    modifications = tuple(
        replace(each, status=status, ended_at=step.now) if each.status is ModificationStatus.PENDING else each
        for each in order.modifications
    )
    order = replace(order, modifications=modifications)
    return without_timer(order, timer_subject(order.head.id), TIMEOUT)
