"""The state machines. Everything that says which step may follow which lives here and in the tables that this module runs.

Theory of operation
    An order and its payments, refunds and fulfillments are one aggregate with one version. Each of them is a subject of one
    machine. A `Rule` is one row of a table: in these states this action leads there, for these roles, unless a guard
    blocks it; its effects run after the step. A `State` says what it is and which timer runs while a subject is in it.

    `transition` takes one step: it finds the rule, sets the subject's state, drops the timers of the state that is left,
    starts the one of the state that is entered, writes one event under the next version, runs the effects. `settled` then
    takes every derived step (rules with `when`) until none holds, so that an order is never left between two states.

    `refusal` says beforehand why a step is not allowed, as a value for the caller. A step that the table does not list
    changes nothing: `transition` raises DomainFault, because whoever calls it has asked `refusal` first.

    Guards read the heads and subjects only (stored columns), never other parts: so lists can tell which actions are open
    without reading more. What depends on the input (quantities, amounts) is checked by the action itself.

What is not handled here: input/output of any kind, the clock (`Step.now`), ids (`Step.ids`), saving, who may see the order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from domain.access.viewer import SYSTEM, Actor
from domain.orders.model import Order, Subject
from domain.orders.sums import drawn
from domain.orders.views import AfterSaleView, OrderView, TimerView, TransitionView
from domain.policies import UnitPolicy
from domain.values.enums import AfterSaleStatus, FulfillmentState, MachineKind, OrderStatus, OrderType, Role
from domain.values.faults import DomainFault
from domain.values.ids import IdKind
from domain.values.refusals import ActionRejected, BlockedReason, Forbidden
from domain.values.replacing import replace

SAME: Final = "same"
"""As a next state: the state it is in."""
BEFORE: Final = "before"
"""As a next state: the state before the hold or the exception."""

REMEMBERED: Final = frozenset(
    (OrderStatus.ON_HOLD, OrderStatus.EXCEPTION, FulfillmentState.ON_HOLD, FulfillmentState.INTERCEPTING)
)
"""States that a subject comes back from: entering one keeps the state before."""

RESTING: Final = frozenset(("receiptTimeout", "completion"))
"""Timers of an order that rest while an after-sale case is open."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a guard may look at."""

    head: OrderView
    subject: Subject
    actor: Actor
    policy: UnitPolicy
    now: datetime
    deadline: datetime | None
    """Of the subject's nearest timer."""


@dataclass(frozen=True, slots=True)
class Step:
    """The circumstances of a step."""

    flow: "Flow"
    policy: UnitPolicy
    actor: Actor
    now: datetime
    ids: Callable[[IdKind], str]
    note: str | None = None

    def as_(self, actor: Actor) -> "Step":
        return replace(self, actor=actor, note=None)


Guard = Callable[[Facts], BlockedReason | None]
Effect = Callable[[Order, Step], Order]
Condition = Callable[[Order], bool]


class Clocks(Enum):
    """What happens to the timers of the state that is left."""

    DROP = "drop"
    REST = "rest"
    RESUME = "resume"
    KEEP = "keep"
    """The one that the entered state would start, by its name, goes on as it was; others are dropped."""


@dataclass(frozen=True, slots=True)
class TimerRule:
    """The timer of a state: after `timeout` (a field of the unit's Timeouts) the system takes `action`."""

    name: str
    action: str
    timeout: str


@dataclass(frozen=True, slots=True)
class State:
    machine: MachineKind
    name: str
    description: str
    timer: TimerRule | None = None
    is_terminal: bool = False
    window: str | None = None
    """Terminal once this time (a field of the unit's AfterSaleRules) since it was entered is over: time alone ends it, no step."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table."""

    machine: MachineKind
    states: tuple[str | None, ...]
    """None: the subject does not exist yet."""
    action: str
    next: tuple[str, ...]
    roles: frozenset[Role]
    guards: tuple[Guard, ...] = ()
    effects: tuple[Effect, ...] = ()
    clocks: Clocks = Clocks.DROP
    when: Condition | None = None
    """Derived: the system takes the step as soon as this holds."""
    mutation: str | None = None
    """The contract's mutation; None: the system's own."""
    of_case: Callable[[Order, AfterSaleView], bool] | None = None
    """As `when`, of one after-sale case."""
    until: Callable[[Facts], datetime | None] | None = None
    """When a guard will take the action away; None: no guard that time moves, or not yet."""


@dataclass(frozen=True)
class Flow:
    """The tables of one order type, under one version. An order stays on the version that it was placed under."""

    order_type: OrderType
    version: int
    states: tuple[State, ...]
    rules: tuple[Rule, ...]
    _by_step: dict[tuple[MachineKind, str | None, str], Rule] = field(init=False, repr=False)
    _by_state: dict[tuple[MachineKind, str | None], tuple[Rule, ...]] = field(init=False, repr=False)
    _states: dict[tuple[MachineKind, str], State] = field(init=False, repr=False)
    _roles: dict[tuple[MachineKind, str], frozenset[Role]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_step: dict[tuple[MachineKind, str | None, str], Rule] = {}
        by_state: dict[tuple[MachineKind, str | None], tuple[Rule, ...]] = {}
        roles: dict[tuple[MachineKind, str], frozenset[Role]] = {}
        for rule in self.rules:
            roles[rule.machine, rule.action] = roles.get((rule.machine, rule.action), rule.roles) | rule.roles
            for state in rule.states:
                step = (rule.machine, state, rule.action)
                if step in by_step:
                    raise DomainFault(f"Two rows of the table are about {step}.")
                by_step[step] = rule
                by_state[rule.machine, state] = (*by_state.get((rule.machine, state), ()), rule)
        object.__setattr__(self, "_by_step", by_step)
        object.__setattr__(self, "_by_state", by_state)
        object.__setattr__(self, "_roles", roles)
        object.__setattr__(self, "_states", {(s.machine, s.name): s for s in self.states})

    @property
    def key(self) -> str:
        return self.order_type.value

    def has(self, machine: MachineKind) -> bool:
        return any(state.machine is machine for state in self.states)

    def rule(self, machine: MachineKind, state: str | None, action: str) -> Rule | None:
        return self._by_step.get((machine, state, action))

    def rules_from(self, machine: MachineKind, state: str | None) -> tuple[Rule, ...]:
        return self._by_state.get((machine, state), ())

    def state(self, machine: MachineKind, name: str) -> State:
        return self._states[machine, name]

    def roles_for(self, machine: MachineKind, action: str) -> frozenset[Role]:
        """Who may take the action in some state."""
        return self._roles.get((machine, action), frozenset())


def facts_of(order: Order, subject: Subject, step: Step) -> Facts:
    return Facts(order.head, subject, step.actor, step.policy, step.now, deadline_of(order.timers, subject.id))


def deadline_of(timers: tuple[TimerView, ...], subject_id: str) -> datetime | None:
    return min((t.due_at for t in timers if t.subject_id == subject_id and t.due_at), default=None)


def blocks(rule: Rule, facts: Facts) -> tuple[BlockedReason, ...]:
    """Every guard's reason, in the table's order; empty: the way is free."""
    return tuple(reason for guard in rule.guards if (reason := guard(facts)) is not None)


def refusal(
    order: Order, machine: MachineKind, subject_id: str, action: str, step: Step
) -> ActionRejected | Forbidden | None:
    """Why the actor cannot take the step now; None: it can."""
    flow, subject = step.flow, order.subject(machine, subject_id)
    if subject is None:
        raise DomainFault(f"{subject_id} is no part of {order.head.id}.")
    if not flow.roles_for(machine, action) & step.actor.roles:
        return Forbidden(message=f"None of your roles may {action}.")
    rule = flow.rule(machine, subject.status, action)
    if rule is None:
        message = f"{action} cannot be done while the {machine.lower()} is {subject.status}."
        reasons: tuple[BlockedReason, ...] = (BlockedReason("WRONG_STATE", message),)
        return ActionRejected(message=message, action=action, state=subject.status, blocked_by=reasons)
    if not rule.roles & step.actor.roles:
        return Forbidden(message=f"None of your roles may {action} while the {machine.lower()} is {subject.status}.")
    reasons = blocks(rule, facts_of(order, subject, step))
    if reasons:
        return ActionRejected(message=reasons[0].message, action=action, state=subject.status, blocked_by=reasons)
    return None


def transition(
    order: Order,
    machine: MachineKind,
    subject_id: str,
    action: str,
    step: Step,
    *,
    to: str | None = None,
    details: dict[str, Any] | None = None,
) -> Order:
    """Take one step. `to` chooses where the rule leaves a choice. Raises DomainFault where the table does not list it."""
    subject = order.subject(machine, subject_id)
    state = subject.status if subject is not None else None
    rule = step.flow.rule(machine, state, action)
    if subject is None or rule is None or not rule.roles & step.actor.roles:
        raise DomainFault(f"The table does not let {step.actor.id} take {action} on {subject_id} in {state}.")
    target = _target(rule, subject, to)
    return _entered(order, rule, subject, target, step, details)


def begun(
    order: Order,
    machine: MachineKind,
    subject_id: str,
    action: str,
    step: Step,
    *,
    details: dict[str, Any] | None = None,
) -> Order:
    """The first step of a subject that was just added to the order in its first state."""
    subject = order.subject(machine, subject_id)
    rule = step.flow.rule(machine, None, action)
    if subject is None or rule is None or not rule.roles & step.actor.roles:
        raise DomainFault(f"The table does not let {step.actor.id} begin {subject_id} with {action}.")
    if subject.status not in rule.next:
        raise DomainFault(f"{action} does not begin in {subject.status}.")
    order = _with_event(order, machine, subject_id, None, subject.status, action, step, details)
    order = with_state_timer(order, machine, subject_id, subject.status, step)
    return _with_effects(order, rule, step)


def settled(order: Order, step: Step) -> Order:
    """The order after every derived step that holds, taken by the system; its sums drawn."""
    order, by_system = drawn(order), step.as_(SYSTEM)
    while (found := _derived(order, step.flow)) is not None:
        rule, subject = found
        target = _target(rule, subject, None)
        order = drawn(_entered(order, rule, subject, target, by_system, None))
    return _with_rests(order, step.now)


def without_timer(order: Order, subject_id: str, name: str) -> Order:
    return replace(order, timers=tuple(t for t in order.timers if (t.subject_id, t.name) != (subject_id, name)))


def with_timer(order: Order, timer: TimerView) -> Order:
    order = without_timer(order, timer.subject_id, timer.name)
    return replace(order, timers=(*order.timers, timer))


def timer_due(rule: TimerRule, policy: UnitPolicy, now: datetime) -> datetime:
    seconds: int = getattr(policy.timeouts, rule.timeout)
    return now + timedelta(seconds=seconds)


def _derived(order: Order, flow: Flow) -> tuple[Rule, Subject] | None:
    """Of the cases first: what they are about may be the last that the order waits for."""
    for case in order.after_sales:
        for rule in flow.rules_from(MachineKind.AFTER_SALE, case.status):
            if rule.of_case is not None and rule.of_case(order, case):
                return rule, case
    rules = flow.rules_from(MachineKind.ORDER, order.head.status)
    found = next((rule for rule in rules if rule.when is not None and rule.when(order)), None)
    return None if found is None else (found, order.head)


def _with_rests(order: Order, now: datetime) -> Order:
    """The order's deadlines for the receipt and the completion rest while an after-sale case is open."""
    if not order.after_sales:
        return order
    change = _rest if order.head.after_sale_status is AfterSaleStatus.OPEN else _going_on
    timers = tuple(
        change(timer, now) or timer if timer.subject_id == order.head.id and timer.name in RESTING else timer
        for timer in order.timers
    )
    return order if timers == order.timers else replace(order, timers=timers)


def _going_on(timer: TimerView, now: datetime) -> TimerView | None:
    return timer if timer.due_at is not None else _resume(timer, now)


def _target(rule: Rule, subject: Subject, to: str | None) -> str:
    if to is not None:
        if to in rule.next or (SAME in rule.next and to == subject.status):
            return to
        if BEFORE in rule.next and to == _state_before(subject):
            return to
        raise DomainFault(f"{rule.action} does not lead to {to}.")
    if len(rule.next) != 1:
        raise DomainFault(f"{rule.action} leads to one of {rule.next}: which one was not said.")
    if rule.next[0] == SAME:
        return subject.status
    if rule.next[0] == BEFORE:
        return _state_before(subject)
    return rule.next[0]


def _state_before(subject: Subject) -> str:
    before = getattr(subject, "previous_status", None)
    if before is None:
        raise DomainFault(f"{subject.id} does not know which state it was in before.")
    return str(before)


def _entered(
    order: Order, rule: Rule, subject: Subject, target: str, step: Step, details: dict[str, Any] | None
) -> Order:
    machine, source, subject_id = rule.machine, subject.status, subject.id
    if target != source:
        changes: dict[str, Any] = {"status": type(source)(target)}
        if target in REMEMBERED:
            changes["previous_status"] = source
        elif source in REMEMBERED:
            changes["previous_status"] = None
        order = order.with_subject(machine, subject_id, **changes)
        order = _with_clocks(order, rule, subject_id, target, step)
    order = _with_event(order, machine, subject_id, source, target, rule.action, step, details)
    return _with_effects(order, rule, step)


def _with_effects(order: Order, rule: Rule, step: Step) -> Order:
    for effect in rule.effects:
        order = effect(order, step)
    return order


def _with_event(
    order: Order,
    machine: MachineKind,
    subject_id: str,
    source: str | None,
    target: str,
    action: str,
    step: Step,
    details: dict[str, Any] | None,
) -> Order:
    sequence = order.head.version + 1
    event = TransitionView(
        id=step.ids(IdKind.EVENT),
        order_id=order.head.id,
        sequence=sequence,
        machine=machine,
        subject_id=subject_id,
        from_state=source,
        to_state=target,
        action=action,
        actor_kind=step.actor.kind,
        actor_id=step.actor.id,
        actor_name=step.actor.name,
        at=step.now,
        note=step.note,
        details=details or {},
    )
    head = replace(order.head, version=sequence, updated_at=step.now)
    return replace(order, head=head, events=(*order.events, event))


def with_state_timer(order: Order, machine: MachineKind, subject_id: str, state: str, step: Step) -> Order:
    """The timer of the state begins, or begins anew."""
    rule = step.flow.state(machine, state).timer
    return order if rule is None else with_timer(order, _started(order, rule, machine, subject_id, step))


def _started(order: Order, rule: TimerRule, machine: MachineKind, subject_id: str, step: Step) -> TimerView:
    due_at = timer_due(rule, step.policy, step.now)
    return TimerView(order.head.id, subject_id, rule.name, rule.action, machine, due_at, None)


def _with_clocks(order: Order, rule: Rule, subject_id: str, target: str, step: Step) -> Order:
    """The subject's timers after it went from one state to another."""
    entered = step.flow.state(rule.machine, target).timer
    if rule.clocks is Clocks.KEEP and entered is not None and order.timer(subject_id, entered.name) is not None:
        others = (t for t in order.timers if t.subject_id != subject_id or t.name == entered.name)
        return replace(order, timers=tuple(others))
    timers = []
    for timer in order.timers:
        changed = timer if timer.subject_id != subject_id else _CLOCKS[rule.clocks](timer, step.now)
        if changed is not None:
            timers.append(changed)
    if entered is not None and rule.clocks is not Clocks.RESUME:
        timers = [t for t in timers if (t.subject_id, t.name) != (subject_id, entered.name)]
        timers.append(_started(order, entered, rule.machine, subject_id, step))
    # Most steps of payments and fulfillments touch no timer.
    return order if tuple(timers) == order.timers else replace(order, timers=tuple(timers))


def _rest(timer: TimerView, now: datetime) -> TimerView | None:
    if timer.due_at is None:
        return timer
    remaining = max(0, int((timer.due_at - now).total_seconds()))
    return replace(timer, due_at=None, remaining_s=remaining)


def _resume(timer: TimerView, now: datetime) -> TimerView | None:
    """A resting timer goes on; the one of the hold itself ends."""
    if timer.remaining_s is None:
        return None
    return replace(timer, due_at=now + timedelta(seconds=timer.remaining_s), remaining_s=None)


def _drop(_timer: TimerView, _now: datetime) -> TimerView | None:
    return None


_CLOCKS: Final = {Clocks.DROP: _drop, Clocks.REST: _rest, Clocks.RESUME: _resume, Clocks.KEEP: _drop}
