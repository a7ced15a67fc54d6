"""Stock that came in goes to who waits for it: first in, first out, exactly, and through crashes."""

import asyncio
from datetime import timedelta

import pytest

from domain.actions.receive_stock import receive_stock
from domain.orders.commands import PlaceOrderLine
from domain.orders.views import FulfillmentView
from tests.fixtures.shop import ANNA, DAY, HOUR, SUPPORT, Shop, did
from tests.fixtures.sleepy import Killed, dying_after, without

pytestmark = pytest.mark.anyio
LEASE = timedelta(seconds=30)


async def waiting(shop: Shop, *lines: PlaceOrderLine, method: str = "test_card") -> str:
    """A fulfillment that waits for stock, an hour after the one before: its warehouse declined, no other has its units."""
    order_id = await shop.paid(await shop.placed(lines=lines), method=method)
    shop.clock.pass_(HOUR)
    (part,) = (await shop.order(order_id)).fulfillments
    await did(shop.decline(part.id))
    await shop.worker.drain()
    assert (await part_of(shop, order_id)).status == "BACKORDERED"
    return order_id


async def part_of(shop: Shop, order_id: str) -> FulfillmentView:
    return (await shop.order(order_id)).fulfillments[0]


async def places(shop: Shop, *order_ids: str) -> list[str | None]:
    """Where each of them goes to; None: it waits."""
    return [(await part_of(shop, order_id)).warehouse for order_id in order_ids]


def tees(units: int) -> PlaceOrderLine:
    return PlaceOrderLine("TEE", units)


async def test_stock_that_comes_in_ends_the_wait(any_shop: Shop) -> None:
    order_id = await waiting(any_shop, tees(6))
    version = (await any_shop.order(order_id)).head.version
    await any_shop.receive("TEE", "HAM", 1)
    order = await any_shop.order(order_id)
    (part,) = order.fulfillments
    assert (part.status, part.warehouse, part.backordered_at) == ("ALLOCATED", "HAM", None)
    assert await any_shop.stock() == {("TEE", "HAM"): (0, 0)}
    assert await any_shop.timers(order_id) == {"order.autoConfirm": DAY, "fulfillment.acceptTimeout": DAY + HOUR}
    assert await any_shop.steps(order_id, since=version) == [("allocate", "BACKORDERED", "ALLOCATED", "system")]
    assert await any_shop.sql(
        "SELECT details FROM order_events WHERE to_state = 'ALLOCATED' AND action = 'allocate'"
        " AND from_state = 'BACKORDERED'"
    ) == [({"to": "HAM"},)]
    assert await any_shop.jobs() == []
    await did(any_shop.act("confirmOrder", order_id))
    await did(any_shop.fulfil("acceptFulfillment", part.id))


async def test_too_little_changes_nothing(any_shop: Shop) -> None:
    order_id = await waiting(any_shop, tees(7))
    await any_shop.receive("TEE", "HAM", 1)
    assert (await places(any_shop, order_id), await any_shop.stock()) == ([None], {("TEE", "HAM"): (6, 0)})
    await any_shop.receive("TEE", "HAM", 1)
    assert (await places(any_shop, order_id), await any_shop.stock()) == (["HAM"], {("TEE", "HAM"): (0, 0)})


async def test_first_in_first_out(any_shop: Shop) -> None:
    orders = [await waiting(any_shop, tees(units)) for units in (8, 6, 7)]
    await any_shop.receive("TEE", "HAM", 2)
    assert await places(any_shop, *orders) == [None, None, None]
    await any_shop.receive("TEE", "HAM", 1)
    assert await places(any_shop, *orders) == ["HAM", None, None]
    await any_shop.receive("TEE", "HAM", 12)
    assert await places(any_shop, *orders) == ["HAM", "HAM", None]
    await any_shop.receive("TEE", "HAM", 1)
    assert await places(any_shop, *orders) == ["HAM", "HAM", "HAM"]
    assert await any_shop.stock() == {("TEE", "HAM"): (0, 0)}


async def test_those_behind_have_what_only_they_can_use(any_shop: Shop) -> None:
    """The first was declined by both warehouses: whatever comes is for the second, where that was not declined."""
    first = await any_shop.paid(await any_shop.placed(lines=(tees(2),)))
    part = await part_of(any_shop, first)
    for _ in range(2):
        await did(any_shop.decline(part.id))
        await any_shop.worker.drain()
    second = await waiting(any_shop, tees(6))
    await any_shop.receive("TEE", "HAM", 1)
    assert await places(any_shop, first, second) == [None, "HAM"]


async def test_one_that_waits_for_two_goods_holds_the_queue_of_both(any_shop: Shop) -> None:
    """Tees and lamps of BER; HAM has no lamps. The younger one wants tees alone."""
    first = await waiting(any_shop, tees(2), PlaceOrderLine("LAMP", 1))
    second = await waiting(any_shop, tees(6))
    await any_shop.receive("TEE", "HAM", 10)
    assert await places(any_shop, first, second) == [None, None]
    await any_shop.receive("LAMP", "HAM", 1)
    assert await places(any_shop, first, second) == ["HAM", "HAM"]
    assert await any_shop.stock() == {("TEE", "HAM"): (7, 0), ("LAMP", "HAM"): (0, 0)}


async def test_whose_order_ends_lets_the_next_one_pass(any_shop: Shop) -> None:
    first = await waiting(any_shop, tees(9), method="test_card_authorize")
    second = await waiting(any_shop, tees(6))
    await any_shop.receive("TEE", "HAM", 1)
    assert await places(any_shop, first, second) == [None, None]
    payment = (await any_shop.order(first)).payments[0]
    await did(any_shop.act_on_payment("voidPayment", payment.id))
    await any_shop.later(DAY)
    assert (await part_of(any_shop, first)).status == "CANCELLED"
    assert await places(any_shop, second) == ["HAM"]
    assert await any_shop.stock() == {("TEE", "HAM"): (0, 0)}


async def test_stock_for_an_order_on_hold_is_held_with_it(any_shop: Shop) -> None:
    order_id = await waiting(any_shop, tees(6))
    await did(any_shop.act("holdOrder", order_id, SUPPORT))
    await any_shop.receive("TEE", "HAM", 1)
    part = await part_of(any_shop, order_id)
    assert (part.status, part.previous_status, part.warehouse) == ("ON_HOLD", "ALLOCATED", "HAM")
    await did(any_shop.act("releaseOrder", order_id, SUPPORT))
    assert (await part_of(any_shop, order_id)).status == "ALLOCATED"


async def test_a_person_is_told_after_three_days(any_shop: Shop) -> None:
    order_id = await waiting(any_shop, tees(6))
    await any_shop.later(3 * DAY)
    assert ("alert", "BACKORDERED", "BACKORDERED", "system") in await any_shop.steps(order_id)
    assert "fulfillment.backorderAlert" not in await any_shop.timers(order_id)


async def test_an_unknown_place_receives_nothing(any_shop: Shop) -> None:
    assert await receive_stock(any_shop.ports, "TEE", "nowhere", 1) is None
    assert await receive_stock(any_shop.ports, "NO", "BER", 1) is None
    assert (await any_shop.jobs(), await any_shop.stock()) == ([], {})


async def test_a_receipt_leaves_its_job_to_the_worker(shop: Shop) -> None:
    order_id = await waiting(shop, tees(6))
    assert await receive_stock(shop.ports, "TEE", "HAM", 1) is not None
    assert (await shop.jobs(), await places(shop, order_id)) == (["FILL_BACKORDERS"], [None])
    await shop.worker.drain()
    assert (await shop.jobs(), await places(shop, order_id)) == ([], ["HAM"])


async def test_a_crash_after_the_receipt_elsewhere(remote_shop: Shop) -> None:
    order_id, sound = await waiting(remote_shop, tees(6)), remote_shop.ports
    remote_shop.ports = dying_after(sound, "inventory", "restock")
    with pytest.raises(Killed):
        await receive_stock(remote_shop.ports, "TEE", "HAM", 1)
    remote_shop.ports = sound
    assert await remote_shop.jobs() == ["FILL_BACKORDERS"]
    await remote_shop.later(LEASE)
    assert (await places(remote_shop, order_id), await remote_shop.stock()) == (["HAM"], {("TEE", "HAM"): (0, 0)})


async def test_a_crash_before_it_is_written_takes_the_units_once(remote_shop: Shop) -> None:
    order_id, sound = await waiting(remote_shop, tees(6)), remote_shop.ports
    remote_shop.ports = dying_after(sound, "inventory", "allocate")
    with pytest.raises(Killed):
        await receive_stock(remote_shop.ports, "TEE", "HAM", 1)
    remote_shop.ports = sound
    assert (await places(remote_shop, order_id), await remote_shop.stock()) == ([None], {("TEE", "HAM"): (6, 6)})
    await remote_shop.later(LEASE)
    assert (await places(remote_shop, order_id), await remote_shop.stock()) == (["HAM"], {("TEE", "HAM"): (0, 0)})


async def test_an_inventory_that_sleeps_after_the_receipt_is_asked_again(remote_shop: Shop) -> None:
    order_id, sound = await waiting(remote_shop, tees(6)), remote_shop.ports
    remote_shop.ports = without(sound, "inventory", "allocate")
    assert await receive_stock(remote_shop.ports, "TEE", "HAM", 1) is not None
    remote_shop.ports = sound
    assert (await places(remote_shop, order_id), await remote_shop.jobs()) == ([None], ["FILL_BACKORDERS"])
    await remote_shop.later(LEASE)
    assert (await places(remote_shop, order_id), await remote_shop.jobs()) == (["HAM"], [])


async def test_receipts_at_once_fill_in_order(any_shop: Shop) -> None:
    orders = [await waiting(any_shop, tees(units)) for units in (7, 6, 6)]
    await asyncio.gather(*(receive_stock(any_shop.ports, "TEE", "HAM", 2) for _ in range(4)))
    await asyncio.gather(*(any_shop.worker.drain() for _ in range(3)))
    assert await places(any_shop, *orders) == ["HAM", "HAM", None]
    assert await any_shop.stock() == {("TEE", "HAM"): (0, 0)}


async def test_nobody_waits_twice_for_the_same_receipt(any_shop: Shop) -> None:
    """A receipt and a decline at once: whichever comes first, who waits is seen by the other."""
    order_id = await any_shop.paid(await any_shop.placed(ANNA, lines=(tees(6),)))
    part = await part_of(any_shop, order_id)
    await asyncio.gather(any_shop.decline(part.id), receive_stock(any_shop.ports, "TEE", "HAM", 1))
    await any_shop.worker.drain()
    await any_shop.later(LEASE)
    assert (await places(any_shop, order_id), await any_shop.stock()) == (["HAM"], {("TEE", "HAM"): (0, 0)})
