"""Many at once: what is sold is there, one writer of a version wins, no deadlock reaches a caller."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.db.queue import SqlQueue
from adapters.embedded.tables import members
from domain.access.viewer import Viewer
from domain.actions.fire_timer import fire_timer
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.values.money import Money
from domain.values.outcomes import Done, OrderPaid, OrderPlaced
from domain.values.refusals import (
    ActionRejected,
    DuplicateExternalNumber,
    LimitExceeded,
    OutOfStock,
    VersionConflict,
)
from tests.fixtures.shop import ANNA, MERCHANT, MINUTE, SUPPORT, TOTAL, Shop, did

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("units", [1, 2])
async def test_two_hundred_buyers_for_a_hundred_units(shop: Shop, units: int) -> None:
    """FREE is in stock a hundred times; the carts name their SKUs in different orders."""
    buyers = [f"mbr_{number}" for number in range(200)]
    await shop.given(members, *({"id": buyer, "name": buyer} for buyer in buyers))
    await shop.ports.inventory.restock("MUG", "BER", 1000)
    cart = (PlaceOrderLine("FREE", units), PlaceOrderLine("MUG", 1))
    outcomes = await asyncio.gather(
        *(
            shop.place(SUPPORT, member_id=buyer, lines=cart[:: 1 if number % 2 else -1])
            for number, buyer in enumerate(buyers)
        )
    )
    sold = 100 // units
    assert Counter(type(outcome) for outcome in outcomes) == {OrderPlaced: sold, OutOfStock: 200 - sold}
    assert await shop.sql("SELECT on_hand, reserved FROM services.stock WHERE sku = 'FREE'") == [(100, 100)]
    assert await shop.sql("SELECT sum(on_hand), sum(reserved) FROM services.stock WHERE sku = 'MUG'") == [(1010, sold)]
    assert await shop.sql("SELECT count(*), count(DISTINCT number) FROM orders") == [(sold, sold)]
    assert await shop.sql("SELECT count(*) FROM services.reservations WHERE state = 'HELD'") == [(2 * sold,)]


async def test_so_many_buyers_elsewhere(remote_shop: Shop) -> None:
    buyers = [f"mbr_{number}" for number in range(60)]
    await remote_shop.given(members, *({"id": buyer, "name": buyer} for buyer in buyers))
    cart = (PlaceOrderLine("TEE", 1),)
    outcomes = await asyncio.gather(
        *(remote_shop.place(SUPPORT, member_id=buyer, lines=cart, coupon_codes=("SAVE5",)) for buyer in buyers)
    )
    assert Counter(type(outcome) for outcome in outcomes) == {OrderPlaced: 15, OutOfStock: 45}
    assert (await remote_shop.coupons_used(), await remote_shop.jobs()) == ({"SAVE5": 15}, [])


async def test_buying_paying_and_cancelling_all_at_once(any_shop: Shop) -> None:
    buyers = [f"mbr_{number}" for number in range(30)]
    await any_shop.given(members, *({"id": buyer, "name": buyer} for buyer in buyers))

    async def buy(number: int) -> str:
        placed = await any_shop.place(SUPPORT, member_id=buyers[number], lines=(PlaceOrderLine("TEE", 1),))
        if not isinstance(placed, Done):
            return type(placed).__name__
        acts: tuple[Callable[[], Awaitable[Any]], ...] = (
            lambda: any_shop.pay(placed.order_id, viewer=buyer_of(buyers[number])),
            lambda: any_shop.cancel(placed.order_id, SUPPORT),
        )
        await asyncio.gather(*(act() for act in acts[:: 1 if number % 2 else -1]))
        return "done"

    outcomes = Counter(await asyncio.gather(*(buy(number) for number in range(30))))
    assert outcomes["done"] >= 15
    await any_shop.worker.drain()
    statuses = Counter(row[0] for row in await any_shop.sql("SELECT status FROM orders"))
    assert statuses.keys() <= {"PAID", "CANCELLED"}
    sold = statuses["PAID"]
    assert await any_shop.sql("SELECT sum(on_hand), sum(reserved) FROM services.stock WHERE sku = 'TEE'") == [
        (15 - sold, 0)
    ]
    assert await any_shop.jobs() == []


def buyer_of(member_id: str) -> Viewer:
    return replace(ANNA, id=member_id.removeprefix("mbr_"), member_id=member_id)


async def test_an_external_number_many_times_at_once_is_one_order(any_shop: Shop) -> None:
    cart = (PlaceOrderLine("CARD", 1),)
    buyers = ("mbr_anna", "mbr_bob")
    outcomes = await asyncio.gather(
        *(
            any_shop.place(SUPPORT, member_id=buyers[number % 2], lines=cart, external_number="E-1")
            for number in range(10)
        )
    )
    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds[OrderPlaced] == 1
    assert kinds.keys() <= {OrderPlaced, DuplicateExternalNumber, LimitExceeded}
    await any_shop.worker.drain()
    assert await any_shop.jobs() == []


async def test_the_limit_of_unpaid_orders_holds_for_many_at_once(shop: Shop) -> None:
    outcomes = await asyncio.gather(*(shop.place(lines=(PlaceOrderLine("CARD", 1),)) for _ in range(12)))
    assert Counter(type(outcome) for outcome in outcomes) == {OrderPlaced: 3, LimitExceeded: 9}


async def test_the_last_use_of_a_coupon_is_one_use(any_shop: Shop) -> None:
    await any_shop.sql("UPDATE services.coupons SET total_limit = 1 WHERE code = 'SAVE5' RETURNING 1")
    cart = (PlaceOrderLine("MUG", 1),)
    outcomes = await asyncio.gather(
        *(any_shop.place(lines=cart, coupon_codes=("SAVE5",)) for _ in range(3)),
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidCoupon", "InvalidCoupon", "OrderPlaced"]
    await any_shop.worker.drain()
    assert (await any_shop.coupons_used(), await any_shop.stock()) == ({"SAVE5": 1}, {("MUG", "HAM"): (10, 1)})


async def _part(shop: Shop, order_id: str) -> str:
    return (await shop.order(order_id)).fulfillments[0].id


async def _payment(shop: Shop, order_id: str) -> str:
    return (await shop.order(order_id)).payments[0].id


async def _held(shop: Shop) -> str:
    order_id = await shop.paid()
    await did(shop.act("holdOrder", order_id))
    return order_id


async def _accepted(shop: Shop) -> str:
    order_id = await shop.confirmed()
    await did(shop.fulfil("acceptFulfillment", await _part(shop, order_id)))
    return order_id


async def _received(shop: Shop) -> str:
    order_id = await shop.delivered()
    await did(shop.act("confirmReceipt", order_id, ANNA))
    return order_id


async def _one_wins(shop: Shop, order_id: str, action: str, call: Callable[[int, int], Awaitable[Any]]) -> None:
    """`call` takes its number and the version that it expects."""
    seen = (await shop.order(order_id)).head.version
    outcomes = await asyncio.gather(*(call(number, seen) for number in range(8)))
    current = (await shop.order(order_id)).head.version
    lost = [outcome for outcome in outcomes if not isinstance(outcome, Done)]
    assert lost == [VersionConflict(expected_version=seen, current_version=current)] * 7
    assert [step[0] for step in await shop.steps(order_id, since=seen)].count(action) == 1


@pytest.mark.parametrize(
    ("action", "ready", "viewer"),
    [
        ("confirmOrder", Shop.paid, MERCHANT),
        ("holdOrder", Shop.paid, MERCHANT),
        ("releaseOrder", _held, MERCHANT),
        ("confirmReceipt", Shop.delivered, ANNA),
        ("extendReceipt", Shop.delivered, ANNA),
        ("completeOrder", _received, MERCHANT),
    ],
)
async def test_of_eight_who_act_on_one_version_of_an_order_one_wins(
    shop: Shop, action: str, ready: Callable[[Shop], Awaitable[str]], viewer: Viewer
) -> None:
    order_id = await ready(shop)
    await _one_wins(shop, order_id, action, lambda _, seen: shop.act(action, order_id, viewer, expected_version=seen))


@pytest.mark.parametrize(
    ("action", "ready"),
    [("acceptFulfillment", Shop.confirmed), ("packFulfillment", _accepted), ("deliverFulfillment", Shop.shipped)],
)
async def test_of_eight_who_act_on_a_fulfillment_one_wins(
    shop: Shop, action: str, ready: Callable[[Shop], Awaitable[str]]
) -> None:
    order_id = await ready(shop)
    part_id = await _part(shop, order_id)
    await _one_wins(shop, order_id, action, lambda _, seen: shop.fulfil(action, part_id, expected_version=seen))


async def test_of_eight_parcels_of_one_version_one_leaves(shop: Shop) -> None:
    order_id = await shop.packed()
    part_id = await _part(shop, order_id)
    await _one_wins(
        shop, order_id, "shipFulfillment", lambda n, seen: shop.ship(part_id, f"T-{n}", expected_version=seen)
    )


async def test_of_eight_who_cancel_one_wins(shop: Shop) -> None:
    order_id = await shop.placed()
    await _one_wins(shop, order_id, "cancelOrder", lambda _, seen: shop.cancel(order_id, expected_version=seen))


async def _taken(shop: Shop, order_id: str, action: str, call: Callable[[int], Awaitable[Any]], allowed: int) -> None:
    """Eight at once, none of which names a version: as many take effect as the table allows one after another."""
    seen = (await shop.order(order_id)).head.version
    outcomes = await asyncio.gather(*(call(number) for number in range(8)))
    done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Done)]
    assert len(done) == allowed
    assert not any(outcome.is_replayed for outcome in done)
    assert {type(outcome) for outcome in refused} == {ActionRejected}
    assert [step[0] for step in await shop.steps(order_id, since=seen)].count(action) == allowed


@pytest.mark.parametrize("with_keys", [True, False])
@pytest.mark.parametrize(
    ("action", "ready", "viewer", "allowed"),
    [
        ("confirmOrder", Shop.paid, MERCHANT, 1),
        ("holdOrder", Shop.paid, MERCHANT, 1),
        ("releaseOrder", _held, MERCHANT, 1),
        ("confirmReceipt", Shop.delivered, ANNA, 1),
        ("extendReceipt", Shop.delivered, ANNA, 2),
        ("completeOrder", _received, MERCHANT, 1),
    ],
)
async def test_eight_at_once_without_a_version_take_effect_as_often_as_the_table_allows(
    shop: Shop, action: str, ready: Callable[[Shop], Awaitable[str]], viewer: Viewer, allowed: int, with_keys: bool
) -> None:
    order_id = await ready(shop)
    await _taken(shop, order_id, action, lambda n: shop.act(action, order_id, viewer, **_key(n, with_keys)), allowed)


@pytest.mark.parametrize("with_keys", [True, False])
async def test_eight_cancellations_without_a_version_cancel_once(shop: Shop, with_keys: bool) -> None:
    order_id = await shop.placed()
    await _taken(shop, order_id, "cancelOrder", lambda n: shop.cancel(order_id, **_key(n, with_keys)), 1)


@pytest.mark.parametrize("with_keys", [True, False])
@pytest.mark.parametrize(
    ("action", "ready"),
    [("acceptFulfillment", Shop.confirmed), ("packFulfillment", _accepted), ("deliverFulfillment", Shop.shipped)],
)
async def test_eight_at_once_on_a_fulfillment_without_a_version_take_effect_once(
    shop: Shop, action: str, ready: Callable[[Shop], Awaitable[str]], with_keys: bool
) -> None:
    order_id = await ready(shop)
    part_id = await _part(shop, order_id)
    await _taken(shop, order_id, action, lambda n: shop.fulfil(action, part_id, **_key(n, with_keys)), 1)


@pytest.mark.parametrize("with_keys", [True, False])
async def test_eight_parcels_without_a_version_ship_once(shop: Shop, with_keys: bool) -> None:
    order_id = await shop.packed()
    part_id = await _part(shop, order_id)
    await _taken(shop, order_id, "shipFulfillment", lambda n: shop.ship(part_id, f"T-{n}", **_key(n, with_keys)), 1)


async def test_eight_payments_of_the_whole_take_the_money_once(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    outcomes = await asyncio.gather(*(any_shop.pay(order_id) for _ in range(8)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ActionRejected"] * 7 + ["OrderPaid"]
    order = await any_shop.order(order_id)
    assert (len(order.payments), order.head.captured_minor) == (1, TOTAL)


def _key(number: int, with_keys: bool) -> dict[str, Any]:
    return {"idempotency_key": f"key-{number}"} if with_keys else {}


@pytest.mark.parametrize("action", ["capturePayment", "voidPayment"])
async def test_of_eight_who_act_on_a_payment_one_wins(any_shop: Shop, action: str) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    payment_id, seen = await _payment(any_shop, order_id), (await any_shop.order(order_id)).head.version
    outcomes = await asyncio.gather(
        *(any_shop.act_on_payment(action, payment_id, expected_version=seen) for _ in range(8))
    )
    kinds = Counter(type(outcome) for outcome in outcomes)
    assert [isinstance(outcome, Done) for outcome in outcomes].count(True) == 1
    assert kinds.keys() - {VersionConflict, ActionRejected} == {type(o) for o in outcomes if isinstance(o, Done)}
    assert {o.blocked_by[0].code for o in outcomes if isinstance(o, ActionRejected)} <= {"PAYMENT_BUSY"}
    assert [step[0] for step in await any_shop.steps(order_id)].count(action) == 1


async def test_eight_payments_at_once_secure_no_more_than_is_owed(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    methods = ("test_card", "test_card_authorize")
    half = Money(TOTAL // 2 + 1, "EUR")
    outcomes = await asyncio.gather(*(any_shop.pay(order_id, methods[n % 2], amount=half) for n in range(8)))
    assert 1 <= sum(isinstance(outcome, OrderPaid) for outcome in outcomes) <= 2
    head = (await any_shop.order(order_id)).head
    assert head.secured_minor <= TOTAL
    await any_shop.worker.drain()


async def test_pay_against_cancel(any_shop: Shop) -> None:
    for number in range(3):
        order_id = await any_shop.placed(lines=(PlaceOrderLine("MUG", 1),))
        calls = [any_shop.pay(order_id), any_shop.cancel(order_id)]
        paid, cancelled = (await asyncio.gather(*calls[:: 1 if number % 2 else -1]))[:: 1 if number % 2 else -1]
        assert [isinstance(paid, Done), isinstance(cancelled, Done)].count(True) == 1
        expected = "PAID" if isinstance(paid, Done) else "CANCELLED"
        assert (await any_shop.order(order_id)).head.status == expected
        await any_shop.worker.drain()
        assert await any_shop.jobs() == []


async def test_cancel_and_pay_against_the_deadline(any_shop: Shop) -> None:
    cancelled, paid = await any_shop.placed(), await any_shop.placed()
    any_shop.clock.pass_(30 * MINUTE)
    due = await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 10, 30)
    await asyncio.gather(
        *(fire_timer(any_shop.ports, timer) for timer in due), any_shop.cancel(cancelled), any_shop.pay(paid)
    )
    await any_shop.worker.drain()
    await any_shop.later(MINUTE)
    steps = [step[0] for step in await any_shop.steps(cancelled)]
    assert steps in (["placeOrder", "cancelOrder"], ["placeOrder", "payTimeout"])
    head = (await any_shop.order(paid)).head
    assert (head.status, head.captured_minor) in {("PAID", TOTAL), ("CANCELLED", 0)}
    assert await any_shop.jobs() == []


async def test_one_tracking_number_for_two_parcels_at_once(any_shop: Shop) -> None:
    order_id = await any_shop.packed()
    parts = (await any_shop.order(order_id)).fulfillments
    line = next(part for part in (await any_shop.order(order_id)).lines if part.sku == "TEE")
    outcomes = await asyncio.gather(
        any_shop.ship(parts[0].id, "T-1", lines=(LineQuantity(line.id, 1),)),
        any_shop.ship(parts[1].id, "T-1"),
    )
    assert [isinstance(outcome, Done) for outcome in outcomes].count(True) == 1


async def test_one_tracking_number_for_parcels_of_two_orders_at_once(any_shop: Shop) -> None:
    parts = [(await any_shop.order(await any_shop.packed())).fulfillments[0] for _ in range(2)]
    outcomes = await asyncio.gather(*(any_shop.ship(part.id, "T-1") for part in parts))
    assert [isinstance(outcome, Done) for outcome in outcomes].count(True) == 1
    assert await any_shop.sql("SELECT count(*) FROM shipments WHERE tracking_number = 'T-1'") == [(1,)]
