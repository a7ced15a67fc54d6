"""The actions of warehouses: accepted, packed, shipped in one parcel or several, delivered."""

from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.orders.views import ShipmentLine
from domain.values.outcomes import FulfillmentChanged
from domain.values.refusals import Forbidden, InvalidInput, NotFound, VersionConflict
from tests.fixtures.shop import (
    ADMIN,
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

pytestmark = pytest.mark.anyio
ACTIONS = ("acceptFulfillment", "packFulfillment", "deliverFulfillment")


async def one_part(shop: Shop, *, units: int = 3) -> str:
    """An order with one fulfillment."""
    return await shop.placed(lines=(PlaceOrderLine("TEE", units),))


async def part_of(shop: Shop, order_id: str) -> Any:
    return (await shop.order(order_id)).fulfillments[0]


async def test_a_fulfillment_goes_its_way(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed(await one_part(any_shop))
    part = await part_of(any_shop, order_id)
    assert part.promised_at == START + 3 * DAY
    outcome = await any_shop.fulfil("acceptFulfillment", part.id)
    assert outcome == FulfillmentChanged(order_id=order_id, fulfillment_id=part.id)
    assert await any_shop.status(order_id) == ("IN_FULFILLMENT", "PAID", "IN_PROGRESS", 11)
    assert await any_shop.timers(order_id) == {"order.promiseAlert": 3 * DAY}
    await did(any_shop.fulfil("packFulfillment", part.id))
    any_shop.clock.pass_(HOUR)
    await did(any_shop.ship(part.id, "T-1"))
    order = await any_shop.order(order_id)
    assert await any_shop.status(order_id) == ("SHIPPED", "PAID", "SHIPPED", 14)
    assert await any_shop.timers(order_id) == {"order.receiptTimeout": 15 * DAY + HOUR}
    shipment = order.shipments[0]
    assert (shipment.carrier, shipment.tracking_number, shipment.shipped_at, shipment.delivered_at) == (
        "DHL",
        "T-1",
        START + HOUR,
        None,
    )
    assert shipment.lines == (ShipmentLine(order.lines[0].id, 3),)
    assert (order.head.shipped_units, order.lines[0].shipped_quantity) == (3, 3)
    any_shop.clock.pass_(HOUR)
    await did(any_shop.fulfil("deliverFulfillment", part.id))
    assert await any_shop.status(order_id) == ("DELIVERED", "PAID", "DELIVERED", 16)
    assert await any_shop.timers(order_id) == {"order.receiptTimeout": 7 * DAY + 2 * HOUR}
    assert (await any_shop.order(order_id)).shipments[0].delivered_at == START + 2 * HOUR
    assert (await any_shop.steps(order_id, since=9)) == [
        ("acceptFulfillment", "ALLOCATED", "ACCEPTED", "warehouse"),
        ("startFulfillment", "CONFIRMED", "IN_FULFILLMENT", "system"),
        ("packFulfillment", "ACCEPTED", "READY", "warehouse"),
        ("shipFulfillment", "READY", "SHIPPED", "warehouse"),
        ("shipAll", "IN_FULFILLMENT", "SHIPPED", "system"),
        ("deliverFulfillment", "SHIPPED", "DELIVERED", "warehouse"),
        ("deliverAll", "SHIPPED", "DELIVERED", "system"),
    ]


async def test_parcels_with_parts(any_shop: Shop) -> None:
    order_id = await any_shop.packed(await one_part(any_shop))
    part, line_id = await part_of(any_shop, order_id), (await any_shop.order(order_id)).lines[0].id
    await did(any_shop.ship(part.id, "T-1", lines=(LineQuantity(line_id, 1),)))
    assert await any_shop.status(order_id) == ("PARTIALLY_SHIPPED", "PAID", "PARTIALLY_SHIPPED", 14)
    assert await any_shop.timers(order_id) == {"order.shipmentAlert": 3 * DAY}
    outcome = await any_shop.refused(any_shop.ship(part.id, "T-2", lines=(LineQuantity(line_id, 3),)))
    assert [problem.message for problem in outcome.problems] == ["Between 1 and 2 units can be shipped of this line."]
    await did(any_shop.ship(part.id, "T-2", lines=(LineQuantity(line_id, 1),)))
    await did(any_shop.ship(part.id, "T-3"))
    assert await any_shop.status(order_id) == ("SHIPPED", "PAID", "SHIPPED", 17)
    assert [len(shipment.lines) for shipment in (await any_shop.order(order_id)).shipments] == [1, 1, 1]


async def test_one_of_two_fulfillments_is_a_part(any_shop: Shop) -> None:
    order_id = await any_shop.packed()
    first, second = (await any_shop.order(order_id)).fulfillments
    await did(any_shop.ship(first.id, "T-1"))
    assert (await any_shop.order(order_id)).head.status == "PARTIALLY_SHIPPED"
    await did(any_shop.fulfil("deliverFulfillment", first.id))
    assert (await any_shop.order(order_id)).head.status == "PARTIALLY_SHIPPED"
    await did(any_shop.ship(second.id, "T-2"))
    assert (await any_shop.order(order_id)).head.status == "SHIPPED"
    await did(any_shop.fulfil("deliverFulfillment", second.id))
    assert (await any_shop.order(order_id)).head.status == "DELIVERED"


@pytest.mark.parametrize("viewer", [MERCHANT, WAREHOUSE, ADMIN])
async def test_who_may(shop: Shop, viewer: Viewer) -> None:
    part = await part_of(shop, await shop.confirmed(await one_part(shop)))
    await did(shop.fulfil("acceptFulfillment", part.id, viewer))
    await did(shop.fulfil("packFulfillment", part.id, viewer))
    await did(shop.ship(part.id, "T-1", viewer))
    await did(shop.fulfil("deliverFulfillment", part.id, viewer))


async def test_a_partner_on_its_own_channel_only(shop: Shop) -> None:
    order_id = await shop.placed(PARTNER, channel="partner", lines=(PlaceOrderLine("TEE", 1),))
    await shop.confirmed(order_id, viewer=PARTNER)
    part = await part_of(shop, order_id)
    assert await shop.refused(shop.fulfil("acceptFulfillment", part.id, RESELLER)) == NotFound(path=("fulfillmentId",))
    await did(shop.fulfil("acceptFulfillment", part.id, PARTNER))


@pytest.mark.parametrize("viewer", [ANNA, SUPPORT, FINANCE])
async def test_who_may_not(shop: Shop, viewer: Viewer) -> None:
    part = await part_of(shop, await shop.confirmed(await one_part(shop)))
    for action in ACTIONS:
        outcome = await shop.refused(shop.fulfil(action, part.id, viewer))
        assert outcome == Forbidden(message=f"None of your roles may {action}.")
    outcome = await shop.refused(shop.ship(part.id, "T-1", viewer))
    assert outcome == Forbidden(message="None of your roles may shipFulfillment.")


async def test_what_a_caller_cannot_see(shop: Shop) -> None:
    part = await part_of(shop, await shop.confirmed(await one_part(shop)))
    missing = NotFound(path=("fulfillmentId",))
    for viewer, subject_id in ((RIVAL, part.id), (BOB, part.id), (ADMIN, part.order_id), (ADMIN, "ful_" + "0" * 32)):
        for action in ACTIONS:
            assert await shop.refused(shop.fulfil(action, subject_id, viewer)) == missing
        assert await shop.refused(shop.ship(subject_id, "T-1", viewer)) == missing


async def test_steps_out_of_turn(shop: Shop) -> None:
    part = await part_of(shop, await shop.confirmed(await one_part(shop)))
    for action in ACTIONS[1:]:
        outcome = await shop.refused(shop.fulfil(action, part.id))
        assert (outcome.state, outcome.blocked_by[0].code) == ("ALLOCATED", "WRONG_STATE")
    outcome = await shop.refused(shop.ship(part.id, "T-1"))
    assert (outcome.state, outcome.blocked_by[0].code) == ("ALLOCATED", "WRONG_STATE")


async def test_nothing_begins_before_the_order_is_confirmed(shop: Shop) -> None:
    part = await part_of(shop, await shop.paid(await one_part(shop)))
    outcome = await shop.refused(shop.fulfil("acceptFulfillment", part.id))
    assert [reason.code for reason in outcome.blocked_by] == ["ORDER_NOT_CONFIRMED"]


async def test_nothing_leaves_that_is_not_paid(any_shop: Shop) -> None:
    """An authorization that ran out after a first parcel had left."""
    order_id = await any_shop.placed(business_unit="later", lines=(PlaceOrderLine("TEE", 3),))
    await any_shop.packed(order_id, method="test_card_capture_declined")
    part, line_id = await part_of(any_shop, order_id), (await any_shop.order(order_id)).lines[0].id
    await did(any_shop.ship(part.id, "T-1", lines=(LineQuantity(line_id, 1),)))
    await any_shop.later(7 * DAY)
    outcome = await any_shop.refused(any_shop.ship(part.id, "T-2"))
    assert [reason.code for reason in outcome.blocked_by] == ["PAYMENT_DUE"]
    await any_shop.paid(order_id)
    assert (await any_shop.order(order_id)).head.status == "PARTIALLY_SHIPPED"
    await did(any_shop.ship(part.id, "T-2"))


async def test_a_tracking_number_once_per_carrier(any_shop: Shop) -> None:
    first, second = (await any_shop.order(await any_shop.packed())).fulfillments
    await did(any_shop.ship(first.id, "T-1"))
    outcome = await any_shop.refused(any_shop.ship(second.id, "T-1"))
    assert isinstance(outcome, InvalidInput)
    assert (outcome.path, outcome.problems[0].code) == (("trackingNumber",), "TRACKING_NUMBER_TAKEN")
    await did(any_shop.ship(second.id, "T-1", carrier="UPS"))


@pytest.mark.parametrize(
    ("more", "problems"),
    [
        ({"carrier": " "}, [("carrier", "INVALID_LENGTH")]),
        ({"carrier": "x" * 101}, [("carrier", "INVALID_LENGTH")]),
        ({"tracking_number": ""}, [("trackingNumber", "INVALID_LENGTH")]),
        ({"lines": ()}, [("lines", "INVALID_LENGTH")]),
        ({"lines": (LineQuantity("lin_1", 1),)}, [("lines.0.lineId", "UNKNOWN_LINE")]),
        ({"lines": (LineQuantity("a", 1), LineQuantity("a", 1))}, [("lines", "DUPLICATE_LINE")]),
        ({"lines": (LineQuantity("LINE", 0),)}, [("lines.0.quantity", "QUANTITY_OUT_OF_RANGE")]),
        ({"lines": (LineQuantity("LINE", -1),)}, [("lines.0.quantity", "QUANTITY_OUT_OF_RANGE")]),
        ({"lines": (LineQuantity("LINE", 4),)}, [("lines.0.quantity", "QUANTITY_OUT_OF_RANGE")]),
    ],
)
async def test_parcels_that_are_not_valid(shop: Shop, more: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    order_id = await shop.packed(await one_part(shop))
    part, line_id = await part_of(shop, order_id), (await shop.order(order_id)).lines[0].id
    if "LINE" in str(more):
        more = {"lines": tuple(LineQuantity(line_id, line.quantity) for line in more["lines"])}
    outcome = await shop.refused(shop.ship(part.id, **{"tracking_number": "T-1", **more}))
    assert isinstance(outcome, InvalidInput)
    assert [(".".join(problem.path), problem.code) for problem in outcome.problems] == problems


async def test_a_version_that_was_left_behind(shop: Shop) -> None:
    part = await part_of(shop, await shop.packed(await one_part(shop)))
    conflict = VersionConflict(expected_version=1, current_version=12)
    assert await shop.refused(shop.fulfil("deliverFulfillment", part.id, expected_version=1)) == conflict
    assert await shop.refused(shop.ship(part.id, "T-1", expected_version=1)) == conflict
