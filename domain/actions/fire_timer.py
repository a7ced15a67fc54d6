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
from domain.actions.transactions import in_transaction
from domain.orders.model import Order
from domain.orders.state import Step, refusal, settled, transition, with_timer, without_timer
from domain.orders.sums import IN_FLIGHT
from domain.orders.views import TimerView
from domain.payments.answers import ProviderAnswer
from domain.payments.settlement import answered, given_up
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import DueTimer, UnitOfWork

POSTPONED_S: Final = 60
ASKS_PROVIDER: Final = frozenset(("payTimeout", "paymentTimeout"))

Answers = dict[str, ProviderAnswer | None]


async def fire_timer(ports: Ports, due: DueTimer) -> bool:
    """Whether the timer was still due. Idempotent. Raises ServiceUnavailable: the claim runs out and it is tried again."""
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
    in_flight = [p.id for p in order.payments if p.status in IN_FLIGHT] if order else []
    return {payment_id: await ports.payments.ask(payment_id) for payment_id in in_flight}


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
    if timer.action == "authorizationExpiry":
        return expired(order, step) if expired else _postponed(order, timer, step)
    if refusal(order, timer.machine, timer.subject_id, timer.action, step) is not None:
        return _postponed(order, timer, step)
    return settled(transition(order, timer.machine, timer.subject_id, timer.action, step), step)


def _with_answers(order: Order, answers: Answers, step: Step) -> Order:
    for payment_id, answer in answers.items():
        if answer is not None:
            order = answered(order, payment_id, answer, step)
    return order


def _postponed(order: Order, timer: TimerView, step: Step) -> Order:
    return with_timer(order, replace(timer, due_at=step.now + timedelta(seconds=POSTPONED_S)))
