"""Which orders are reviewed, and what becomes of one that is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.orders.flows import PHYSICAL_1
from domain.orders.model import ErrandKind, Order
from domain.orders.review import Reviewable, approved, is_reviewed, risk_points
from domain.orders.state import settled, transition
from domain.orders.views import Allocation
from domain.policies import Limits, ReviewRules, RiskRules, UnitPolicy
from domain.values.enums import MachineKind, OrderStatus, Role
from tests.fixtures.orders import ADDRESS, BUYER, START, UNIT, Want, World, physical_order, taken

PLAIN = Reviewable(10_000, "GOLD", ADDRESS, (("TEE", 2), ("MUG", 1)))
ABROAD = replace(ADDRESS, country="FR")
RISK = RiskRules(review_from=50, foreign_country=30, no_level=20, many_units=50)
FREE = (Want("TEE-1", 0, (Allocation("BER", 1),)),)


def policy(**rules: Any) -> UnitPolicy:
    return replace(UNIT, limits=Limits(units_per_sku=10), review=ReviewRules(**rules))


def reviewed(world: World, **wanted: Any) -> Order:
    return physical_order(world, is_reviewed=True, **wanted)


@pytest.mark.parametrize(
    ("rules", "order", "answer"),
    [
        ({}, PLAIN, False),
        ({"from_total_minor": 10_001}, PLAIN, False),
        ({"from_total_minor": 10_000}, PLAIN, True),
        ({"levels": ("NEW",)}, PLAIN, False),
        ({"levels": ("NEW", "GOLD")}, PLAIN, True),
        ({"risk": RISK}, PLAIN, False),
        ({"risk": RISK}, replace(PLAIN, address=ABROAD), False),
        ({"risk": RISK}, replace(PLAIN, address=ABROAD, level=None), True),
        ({"risk": RISK}, replace(PLAIN, units=(("TEE", 2), ("MUG", 1), ("TEE", 3))), True),
        ({"risk": RISK}, replace(PLAIN, units=(("TEE", 4), ("MUG", 4))), False),
    ],
)
def test_one_rule_is_enough(rules: Any, order: Reviewable, answer: bool) -> None:
    assert is_reviewed(order, policy(**rules), frozenset((Role.BUYER,))) is answer
    assert is_reviewed(order, policy(**rules), frozenset((Role.PARTNER,))) is answer


@pytest.mark.parametrize("role", [Role.MERCHANT, Role.SUPPORT])
def test_what_staff_place_for_a_buyer_was_looked_at_already(role: Role) -> None:
    assert not is_reviewed(PLAIN, policy(from_total_minor=0), frozenset((Role.BUYER, role)))


def test_the_points_of_all_signs_add_up() -> None:
    strange = replace(PLAIN, address=ABROAD, level=None, units=(("TEE", 9),))
    assert risk_points(strange, policy(risk=RISK)) == 100
    assert risk_points(replace(PLAIN, address=None), policy(risk=RISK)) == 0


def test_an_order_under_review_waits_two_days_and_nothing_is_due() -> None:
    order = reviewed(World())
    assert (order.head.status, order.head.version) == ("PENDING_REVIEW", 1)
    assert [(t.name, t.action, t.due_at) for t in order.timers] == [
        ("reviewTimeout", "reviewTimeout", START + timedelta(days=2))
    ]
    assert [(part.opens_at, part.due_at) for part in order.installments] == [(None, None)]
    assert order.errands == ()


def test_an_approved_order_can_be_paid_from_then_on() -> None:
    world = World()
    order = approved(reviewed(world), world.later(hours=5).step())
    now = START + timedelta(hours=5)
    assert [(e.action, e.from_state, e.to_state, e.actor_id) for e in order.events] == [
        ("placeOrder", None, "PENDING_REVIEW", "mbr_anna"),
        ("approveOrder", "PENDING_REVIEW", "PENDING_PAYMENT", "staff-1"),
    ]
    assert [(t.name, t.due_at) for t in order.timers] == [("payTimeout", now + timedelta(minutes=30))]
    assert [(part.opens_at, part.due_at) for part in order.installments] == [(now, now + timedelta(minutes=30))]


def test_an_approved_order_that_costs_nothing_is_paid() -> None:
    world = World()
    order = approved(reviewed(world, wants=FREE, coupons=(), shipping_minor=0), world.step())
    assert order.head.status is OrderStatus.PAID
    assert order.head.paid_at == START
    assert ErrandKind.DEDUCT_STOCK in {errand.kind for errand in order.errands}


@pytest.mark.parametrize("action", ["rejectOrder", "reviewTimeout", "cancelOrder"])
def test_an_order_that_is_not_approved_gives_back_what_it_holds(action: str) -> None:
    world = World()
    rule = PHYSICAL_1.rule(MachineKind.ORDER, "PENDING_REVIEW", action)
    assert rule is not None
    order = reviewed(world)
    if Role.SYSTEM in rule.roles:
        step = world.step(BUYER).as_(replace(BUYER, roles=frozenset((Role.SYSTEM,))))
        order = settled(transition(order, MachineKind.ORDER, order.head.id, action, step), step)
    else:
        order = taken(world, order, action)
    assert (order.head.status, order.head.cancelled_minor) == ("CANCELLED", 7740)
    assert [errand.kind for errand in order.errands] == ["RELEASE_STOCK", "RELEASE_COUPONS"]
    assert order.timers == ()
