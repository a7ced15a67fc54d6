"""acceptTimeout: a warehouse says nothing for a day; then the next one that has the units is asked, or a person is told."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.db.queue import SqlQueue
from adapters.doctor.examination import examine
from domain.actions.fire_timer import fire_timer
from domain.orders.commands import PlaceOrderLine
from domain.orders.views import Allocation
from tests.fixtures.shop import DAY, HOUR, Shop, did
from tests.fixtures.sleepy import Killed, between, dying_after, without

pytestmark = pytest.mark.anyio
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)
IN_TIME = DAY - SECOND


async def asked(shop: Shop, units: int = 2, sku: str = "TEE") -> str:
    """A confirmed order of one fulfillment: for tees, of which BER has ten, HAM five."""
    return await shop.confirmed(await shop.placed(lines=(PlaceOrderLine(sku, units),)))


async def part_of(shop: Shop, order_id: str) -> Any:
    return (await shop.order(order_id)).fulfillments[0]


async def place_of(shop: Shop, order_id: str) -> tuple[str, str | None, tuple[str, ...]]:
    part = await part_of(shop, order_id)
    return part.status.value, part.warehouse, part.declined_by


async def is_sound(shop: Shop) -> bool:
    return not any(found.violations for found in await examine(shop.database, now=shop.clock.now()))


async def test_the_next_warehouse_that_has_the_units_and_then_nobody_is_left(any_shop: Shop) -> None:
    order_id = await asked(any_shop)
    version = (await any_shop.order(order_id)).head.version
    assert await any_shop.later(IN_TIME) == 0
    await any_shop.later(SECOND)
    assert await place_of(any_shop, order_id) == ("ALLOCATED", "HAM", ("BER",))
    order = await any_shop.order(order_id)
    assert order.lines[0].allocations == (Allocation("HAM", 2),)
    assert (await any_shop.stock(), await any_shop.jobs()) == ({("TEE", "HAM"): (3, 0)}, [])
    assert (await any_shop.timers(order_id))["fulfillment.acceptTimeout"] == 2 * DAY
    assert await any_shop.steps(order_id, since=version) == [("acceptTimeout", "ALLOCATED", "ALLOCATED", "system")]
    assert await is_sound(any_shop)
    assert await any_shop.later(IN_TIME) == 0
    assert await any_shop.later(SECOND) == 1
    assert await place_of(any_shop, order_id) == ("ALLOCATED", "HAM", ("BER",))
    assert (await any_shop.steps(order_id))[-1] == ("alert", "ALLOCATED", "ALLOCATED", "system")
    assert (await any_shop.timers(order_id))["fulfillment.acceptTimeout"] == 3 * DAY
    assert await any_shop.stock() == {("TEE", "HAM"): (3, 0)}
    await did(any_shop.fulfil("acceptFulfillment", (await part_of(any_shop, order_id)).id))
    assert "fulfillment.acceptTimeout" not in await any_shop.timers(order_id)
    assert await is_sound(any_shop)


@pytest.mark.parametrize(("units", "sku"), [(6, "TEE"), (1, "CARD")])
async def test_where_no_other_has_them_it_stays_and_a_person_is_told(any_shop: Shop, units: int, sku: str) -> None:
    """HAM has five tees; gift cards are not counted."""
    order_id = await asked(any_shop, units, sku)
    before, stock = await place_of(any_shop, order_id), await any_shop.stock()
    assert await any_shop.later(DAY) == 1
    assert (await place_of(any_shop, order_id), await any_shop.stock()) == (before, stock)
    assert (await any_shop.steps(order_id))[-1] == ("alert", "ALLOCATED", "ALLOCATED", "system")
    assert (await any_shop.timers(order_id))["fulfillment.acceptTimeout"] == 2 * DAY
    assert await is_sound(any_shop)


async def test_the_time_begins_when_it_can_be_accepted(any_shop: Shop) -> None:
    order_id = await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("TEE", 2),)))
    await any_shop.later(HOUR)
    await did(any_shop.act("confirmOrder", order_id))
    assert (await any_shop.timers(order_id))["fulfillment.acceptTimeout"] == DAY + HOUR


async def test_who_accepts_in_time_keeps_it(any_shop: Shop) -> None:
    order_id = await asked(any_shop)
    await any_shop.later(IN_TIME)
    await did(any_shop.fulfil("acceptFulfillment", (await part_of(any_shop, order_id)).id))
    assert await any_shop.later(DAY) == 0
    assert await place_of(any_shop, order_id) == ("ACCEPTED", "BER", ())


async def fired(shop: Shop) -> list[bool]:
    due = await SqlQueue(shop.database).claim_timers(shop.clock.now(), 10, 30)
    return [await fire_timer(shop.ports, each) for each in due]


async def test_an_inventory_that_sleeps_is_asked_again(remote_shop: Shop) -> None:
    order_id, sound = await asked(remote_shop), remote_shop.ports
    remote_shop.ports = without(sound, "inventory", "allocate")
    await remote_shop.later(DAY)
    assert await place_of(remote_shop, order_id) == ("ALLOCATED", "BER", ())
    remote_shop.ports = sound
    await remote_shop.later(LEASE)
    assert await place_of(remote_shop, order_id) == ("ALLOCATED", "HAM", ("BER",))
    assert (await remote_shop.stock(), await remote_shop.jobs()) == ({("TEE", "HAM"): (3, 0)}, [])


async def test_a_crash_after_the_units_were_found(remote_shop: Shop) -> None:
    order_id, sound = await asked(remote_shop), remote_shop.ports
    remote_shop.clock.pass_(DAY)
    remote_shop.ports = dying_after(sound, "inventory", "allocate")
    with pytest.raises(Killed):
        await fired(remote_shop)
    remote_shop.ports = sound
    await remote_shop.later(LEASE)
    assert await place_of(remote_shop, order_id) == ("ALLOCATED", "HAM", ("BER",))
    assert (await remote_shop.stock(), await remote_shop.jobs()) == ({("TEE", "HAM"): (3, 0)}, [])
    assert await is_sound(remote_shop)


async def test_one_that_is_accepted_while_its_units_are_found_keeps_its_own(remote_shop: Shop) -> None:
    order_id, sound = await asked(remote_shop), remote_shop.ports
    remote_shop.clock.pass_(DAY)

    async def accepts() -> None:
        remote_shop.ports = sound
        await did(remote_shop.fulfil("acceptFulfillment", (await part_of(remote_shop, order_id)).id))

    remote_shop.ports = between(sound, "inventory", "allocate", accepts)
    assert await fired(remote_shop) == [False]
    await remote_shop.worker.drain()
    assert await place_of(remote_shop, order_id) == ("ACCEPTED", "BER", ())
    assert (await remote_shop.stock(), await remote_shop.jobs()) == ({("TEE", "BER"): (8, 0)}, [])
    assert await is_sound(remote_shop)
