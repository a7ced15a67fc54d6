from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import Actor
from domain.orders.available import AvailableAction, available_actions
from domain.orders.diagram import machines_of, mermaid_of
from domain.orders.effects import with_refund
from domain.orders.flows import CURRENT, PHYSICAL_1
from domain.orders.model import Order, Subject
from domain.orders.state import Facts, Flow, deadline_of, refusal
from domain.values.enums import ActorKind, MachineKind, OrderStatus, Role
from domain.values.refusals import BlockedReason
from tests.fixtures.after_sales import with_case
from tests.fixtures.orders import (
    BUYER,
    START,
    UNIT,
    World,
    accepted,
    authorized,
    completed,
    confirmed,
    delivered,
    paid,
    physical_order,
    received,
    shipped,
    started,
    taken,
)


def actor(*roles: Role) -> Actor:
    return Actor(ActorKind.STAFF, "staff-1", None, frozenset(roles))


def offered(
    order: Order,
    who: Actor,
    machine: MachineKind = MachineKind.ORDER,
    subject: Subject | None = None,
    *,
    include_blocked: bool = False,
) -> tuple[AvailableAction, ...]:
    subject = subject or order.head
    facts = Facts(order.head, subject, who, UNIT, START, deadline_of(order.timers, subject.id))
    return available_actions(PHYSICAL_1, machine, facts, order.timers, include_blocked=include_blocked)


def names(actions: tuple[AvailableAction, ...]) -> list[str]:
    return [action.action for action in actions]


def test_a_buyer_of_an_unpaid_order_may_cancel_and_pay_until_the_payment_deadline() -> None:
    order = physical_order(World())
    deadline = START + timedelta(minutes=30)
    assert offered(order, BUYER) == (
        AvailableAction("cancelOrder", "cancelOrder", True, "CANCELLED", (), deadline),
        AvailableAction("payOrder", "payOrder", True, None, (), deadline),
        AvailableAction("modifyOrder", "modifyOrder", True, None, (), deadline),
    )


def test_what_a_guard_blocks_is_left_out_or_comes_with_its_reasons() -> None:
    world = World()
    order = started(world, physical_order(world))
    reason = BlockedReason("PAYMENT_IN_FLIGHT", "A payment is under way; wait for its outcome.")
    blocked = [a for a in offered(order, BUYER, include_blocked=True) if not a.enabled]
    assert names(offered(order, BUYER)) == ["payOrder", "modifyOrder"]
    assert [(a.action, a.blocked_by) for a in blocked] == [("cancelOrder", (reason,))]


def test_the_systems_own_steps_are_offered_to_nobody() -> None:
    assert offered(physical_order(World()), actor(Role.SYSTEM), include_blocked=True) == ()


def test_each_role_sees_its_own_actions_in_the_order_of_the_table() -> None:
    world = World()
    order = paid(world, physical_order(world))
    assert names(offered(order, actor(Role.MERCHANT))) == [
        "confirmOrder",
        "holdOrder",
        "cancelOrder",
        "splitOrder",
        "modifyOrder",
    ]
    assert names(offered(order, actor(Role.SUPPORT))) == ["holdOrder", "cancelOrder", "requestAfterSale", "modifyOrder"]
    assert names(offered(order, actor(Role.ANALYST))) == []


def test_an_action_that_is_still_there_after_the_timer_has_no_deadline() -> None:
    world = World()
    order = paid(world, physical_order(world))
    actions = {action.action: action.deadline for action in offered(order, actor(Role.MERCHANT))}
    assert actions["confirmOrder"] == START + timedelta(days=1)
    assert actions["holdOrder"] is None


def test_a_completed_order_is_open_for_claims_until_its_window_is_over() -> None:
    world = World()
    order = completed(world, received(world, delivered(world, shipped(world, in_work(world)))))
    end = START + timedelta(days=15)
    assert offered(order, BUYER) == (
        AvailableAction("requestAfterSale", "requestAfterSale", True, "COMPLETED", (), end),
    )
    facts = Facts(order.head, order.head, BUYER, UNIT, end, None)
    closed = BlockedReason("WINDOW_CLOSED", "The time in which units could be claimed is over.")
    late = available_actions(PHYSICAL_1, MachineKind.ORDER, facts, (), include_blocked=True)
    assert [(a.action, a.enabled, a.blocked_by) for a in late] == [("requestAfterSale", False, (closed,))]
    unsaid = order.with_head(completed_at=None)
    facts = Facts(unsaid.head, unsaid.head, BUYER, UNIT, START, None)
    assert [a.deadline for a in available_actions(PHYSICAL_1, MachineKind.ORDER, facts, ())] == [end]


def in_work(world: World) -> Order:
    return accepted(world, confirmed(world, paid(world, physical_order(world))))


def test_an_alert_takes_nothing_away() -> None:
    world = World()
    order = confirmed(world, paid(world, physical_order(world)))
    actions = offered(order, actor(Role.WAREHOUSE), MachineKind.FULFILLMENT, order.fulfillments[0])
    assert [(a.action, a.next_state, a.deadline) for a in actions] == [
        ("acceptFulfillment", "ACCEPTED", None),
        ("declineFulfillment", None, None),
    ]


def test_same_is_the_state_it_is_in() -> None:
    world = World()
    order = shipped(world, accepted(world, confirmed(world, paid(world, physical_order(world)))))
    extend = next(a for a in offered(order, BUYER) if a.action == "extendReceipt")
    assert extend.next_state == "SHIPPED"


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_before_is_the_state_that_the_hold_left(is_confirmed: bool) -> None:
    world = World()
    order = paid(world, physical_order(world))
    order = taken(world, confirmed(world, order) if is_confirmed else order, "holdOrder")
    release = next(action for action in offered(order, actor(Role.MERCHANT)) if action.action == "releaseOrder")
    assert (release.action, release.next_state) == ("releaseOrder", "CONFIRMED" if is_confirmed else "PAID")


def test_a_payment_offers_what_its_own_machine_allows() -> None:
    world = World()
    order = authorized(world, physical_order(world))
    actions = offered(order, actor(Role.FINANCE), MachineKind.PAYMENT, order.payments[0])
    deadline = START + timedelta(days=7)
    assert [(a.action, a.next_state, a.deadline) for a in actions] == [
        ("capturePayment", None, deadline),
        ("voidPayment", "VOIDED", deadline),
    ]


@pytest.mark.parametrize(
    "status", [status for status in OrderStatus if not PHYSICAL_1.rules_from(MachineKind.ORDER, status)]
)
def test_a_state_that_the_flow_does_not_have_offers_nothing(status: OrderStatus) -> None:
    order = physical_order(World()).with_head(status=status)
    assert offered(order, actor(*Role), include_blocked=True) == ()


STAGES: list[Any] = [
    physical_order,
    lambda world: started(world, physical_order(world)),
    lambda world: paid(world, physical_order(world)),
    lambda world: confirmed(world, paid(world, physical_order(world))),
    lambda world: shipped(world, accepted(world, confirmed(world, paid(world, physical_order(world))))),
]


@pytest.mark.parametrize("stage", STAGES)
def test_an_action_is_offered_exactly_when_the_machine_takes_it(stage: Any) -> None:
    world = World()
    order, who = stage(world), actor(*Role)
    enabled = {a.action: a.enabled for a in offered(order, who, include_blocked=True)}
    mutations = {
        r.action for r in PHYSICAL_1.rules if r.machine is MachineKind.ORDER and r.mutation and None not in r.states
    }
    taken_now = {
        action: refusal(order, MachineKind.ORDER, order.head.id, action, world.step(who)) is None
        for action in mutations
    }
    assert {action for action, is_free in taken_now.items() if is_free} == {a for a, free in enabled.items() if free}


@pytest.mark.parametrize("flow", CURRENT.values())
def test_an_action_is_offered_once_on_every_machine(flow: Flow) -> None:
    world = World()
    order = authorized(world, physical_order(world))
    order = with_refund(order, order.payments[0], 1, world.step(), reason="test", is_excess=False)
    order = with_case(world, order)
    subjects: dict[MachineKind, Subject] = {
        MachineKind.ORDER: order.head,
        MachineKind.PAYMENT: order.payments[0],
        MachineKind.REFUND: order.refunds[0],
        MachineKind.FULFILLMENT: order.fulfillments[0],
        MachineKind.AFTER_SALE: order.after_sales[0],
    }
    assert set(subjects) == set(MachineKind)
    for machine, subject in subjects.items():
        for state in (state for state in flow.states if state.machine is machine):
            there = replace(subject, status=type(subject.status)(state.name))  # type: ignore[arg-type]  # its own kind
            facts = Facts(order.head, there, actor(*Role), UNIT, START, None)
            found = names(available_actions(flow, machine, facts, (), include_blocked=True))
            listed = [rule.action for rule in flow.rules_from(machine, state.name) if rule.mutation]
            assert found == listed
            assert len(set(found)) == len(found)


@pytest.mark.parametrize("flow", CURRENT.values())
def test_the_diagram_has_an_arrow_for_every_row_of_every_table(flow: Flow) -> None:
    drawn = mermaid_of(flow)
    assert drawn.startswith("stateDiagram-v2\n    state ORDER {\n")
    for machine in machines_of(flow):
        alone = machine.mermaid.splitlines()
        for transition in machine.transitions:
            if transition.action == "importOrders":
                continue
            for source in transition.from_states or ("[*]",):
                for target in transition.to_states:
                    (arrow,) = [line for line in alone if line.startswith(f"    {source} --> {target}:")]
                    assert transition.action in arrow.split(": ")[1].split(", ")


def test_the_machines_begin_where_their_tables_say() -> None:
    begun = {machine.kind: [s.name for s in machine.states if s.is_initial] for machine in machines_of(PHYSICAL_1)}
    assert begun == {
        MachineKind.ORDER: ["PENDING_REVIEW", "PENDING_PAYMENT", "PAID"],
        MachineKind.PAYMENT: ["CREATED"],
        MachineKind.REFUND: ["REQUESTED"],
        MachineKind.FULFILLMENT: ["CREATED"],
        MachineKind.AFTER_SALE: ["REQUESTED"],
    }


def test_the_diagram_of_a_machine_is_drawn_from_its_table() -> None:
    refund = next(machine for machine in machines_of(PHYSICAL_1) if machine.kind is MachineKind.REFUND)
    assert refund.mermaid == (
        "stateDiagram-v2\n"
        "    [*] --> REQUESTED: requestRefund\n"
        "    REQUESTED --> PROCESSING: approveRefund\n"
        "    REQUESTED --> REJECTED: rejectRefund\n"
        "    FAILED --> REJECTED: rejectRefund\n"
        "    PROCESSING --> SUCCEEDED: refundSettled\n"
        "    PROCESSING --> FAILED: refundFailed\n"
        "    REQUESTED --> REQUESTED: alert\n"
        "    PROCESSING --> PROCESSING: alert, retryRefund\n"
        "    FAILED --> FAILED: alert\n"
        "    FAILED --> PROCESSING: retryRefund\n"
        "    SUCCEEDED --> [*]\n"
        "    REJECTED --> [*]\n"
    )
