"""recordTracking: each event of a carrier once, in any order; the last parcel that arrives delivers the whole."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.values.enums import TrackingStatus
from domain.values.outcomes import TrackingRecorded
from domain.values.refusals import ActionRejected, Forbidden, InvalidInput, NotFound
from tests.fixtures.order_rows import insert
from tests.fixtures.shop import (
    ADMIN,
    ANALYST,
    ANNA,
    BOB,
    DAY,
    FINANCE,
    HOUR,
    MERCHANT,
    MINUTE,
    PARTNER,
    RESELLER,
    RIVAL,
    START,
    SUPPORT,
    WAREHOUSE,
    Shop,
    did,
)

pytestmark = pytest.mark.anyio
DELIVERED = TrackingStatus.DELIVERED


async def on_its_way(shop: Shop) -> str:
    """An order of three tees in one parcel, T-1."""
    order_id = await shop.packed(await shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    await did(shop.ship((await shop.order(order_id)).fulfillments[0].id, "T-1"))
    await shop.worker.drain()
    return order_id


async def checkpoints(shop: Shop, order_id: str) -> list[tuple[Any, ...]]:
    found = (await shop.order(order_id)).checkpoints
    return [(c.event_id, c.at - START, c.status, c.location, c.message) for c in found]


async def test_what_a_carrier_says_is_kept(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    before, timers = (await any_shop.order(order_id)).head.version, await any_shop.timers(order_id)
    any_shop.clock.pass_(2 * HOUR)
    at = any_shop.clock.now() - HOUR
    outcome = await any_shop.track("T-1", "e1", at=at, location="Leipzig", message="Sorted")
    order = await any_shop.order(order_id)
    (parcel,), (part,) = order.shipments, order.fulfillments
    assert outcome == TrackingRecorded(order_id=order_id, shipment_id=parcel.id, fulfillment_id=part.id)
    assert await checkpoints(any_shop, order_id) == [("e1", HOUR, "IN_TRANSIT", "Leipzig", "Sorted")]
    assert (part.status, parcel.delivered_at, order.head.version) == ("SHIPPED", None, before + 1)
    assert await any_shop.steps(order_id, since=before) == [("recordTracking", "SHIPPED", "SHIPPED", "warehouse")]
    assert await any_shop.timers(order_id) == timers
    details = await any_shop.sql("SELECT details FROM order_events WHERE action = 'recordTracking'")
    assert details == [({"shipmentId": parcel.id, "eventId": "e1", "status": "IN_TRANSIT"},)]


async def test_the_same_event_again_changes_nothing(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    first = await did(any_shop.track("T-1", "e1", DELIVERED))
    before = await any_shop.everything()
    again = await any_shop.track("T-1", "e1", TrackingStatus.LOST, location="Elsewhere")
    assert again == replace(first, is_replayed=True)
    assert await any_shop.everything() == before
    assert [row[2] for row in await checkpoints(any_shop, order_id)] == ["DELIVERED"]


async def test_an_event_many_times_at_once_is_recorded_once(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    outcomes = await asyncio.gather(*(any_shop.track("T-1", "e1", DELIVERED) for _ in range(8)))
    replays = sorted(outcome.is_replayed for outcome in outcomes if isinstance(outcome, TrackingRecorded))
    assert replays == [False] + [True] * 7
    assert len(await checkpoints(any_shop, order_id)) == 1
    assert (await any_shop.order(order_id)).head.status == "DELIVERED"


async def test_what_arrived_delivers_the_order(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    before = (await any_shop.order(order_id)).head.version
    any_shop.clock.pass_(2 * HOUR)
    await did(any_shop.track("T-1", "e1", DELIVERED, at=START + HOUR))
    order = await any_shop.order(order_id)
    assert (order.shipments[0].delivered_at, order.fulfillments[0].status) == (START + HOUR, "DELIVERED")
    assert await any_shop.status(order_id) == ("DELIVERED", "PAID", "DELIVERED", before + 2)
    assert await any_shop.timers(order_id) == {"order.receiptTimeout": 7 * DAY + 2 * HOUR}
    assert await any_shop.steps(order_id, since=before) == [
        ("recordTracking", "SHIPPED", "DELIVERED", "warehouse"),
        ("deliverAll", "SHIPPED", "DELIVERED", "system"),
    ]


async def test_every_parcel_must_arrive(any_shop: Shop) -> None:
    order_id = await any_shop.packed(await any_shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    order = await any_shop.order(order_id)
    (part,), line_id = order.fulfillments, order.lines[0].id
    await did(any_shop.ship(part.id, "T-1", lines=(LineQuantity(line_id, 1),)))
    await did(any_shop.track("T-1", "e1", DELIVERED))
    order = await any_shop.order(order_id)
    assert (order.fulfillments[0].status, order.shipments[0].delivered_at) == ("PARTIALLY_SHIPPED", START)
    await did(any_shop.ship(part.id, "T-2", lines=(LineQuantity(line_id, 1),)))
    await did(any_shop.ship(part.id, "T-3"))
    await did(any_shop.track("T-2", "e1", DELIVERED))
    assert (await any_shop.order(order_id)).fulfillments[0].status == "SHIPPED"
    await did(any_shop.track("T-3", "e1", DELIVERED))
    assert (await any_shop.order(order_id)).head.status == "DELIVERED"


async def test_checkpoints_may_come_in_any_order(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    any_shop.clock.pass_(DAY)
    for event_id, hours, status in (
        ("e3", 3, DELIVERED),
        ("e1", 1, TrackingStatus.IN_TRANSIT),
        ("e4", 4, DELIVERED),
        ("e2", 2, TrackingStatus.OUT_FOR_DELIVERY),
    ):
        await did(any_shop.track("T-1", event_id, status, at=START + hours * HOUR))
    assert [row[:2] for row in await checkpoints(any_shop, order_id)] == [(f"e{n}", n * HOUR) for n in (1, 2, 3, 4)]
    order = await any_shop.order(order_id)
    assert (order.head.status, order.shipments[0].delivered_at) == ("DELIVERED", START + 3 * HOUR)


@pytest.mark.parametrize("status", [TrackingStatus.REFUSED, TrackingStatus.LOST, TrackingStatus.RETURNED])
async def test_what_will_not_arrive_comes_back_whatever_is_said_later(any_shop: Shop, status: TrackingStatus) -> None:
    order_id = await on_its_way(any_shop)
    await did(any_shop.track("T-1", "e1", status))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.fulfillments[0].status, order.checkpoints[0].status) == (
        "SHIPPED",
        "RETURNING",
        status,
    )
    assert order.shipments[0].is_returning
    assert (await any_shop.timers(order_id))["fulfillment.returnAlert"] == 3 * DAY
    await did(any_shop.track("T-1", "e2", DELIVERED))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.fulfillments[0].status) == ("SHIPPED", "RETURNING")
    assert order.shipments[0].delivered_at is None


async def test_other_bad_news_is_kept_and_moves_nothing(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    await did(any_shop.track("T-1", "e1", TrackingStatus.EXCEPTION))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.fulfillments[0].status) == ("SHIPPED", "SHIPPED")
    await did(any_shop.track("T-1", "e2", DELIVERED))
    assert (await any_shop.order(order_id)).head.status == "DELIVERED"


async def test_after_the_delivery_it_is_kept_too(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    await did(any_shop.track("T-1", "e1", DELIVERED))
    await did(any_shop.act("confirmReceipt", order_id, ANNA))
    await did(any_shop.act("completeOrder", order_id))
    version = (await any_shop.order(order_id)).head.version
    await did(any_shop.track("T-1", "e2"))
    assert await any_shop.status(order_id) == ("COMPLETED", "PAID", "DELIVERED", version + 1)


async def test_two_hundred_a_shipment(any_shop: Shop) -> None:
    order_id = await on_its_way(any_shop)
    await did(any_shop.track("T-1", "e0"))
    (first,) = (await any_shop.order(order_id)).checkpoints
    await insert(any_shop.database, *(replace(first, event_id=f"e{n}") for n in range(1, 200)))
    outcome = await any_shop.refused(any_shop.track("T-1", "e200"))
    assert isinstance(outcome, ActionRejected)
    assert (outcome.state, [reason.code for reason in outcome.blocked_by]) == ("SHIPPED", ["TOO_MANY_CHECKPOINTS"])
    again = await any_shop.track("T-1", "e199")
    assert isinstance(again, TrackingRecorded)
    assert again.is_replayed


@pytest.mark.parametrize("viewer", [MERCHANT, WAREHOUSE, ADMIN])
async def test_who_may(shop: Shop, viewer: Viewer) -> None:
    await on_its_way(shop)
    await did(shop.track("T-1", "e1", viewer=viewer))


async def test_a_partner_on_its_own_channel_only(shop: Shop) -> None:
    order_id = await shop.placed(PARTNER, channel="partner", lines=(PlaceOrderLine("TEE", 1),))
    await shop.packed(order_id, viewer=PARTNER)
    await did(shop.ship((await shop.order(order_id)).fulfillments[0].id, "T-1"))
    assert await shop.refused(shop.track("T-1", "e1", viewer=RESELLER)) == NotFound(path=("trackingNumber",))
    await did(shop.track("T-1", "e1", viewer=PARTNER))


@pytest.mark.parametrize("viewer", [ANNA, SUPPORT, FINANCE, ANALYST])
async def test_who_may_not(any_shop: Shop, viewer: Viewer) -> None:
    await on_its_way(any_shop)
    await did(any_shop.track("T-1", "e1"))
    for event_id in ("e1", "e2"):
        outcome = await any_shop.refused(any_shop.track("T-1", event_id, viewer=viewer))
        assert outcome == Forbidden(message="None of your roles may recordTracking.")


async def test_a_parcel_that_a_caller_cannot_see(shop: Shop) -> None:
    await on_its_way(shop)
    missing = NotFound(path=("trackingNumber",))
    for viewer in (RIVAL, BOB):
        assert await shop.refused(shop.track("T-1", "e1", viewer=viewer)) == missing
    assert await shop.refused(shop.track("T-2", "e1")) == missing
    assert await shop.refused(shop.track("T-1", "e1", carrier="UPS")) == missing


@pytest.mark.parametrize(
    ("more", "problems"),
    [
        ({"carrier": " "}, [("carrier", "INVALID_LENGTH")]),
        ({"carrier": "x" * 101}, [("carrier", "INVALID_LENGTH")]),
        ({"tracking_number": ""}, [("trackingNumber", "INVALID_LENGTH")]),
        ({"tracking_number": "x" * 101}, [("trackingNumber", "INVALID_LENGTH")]),
        ({"event_id": ""}, [("eventId", "INVALID_LENGTH")]),
        ({"event_id": "x" * 256}, [("eventId", "INVALID_LENGTH")]),
        ({"location": "x" * 201}, [("location", "INVALID_LENGTH")]),
        ({"message": "x" * 1001}, [("message", "INVALID_LENGTH")]),
        ({"message": "\0"}, [("message", "INVALID_TEXT")]),
        ({"event_id": "\ud800"}, [("eventId", "INVALID_TEXT")]),
        ({"at": START + 5 * MINUTE + timedelta(microseconds=1)}, [("at", "IN_THE_FUTURE")]),
        ({"carrier": "", "event_id": ""}, [("carrier", "INVALID_LENGTH"), ("eventId", "INVALID_LENGTH")]),
    ],
)
async def test_checkpoints_that_are_not_valid(
    shop: Shop, more: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    await on_its_way(shop)
    given: dict[str, Any] = {"tracking_number": "T-1", "event_id": "e1", **more}
    outcome = await shop.refused(shop.track(**given))
    assert isinstance(outcome, InvalidInput)
    assert [(".".join(problem.path), problem.code) for problem in outcome.problems] == problems


async def test_a_carriers_clock_may_be_a_little_ahead(shop: Shop) -> None:
    order_id = await on_its_way(shop)
    await did(shop.track("T-1", "e1", at=START + 5 * MINUTE))
    assert [row[1] for row in await checkpoints(shop, order_id)] == [5 * MINUTE]
