"""The tables, row by row: what they list is done for the roles they name, what they do not list changes nothing."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from domain.access.viewer import Actor
from domain.actions.changes import taking
from domain.orders.effects import with_refund
from domain.orders.flows import PHYSICAL_1
from domain.orders.model import Order
from domain.orders.state import BEFORE, REMEMBERED, SAME, Clocks, Rule, begun, refusal, transition
from domain.orders.views import OrderView, TimerView
from domain.policies import Timeouts
from domain.values.enums import ActorKind, FulfillmentState, MachineKind, OrderStatus, PaymentState, Role
from domain.values.faults import DomainFault
from domain.values.refusals import ActionRejected, Forbidden
from tests.fixtures.after_sales import with_case
from tests.fixtures.orders import START, World, authorized, physical_order

CONTRACT = Path(__file__).parents[2] / "docs" / "contract.graphql"
STATES = [(state.machine, state.name) for state in PHYSICAL_1.states]
MACHINES = (
    MachineKind.ORDER,
    MachineKind.PAYMENT,
    MachineKind.REFUND,
    MachineKind.FULFILLMENT,
    MachineKind.AFTER_SALE,
)
ACTIONS = {
    machine: sorted({rule.action for rule in PHYSICAL_1.rules if rule.machine is machine}) for machine in MACHINES
}
STATE_BEFORE: dict[tuple[MachineKind, str], Any] = {
    (MachineKind.ORDER, OrderStatus.ON_HOLD): OrderStatus.CONFIRMED,
    (MachineKind.ORDER, OrderStatus.EXCEPTION): OrderStatus.PAID,
    (MachineKind.FULFILLMENT, FulfillmentState.ON_HOLD): FulfillmentState.READY,
    (MachineKind.FULFILLMENT, FulfillmentState.INTERCEPTING): FulfillmentState.SHIPPED,
}
WORLD = World()


def actor(role: Role) -> Actor:
    return Actor(ActorKind.STAFF, role.lower(), None, frozenset((role,)))


def base() -> Order:
    """An order with one of everything; its sums suit every guard but those on what is payable."""
    order = authorized(WORLD, physical_order(WORLD))
    order = with_refund(order, order.payments[0], 1, WORLD.step(), reason="test", is_excess=False)
    return replace(with_case(WORLD, order), timers=(), errands=())


BASE = base()
IDS = {
    MachineKind.ORDER: BASE.head.id,
    MachineKind.PAYMENT: BASE.payments[0].id,
    MachineKind.REFUND: BASE.refunds[0].id,
    MachineKind.FULFILLMENT: BASE.fulfillments[0].id,
    MachineKind.AFTER_SALE: BASE.after_sales[0].id,
}


def in_state(machine: MachineKind, state: str, action: str = "") -> Order:
    """The subject in that state, everything around it as the action's guards want it."""
    order = BASE.with_head(payable_minor=100 if action == "payOrder" else 0)
    if machine is MachineKind.ORDER and state == OrderStatus.ON_HOLD:
        for part in order.fulfillments:
            order = order.with_subject(
                MachineKind.FULFILLMENT,
                part.id,
                status=FulfillmentState.ON_HOLD,
                previous_status=FulfillmentState.ALLOCATED,
            )
    if machine is MachineKind.FULFILLMENT:
        order = order.with_head(status=OrderStatus.CONFIRMED)
    subject_id, subject = IDS[machine], order.subject(machine, IDS[machine])
    assert subject is not None
    changes: dict[str, Any] = {"status": type(subject.status)(state)}
    if hasattr(subject, "previous_status"):
        changes["previous_status"] = STATE_BEFORE.get((machine, state))
    if action == "refundPayment":
        changes |= {"authorized_minor": 7740, "captured_minor": 7740}
    order = order.with_subject(machine, subject_id, **changes)
    if action == "retryRefund":  # its alert was given
        return replace(order, timers=())
    timer = TimerView(order.head.id, subject_id, "receiptTimeout", "none", machine, START.replace(year=2027), None)
    return replace(order, timers=(timer,))


def rows() -> Iterator[Any]:
    for rule in PHYSICAL_1.rules:
        for state in rule.states:
            yield pytest.param(rule, state, id=f"{rule.machine}-{state}-{rule.action}")


@pytest.mark.parametrize(("rule", "state"), list(rows()))
def test_a_row_is_taken_by_each_of_its_roles(rule: Rule, state: str | None) -> None:
    for role in sorted(rule.roles):
        step = WORLD.step(actor(role))
        if state is None:
            _begins(rule, step)
            continue
        order, subject_id = in_state(rule.machine, state, rule.action), IDS[rule.machine]
        assert refusal(order, rule.machine, subject_id, rule.action, step) is None
        for target in rule.next:
            wanted = {SAME: state, BEFORE: str(STATE_BEFORE.get((rule.machine, state)))}.get(target, target)
            after = transition(order, rule.machine, subject_id, rule.action, step, to=wanted)
            event = after.events[len(order.events)]
            assert (event.sequence, event.action, event.from_state, event.to_state, event.subject_id) == (
                order.head.version + 1,
                rule.action,
                state,
                wanted,
                subject_id,
            )
            assert (event.actor_id, event.at) == (role.lower(), WORLD.now)
            found = after.subject(rule.machine, subject_id)
            assert found is not None
            assert found.status == wanted
            assert after.head.version == order.head.version + len(after.events) - len(order.events)
            _remembers(state, wanted, found)


def _begins(rule: Rule, step: Any) -> None:
    for target in (name for name in rule.next if (rule.machine, name) in STATES):
        order, subject_id = in_state(rule.machine, target, rule.action), IDS[rule.machine]
        event = begun(order, rule.machine, subject_id, rule.action, step).events[len(order.events)]
        assert (event.action, event.from_state, event.to_state) == (rule.action, None, target)


def _remembers(state: str, target: str, subject: Any) -> None:
    if target in REMEMBERED and target != state:
        assert subject.previous_status == state
    elif state in REMEMBERED and target != state:
        assert subject.previous_status is None


@pytest.mark.parametrize(("machine", "state"), STATES)
def test_what_is_not_listed_changes_nothing_and_says_why(machine: MachineKind, state: str) -> None:
    for action in ACTIONS[machine]:
        rule, order = PHYSICAL_1.rule(machine, state, action), in_state(machine, state, action)
        copy = replace(order)
        for role in Role:
            if rule is not None and role in rule.roles:
                continue
            step, subject_id = WORLD.step(actor(role)), IDS[machine]
            refused = taking(machine, subject_id, action)(order, step)
            if rule is None and role in PHYSICAL_1.roles_for(machine, action):
                assert isinstance(refused, ActionRejected)
                assert (refused.action, refused.state, refused.blocked_by[0].code) == (action, state, "WRONG_STATE")
            else:
                assert isinstance(refused, Forbidden)
            with pytest.raises(DomainFault):
                transition(order, machine, subject_id, action, step, to=state)
            assert order == copy


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_is_reached_and_every_state_that_is_named_exists(machine: MachineKind) -> None:
    named = {name for found, name in STATES if found is machine}
    reached: set[str] = set()
    frontier: set[str | None] = {None}
    while frontier:
        targets = {
            target
            for state in frontier
            for rule in PHYSICAL_1.rules_from(machine, state)
            if rule.action != "importOrders"
            for target in rule.next
            if target not in {SAME, BEFORE}
        }
        frontier = {*(targets - reached)}
        reached |= targets
    assert reached == named
    assert {state for rule in PHYSICAL_1.rules if rule.machine is machine for state in rule.states} - {None} <= named


@pytest.mark.parametrize("state", [s for s in PHYSICAL_1.states if s.timer], ids=lambda s: f"{s.machine}-{s.name}")
def test_the_timer_of_a_state_has_a_step_that_the_system_may_take(state: Any) -> None:
    rule = PHYSICAL_1.rule(state.machine, state.name, state.timer.action)
    assert rule is not None
    assert Role.SYSTEM in rule.roles
    assert state.timer.timeout in {each.name for each in fields(Timeouts)}


@pytest.mark.parametrize(
    "state", [s for s in PHYSICAL_1.states if s.is_terminal], ids=lambda s: f"{s.machine}-{s.name}"
)
def test_nothing_leads_out_of_a_terminal_state_and_no_timer_runs_in_it(state: Any) -> None:
    assert state.timer is None
    assert {target for rule in PHYSICAL_1.rules_from(state.machine, state.name) for target in rule.next} <= {SAME}


@pytest.mark.parametrize(
    "state",
    [s for s in PHYSICAL_1.states if not s.is_terminal and s.machine is MachineKind.ORDER and s.window is None],
    ids=lambda s: s.name,
)
def test_every_state_of_an_order_that_waits_has_a_deadline_or_an_alert(state: Any) -> None:
    assert state.timer is not None


def test_a_completed_order_is_ended_by_its_window_and_until_then_only_goods_that_come_back_lead_out() -> None:
    assert [(s.machine, s.name, s.window) for s in PHYSICAL_1.states if s.window] == [
        (MachineKind.ORDER, OrderStatus.COMPLETED, "window_s")
    ]
    rules = PHYSICAL_1.rules_from(MachineKind.ORDER, OrderStatus.COMPLETED)
    assert {(rule.action, rule.next) for rule in rules} == {
        ("requestAfterSale", (SAME,)),
        ("returnAll", (OrderStatus.RETURNED,)),
    }


@pytest.mark.parametrize(
    "state",
    [s for s in PHYSICAL_1.states if s.machine is MachineKind.AFTER_SALE and not s.is_terminal],
    ids=lambda s: s.name,
)
def test_every_state_of_a_case_that_waits_has_a_deadline_or_an_alert_and_others_are_left_at_once(state: Any) -> None:
    derived = [rule for rule in PHYSICAL_1.rules_from(state.machine, state.name) if rule.of_case is not None]
    if state.timer is None:
        assert {rule.states for rule in derived} == {(state.name,)}
    people = {Role.BUYER, Role.PARTNER, Role.MERCHANT, Role.SUPPORT, Role.FINANCE, Role.WAREHOUSE}
    ways = [rule for rule in PHYSICAL_1.rules_from(state.machine, state.name) if rule.roles & people]
    assert ways or derived


def test_a_state_that_is_come_back_to_rests_and_resumes_its_deadlines() -> None:
    for rule in PHYSICAL_1.rules:
        if BEFORE in rule.next:
            assert rule.clocks is Clocks.RESUME
        if REMEMBERED & set(rule.next) and rule.states != (None,):
            assert rule.clocks is Clocks.REST


def test_every_mutation_that_is_named_is_one_of_the_contracts() -> None:
    body = re.search(r"^type Mutation \{(.*?)^\}", CONTRACT.read_text(), re.MULTILINE | re.DOTALL)
    assert body is not None
    mutations = set(re.findall(r"^  (\w+)", body[1], re.MULTILINE))
    named = {rule.mutation for rule in PHYSICAL_1.rules if rule.mutation}
    assert named <= mutations
    assert {rule.action for rule in PHYSICAL_1.rules if rule.mutation} == named
    assert named >= {
        "placeOrder", "payOrder", "capturePayment", "voidPayment", "cancelOrder", "holdOrder", "releaseOrder",
        "confirmOrder", "acceptFulfillment", "declineFulfillment", "packFulfillment", "shipFulfillment", "recordTracking", "deliverFulfillment",
        "confirmReceipt", "extendReceipt", "completeOrder",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("machine", "state", "action", "head", "code"),
    [
        (MachineKind.ORDER, OrderStatus.PENDING_PAYMENT, "cancelOrder", {"payments_in_flight": 1}, "PAYMENT_IN_FLIGHT"),
        (MachineKind.ORDER, OrderStatus.PENDING_PAYMENT, "payOrder", {"payable_minor": 0}, "NOTHING_PAYABLE"),
        (MachineKind.ORDER, OrderStatus.CONFIRMED, "holdOrder", {"shipped_units": 1}, "ALREADY_SHIPPED"),
        (MachineKind.ORDER, OrderStatus.SHIPPED, "confirmReceipt", {"after_sale_status": "OPEN"}, "AFTER_SALE_OPEN"),
        (MachineKind.ORDER, OrderStatus.RECEIVED, "completeOrder", {"after_sale_status": "OPEN"}, "AFTER_SALE_OPEN"),
        (MachineKind.ORDER, OrderStatus.SHIPPED, "extendReceipt", {"receipt_extensions": 2}, "NO_EXTENSION_LEFT"),
        (
            MachineKind.FULFILLMENT,
            FulfillmentState.ALLOCATED,
            "acceptFulfillment",
            {"status": OrderStatus.PAID},
            "ORDER_NOT_CONFIRMED",
        ),
        (MachineKind.FULFILLMENT, FulfillmentState.READY, "shipFulfillment", {"payable_minor": 1}, "PAYMENT_DUE"),
        (
            MachineKind.PAYMENT,
            PaymentState.AUTHORIZED,
            "capturePayment",
            {"captured_minor": 7740},
            "NOTHING_TO_CAPTURE",
        ),
    ],
)
def test_each_guard_blocks_with_its_own_reason(
    machine: MachineKind, state: str, action: str, head: dict[str, Any], code: str
) -> None:
    if "after_sale_status" in head:
        head = {"after_sale_status": _after_sale(head["after_sale_status"])}
    order = in_state(machine, state, action).with_head(**head)
    rule = PHYSICAL_1.rule(machine, state, action)
    assert rule is not None
    for role in rule.roles - {Role.SUPPORT}:
        refused = refusal(order, machine, IDS[machine], action, WORLD.step(actor(role)))
        assert isinstance(refused, ActionRejected)
        assert [reason.code for reason in refused.blocked_by] == [code]


def _after_sale(name: str) -> Any:
    kind = type(BASE.head.after_sale_status)
    assert isinstance(BASE.head, OrderView)
    return kind(name)
