"""Whether the tables of a flow hold together: what a start, `order-center flows --check` and a test ask. Pure.

reached     every state can be reached from a beginning, and every state that a row names exists
left        every state that lasts has a row that a person may take, or is ended by an action on another machine
timed       every state that waits for someone outside has a timer, whose action the system may take there; one that a window
            closes waits for nobody
mutations   a row that names a mutation bears its name, and a person may take it; one that bears the name of a mutation is marked
            with it, others are the system's own; every mutation that acts on an order is a row of some flow
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Final

from domain.orders.state import BEFORE, SAME, Flow, Rule, State
from domain.policies import AfterSaleRules, Timeouts
from domain.values.enums import (
    AfterSaleState,
    FulfillmentState,
    MachineKind,
    OrderStatus,
    PaymentState,
    RefundState,
    Role,
)
from domain.values.faults import DomainFault

NOT_PERSONS: Final = frozenset((Role.SYSTEM, Role.PROVIDER))
FROM_OUTSIDE: Final = "importOrders"
"""May begin in any state, so it says nothing of what can be reached."""
TIMEOUTS: Final = frozenset(part.name for part in fields(Timeouts))
WINDOWS: Final = frozenset(part.name for part in fields(AfterSaleRules))

WHOLLY_WAITING: Final = frozenset((MachineKind.ORDER, MachineKind.AFTER_SALE))
"""Every state of theirs that is not terminal, now or in time, waits for somebody."""
WAITING: Final[Mapping[MachineKind, frozenset[str]]] = {
    MachineKind.PAYMENT: frozenset((PaymentState.PROCESSING, PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED)),
    MachineKind.REFUND: frozenset((RefundState.PROCESSING,)),
    MachineKind.FULFILLMENT: frozenset(
        (
            FulfillmentState.ALLOCATED,
            FulfillmentState.BACKORDERED,
            FulfillmentState.INTERCEPTING,
            FulfillmentState.RETURNING,
        )
    ),
}
"""Of the other machines these wait; what their other states wait for, the order's own timer is about."""

LEFT_ELSEWHERE: Final[Mapping[tuple[MachineKind, str], str]] = {
    (MachineKind.ORDER, OrderStatus.REFUNDING): "retryRefund",
    (MachineKind.ORDER, OrderStatus.REFUND_EXCEPTION): "retryRefund",
    (MachineKind.ORDER, OrderStatus.CANCEL_PENDING): "resolveIntercept",
    (MachineKind.PAYMENT, PaymentState.PROCESSING): "payOrder",
    (MachineKind.PAYMENT, PaymentState.FAILED): "payOrder",
    (MachineKind.PAYMENT, PaymentState.CANCELLED): "payOrder",
    (MachineKind.FULFILLMENT, FulfillmentState.BACKORDERED): "cancelOrder",
    (MachineKind.FULFILLMENT, FulfillmentState.ON_HOLD): "releaseOrder",
}
"""States that a person ends by an action on another machine of the order: an attempt that hangs by another attempt, what is held
by releasing the order, what waits for stock by cancelling it, an order that waits for its money or parcels by acting on those.
"""

PASSED_THROUGH: Final = frozenset(
    (
        (MachineKind.PAYMENT, PaymentState.CREATED),
        (MachineKind.FULFILLMENT, FulfillmentState.CREATED),
        (MachineKind.AFTER_SALE, AfterSaleState.APPROVED),
        (MachineKind.AFTER_SALE, AfterSaleState.INSPECTING),
    )
)
"""States that the system leaves in the very transaction that enters them."""

NO_STEP: Final = frozenset(
    (
        "placeOrders",
        "createWebhook",
        "updateWebhook",
        "rotateWebhookSecret",
        "deleteWebhook",
        "replayWebhook",
        "startExport",
        "cancelExport",
    )
)
"""Mutations that are no step of an order, or many at once."""


def check_flows(flows: Iterable[Flow], mutations: Collection[str] | None = None) -> None:
    """Raises DomainFault where something does not hold: nothing should run on such tables."""
    problems = problems_of(flows, mutations)
    if problems:
        raise DomainFault("\n".join(problems))


def problems_of(flows: Iterable[Flow], mutations: Collection[str] | None = None) -> tuple[str, ...]:
    """A sentence for each thing that does not hold. `mutations`: the schema's; None: they are not looked at."""
    flows = tuple(flows)
    found = [f"{flow.key} {flow.version}: {problem}" for flow in flows for problem in _problems(flow, mutations)]
    if mutations is not None:
        taken = {rule.mutation for flow in flows for rule in flow.rules}
        found += [f"{name} is a mutation, and no row of any table." for name in sorted({*mutations} - taken - NO_STEP)]
    return tuple(found)


def _problems(flow: Flow, mutations: Collection[str] | None) -> Iterator[str]:
    yield from _unknown_states(flow)
    yield from _unreached(flow)
    yield from (problem for state in flow.states if _lasts(state) for problem in _without_way_out(flow, state))
    yield from (problem for state in flow.states for problem in _badly_timed(flow, state))
    yield from (problem for rule in flow.rules for problem in _without_mutation(flow, rule, mutations))


def _lasts(state: State) -> bool:
    return not state.is_terminal and (state.machine, state.name) not in PASSED_THROUGH


def _unknown_states(flow: Flow) -> Iterator[str]:
    known = {(state.machine, state.name) for state in flow.states}
    for rule in flow.rules:
        named = {*rule.states, *rule.next} - {None, SAME, BEFORE}
        yield from (
            f"{rule.action} names {_shown(rule.machine, name or '')}, which is no state of the flow."
            for name in sorted(name for name in named if name and (rule.machine, name) not in known)
        )


def _unreached(flow: Flow) -> Iterator[str]:
    reached = reachable(flow)
    yield from (
        f"{_shown(state.machine, state.name)} is never reached."
        for state in flow.states
        if (state.machine, state.name) not in reached
    )


def reachable(flow: Flow) -> frozenset[tuple[MachineKind, str]]:
    """The states that a beginning leads to, in any number of steps."""
    reached: set[tuple[MachineKind, str]] = set()
    frontier: set[tuple[MachineKind, str | None]] = {(rule.machine, None) for rule in flow.rules}
    while frontier:
        targets = {
            (machine, str(target))
            for machine, state in frontier
            for rule in flow.rules_from(machine, state)
            if rule.action != FROM_OUTSIDE
            for target in rule.next
            if target not in {SAME, BEFORE}
        }
        frontier = {*(targets - reached)}
        reached |= targets
    return frozenset(reached)


def _without_way_out(flow: Flow, state: State) -> Iterator[str]:
    rules = flow.rules_from(state.machine, state.name)
    if any(rule.mutation and rule.roles - NOT_PERSONS for rule in rules):
        return
    elsewhere = LEFT_ELSEWHERE.get((state.machine, state.name))
    if elsewhere is None or not any(rule.mutation == elsewhere for rule in flow.rules):
        yield f"No person can do anything about {_shown(state.machine, state.name)}."


def _badly_timed(flow: Flow, state: State) -> Iterator[str]:
    name, timer = _shown(state.machine, state.name), state.timer
    waits = state.machine in WHOLLY_WAITING or state.name in WAITING.get(state.machine, ())
    if state.is_terminal and timer is not None:
        yield f"{name} is terminal and has the timer {timer.name}."
    if state.window is not None and (state.is_terminal or timer is not None or state.window not in WINDOWS):
        yield f"{name} has the window {state.window}, which no policy names, or something else that ends it."
    if timer is None:
        if waits and _lasts(state) and state.window is None:
            yield f"{name} waits without a deadline or an alert."
        return
    rule = flow.rule(state.machine, state.name, timer.action)
    if rule is None or Role.SYSTEM not in rule.roles:
        yield f"{name} has the timer {timer.name}, and the system may not take {timer.action} there."
    if timer.timeout not in TIMEOUTS:
        yield f"{name} has the timer {timer.name}, and no policy says how long it is."


def _without_mutation(flow: Flow, rule: Rule, mutations: Collection[str] | None) -> Iterator[str]:
    if rule.mutation is None:
        is_marked = any(other.mutation == rule.action for other in flow.rules)
        if mutations is not None and rule.action in mutations and not is_marked:
            yield f"{rule.action} bears the name of a mutation, and is not marked with it."
        return
    if rule.mutation != rule.action:
        yield f"{rule.action} has a mutation of another name, {rule.mutation}."
    if not rule.roles - NOT_PERSONS:
        yield f"{rule.action} has a mutation, and no person may take it."
    if mutations is not None and rule.mutation not in mutations:
        yield f"{rule.action} has a mutation that the schema does not have."


def _shown(machine: MachineKind, state: str) -> str:
    return f"{machine.lower().replace('_', '-')} {state}"
