"""modifyOrder: other units, coupons, another address or note, before an order is paid and after.

The order is read and priced anew with no transaction open; the transaction that writes begins again with that when the order was
changed meanwhile. Where other units are wanted, stock and coupons move with it (`domain/actions/stock_arranging.py`).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from domain.access.viewer import Viewer
from domain.actions.changes import Target, found, loaded, step_for
from domain.actions.member_limits import modified_limit
from domain.actions.pricing_terms import terms_of, wish_refused
from domain.actions.repricing import Wanted, coupons_of, repriced
from domain.actions.stock_arranging import Change, changed_with_stock
from domain.actions.transactions import Call
from domain.orders.commands import ModifyOrder, PlaceOrderLine, Wish
from domain.orders.model import Order
from domain.orders.modifying import NewTerms, is_difference_due, lines_changed, modified_paid, modified_unpaid, pending
from domain.orders.modifying_rules import blocked, is_priced_anew, line_problems
from domain.orders.state import Step, refusal
from domain.orders.views import UNPAID_STATUSES
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind, OrderType, StockPolicy
from domain.values.faults import ServiceUnavailable
from domain.values.ids import IdKind, kind_of
from domain.values.outcomes import OrderModified, Outcome
from domain.values.refusals import (
    ActionRejected,
    InvalidInput,
    LimitExceeded,
    OutOfStock,
    PriceChanged,
    Refusal,
    ServiceDown,
    ShortLine,
)

_ACTION: Final = "modifyOrder"
MAX_TRIES: Final = 20
"""Of as many who change an order at once, one gets through each time: so does each of them in the end."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the order of a certain version is to become."""

    version: int
    terms: NewTerms | Refusal
    short: OutOfStock | None
    """What is not there of the units that are new."""


class _Moved(Exception):
    """The order is not the one that was priced any more."""


async def modify_order(ports: Ports, viewer: Viewer, command: ModifyOrder) -> Outcome:
    call = Call.of(_ACTION, command)
    if call.problem is not None:
        return call.problem
    try:
        for _ in range(MAX_TRIES):
            outcome = await _tried(ports, viewer, call, command)
            if outcome is not None:
                return outcome
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)
    return ServiceDown(message="The order was changed again and again meanwhile.", service="order-center")


async def _tried(ports: Ports, viewer: Viewer, call: Call, command: ModifyOrder) -> Outcome | None:
    """None: the order was changed meanwhile."""
    plan = await _planned(ports, viewer, command)

    async def decide(uow: UnitOfWork) -> Change | Outcome:
        target = Target(MachineKind.ORDER, command.order_id, command.expected_version, command.note)
        before = await found(uow, viewer.scope, target)
        if isinstance(before, Refusal):
            return before
        if plan is None or before.head.version != plan.version:
            raise _Moved
        step = step_for(ports, before.head, viewer.actor)
        refused = await _over_limit(uow, before, plan, step)
        change = refused or _decided(before, plan, command, step)
        if not isinstance(change, Change):
            return change
        return replace(change, check=partial(_over_limit, before=before, plan=plan, step=step))

    try:
        return await changed_with_stock(ports, viewer, call, decide)
    except _Moved:
        return None


async def _over_limit(uow: UnitOfWork, before: Order, plan: _Plan, step: Step) -> LimitExceeded | None:
    """Of units that a member may have over a period; who may not change the order at all is told that first."""
    if isinstance(plan.terms, Refusal) or refusal(before, MachineKind.ORDER, before.head.id, _ACTION, step) is not None:
        return None
    had: dict[str, int] = {}
    for line in before.lines:
        had[line.sku] = had.get(line.sku, 0) + line.quantity
    return await modified_limit(uow, step.policy, before.head, plan.terms.lines, had, step.now)


def _decided(before: Order, plan: _Plan, command: ModifyOrder, step: Step) -> Change | Outcome:
    refused = refusal(before, MachineKind.ORDER, before.head.id, _ACTION, step)
    if refused is not None:
        return refused
    terms = plan.terms
    if isinstance(terms, Refusal):
        return terms
    reasons = blocked(before, terms)
    if reasons:
        return ActionRejected(message=reasons[0].message, action=_ACTION, state=before.head.status, blocked_by=reasons)
    return _price_changed(command, terms, before) or _changed(before, plan, terms, command, step)


def _changed(before: Order, plan: _Plan, terms: NewTerms, command: ModifyOrder, step: Step) -> Change | Outcome:
    is_unpaid = before.head.status in UNPAID_STATUSES
    is_short = plan.short is not None
    if command.is_dry_run:
        return plan.short if plan.short is not None else _outcome(before, terms, is_applied=False)
    after = (modified_unpaid if is_unpaid else modified_paid)(before, terms, step)
    waits = pending(after) is not None
    if waits and is_short and plan.short is not None:
        return plan.short
    old, new = coupons_of(before.discounts), coupons_of(terms.discounts)
    claims = tuple(dict.fromkeys((*old, *new))) if waits else new
    return Change(
        before,
        after,
        step,
        _outcome(before, terms, is_applied=not waits),
        coupon_codes=None if set(claims) == set(old) else claims,
        moves_units=lines_changed(before, terms) and not waits,
    )


def _outcome(before: Order, terms: NewTerms, *, is_applied: bool) -> OrderModified:
    return OrderModified(
        order_id=before.head.id,
        difference_minor=terms.total_minor - before.head.total_minor,
        currency=before.head.currency,
        is_applied=is_applied,
    )


def _price_changed(command: ModifyOrder, terms: NewTerms, order: Order) -> PriceChanged | None:
    expected, currency = command.expected_total, order.head.currency
    if expected is None or (expected.amount_minor, expected.currency) == (terms.total_minor, currency):
        return None
    return PriceChanged(
        expected_minor=expected.amount_minor,
        expected_currency=expected.currency,
        actual_minor=terms.total_minor,
        currency=currency,
    )


async def _planned(ports: Ports, viewer: Viewer, command: ModifyOrder) -> _Plan | None:
    """None: there is no such order for the viewer."""
    is_order = kind_of(command.order_id) is IdKind.ORDER
    order = await loaded(ports, command.order_id, viewer.scope) if is_order else None
    if order is None:
        return None
    terms = await _new_terms(ports, viewer, command, order)
    is_dear = isinstance(terms, NewTerms) and (command.is_dry_run or is_difference_due(order, terms))
    short = await _short(ports, order, terms) if is_dear and isinstance(terms, NewTerms) else None
    return _Plan(order.head.version, terms, short)


async def _new_terms(ports: Ports, viewer: Viewer, command: ModifyOrder, order: Order) -> NewTerms | Refusal:
    step = step_for(ports, order.head, viewer.actor)
    if refusal(order, MachineKind.ORDER, order.head.id, _ACTION, step) is not None:
        return _as_it_is(command, order)  # it will be refused: no service is asked
    problems = line_problems(order, command.set_lines)
    if problems:
        return InvalidInput(path=problems[0].path, problems=problems)
    wanted = _wanted(command, order)
    refused = _form_refused(ports, viewer, wanted)
    if refused is not None:
        return refused
    if not is_priced_anew(wanted.head, wanted.shipping_address, _units(wanted), _coupons(wanted)):
        return _as_it_is(command, order)
    return await repriced(ports, step.policy, wanted)


def _units(wanted: Wanted) -> bool:
    """Whether other units are wanted."""
    return bool(wanted.added) or any(wanted.quantities[line.id] != line.quantity for line in wanted.lines)


def _coupons(wanted: Wanted) -> bool:
    return set(wanted.coupon_codes) != set(wanted.old_coupons)


def _as_it_is(command: ModifyOrder, order: Order) -> NewTerms:
    """Other words, the same price."""
    address = command.shipping_address or order.head.shipping_address
    note = order.head.note if command.note is None else command.note
    return NewTerms(order.lines, order.discounts, order.head.shipping_minor, address, note)


def _wanted(command: ModifyOrder, order: Order) -> Wanted:
    quantities = {line.id: line.quantity for line in order.lines}
    quantities |= {line.line_id: line.quantity for line in command.set_lines}
    codes = coupons_of(order.discounts) if command.coupon_codes is None else command.coupon_codes
    as_it_is = _as_it_is(command, order)
    return Wanted(
        order.head,
        order.lines,
        order.discounts,
        quantities,
        command.add_lines,
        codes,
        as_it_is.shipping_address,
        as_it_is.note,
    )


def _form_refused(ports: Ports, viewer: Viewer, wanted: Wanted) -> Refusal | None:
    """The same that is wrong with an order that is placed so. Of its type only whether it is sent matters: its group, or its
    presale, it has.
    """
    head, kept = wanted.head, wanted.kept
    wish = Wish(
        business_unit=head.business_unit,
        channel=head.channel,
        member_id=head.member_id,
        lines=(*(PlaceOrderLine(line.sku, wanted.quantities[line.id]) for line in kept), *wanted.added),
        order_type=OrderType.VIRTUAL if head.order_type is OrderType.VIRTUAL else OrderType.PHYSICAL,
        coupon_codes=wanted.coupon_codes,
        shipping_address=wanted.shipping_address,
    )
    terms = terms_of(ports, wish)
    refused = terms if isinstance(terms, Refusal) else wish_refused(viewer, wish, terms, needs_address=False)
    return None if refused is None else _renamed(refused, len(kept))


def _renamed(refused: Refusal, kept_count: int) -> Refusal:
    """As the input of this action calls it: its lines are those that are set, then those that are added."""

    def path(old: tuple[str, ...]) -> tuple[str, ...]:
        if old[:1] != ("lines",):
            return old
        if len(old) == 1 or int(old[1]) < kept_count:
            return ("setLines",)
        return ("addLines", str(int(old[1]) - kept_count), *old[2:])

    if isinstance(refused, InvalidInput):
        problems = tuple(replace(each, path=path(each.path)) for each in refused.problems)
        return replace(refused, path=problems[0].path, problems=problems)
    return replace(refused, path=path(refused.path))


async def _short(ports: Ports, order: Order, terms: NewTerms) -> OutOfStock | None:
    """Of units that are new, what is not there now."""
    had = {line.id: line.quantity for line in order.lines}
    more: dict[str, int] = {}
    for line in terms.lines:
        units = line.quantity - had.get(line.id, 0)
        if units > 0 and line.stock_policy is not StockPolicy.NONE:
            more[line.sku] = more.get(line.sku, 0) + units
    stock = await ports.inventory.stock(list(more)) if more else []
    there = {view.sku: view.sellable for view in stock if view is not None}
    lacks = tuple(ShortLine(sku, units, there.get(sku, 0)) for sku, units in more.items() if there.get(sku, 0) < units)
    return OutOfStock(path=("addLines",), lines=lacks) if lacks else None
