"""The lives of orders with a deposit, by their real rules: exact statuses, deadlines, amounts."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.access.viewer import SYSTEM
from domain.orders.deposits import fee_minor
from domain.orders.flows import MADE_TO_ORDER_1, PRESALE_1
from domain.orders.installments import BalanceDates, amounts
from domain.orders.model import ErrandKind, Order
from domain.orders.pricing_rules import Coupon, Reduction
from domain.orders.state import refusal
from domain.orders.views import Allocation
from domain.policies import DepositRules, FeeSchedule
from domain.values.enums import DiscountFunder, FulfillmentState, InstallmentKind, MachineKind, OrderType
from domain.values.refusals import ActionRejected
from tests.fixtures.orders import (
    BUYER,
    STAFF,
    START,
    UNIT,
    Want,
    World,
    accepted,
    authorized,
    cancelled,
    confirmed,
    on_each_fulfillment,
    paid,
    physical_order,
    shipped,
    taken,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OPENS, DUE = START + 10 * DAY, START + 14 * DAY
"""Of the presale's balance. The order costs 7740: 2322 of it are the deposit."""


def made_to_order() -> tuple[World, Order]:
    world = World(flow=MADE_TO_ORDER_1)
    return world, physical_order(world)


def presale(**rules: Any) -> tuple[World, Order]:
    world = World(flow=PRESALE_1)
    if rules:
        world.policy = replace(UNIT, **rules)
    return world, physical_order(world, balance=BalanceDates(OPENS, DUE))


def deadlines(order: Order) -> dict[str, Any]:
    return {timer.name: timer.due_at for timer in order.timers if timer.subject_id == order.head.id}


def money(order: Order) -> tuple[int, int, list[tuple[str, int, int]]]:
    parts = [(part.kind.value, part.amount_minor, part.paid_minor) for part in order.installments]
    return order.head.payable_minor, order.head.due_minor, parts


def refunds(order: Order) -> list[int]:
    return [refund.amount_minor for refund in order.refunds]


def produced(world: World, order: Order) -> Order:
    return on_each_fulfillment(world, on_each_fulfillment(world, order, "startProduction"), "finishProduction")


def test_made_to_order_from_the_deposit_to_the_parcel() -> None:
    world, order = made_to_order()
    assert (order.head.status, deadlines(order)) == ("PENDING_DEPOSIT", {"payTimeout": START + timedelta(minutes=30)})
    assert money(order) == (2322, 7740, [("DEPOSIT", 2322, 0), ("BALANCE", 5418, 0)])
    order = paid(world, order, 1000)
    assert (order.head.status, order.head.payment_status, order.head.payable_minor) == (
        "PENDING_DEPOSIT",
        "PARTIALLY_PAID",
        1322,
    )
    order = paid(world, order)
    assert (order.head.status, order.head.paid_at) == ("CONFIRMED", None)
    assert money(order) == (0, 5418, [("DEPOSIT", 2322, 2322), ("BALANCE", 5418, 0)])
    assert [(part.status, part.promised_at) for part in order.fulfillments] == [
        (FulfillmentState.ALLOCATED, START + 3 * DAY)
    ] * 2
    order = accepted(world, order)
    assert order.head.status == "IN_FULFILLMENT"
    order = on_each_fulfillment(world, order, "startProduction")
    assert {part.status for part in order.fulfillments} == {FulfillmentState.PRODUCING}
    world.now += HOUR
    order = on_each_fulfillment(world, order, "finishProduction")
    assert (order.head.status, deadlines(order)) == ("PENDING_BALANCE", {"balanceTimeout": world.now + 7 * DAY})
    assert money(order)[:2] == (5418, 5418)
    assert (order.installments[1].opens_at, order.installments[1].due_at) == (world.now, world.now + 7 * DAY)
    order = paid(world, order, 418)
    assert order.head.status == "PENDING_BALANCE"
    world.now += HOUR
    order = paid(world, order)
    assert (order.head.status, order.head.payment_status, order.head.paid_at) == ("IN_FULFILLMENT", "PAID", world.now)
    assert shipped(world, order).head.status == "SHIPPED"


def test_what_is_made_to_order_is_not_packed_and_leaves_when_all_is_paid() -> None:
    world, order = made_to_order()
    order = accepted(world, paid(world, order))
    part = order.fulfillments[0].id
    step = world.step(STAFF)
    for action in ("packFulfillment", "shipFulfillment"):
        refused = refusal(order, MachineKind.FULFILLMENT, part, action, step)
        assert refused is not None
    order = order.with_subject(MachineKind.FULFILLMENT, part, status=FulfillmentState.READY)
    refused = refusal(order, MachineKind.FULFILLMENT, part, "shipFulfillment", step)
    assert isinstance(refused, ActionRejected)
    assert [reason.code for reason in refused.blocked_by] == ["PAYMENT_DUE"]


def test_a_missed_balance_is_an_exception_that_a_payment_ends() -> None:
    world, order = made_to_order()
    order = produced(world, accepted(world, paid(world, order)))
    order = taken(world, order, "balanceTimeout", SYSTEM)
    assert (order.head.status, order.head.previous_status) == ("EXCEPTION", "PENDING_BALANCE")
    again = paid(world, order)
    assert again.head.status == "IN_FULFILLMENT"
    given_up = taken(world, order, "exceptionTimeout", SYSTEM)
    assert (given_up.head.status, given_up.head.kept_minor, refunds(given_up)) == ("CANCELLED", 2322, [])
    assert {part.status for part in given_up.fulfillments} == {FulfillmentState.CANCELLED}


@pytest.mark.parametrize(
    ("rates", "kept"), [({}, 2322), ({"ready": "0.10"}, 774), ({"ready": "0"}, 0)], ids=["all", "a part", "none"]
)
def test_what_is_made_is_cancelled_less_its_fee(rates: dict[str, str], kept: int) -> None:
    world, order = made_to_order()
    fees = FeeSchedule(**{name: Decimal(rate) for name, rate in rates.items()})
    world.policy = replace(UNIT, fees=fees)
    order = produced(world, accepted(world, paid(world, order)))
    assert fee_minor(order, world.step()) == (kept or 0)
    order = taken(world, order, "cancelOrder", BUYER)
    assert (order.head.kept_minor, refunds(order)) == (kept, [2322 - kept] if kept < 2322 else [])
    assert order.head.status == ("REFUNDING" if kept < 2322 else "CANCELLED")


def test_the_fee_rises_with_the_production() -> None:
    world, order = made_to_order()
    order = accepted(world, paid(world, order))
    assert fee_minor(order, world.step()) == 0
    order = on_each_fulfillment(world, order, "startProduction")
    assert fee_minor(order, world.step()) == 1548
    order = on_each_fulfillment(world, order, "finishProduction")
    assert fee_minor(order, world.step()) == 2322


def test_an_unpaid_deposit_is_cancelled() -> None:
    for made in (made_to_order, presale):
        world, order = made()
        order = cancelled(world, paid(world, order, 300))
        assert (order.head.status, refunds(order)) == ("CANCELLED", [300])
        world, order = made()
        order = taken(world, order, "payTimeout", SYSTEM)
        assert (order.head.status, order.head.payment_status) == ("CANCELLED", "UNPAID")


def test_presale_from_the_deposit_to_paid() -> None:
    world, order = presale()
    assert [(part.opens_at, part.due_at) for part in order.installments] == [
        (START, START + timedelta(minutes=30)),
        (OPENS, DUE),
    ]
    order = paid(world, order)
    assert (order.head.status, money(order)[:2]) == ("PENDING_BALANCE", (0, 5418))
    assert deadlines(order) == {"balanceTimeout": DUE, "balanceOpens": OPENS}
    world.now = OPENS
    order = taken(world, order, "balanceOpens", SYSTEM)
    assert (order.head.status, money(order)[:2]) == ("PENDING_BALANCE", (5418, 5418))
    order = paid(world, order)
    assert (order.head.status, order.head.paid_at, order.head.payment_status) == ("PAID", OPENS, "PAID")
    assert order.fulfillments != ()
    assert [errand.kind for errand in order.errands] == [ErrandKind.PAY, ErrandKind.PAY, ErrandKind.DEDUCT_STOCK]
    assert confirmed(world, order).head.status == "CONFIRMED"


def test_the_deposit_of_a_presale_is_captured_at_once() -> None:
    world, order = presale()
    order = authorized(world, order)
    assert [(e.kind, e.amount_minor) for e in order.errands[1:]] == [(ErrandKind.CAPTURE, 2322)]


def test_a_presale_whose_balance_is_open_already_has_no_second_deadline() -> None:
    world, order = presale()
    world.now = OPENS
    order = paid(world, order)
    assert (money(order)[0], deadlines(order)) == (5418, {"balanceTimeout": DUE})


@pytest.mark.parametrize(("keeps", "kept"), [(False, 0), (True, 2322)])
def test_a_missed_balance_gives_the_deposit_back_or_keeps_it(keeps: bool, kept: int) -> None:
    world, order = presale(deposits=DepositRules(keeps_missed=keeps))
    order = taken(world, paid(world, order), "balanceMissed", SYSTEM)
    assert order.head.status == ("CANCELLED" if keeps else "REFUNDING")
    assert (order.head.kept_minor, refunds(order)) == (kept, [] if keeps else [2322])


def test_a_presale_is_cancelled_less_its_fee() -> None:
    world, order = presale()
    order = taken(world, paid(world, order), "cancelOrder", BUYER)
    assert (order.head.status, order.head.kept_minor, refunds(order)) == ("REFUNDING", 774, [2322 - 774])
    assert fee_minor(order, world.step()) == 774


@pytest.mark.parametrize(
    ("total", "parts"),
    [(0, [("FULL", 0)]), (1, [("DEPOSIT", 1), ("BALANCE", 0)]), (7740, [("DEPOSIT", 2322), ("BALANCE", 5418)])],
)
def test_a_deposit_and_its_balance_are_the_whole(total: int, parts: list[tuple[str, int]]) -> None:
    found = amounts(OrderType.PRESALE, total, DepositRules())
    assert [(kind.value, amount) for kind, amount in found] == parts
    assert amounts(OrderType.PHYSICAL, total, DepositRules()) == ((InstallmentKind.FULL, total),)


def test_what_costs_a_single_unit_is_paid_with_its_deposit() -> None:
    world = World(flow=PRESALE_1)
    order = physical_order(
        world, coupons=(), shipping_minor=0, tax_rate="0", wants=(Want("PIN", 1, (Allocation("BER", 1),)),)
    )
    order = paid(world, order)
    assert (order.head.status, order.head.total_minor, order.head.paid_at) == ("PAID", 1, START)


def test_what_costs_nothing_needs_no_deposit() -> None:
    free = Coupon("FREE", "All of it", DiscountFunder.PLATFORM, Reduction(rate=Decimal(1)))
    world = World(flow=MADE_TO_ORDER_1)
    order = physical_order(world, coupons=(free,), shipping_minor=0)
    assert (order.head.status, money(order)) == ("PAID", (0, 0, [("FULL", 0, 0)]))
    order = accepted(world, confirmed(world, order))
    assert produced(world, order).head.status == "IN_FULFILLMENT"
