"""declineFulfillment: another warehouse that has the units, or a place in the queue; and the stock goes with it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import PlaceOrderLine
from domain.orders.views import Allocation
from domain.values.enums import FulfillmentState
from domain.values.outcomes import FulfillmentChanged
from domain.values.refusals import ActionRejected, Forbidden, NotFound, VersionConflict
from tests.fixtures.shop import (
    ADMIN,
    ANALYST,
    ANNA,
    BOB,
    DAY,
    FINANCE,
    HOUR,
    MERCHANT,
    PARTNER,
    RESELLER,
    RIVAL,
    START,
    SUPPORT,
    WAREHOUSE,
    Shop,
    did,
)
from tests.fixtures.sleepy import Killed, between, dying_after, without

pytestmark = pytest.mark.anyio
LEASE = timedelta(seconds=30)


async def of(shop: Shop, units: int = 2, **more: Any) -> Any:
    """The only fulfillment of a paid order for tees: BER has ten, HAM five."""
    return await part_of(shop, await shop.paid(await shop.placed(lines=(PlaceOrderLine("TEE", units),), **more)))


async def part_of(shop: Shop, order_id: str) -> Any:
    return (await shop.order(order_id)).fulfillments[0]


def is_joined(shop: Shop) -> bool:
    return bool(shop.local)


async def test_another_warehouse_that_has_the_units(any_shop: Shop) -> None:
    part = await of(any_shop)
    assert (part.warehouse, await any_shop.stock()) == ("BER", {("TEE", "BER"): (8, 0)})
    any_shop.clock.pass_(HOUR)
    outcome = await any_shop.decline(part.id, note="Damaged")
    assert outcome == FulfillmentChanged(order_id=part.order_id, fulfillment_id=part.id)
    await any_shop.worker.drain()
    order = await any_shop.order(part.order_id)
    moved = order.fulfillments[0]
    assert (moved.status, moved.warehouse, moved.declined_by, moved.backordered_at) == (
        "ALLOCATED",
        "HAM",
        ("BER",),
        None,
    )
    assert order.lines[0].allocations == (Allocation("HAM", 2),)
    assert await any_shop.stock() == {("TEE", "HAM"): (3, 0)}
    assert await any_shop.timers(part.order_id) == {
        "order.autoConfirm": DAY,
        "fulfillment.acceptTimeout": DAY + HOUR,
    }
    joined = [("declineFulfillment", "ALLOCATED", "ALLOCATED", "warehouse")]
    apart = [
        ("declineFulfillment", "ALLOCATED", "BACKORDERED", "warehouse"),
        ("allocate", "BACKORDERED", "ALLOCATED", "system"),
    ]
    assert await any_shop.steps(part.order_id, since=8) == (joined if is_joined(any_shop) else apart)
    events = await any_shop.sql("SELECT note, details FROM order_events WHERE action = 'declineFulfillment'")
    assert events == [("Damaged", {"from": "BER", "to": "HAM" if is_joined(any_shop) else None})]
    assert await any_shop.jobs() == []


async def test_none_has_them_and_it_waits(any_shop: Shop) -> None:
    part = await of(any_shop, 6)
    any_shop.clock.pass_(HOUR)
    await did(any_shop.decline(part.id))
    await any_shop.worker.drain()
    order = await any_shop.order(part.order_id)
    waiting = order.fulfillments[0]
    assert (waiting.status, waiting.warehouse, waiting.declined_by, waiting.backordered_at) == (
        "BACKORDERED",
        None,
        ("BER",),
        START + HOUR,
    )
    assert (order.lines[0].allocations, await any_shop.stock()) == ((), {})
    assert await any_shop.timers(part.order_id) == {
        "order.autoConfirm": DAY,
        "fulfillment.backorderAlert": 3 * DAY + HOUR,
    }
    assert (await any_shop.steps(part.order_id, since=8)) == [
        ("declineFulfillment", "ALLOCATED", "BACKORDERED", "warehouse")
    ]


async def test_the_warehouse_that_declined_is_never_asked_again(any_shop: Shop) -> None:
    """HAM declines what came from BER; whatever BER has by then, nobody is left."""
    part = await of(any_shop)
    await did(any_shop.decline(part.id))
    await any_shop.worker.drain()
    await did(any_shop.decline(part.id))
    await any_shop.receive("TEE", "BER", 100)
    waiting = await part_of(any_shop, part.order_id)
    assert (waiting.status, waiting.declined_by) == ("BACKORDERED", ("BER", "HAM"))
    assert await any_shop.stock() == {("TEE", "BER"): (110, 0)}


async def test_units_of_one_line_in_two_fulfillments_keep_apart(any_shop: Shop) -> None:
    """Twelve tees: ten from BER, two from HAM. HAM's go to BER when BER has some; then BER declines the ten."""
    order_id = await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("TEE", 12),)))
    ten, two = sorted((await any_shop.order(order_id)).fulfillments, key=lambda part: -part.unit_count)
    assert (ten.warehouse, two.warehouse) == ("BER", "HAM")
    await any_shop.receive("TEE", "BER", 3)
    await did(any_shop.decline(two.id))
    await any_shop.worker.drain()
    assert await any_shop.stock() == {("TEE", "BER"): (1, 0)}
    await did(any_shop.decline(two.id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [(part.status, part.warehouse) for part in order.fulfillments if part.id == two.id] == [
        ("BACKORDERED", None)
    ]
    assert order.lines[0].allocations == (Allocation("BER", 10),)
    assert await any_shop.stock() == {("TEE", "BER"): (3, 0)}


async def test_the_same_key_declines_once(any_shop: Shop) -> None:
    part = await of(any_shop)
    first = await did(any_shop.decline(part.id, idempotency_key="k"))
    again = await any_shop.decline(part.id, idempotency_key="k")
    assert isinstance(again, FulfillmentChanged)
    assert (first.is_replayed, again.is_replayed) == (False, True)
    await any_shop.worker.drain()
    assert (await part_of(any_shop, part.order_id)).declined_by == ("BER",)


async def test_goods_that_are_not_counted_wait_for_a_person(any_shop: Shop) -> None:
    part = await part_of(any_shop, await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("CARD", 1),))))
    await did(any_shop.decline(part.id))
    assert (await part_of(any_shop, part.order_id)).status == "BACKORDERED"
    assert (await any_shop.stock(), await any_shop.jobs()) == ({}, [])


@pytest.mark.parametrize("viewer", [MERCHANT, WAREHOUSE, ADMIN])
async def test_who_may(shop: Shop, viewer: Viewer) -> None:
    await did(shop.decline((await of(shop)).id, viewer))


async def test_a_partner_on_its_own_channel_only(shop: Shop) -> None:
    order_id = await shop.placed(PARTNER, channel="partner", lines=(PlaceOrderLine("TEE", 1),))
    part = await part_of(shop, await shop.paid(order_id, viewer=PARTNER))
    assert await shop.refused(shop.decline(part.id, RESELLER)) == NotFound(path=("fulfillmentId",))
    await did(shop.decline(part.id, PARTNER))


@pytest.mark.parametrize("viewer", [ANNA, SUPPORT, FINANCE, ANALYST])
async def test_who_may_not(any_shop: Shop, viewer: Viewer) -> None:
    part = await of(any_shop)
    outcome = await any_shop.refused(any_shop.decline(part.id, viewer))
    assert outcome == Forbidden(message="None of your roles may declineFulfillment.")


async def test_what_a_caller_cannot_see(shop: Shop) -> None:
    part = await of(shop)
    missing = NotFound(path=("fulfillmentId",))
    for viewer, subject_id in ((RIVAL, part.id), (BOB, part.id), (ADMIN, part.order_id), (ADMIN, "ful_" + "0" * 32)):
        assert await shop.refused(shop.decline(subject_id, viewer)) == missing


@pytest.mark.parametrize("note", [None, "", " \n"])
async def test_a_note_says_why(any_shop: Shop, note: str | None) -> None:
    outcome = await any_shop.refused(any_shop.decline((await of(any_shop)).id, note=note))
    assert (outcome.path, [problem.code for problem in outcome.problems]) == (("note",), ["MISSING"])


async def test_a_note_is_bounded(shop: Shop) -> None:
    outcome = await shop.refused(shop.decline((await of(shop)).id, note="x" * 2001))
    assert (outcome.path, [problem.code for problem in outcome.problems]) == (("note",), ["INVALID_LENGTH"])


async def test_a_version_that_was_left_behind(any_shop: Shop) -> None:
    outcome = await any_shop.refused(any_shop.decline((await of(any_shop)).id, expected_version=1))
    assert outcome == VersionConflict(expected_version=1, current_version=8)


@pytest.mark.parametrize(
    "state",
    [
        FulfillmentState.ACCEPTED,
        FulfillmentState.READY,
        FulfillmentState.SHIPPED,
        FulfillmentState.DELIVERED,
        FulfillmentState.BACKORDERED,
        FulfillmentState.ON_HOLD,
    ],
)
async def test_not_in_another_state(any_shop: Shop, state: FulfillmentState) -> None:
    part = await of(any_shop, 6)
    if state is FulfillmentState.BACKORDERED:
        await did(any_shop.decline(part.id))
    elif state is FulfillmentState.ON_HOLD:
        await did(any_shop.act("holdOrder", part.order_id))
    else:
        await did(any_shop.act("confirmOrder", part.order_id))
        for step in ("acceptFulfillment", "packFulfillment", "ship", "deliverFulfillment"):
            if (await part_of(any_shop, part.order_id)).status is state:
                break
            await did(any_shop.ship(part.id, "T-1") if step == "ship" else any_shop.fulfil(step, part.id))
    await any_shop.worker.drain()
    outcome = await any_shop.refused(any_shop.decline(part.id))
    assert isinstance(outcome, ActionRejected)
    assert (outcome.state, [reason.code for reason in outcome.blocked_by]) == (state, ["WRONG_STATE"])


async def test_many_declines_at_once_are_one_decline_each(any_shop: Shop) -> None:
    """The first finds HAM, the second nobody; where the step comes before the move, the first alone is in time."""
    part = await of(any_shop)
    outcomes = await asyncio.gather(*(any_shop.decline(part.id) for _ in range(4)))
    await any_shop.worker.drain()
    done = sum(isinstance(outcome, FulfillmentChanged) for outcome in outcomes)
    found = await part_of(any_shop, part.order_id)
    assert len(found.declined_by) == done
    assert (found.status, await any_shop.stock()) == (
        ("ALLOCATED", {("TEE", "HAM"): (3, 0)}) if done == 1 else ("BACKORDERED", {})
    )


async def test_two_declines_of_one_version_are_one(any_shop: Shop) -> None:
    part = await of(any_shop)
    version = (await any_shop.order(part.order_id)).head.version
    outcomes = await asyncio.gather(*(any_shop.decline(part.id, expected_version=version) for _ in range(2)))
    await any_shop.worker.drain()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["FulfillmentChanged", "VersionConflict"]
    assert (await part_of(any_shop, part.order_id)).declined_by == ("BER",)


async def test_orders_that_decline_at_once_for_the_last_units(any_shop: Shop) -> None:
    """HAM has five: two fulfillments of two go there, the third waits."""
    parts = [await of(any_shop) for _ in range(3)]
    await asyncio.gather(*(any_shop.decline(part.id) for part in parts))
    await any_shop.worker.drain()
    states = sorted([(await part_of(any_shop, part.order_id)).status for part in parts])
    assert (states, await any_shop.stock()) == (
        ["ALLOCATED", "ALLOCATED", "BACKORDERED"],
        {("TEE", "HAM"): (1, 0)},
    )


# Where the inventory is another system


async def test_an_inventory_that_sleeps_is_asked_again_by_the_worker(remote_shop: Shop) -> None:
    part, sound = await of(remote_shop), remote_shop.ports
    remote_shop.ports = without(sound, "inventory", "allocate", "deallocate")
    await did(remote_shop.decline(part.id))
    remote_shop.ports = sound
    assert (await part_of(remote_shop, part.order_id)).status == "BACKORDERED"
    assert await remote_shop.stock() == {("TEE", "BER"): (8, 0)}
    await remote_shop.later(LEASE)
    moved = await part_of(remote_shop, part.order_id)
    assert (moved.status, moved.warehouse, await remote_shop.stock()) == ("ALLOCATED", "HAM", {("TEE", "HAM"): (3, 0)})
    assert await remote_shop.jobs() == []


@pytest.mark.parametrize("method", ["allocate", "deallocate"])
async def test_a_crash_in_the_midst_of_the_move(remote_shop: Shop, method: str) -> None:
    part, sound = await of(remote_shop), remote_shop.ports
    remote_shop.ports = dying_after(sound, "inventory", method)
    with pytest.raises(Killed):
        await remote_shop.decline(part.id)
    remote_shop.ports = sound
    assert await remote_shop.jobs() == ["FILL_BACKORDERS", "MOVE_STOCK"]
    await remote_shop.later(LEASE)
    moved = await part_of(remote_shop, part.order_id)
    assert (moved.status, moved.warehouse, await remote_shop.stock()) == ("ALLOCATED", "HAM", {("TEE", "HAM"): (3, 0)})


async def test_an_order_that_ends_while_its_units_are_found_keeps_none(remote_shop: Shop) -> None:
    order_id = await remote_shop.placed(lines=(PlaceOrderLine("TEE", 2),))
    await remote_shop.paid(order_id, method="test_card_authorize")
    order = await remote_shop.order(order_id)
    await did(remote_shop.act_on_payment("voidPayment", order.payments[0].id))
    sound = remote_shop.ports

    async def ends() -> None:
        remote_shop.ports = sound
        await remote_shop.later(DAY)

    remote_shop.ports = between(sound, "inventory", "allocate", ends)
    await did(remote_shop.decline(order.fulfillments[0].id))
    await remote_shop.worker.drain()
    assert (await part_of(remote_shop, order_id)).status == "CANCELLED"
    assert (await remote_shop.stock(), await remote_shop.jobs()) == ({}, [])
