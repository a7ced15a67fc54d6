"""Orders that are paid in two parts: the deposit opens them, the balance follows, what is kept when they are given up. Pure."""

from datetime import datetime
from typing import Final

from domain.access.viewer import SYSTEM
from domain.orders.effects import capture_of, give_money_back
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.refunding import refundable_minor
from domain.orders.state import Facts, Step, with_timer
from domain.orders.sums import capturable_minor, drawn, open_payments
from domain.orders.views import InstallmentView, TimerView
from domain.values.enums import (
    FulfillmentKind,
    FulfillmentState,
    InstallmentKind,
    MachineKind,
    OrderStatus,
    OrderType,
)
from domain.values.money import at_rate
from domain.values.refusals import BlockedReason
from domain.values.replacing import replace

BALANCE_OPENS: Final = "balanceOpens"
BALANCE_TIMEOUT: Final = "balanceTimeout"
_MADE: Final = frozenset((FulfillmentState.READY, FulfillmentState.PARTIALLY_SHIPPED, FulfillmentState.SHIPPED))
_BEGUN: Final = _MADE | {FulfillmentState.PRODUCING}


def balance_paid(facts: Facts) -> BlockedReason | None:
    """A guard: what was made to order leaves when all of it is paid, whatever is open to be paid now."""
    if facts.head.is_imported or facts.head.due_minor == 0:
        return None
    return BlockedReason("PAYMENT_DUE", "The order is not paid in full.")


def nothing_owed(order: Order) -> bool:
    """A condition: whatever it costs now is secured."""
    head = order.head
    return head.secured_minor >= head.total_minor - head.cancelled_minor


def made_and_owed(order: Order) -> bool:
    """A condition: everything is made, and the balance is due."""
    live = [p for p in order.fulfillments if _is_live(p.kind, p.status)]
    return bool(live) and all(p.status is FulfillmentState.READY for p in live) and not nothing_owed(order)


def stamp_secured(order: Order, step: Step) -> Order:
    """An effect: the moment when everything was secured."""
    if order.head.due_minor > 0 or order.head.paid_at is not None:
        return order
    return order.with_head(paid_at=step.now)


def capture_all(order: Order, _step: Step) -> Order:
    """An effect: what is authorized is taken, as much of it as is still owed."""
    for payment in open_payments(order):
        amount = capturable_minor(order.head, payment)
        if amount:
            order = order.with_errands(capture_of(payment, amount))
    return order


def deduct_for_production(order: Order, _step: Step) -> Order:
    """An effect: with the deposit it is begun, so what was reserved is used."""
    if order.head.status is not OrderStatus.CONFIRMED:
        return order
    return order.with_errands(Errand(ErrandKind.DEDUCT_STOCK, order.head.id))


def open_balance(order: Order, step: Step) -> Order:
    """An effect: the balance is due from now until the deadline of the state."""
    timer = order.timer(order.head.id, BALANCE_TIMEOUT)
    due_at = timer.due_at if timer else None
    return drawn(_with_balance(order, opens_at=step.now, due_at=due_at))


def await_balance(order: Order, step: Step) -> Order:
    """An effect: the deposit of a presale is paid, and taken; its balance opens and ends at the presale's own dates."""
    if order.head.status is not OrderStatus.PENDING_BALANCE:
        return order
    balance, head = balance_of(order), order.head
    timer = order.timer(head.id, BALANCE_TIMEOUT)
    if timer is not None and balance is not None and balance.due_at is not None:
        order = with_timer(order, replace(timer, due_at=max(balance.due_at, step.now)))
    if balance is not None and balance.opens_at is not None and balance.opens_at > step.now:
        opening = TimerView(head.id, head.id, BALANCE_OPENS, BALANCE_OPENS, MachineKind.ORDER, balance.opens_at, None)
        order = with_timer(order, opening)
    return capture_all(order, step)


def keep_fee(order: Order, step: Step) -> Order:
    """An effect, before the money goes back: the fee of what was begun is kept, of what is not on its way back already."""
    return order.with_head(kept_minor=min(fee_minor(order, step), refundable_minor(order)))


def settle_missed(order: Order, step: Step) -> Order:
    """An effect: the balance was missed; the deposit is given back or kept, as the unit's policy says."""
    if step.policy.deposits.keeps_missed:
        order = order.with_head(kept_minor=refundable_minor(order))
    return give_money_back(order, step.as_(SYSTEM))


def fee_minor(order: Order, step: Step) -> int:
    """What giving the order up costs now, of its total."""
    fees, head = step.policy.fees, order.head
    if head.order_type is OrderType.PRESALE:
        deposit = next((part for part in order.installments if part.kind is InstallmentKind.DEPOSIT), None)
        is_awaited = deposit is not None and deposit.paid_minor == deposit.amount_minor and head.paid_at is None
        return at_rate(head.total_minor, fees.presale) if is_awaited else 0
    if head.order_type is not OrderType.MADE_TO_ORDER:
        return 0
    states = [
        part.previous_status if part.status is FulfillmentState.ON_HOLD else part.status
        for part in order.fulfillments
        if _is_live(part.kind, part.status)
    ]
    if states and all(state in _MADE for state in states):
        return at_rate(head.total_minor, fees.ready)
    return at_rate(head.total_minor, fees.producing) if any(state in _BEGUN for state in states) else 0


def balance_of(order: Order) -> InstallmentView | None:
    return next((part for part in order.installments if part.kind is InstallmentKind.BALANCE), None)


def _with_balance(order: Order, *, opens_at: datetime, due_at: datetime | None) -> Order:
    parts = tuple(
        replace(part, opens_at=opens_at, due_at=due_at) if part.kind is InstallmentKind.BALANCE else part
        for part in order.installments
    )
    return replace(order, installments=parts)


def _is_live(kind: FulfillmentKind, status: FulfillmentState) -> bool:
    return kind is FulfillmentKind.ORIGINAL and status is not FulfillmentState.CANCELLED
