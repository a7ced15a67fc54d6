"""Orders that a person approves first, on a real database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access.viewer import Viewer
from domain.actions.review_order import approve_order
from domain.orders.commands import ActOnOrder, PlaceOrderLine
from domain.policies import Policies, ReviewRules
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import ActionRejected, Forbidden, NotFound, VersionConflict
from tests.fixtures.shop import ANNA, DAY, FINANCE, HOUR, MERCHANT, MINUTE, RIVAL, START, SUPPORT, TOTAL, Shop, did

pytestmark = pytest.mark.anyio


def careful(shop: Shop) -> Shop:
    """Acme reviews orders of 50.00 or more."""
    units = {
        code: replace(unit, review=ReviewRules(from_total_minor=5000))
        for code, unit in shop.ports.policies.units.items()
    }
    shop.ports = replace(shop.ports, policies=Policies(units, shop.ports.policies.channels))
    return shop


async def approve(shop: Shop, order_id: str, viewer: Viewer = FINANCE, **more: object) -> Outcome:
    return await approve_order(shop.ports, viewer, ActOnOrder("approveOrder", order_id, **more))  # type: ignore[arg-type]


async def test_a_large_order_waits_for_its_approval_and_goes_on_to_its_payment(any_shop: Shop) -> None:
    shop = careful(any_shop)
    order_id = await shop.placed()
    assert await shop.status(order_id) == ("PENDING_REVIEW", "UNPAID", "UNFULFILLED", 1)
    assert await shop.timers(order_id) == {"order.reviewTimeout": 2 * DAY}
    assert {row[0] for row in await shop.sql("SELECT expires_at FROM services.reservations")} == {
        START + 2 * DAY + 40 * MINUTE
    }
    await shop.later(47 * HOUR)
    await did(approve(shop, order_id, note="Known buyer"))
    assert await shop.timers(order_id) == {"order.payTimeout": 47 * HOUR + 30 * MINUTE}
    (installment,) = (await shop.order(order_id)).installments
    assert (installment.amount_minor, installment.due_at) == (TOTAL, START + 47 * HOUR + 30 * MINUTE)
    await shop.paid(order_id)
    assert [step[0] for step in await shop.steps(order_id)][:4] == [
        "placeOrder",
        "approveOrder",
        "payOrder",
        "startPayment",
    ]
    assert (await shop.status(order_id))[0] == "PAID"


async def test_smaller_orders_and_those_of_support_are_not_reviewed(shop: Shop) -> None:
    careful(shop)
    small = await shop.placed(lines=(PlaceOrderLine("TEE", 1),))
    by_support = await shop.placed(SUPPORT)
    assert [(await shop.status(one))[0] for one in (small, by_support)] == ["PENDING_PAYMENT"] * 2


async def test_what_is_rejected_or_forgotten_gives_everything_back(any_shop: Shop) -> None:
    shop = careful(any_shop)
    rejected, forgotten = [await shop.placed(coupon_codes=("SAVE5",)) for _ in range(2)]
    await did(shop.act("rejectOrder", rejected, note="Fraud"))
    await shop.later(2 * DAY + timedelta(minutes=1))
    assert [(await shop.status(one))[0] for one in (rejected, forgotten)] == ["CANCELLED", "CANCELLED"]
    assert [step[0] for step in await shop.steps(forgotten)] == ["placeOrder", "reviewTimeout"]
    assert await shop.stock() == {}
    assert await shop.coupons_used() == {}


async def test_only_those_who_may_approve_it_and_only_once(any_shop: Shop) -> None:
    shop = careful(any_shop)
    order_id = await shop.placed()
    for viewer, kind in ((ANNA, Forbidden), (SUPPORT, Forbidden), (RIVAL, NotFound)):
        assert isinstance(await shop.refused(approve(shop, order_id, viewer)), kind)
    assert isinstance(await shop.refused(approve(shop, order_id, expected_version=2)), VersionConflict)
    unpaid = await shop.refused(shop.pay(order_id))
    assert (type(unpaid), unpaid.state) == (ActionRejected, "PENDING_REVIEW")
    first = await did(approve(shop, order_id, MERCHANT, idempotency_key="k"))
    assert await approve(shop, order_id, MERCHANT, idempotency_key="k") == OrderChanged(
        order_id=first.order_id, is_replayed=True
    )
    again = await shop.refused(approve(shop, order_id))
    assert (type(again), again.state) == (ActionRejected, "PENDING_PAYMENT")
