"""GROUP_BUY orders in the database: seats are taken and given back, and a group goes ahead as a whole or not at all."""

import asyncio
from typing import Any

import pytest

from domain.orders.commands import PlaceOrderLine, WantedGroup
from domain.values.enums import OrderType
from domain.values.outcomes import OrderPlaced
from domain.values.refusals import InvalidInput, LimitExceeded
from tests.fixtures.shop import ANNA, BOB, DAY, HOUR, MINUTE, START, SUPPORT, Shop, did
from tests.fixtures.sizes import ROUNDS

pytestmark = pytest.mark.anyio

TEE = (PlaceOrderLine("TEE", 1),)


def wish(size: int | None = None, join: str | None = None, **more: Any) -> dict[str, Any]:
    return {"order_type": OrderType.GROUP_BUY, "lines": TEE, "group": WantedGroup(size, join), **more}


async def opened(shop: Shop, size: int = 2, **more: Any) -> tuple[str, str]:
    """Anna's order, and its group."""
    order_id = await shop.placed(**wish(size, **more))
    return order_id, str((await shop.order(order_id)).head.group_id)


async def joined(shop: Shop, group_id: str) -> str:
    return await shop.placed(BOB, **wish(join=group_id, member_id="mbr_bob"))


async def group_of(shop: Shop, group_id: str) -> tuple[int, int, str]:
    rows = await shop.sql(f"SELECT size, joined, status FROM order_groups WHERE id = '{group_id}'")
    size, seats, status = rows[0]
    return size, seats, status


async def statuses(shop: Shop, *order_ids: str) -> list[str]:
    return [(await shop.order(order_id)).head.status.value for order_id in order_ids]


async def test_a_group_goes_ahead_when_every_seat_is_paid(any_shop: Shop) -> None:
    shop = any_shop
    first, group_id = await opened(shop)
    assert await group_of(shop, group_id) == (2, 1, "OPEN")
    await shop.paid(first)
    assert await statuses(shop, first) == ["GROUP_PENDING"]
    assert (await shop.timers(first))["order.groupTimeout"] == DAY
    second = await joined(shop, group_id)
    assert await group_of(shop, group_id) == (2, 2, "OPEN")
    assert await statuses(shop, first, second) == ["GROUP_PENDING", "PENDING_PAYMENT"]
    shop.clock.pass_(MINUTE)
    await did(shop.pay(second, viewer=BOB))
    await shop.worker.drain()
    assert await statuses(shop, first, second) == ["CONFIRMED", "CONFIRMED"]
    assert await group_of(shop, group_id) == (2, 2, "FORMED")
    assert [(step[0], step[2]) for step in (await shop.steps(first))[-4:]] == [
        ("groupFormed", "CONFIRMED"),
        ("split", "CONFIRMED"),
        ("split", "CREATED"),
        ("allocate", "ALLOCATED"),
    ]
    part = (await shop.order(second)).fulfillments[0]
    assert part.promised_at == START + MINUTE + 3 * DAY
    await did(shop.fulfil("acceptFulfillment", part.id))
    assert await statuses(shop, second) == ["IN_FULFILLMENT"]


async def test_a_group_that_is_full_closed_or_unknown_takes_nobody(any_shop: Shop) -> None:
    shop = any_shop
    _, full = await opened(shop)
    await joined(shop, full)
    for asked, code in ((full, "GROUP_FULL"), ("grp_" + "0" * 32, "UNKNOWN_GROUP")):
        outcome = await shop.place(BOB, **wish(join=asked, member_id="mbr_bob"))
        refused = outcome.problems[0] if isinstance(outcome, InvalidInput) else outcome
        assert (getattr(refused, "code", None), getattr(refused, "path", None)) == (code, ("group", "join"))
    await shop.worker.drain()
    _, late = await opened(shop)
    await shop.later(DAY)
    outcome = await shop.place(BOB, **wish(join=late, member_id="mbr_bob"))
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == ["GROUP_CLOSED"]
    await shop.worker.drain()
    assert await shop.stock() == {}


async def test_the_group_of_another_business_unit_is_unknown(shop: Shop) -> None:
    _, group_id = await opened(shop)
    outcome = await shop.refused(shop.place(BOB, **wish(join=group_id, member_id="mbr_bob", business_unit="later")))
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == ["UNKNOWN_GROUP"]


async def test_a_group_has_a_largest_size(shop: Shop) -> None:
    outcome = await shop.refused(shop.place(**wish(51)))
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == ["INVALID_GROUP_SIZE"]


async def test_a_seat_is_given_back_with_the_reservation(any_shop: Shop) -> None:
    shop = any_shop
    unpaid, group_id = await opened(shop, size=3)
    cancelled, kept = await joined(shop, group_id), await joined(shop, group_id)
    assert await group_of(shop, group_id) == (3, 3, "OPEN")
    await did(shop.cancel(cancelled, BOB))
    await did(shop.pay(kept, viewer=BOB))
    await shop.worker.drain()
    assert await group_of(shop, group_id) == (3, 2, "OPEN")
    await shop.later(HOUR)
    assert await statuses(shop, unpaid, cancelled, kept) == ["CANCELLED", "CANCELLED", "GROUP_PENDING"]
    assert await group_of(shop, group_id) == (3, 1, "OPEN")
    await did(shop.cancel(kept, SUPPORT))
    await shop.worker.drain()
    assert await group_of(shop, group_id) == (3, 0, "OPEN")
    assert await statuses(shop, kept) == ["CANCELLED"]
    assert (await shop.order(kept)).head.payment_status == "REFUNDED"
    assert await shop.stock() == {}


async def test_a_group_that_does_not_form_in_time_is_given_back(any_shop: Shop) -> None:
    shop = any_shop
    first, group_id = await opened(shop, size=3)
    second = await joined(shop, group_id)
    await shop.paid(first)
    shop.clock.pass_(MINUTE)
    await did(shop.pay(second, viewer=BOB))
    await shop.worker.drain()
    assert await statuses(shop, first, second) == ["GROUP_PENDING", "GROUP_PENDING"]
    await shop.later(DAY)
    assert await statuses(shop, first, second) == ["CANCELLED", "CANCELLED"]
    assert await group_of(shop, group_id) == (3, 2, "FAILED")
    assert await shop.stock() == {}


async def test_who_pays_after_the_group_failed_is_given_back(shop: Shop) -> None:
    first, group_id = await opened(shop, size=3)
    await shop.paid(first)
    shop.clock.pass_(DAY - MINUTE)
    late = await joined(shop, group_id)
    await shop.later(MINUTE)
    assert await group_of(shop, group_id) == (3, 2, "FAILED")
    await did(shop.pay(late, viewer=BOB))
    await shop.worker.drain()
    assert (await shop.order(late)).head.payment_status == "REFUNDED"
    assert await statuses(shop, late) == ["CANCELLED"]


@ROUNDS
async def test_one_place_for_two_at_once(any_shop: Shop, rounds: int) -> None:
    shop = any_shop
    for _ in range(rounds):
        first, group_id = await opened(shop)
        mine, theirs = await asyncio.gather(
            shop.place(ANNA, **wish(join=group_id)), shop.place(BOB, **wish(join=group_id, member_id="mbr_bob"))
        )
        kinds = sorted(type(outcome).__name__ for outcome in (mine, theirs))
        assert kinds == ["LimitExceeded", "OrderPlaced"]
        refused, placed = (mine, theirs) if isinstance(mine, LimitExceeded) else (theirs, mine)
        assert isinstance(refused, LimitExceeded)
        assert (refused.code, refused.limit) == ("GROUP_FULL", 2)
        assert isinstance(placed, OrderPlaced)
        assert await group_of(shop, group_id) == (2, 2, "OPEN")
        for order_id in (first, placed.order_id):
            await did(shop.cancel(order_id, SUPPORT))
        await shop.worker.drain()
        assert await group_of(shop, group_id) == (2, 0, "OPEN")


@ROUNDS
async def test_the_last_two_pay_at_once_and_the_group_forms_once(shop: Shop, rounds: int) -> None:
    await shop.ports.inventory.restock("TEE", "BER", 2 * rounds)
    for _ in range(rounds):
        first, group_id = await opened(shop, size=2)
        second = await joined(shop, group_id)
        await asyncio.gather(did(shop.pay(first, viewer=ANNA)), did(shop.pay(second, viewer=BOB)))
        await asyncio.gather(shop.worker.drain(), shop.worker.drain())
        await shop.worker.drain()
        assert await statuses(shop, first, second) == ["CONFIRMED", "CONFIRMED"]


async def test_one_cancels_while_the_group_forms(shop: Shop) -> None:
    first, group_id = await opened(shop)
    second = await joined(shop, group_id)
    await shop.paid(first)
    await did(shop.pay(second, viewer=BOB))
    await asyncio.gather(shop.worker.drain(), shop.cancel(first, ANNA))
    await shop.worker.drain()
    found, seats = await statuses(shop, first, second), await group_of(shop, group_id)
    assert (found[0], found[1], seats[2]) in {
        ("CANCELLED", "GROUP_PENDING", "OPEN"),
        ("CONFIRMED", "CONFIRMED", "FORMED"),
        ("CANCELLED", "CONFIRMED", "FORMED"),
    }


async def test_the_same_key_takes_one_seat(shop: Shop) -> None:
    _, group_id = await opened(shop)
    asked = wish(join=group_id, member_id="mbr_bob")
    first, again = [await shop.place(BOB, key="k", **asked) for _ in range(2)]
    assert isinstance(first, OrderPlaced)
    assert again == OrderPlaced(order_id=first.order_id, is_replayed=True)
    assert await group_of(shop, group_id) == (2, 2, "OPEN")
