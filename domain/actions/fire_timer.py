"""A timer is due: the system takes the step that it stands for, or sets it later where the step must wait.

The step is taken on the order as it is now, under its lock: a timer that was dropped or moved since it was claimed does
nothing. Before money or stock is given up for silence, the provider is asked.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from domain.access.viewer import EVERYTHING, SYSTEM
from domain.actions.changes import loaded, saved, step_for
from domain.actions.errands import Apply, let_go
from domain.actions.pass_on import pass_on
from domain.actions.transactions import in_transaction
from domain.orders.backorders import ACCEPT_TIMEOUT
from domain.orders.model import Order
from domain.orders.modifying import TIMEOUT
from domain.orders.state import Step, refusal, settled, transition, with_timer, without_timer
from domain.orders.sums import IN_FLIGHT, drawn
from domain.orders.views import TimerView
from domain.orders.vouchers import EXPIRY
from domain.orders.vouchers import expired as expired_vouchers
from domain.payments.answers import ProviderAnswer
from domain.payments.settlement import answered, cancelled, given_up
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import DueTimer, UnitOfWork
from domain.values.enums import MachineKind

POSTPONED_S: Final = 60
ASKS_PROVIDER: Final = frozenset(("payTimeout", "paymentTimeout", "balanceTimeout", "balanceMissed", TIMEOUT))
ENDS_WAITING: Final = frozenset(("payTimeout", "balanceMissed"))
"""With these the order is given up, and with it the attempts to pay it."""

Answers = dict[str, ProviderAnswer | None]


async def fire_timer(ports: Ports, due: DueTimer) -> bool:
    """Whether the timer was still due. Idempotent. Raises ServiceUnavailable: the claim runs out and it is tried again."""
    if due.action == ACCEPT_TIMEOUT:
        return await pass_on(ports, due)
    answers = await _asked(ports, due) if due.action in ASKS_PROVIDER else {}
    expired = await _expired(ports, due) if due.action == "authorizationExpiry" else None

    async def fire(uow: UnitOfWork) -> bool:
        before = await uow.load(EVERYTHING, due.order_id)
        timer = before.timer(due.subject_id, due.name) if before else None
        if before is None or timer is None or not _is_due(timer, ports.clock.now()):
            return False
        after = _fired(before, timer, answers, expired, step_for(ports, before.head, SYSTEM))
        await saved(uow, ports, before, after)
        return True

    return await in_transaction(ports, fire)


async def _asked(ports: Ports, due: DueTimer) -> Answers:
    """What the provider knows of the order's payments in flight."""
    order = await loaded(ports, due.order_id)
    in_flight = [p for p in order.payments if p.status in IN_FLIGHT] if order else []
    return {p.id: await ports.payments.ask(p.id, p.provider_reference) for p in in_flight}


async def _expired(ports: Ports, due: DueTimer) -> Apply | None:
    """An authorization is let go where it is held, unless it was captured or moved meanwhile."""
    order = await loaded(ports, due.order_id)
    payment, timer = (order.payment(due.subject_id), order.timer(due.subject_id, due.name)) if order else (None, None)
    if payment is None or timer is None or not _is_due(timer, ports.clock.now()):
        return None
    return await let_go(ports, payment, due.action)


def _is_due(timer: TimerView, now: datetime) -> bool:
    return timer.due_at is not None and timer.due_at <= now


def _fired(order: Order, timer: TimerView, answers: Answers, expired: Apply | None, step: Step) -> Order:
    order = _with_answers(order, answers, step)
    current = order.timer(timer.subject_id, timer.name)
    if current != timer:
        return order
    order = without_timer(order, timer.subject_id, timer.name)
    if timer.action == "paymentTimeout":
        if answers.get(timer.subject_id) is None:
            return given_up(order, timer.subject_id, step)
        return _postponed(order, timer, step)
    if timer.action == EXPIRY:
        return expired_vouchers(order, step)
    if timer.action == "authorizationExpiry":
        return expired(order, step) if expired else _postponed(order, timer, step)
    if timer.action in ENDS_WAITING:
        order = _without_overdue(order, answers, step)
    # A deadline of the order that outlives its steps bears a name of its own.
    subject_id = order.head.id if timer.machine is MachineKind.ORDER else timer.subject_id
    if refusal(order, timer.machine, subject_id, timer.action, step) is not None:
        return _postponed(order, timer, step)
    return settled(transition(order, timer.machine, subject_id, timer.action, step), step)


def _without_overdue(order: Order, answers: Answers, step: Step) -> Order:
    """Attempts whose own time is over, too, go with the order; one that has time left keeps it waiting."""
    allowed = timedelta(seconds=step.policy.timeouts.payment_s)
    in_flight = [payment for payment in order.payments if payment.status in IN_FLIGHT]
    if any(step.now < payment.created_at + allowed for payment in in_flight):
        return order
    for payment in in_flight:
        give_up = given_up if answers.get(payment.id) is None else cancelled
        order = give_up(order, payment.id, step)
    return drawn(order)


def _with_answers(order: Order, answers: Answers, step: Step) -> Order:
    for payment_id, answer in answers.items():
        if answer is not None:
            order = answered(order, payment_id, answer, step)
    return order


def _postponed(order: Order, timer: TimerView, step: Step) -> Order:
    return with_timer(order, replace(timer, due_at=step.now + timedelta(seconds=POSTPONED_S)))
