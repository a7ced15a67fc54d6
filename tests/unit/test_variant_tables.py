"""The tables of the other order types, row by row: those that differ from the ones of physical goods, and what is not listed."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from domain.access.viewer import Actor
from domain.actions.changes import taking
from domain.orders.flows import FLOWS, PHYSICAL_1
from domain.orders.installments import BY_DEPOSIT
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import BEFORE, SAME, Clocks, Flow, Rule, begun, refusal, transition
from domain.orders.views import TimerView
from domain.policies import Timeouts
from domain.values.enums import ActorKind, FulfillmentState, MachineKind, OrderStatus, OrderType, Role
from domain.values.faults import DomainFault
from domain.values.refusals import ActionRejected, Forbidden
from tests.fixtures.orders import START, World, authorized, paid, physical_order

VARIANTS = [flow for flow in FLOWS.values() if flow.order_type is not OrderType.PHYSICAL]
MACHINES = (MachineKind.ORDER, MachineKind.FULFILLMENT)
BEFORE_OF: dict[str, Any] = {
    OrderStatus.ON_HOLD: OrderStatus.CONFIRMED,
    OrderStatus.EXCEPTION: OrderStatus.PAID,
    FulfillmentState.ON_HOLD: FulfillmentState.READY,
    FulfillmentState.INTERCEPTING: FulfillmentState.SHIPPED,
}
GROUP = "grp_" + "0" * 32
PEOPLE = frozenset(Role) - {Role.SYSTEM, Role.PROVIDER}


def actor(role: Role) -> Actor:
    return Actor(ActorKind.STAFF, role.lower(), None, frozenset((role,)))


def base() -> Order:
    """Of goods, captured: parts of every kind that a row may look at."""
    world = World()
    return replace(paid(world, physical_order(world)), timers=(), errands=())


BASE = base()


def in_state(flow: Flow, machine: MachineKind, state: str, action: str = "") -> tuple[Order, str]:
    """The subject in that state, everything around it as the action's guards want it; and its id."""
    order = BASE.with_head(order_type=flow.order_type, payable_minor=100 if action == "payOrder" else 0)
    if flow.order_type is OrderType.GROUP_BUY:
        order = order.with_head(group_id=GROUP, group_deadline=START)
    if not flow.has(MachineKind.FULFILLMENT):
        order = replace(order, fulfillments=(), fulfillment_lines=())
    if machine is MachineKind.FULFILLMENT:
        order = order.with_head(status=OrderStatus.CONFIRMED)
    subject_id = order.head.id if machine is MachineKind.ORDER else order.fulfillments[0].id
    subject = order.subject(machine, subject_id)
    assert subject is not None
    changes = {"status": type(subject.status)(state), "previous_status": BEFORE_OF.get(state)}
    order = order.with_subject(machine, subject_id, **changes)
    timer = TimerView(order.head.id, subject_id, "receiptTimeout", "none", machine, START.replace(year=2027), None)
    return replace(order, timers=(timer,)), subject_id


def own_rows() -> Iterator[Any]:
    """Those that are not the ones of physical goods."""
    for flow in VARIANTS:
        for rule in flow.rules:
            for state in rule.states:
                if rule.machine in MACHINES and PHYSICAL_1.rule(rule.machine, state, rule.action) != rule:
                    name = f"{flow.key}-{rule.machine}-{state}-{rule.action}"
                    yield pytest.param(flow, rule, state, id=name)


def states() -> Iterator[Any]:
    for flow in VARIANTS:
        for state in flow.states:
            if state.machine in MACHINES:
                yield pytest.param(flow, state, id=f"{flow.key}-{state.machine}-{state.name}")


@pytest.mark.parametrize(("flow", "rule", "state"), list(own_rows()))
def test_a_row_is_taken_by_each_of_its_roles(flow: Flow, rule: Rule, state: str | None) -> None:
    for role in sorted(rule.roles):
        step = World(flow=flow).step(actor(role))
        for target in rule.next:
            order, subject_id = in_state(flow, rule.machine, state or target, rule.action)
            if state is None:
                event = begun(order, rule.machine, subject_id, rule.action, step).events[len(order.events)]
                assert (event.action, event.from_state, event.to_state) == (rule.action, None, target)
                continue
            assert refusal(order, rule.machine, subject_id, rule.action, step) is None
            wanted = {SAME: state, BEFORE: str(BEFORE_OF.get(state))}.get(target, target)
            after = transition(order, rule.machine, subject_id, rule.action, step, to=wanted)
            event, found = after.events[len(order.events)], after.subject(rule.machine, subject_id)
            assert (event.action, event.from_state, event.to_state, event.subject_id, event.actor_id) == (
                rule.action,
                state,
                wanted,
                subject_id,
                role.lower(),
            )
            assert found is not None
            assert found.status == wanted


@pytest.mark.parametrize(("flow", "state"), list(states()))
def test_what_is_not_listed_changes_nothing_and_says_why(flow: Flow, state: Any) -> None:
    machine = state.machine
    for action in sorted({rule.action for each in FLOWS.values() for rule in each.rules if rule.machine is machine}):
        rule = flow.rule(machine, state.name, action)
        order, subject_id = in_state(flow, machine, state.name, action)
        copy = replace(order)
        for role in frozenset(Role) - (rule.roles if rule else frozenset()):
            step = World(flow=flow).step(actor(role))
            refused = taking(machine, subject_id, action)(order, step)
            if rule is None and role in flow.roles_for(machine, action):
                assert isinstance(refused, ActionRejected)
                assert (refused.state, refused.blocked_by[0].code) == (state.name, "WRONG_STATE")
            else:
                assert isinstance(refused, Forbidden)
            with pytest.raises(DomainFault):
                transition(order, machine, subject_id, action, step, to=state.name)
            assert order == copy


@pytest.mark.parametrize("flow", VARIANTS, ids=lambda flow: flow.key)
def test_every_state_is_reached_has_a_way_out_and_a_deadline_where_it_waits(flow: Flow) -> None:
    for machine in {state.machine for state in flow.states}:
        known = {state.name: state for state in flow.states if state.machine is machine}
        reached: set[str] = set()
        frontier: set[str | None] = {None}
        while frontier:
            rules = [rule for state in frontier for rule in flow.rules_from(machine, state)]
            targets = {name for rule in rules if rule.action != "importOrders" for name in rule.next} - {SAME, BEFORE}
            frontier = {*(targets - reached)}
            reached |= targets
        assert reached == set(known)
        for name, state in known.items():
            if state.timer is not None:
                rule = flow.rule(machine, name, state.timer.action)
                assert rule is not None
                assert Role.SYSTEM in rule.roles
                assert state.timer.timeout in {each.name for each in fields(Timeouts)}
            if machine is MachineKind.ORDER and not state.is_terminal and state.window is None:
                assert state.timer is not None
                ways = [rule for rule in flow.rules_from(machine, name) if rule.roles & PEOPLE or rule.when]
                assert ways, name


@pytest.mark.parametrize("flow", VARIANTS, ids=lambda flow: flow.key)
def test_rows_that_rest_and_resume(flow: Flow) -> None:
    for rule in flow.rules:
        if BEFORE in rule.next:
            assert rule.clocks is Clocks.RESUME
        if OrderStatus.EXCEPTION in rule.next and rule.states != (None,):
            assert rule.clocks is Clocks.REST


@pytest.mark.parametrize("flow", VARIANTS, ids=lambda flow: flow.key)
def test_the_type_begins_where_its_kind_of_payment_does(flow: Flow) -> None:
    world = World(flow=flow)
    order = physical_order(world)
    first = OrderStatus.PENDING_DEPOSIT if flow.order_type in BY_DEPOSIT else OrderStatus.PENDING_PAYMENT
    assert (order.head.status, order.head.flow_version) == (first, 1)
    assert authorized(world, order).head.authorized_minor > 0


def test_the_seat_goes_back_with_the_rest() -> None:
    flow = FLOWS[OrderType.GROUP_BUY, 1]
    step = World(flow=flow).step(actor(Role.SYSTEM))
    order, order_id = in_state(flow, MachineKind.ORDER, OrderStatus.GROUP_PENDING)
    after = transition(order, MachineKind.ORDER, order_id, "groupTimeout", step)
    assert after.errands[:1] == (Errand(ErrandKind.SETTLE_GROUP, GROUP, details=(("outcome", "FAILED"),)),)
    assert Errand(ErrandKind.RELEASE_SEAT, order_id) in after.errands
