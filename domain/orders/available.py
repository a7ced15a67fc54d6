"""Which actions a caller may take on an order, a payment, a refund or a fulfillment now, and what keeps others from it.

Pure, and from stored columns only: the head, the subject and its timers. So a list can tell it of every row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.orders.model import Subject
from domain.orders.state import BEFORE, SAME, Facts, Flow, Rule, blocks
from domain.orders.views import TimerView
from domain.values.enums import MachineKind
from domain.values.refusals import BlockedReason


@dataclass(frozen=True, slots=True)
class AvailableAction:
    action: str
    mutation: str | None
    enabled: bool
    next_state: str | None
    """None where the action's outcome chooses among several."""
    blocked_by: tuple[BlockedReason, ...]
    deadline: datetime | None
    """When time takes the action away: a timer of the subject, or a guard."""


def available_actions(
    flow: Flow, machine: MachineKind, facts: Facts, timers: Iterable[TimerView], *, include_blocked: bool = False
) -> tuple[AvailableAction, ...]:
    """The mutations that the tables let the actor take on the subject, in the tables' order; with `include_blocked` also those
    that a guard blocks.
    """
    subject = facts.subject
    running = tuple(timer for timer in timers if timer.subject_id == subject.id and timer.due_at is not None)
    rules = flow.rules_from(machine, subject.status)
    offered = (
        _offered(flow, rule, facts, running) for rule in rules if rule.mutation and rule.roles & facts.actor.roles
    )
    return tuple(action for action in offered if action.enabled or include_blocked)


def _offered(flow: Flow, rule: Rule, facts: Facts, timers: tuple[TimerView, ...]) -> AvailableAction:
    reasons, targets = blocks(rule, facts), _targets(rule, facts.subject)
    return AvailableAction(
        action=rule.action,
        mutation=rule.mutation,
        enabled=not reasons,
        next_state=targets[0] if len(targets) == 1 else None,
        blocked_by=reasons,
        deadline=_deadline(flow, rule, facts, timers),
    )


def _deadline(flow: Flow, rule: Rule, facts: Facts, timers: tuple[TimerView, ...]) -> datetime | None:
    ends = [timer.due_at for timer in timers if _ends(flow, rule, facts, timer) and timer.due_at is not None]
    closes_at = rule.until(facts) if rule.until is not None else None
    return min(ends if closes_at is None else [*ends, closes_at], default=None)


def _ends(flow: Flow, rule: Rule, facts: Facts, timer: TimerView) -> bool:
    """Whether the timer leads to where the actor cannot take the action any more."""
    fired = flow.rule(rule.machine, facts.subject.status, timer.action)
    if fired is None:
        return False
    later = (flow.rule(rule.machine, target, rule.action) for target in _targets(fired, facts.subject))
    return not any(found is not None and found.roles & facts.actor.roles for found in later)


def _targets(rule: Rule, subject: Subject) -> tuple[str, ...]:
    """The states that the step may lead to from here."""
    before = getattr(subject, "previous_status", None)
    words = {SAME: subject.status, BEFORE: before}
    return tuple(str(target) for name in rule.next if (target := words.get(name, name)) is not None)
