from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import Actor
from domain.orders.available import AvailableAction, available_actions
from domain.orders.diagram import machines_of, mermaid_of
from domain.orders.flows import CURRENT, PHYSICAL_1
from domain.orders.model import Order, Subject
from domain.orders.state import Facts, Flow, deadline_of, refusal
from domain.values.enums import ActorKind, MachineKind, OrderStatus, Role
from domain.values.refusals import BlockedReason
from tests.fixtures.orders import (
    BUYER,
    START,
    UNIT,
    World,
    accepted,
    authorized,
    confirmed,
    paid,
    physical_order,
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
    )


def test_what_a_guard_blocks_is_left_out_or_comes_with_its_reasons() -> None:
    world = World()
    order = started(world, physical_order(world))
    reason = BlockedReason("PAYMENT_IN_FLIGHT", "A payment is under way; wait for its outcome.")
    blocked = [a for a in offered(order, BUYER, include_blocked=True) if not a.enabled]
    assert names(offered(order, BUYER)) == ["payOrder"]
    assert [(a.action, a.blocked_by) for a in blocked] == [("cancelOrder", (reason,))]


def test_the_systems_own_steps_are_offered_to_nobody() -> None:
    assert offered(physical_order(World()), actor(Role.SYSTEM), include_blocked=True) == ()


def test_each_role_sees_its_own_actions_in_the_order_of_the_table() -> None:
    world = World()
    order = paid(world, physical_order(world))
    assert names(offered(order, actor(Role.MERCHANT))) == ["confirmOrder", "holdOrder"]
    assert names(offered(order, actor(Role.SUPPORT))) == ["holdOrder"]
    assert names(offered(order, actor(Role.ANALYST))) == []


def test_an_action_that_is_still_there_after_the_timer_has_no_deadline() -> None:
    world = World()
    order = paid(world, physical_order(world))
    confirm, hold = offered(order, actor(Role.MERCHANT))
    assert confirm.deadline == START + timedelta(days=1)
    assert hold.deadline is None


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
    (release,) = offered(order, actor(Role.MERCHANT))
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
        MachineKind.ORDER: ["PENDING_PAYMENT", "PAID"],
        MachineKind.PAYMENT: ["CREATED"],
        MachineKind.REFUND: ["REQUESTED"],
        MachineKind.FULFILLMENT: ["CREATED"],
    }


def test_the_diagram_of_a_machine_is_drawn_from_its_table() -> None:
    refund = next(machine for machine in machines_of(PHYSICAL_1) if machine.kind is MachineKind.REFUND)
    assert refund.mermaid == (
        "stateDiagram-v2\n"
        "    [*] --> REQUESTED: requestRefund\n"
        "    REQUESTED --> PROCESSING: approveRefund\n"
        "    PROCESSING --> SUCCEEDED: refundSettled\n"
        "    PROCESSING --> FAILED: refundFailed\n"
        "    PROCESSING --> PROCESSING: alert\n"
        "    FAILED --> PROCESSING: retryRefund\n"
        "    SUCCEEDED --> [*]\n"
    )
