"""Idempotency keys: the same request has the same answer for a day, another request under its key is refused."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.actions.pay_order import pay_order
from domain.actions.place_order import place_order
from domain.orders.commands import PayOrder, PlaceOrder, PlaceOrderLine
from domain.values.outcomes import OrderPaid, OrderPlaced, Outcome
from domain.values.refusals import (
    IdempotencyConflict,
    InvalidInput,
    OutOfStock,
    RequestInProgress,
    ServiceDown,
)
from tests.fixtures.shop import ANNA, BOB, DAY, MERCHANT, MINUTE, SUPPORT, WISH, Shop, did
from tests.fixtures.sleepy import between, without

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


async def test_a_placement_is_replayed(any_shop: Shop) -> None:
    order_id = await any_shop.placed(key="k")
    before = await any_shop.everything()
    await any_shop.sql("UPDATE services.products SET price_minor = 1 WHERE sku = 'GONE' RETURNING 1")
    assert await any_shop.place(key="k") == OrderPlaced(order_id=order_id, is_replayed=True)
    after = await any_shop.everything()
    assert {name: rows for name, rows in after.items() if rows != before[name]}.keys() == {"services.products"}


async def test_and_has_the_same_answer_though_the_world_changed(any_shop: Shop) -> None:
    order_id = await any_shop.placed(key="k")
    await any_shop.sql("UPDATE services.products SET is_available = false RETURNING 1")
    await did(any_shop.cancel(order_id))
    assert await any_shop.place(key="k") == OrderPlaced(order_id=order_id, is_replayed=True)


async def test_another_request_under_the_same_key(any_shop: Shop) -> None:
    await any_shop.placed(key="k")
    for more in ({"note": "other"}, {"lines": (PlaceOrderLine("MUG", 1),)}, {"attributes": {"a": 1}}):
        assert await any_shop.refused(any_shop.place(key="k", **more)) == IdempotencyConflict()


async def test_keys_are_the_callers_own_and_the_operations_own(any_shop: Shop) -> None:
    order_id = await any_shop.placed(key="k")
    other = await any_shop.placed(BOB, member_id="mbr_bob", key="k")
    assert order_id != other
    assert isinstance(await any_shop.pay(order_id, key="k"), OrderPaid)
    assert isinstance(await any_shop.pay(other, viewer=BOB, key="k"), OrderPaid)


async def test_a_refusal_is_replayed_though_it_would_succeed_now(any_shop: Shop) -> None:
    cart = (PlaceOrderLine("POSTER", 6),)
    refused = await any_shop.refused(any_shop.place(key="k", lines=cart))
    assert isinstance(refused, OutOfStock)
    await any_shop.ports.inventory.restock("POSTER", "BER", 10)
    assert await any_shop.refused(any_shop.place(key="k", lines=cart)) == refused
    await any_shop.placed(key="k2", lines=cart)


async def test_a_failure_of_ours_is_not_kept(any_shop: Shop) -> None:
    sound = any_shop.ports
    any_shop.ports = without(sound, "products", "by_skus")
    assert isinstance(await any_shop.place(key="k"), ServiceDown)
    assert await any_shop.sql("SELECT 1 FROM idempotency_keys") == []
    any_shop.ports = sound
    await any_shop.placed(key="k")


async def test_a_key_is_forgotten_after_a_day(any_shop: Shop) -> None:
    first = await any_shop.placed(key="k")
    any_shop.clock.pass_(DAY - SECOND)
    assert await any_shop.place(key="k") == OrderPlaced(order_id=first, is_replayed=True)
    any_shop.clock.pass_(SECOND)
    second = await any_shop.place(key="k", note="other")
    assert isinstance(second, OrderPlaced)
    assert (second.is_replayed, second.order_id == first) == (False, False)


async def test_keys_that_are_over_are_swept(shop: Shop) -> None:
    await shop.paid(key="p")
    await shop.later(DAY - SECOND)
    assert await shop.sql("SELECT count(*) FROM idempotency_keys") == [(2,)]
    await shop.later(MINUTE)
    assert await shop.sql("SELECT count(*) FROM idempotency_keys") == [(0,)]


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_of_no_length_or_too_much(shop: Shop, key: str) -> None:
    order_id = await shop.placed()
    for call in (
        pay_order(shop.ports, ANNA, PayOrder(order_id, "test_card", key)),
        place_order(shop.ports, ANNA, PlaceOrder(key, WISH)),
        shop.act("confirmOrder", order_id, idempotency_key=key),
        shop.cancel(order_id, idempotency_key=key),
    ):
        outcome = await shop.refused(call)
        assert isinstance(outcome, InvalidInput)
        assert (outcome.path, outcome.problems[0].code) == (("idempotencyKey",), "INVALID_LENGTH")


async def test_a_key_of_255_signs_of_any_kind(any_shop: Shop) -> None:
    key = "💥" * 255
    order_id = await any_shop.placed(key=key)
    assert await any_shop.place(key=key) == OrderPlaced(order_id=order_id, is_replayed=True)


@pytest.mark.parametrize("action", ["confirmOrder", "holdOrder", "cancelOrder", "acceptFulfillment", "shipFulfillment"])
async def test_every_action_is_replayed(shop: Shop, action: str) -> None:
    order_id = await (shop.placed() if action == "cancelOrder" else shop.paid())
    if action.endswith("Fulfillment"):
        await did(shop.act("confirmOrder", order_id))
    parts = (await shop.order(order_id)).fulfillments
    if action == "shipFulfillment":
        await did(shop.fulfil("acceptFulfillment", parts[0].id))
    calls: dict[str, Any] = {
        "cancelOrder": lambda: shop.cancel(order_id, idempotency_key="k"),
        "acceptFulfillment": lambda: shop.fulfil("acceptFulfillment", parts[0].id, idempotency_key="k"),
        "shipFulfillment": lambda: shop.ship(parts[0].id, "T-1", idempotency_key="k"),
    }
    call = calls.get(action, lambda: shop.act(action, order_id, idempotency_key="k"))
    first = await did(call())
    before = await shop.everything()
    assert await call() == replace(first, is_replayed=True)
    assert await shop.everything() == before


async def test_a_refusal_of_an_action_is_replayed(shop: Shop) -> None:
    order_id = await shop.placed()
    refused = await shop.refused(shop.act("confirmOrder", order_id, idempotency_key="k"))
    await shop.paid(order_id)
    assert await shop.refused(shop.act("confirmOrder", order_id, idempotency_key="k")) == refused
    await did(shop.act("confirmOrder", order_id, idempotency_key="k2"))


async def test_the_same_key_many_times_at_once_is_one_order(any_shop: Shop) -> None:
    outcomes = await asyncio.gather(*(any_shop.place(key="k") for _ in range(20)))
    assert await any_shop.sql("SELECT count(*) FROM orders") == [(1,)]
    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds.keys() <= {OrderPlaced, RequestInProgress}
    placed = [outcome for outcome in outcomes if isinstance(outcome, OrderPlaced)]
    assert [outcome.is_replayed for outcome in placed].count(False) == 1
    assert len({outcome.order_id for outcome in placed}) == 1
    await any_shop.later(30 * SECOND)
    assert await any_shop.stock() == {("TEE", "BER"): (10, 2), ("POSTER", "BER"): (5, 1)}


async def test_who_comes_while_it_is_worked_on_is_told_to_wait(remote_shop: Shop) -> None:
    sound, second = remote_shop.ports, list[Outcome]()

    async def come_again() -> None:
        remote_shop.ports = sound
        second.append(await remote_shop.place(key="k"))

    remote_shop.ports = between(sound, "inventory", "reserve", come_again)
    order_id = await remote_shop.placed(key="k")
    assert second == [RequestInProgress(retry_after_ms=500)]
    assert await remote_shop.place(key="k") == OrderPlaced(order_id=order_id, is_replayed=True)


async def test_two_payments_under_one_key_are_one(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    outcomes = await asyncio.gather(*(any_shop.pay(order_id, key="k") for _ in range(10)))
    assert {type(outcome) for outcome in outcomes} <= {OrderPaid, RequestInProgress}
    assert len((await any_shop.order(order_id)).payments) == 1
    assert isinstance(await any_shop.pay(order_id, key="k"), OrderPaid)


async def test_staff_have_keys_of_their_own(shop: Shop) -> None:
    assert len({await shop.placed(viewer, key="k") for viewer in (ANNA, SUPPORT, MERCHANT)}) == 3
