"""Placement where inventory and promotion are elsewhere: whatever breaks, an order with its claims or neither."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.orders.commands import PlaceOrderLine
from domain.ports.promotions import CouponRefusal, RefusedCoupon
from domain.values.outcomes import OrderPlaced
from domain.values.refusals import (
    DuplicateExternalNumber,
    InvalidCoupon,
    Refusal,
    RequestInProgress,
    ServiceDown,
)
from tests.fixtures.shop import SUPPORT, Shop
from tests.fixtures.sleepy import Killed, answering, between, dying_after, mute_after

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=30)
HELD = {("TEE", "BER"): (10, 2), ("POSTER", "BER"): (5, 1)}


async def orders(shop: Shop) -> int:
    return int((await shop.sql("SELECT count(*) FROM orders"))[0][0])


async def test_an_order_with_its_claims_and_no_errand_left(remote_shop: Shop) -> None:
    await remote_shop.placed(coupon_codes=("SAVE5",))
    assert (await remote_shop.stock(), await remote_shop.coupons_used()) == (HELD, {"SAVE5": 1})
    assert await remote_shop.jobs() == []
    assert await remote_shop.later(LEASE) == 0


@pytest.mark.parametrize(("port", "method"), [("inventory", "reserve"), ("promotions", "claim")])
async def test_what_a_crash_left_claimed_is_released(remote_shop: Shop, port: str, method: str) -> None:
    sound = remote_shop.ports
    remote_shop.ports = dying_after(sound, port, method)
    with pytest.raises(Killed):
        await remote_shop.place(key="k", coupon_codes=("SAVE5",))
    remote_shop.ports = sound
    assert await remote_shop.stock() == HELD
    assert await remote_shop.jobs() == ["UNDO_PLACEMENT"]
    assert await remote_shop.refused(remote_shop.place(key="k", coupon_codes=("SAVE5",))) == RequestInProgress(
        retry_after_ms=500
    )
    assert await remote_shop.later(LEASE - timedelta(seconds=1)) == 0
    assert await remote_shop.later(timedelta(seconds=1)) == 1
    assert (await remote_shop.stock(), await remote_shop.coupons_used(), await remote_shop.jobs()) == ({}, {}, [])
    assert await orders(remote_shop) == 0
    await remote_shop.placed(key="k", coupon_codes=("SAVE5",))
    assert (await remote_shop.stock(), await remote_shop.coupons_used()) == (HELD, {"SAVE5": 1})


async def test_an_answer_that_is_lost_after_the_claim(remote_shop: Shop) -> None:
    sound = remote_shop.ports
    remote_shop.ports = mute_after(sound, "inventory", "reserve")
    assert isinstance(await remote_shop.place(key="k"), ServiceDown)
    remote_shop.ports = sound
    assert await remote_shop.worker.drain() == 1
    assert (await remote_shop.stock(), await remote_shop.jobs(), await orders(remote_shop)) == ({}, [], 0)
    await remote_shop.placed(key="k")


async def test_a_worker_that_was_faster_leaves_nothing(remote_shop: Shop) -> None:
    sound = remote_shop.ports

    async def too_long() -> None:
        assert await remote_shop.later(LEASE) == 1

    remote_shop.ports = between(sound, "promotions", "claim", too_long)
    outcome = await remote_shop.place(key="k", coupon_codes=("SAVE5",))
    remote_shop.ports = sound
    assert outcome == ServiceDown(message="The placement took too long and was undone.", service="order-center")
    assert outcome.retryable
    assert (await remote_shop.stock(), await remote_shop.coupons_used(), await remote_shop.jobs()) == ({}, {}, [])
    assert await orders(remote_shop) == 0
    await remote_shop.placed(key="k", coupon_codes=("SAVE5",))


async def test_the_same_request_that_was_begun_anew_meanwhile_is_the_one_that_counts(remote_shop: Shop) -> None:
    """No worker runs; the first attempt is slower than its lease, the second is not."""
    sound, second = remote_shop.ports, list[Any]()

    async def again() -> None:
        remote_shop.clock.pass_(LEASE)
        remote_shop.ports = sound
        second.append(await remote_shop.place(key="k"))

    remote_shop.ports = between(sound, "inventory", "reserve", again)
    first = await remote_shop.place(key="k")
    assert isinstance(second[0], OrderPlaced)
    assert first == RequestInProgress(retry_after_ms=500)
    assert await remote_shop.place(key="k") == replace(second[0], is_replayed=True)
    await remote_shop.worker.drain()
    assert (await orders(remote_shop), await remote_shop.stock(), await remote_shop.jobs()) == (1, HELD, [])


@pytest.mark.parametrize("refusal", list(CouponRefusal))
async def test_a_coupon_that_went_meanwhile_releases_the_stock(remote_shop: Shop, refusal: CouponRefusal) -> None:
    sound = remote_shop.ports
    remote_shop.ports = answering(sound, "promotions", "claim", RefusedCoupon("SAVE5", refusal))
    outcome = await remote_shop.place(key="k", coupon_codes=("SAVE5",))
    remote_shop.ports = sound
    assert isinstance(outcome, InvalidCoupon)
    assert (outcome.code, outcome.coupon_code) == (refusal, "SAVE5")
    assert await remote_shop.worker.drain() == 1
    assert (await remote_shop.stock(), await remote_shop.jobs(), await orders(remote_shop)) == ({}, [], 0)
    assert await remote_shop.refused(remote_shop.place(key="k", coupon_codes=("SAVE5",))) == outcome


async def test_a_number_that_was_taken_releases_stock_and_coupons(remote_shop: Shop) -> None:
    first = await remote_shop.placed(external_number="E-1")
    outcome = await remote_shop.place(external_number="E-1", coupon_codes=("SAVE5",))
    assert outcome == DuplicateExternalNumber(order_id=first)
    assert await remote_shop.worker.drain() == 1
    assert (await remote_shop.stock(), await remote_shop.coupons_used(), await orders(remote_shop)) == (HELD, {}, 1)


async def test_undoing_late_does_not_touch_an_order_that_is_there(remote_shop: Shop) -> None:
    order_id = await remote_shop.placed(SUPPORT, lines=(PlaceOrderLine("TEE", 2),))
    await remote_shop.sql(
        "INSERT INTO jobs (kind, order_id, payload, due_at, created_at, key)"
        f" SELECT 'UNDO_PLACEMENT', '{order_id}',"
        f" jsonb_build_object('kind', 'UNDO_PLACEMENT', 'subject_id', '{order_id}', 'amount_minor', 0,"
        " 'details', '[]'::jsonb, 'delay_s', 0), placed_at, placed_at, 'late' FROM orders RETURNING 1"
    )
    before = await remote_shop.order(order_id)
    await remote_shop.worker.turn()
    assert await remote_shop.order(order_id) == before
    assert await remote_shop.stock() == {("TEE", "BER"): (10, 2)}
    await remote_shop.sql("DELETE FROM jobs RETURNING 1")


async def test_stock_and_coupons_of_an_order_elsewhere_move_by_jobs(remote_shop: Shop) -> None:
    order_id = await remote_shop.placed(coupon_codes=("SAVE5",))
    assert not isinstance(await remote_shop.pay(order_id), Refusal)
    assert await remote_shop.jobs() == ["DEDUCT_STOCK"]
    assert await remote_shop.stock() == HELD
    await remote_shop.worker.drain()
    assert await remote_shop.stock() == {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
