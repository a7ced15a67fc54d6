"""cancelOrder after payment: units at once, parcels by stopping them; stock, coupons and money go back."""

from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.orders.refund_quotes import UnitsRefund
from domain.values.enums import TrackingStatus
from domain.values.outcomes import OrderChanged
from domain.values.refusals import ActionRejected, Forbidden, InvalidInput
from tests.fixtures.reverse import got, line_ids, money, part_ids, quote, stopped, units
from tests.fixtures.shop import (
    ANNA,
    DAY,
    FINANCE,
    MERCHANT,
    START,
    SUPPORT,
    TOTAL,
    WAREHOUSE,
    Shop,
    did,
)

pytestmark = pytest.mark.anyio


async def test_a_paid_order_is_given_up_as_a_whole(any_shop: Shop) -> None:
    order_id = await any_shop.placed(coupon_codes=("SAVE5",))
    await any_shop.paid(order_id)
    assert await any_shop.coupons_used() == {"SAVE5": 1}
    since = (await any_shop.order(order_id)).head.version
    outcome = await any_shop.cancel(order_id)
    assert outcome == OrderChanged(order_id=order_id)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.cancelled_at, order.head.cancelled_minor) == ("REFUNDING", START, 6262)
    assert [line.cancelled_quantity for line in order.lines] == [2, 1]
    assert [line.allocations for line in order.lines] == [(), ()]
    assert [(part.status, part.cancelled_units) for part in order.fulfillments] == [("CANCELLED", 2), ("CANCELLED", 1)]
    assert [step[0] for step in await any_shop.steps(order_id, since=since)] == [
        "cancelOrder",
        "cancelFulfillment",
        "cancelFulfillment",
        "requestRefund",
        "approveRefund",
    ]
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:3] == ("CANCELLED", "REFUNDED", "CANCELLED")
    assert money(await any_shop.order(order_id)) == (6262, 6262, 6262)
    assert (await any_shop.stock(), await any_shop.coupons_used(), await any_shop.jobs()) == ({}, {}, [])
    assert await any_shop.timers(order_id) == {}


async def test_units_of_a_paid_order(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    tee, poster = await line_ids(any_shop, order_id)
    await any_shop.worker.drain()
    since = (await any_shop.order(order_id)).head.version
    offered = await quote(any_shop, order_id, ANNA, (tee, 1))
    assert isinstance(offered, UnitsRefund)
    await did(any_shop.cancel(order_id, lines=units((tee, 1))))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [step[0] for step in await any_shop.steps(order_id, since=since)] == [
        "cancelOrder",
        "requestRefund",
        "approveRefund",
        "refundSettled",
        "refundSucceeded",
    ]
    assert (order.head.status, order.head.payment_status) == ("PAID", "PARTIALLY_REFUNDED")
    assert (order.refunds[0].amount_minor, order.refunds[0].reason) == (offered.total_minor, "order cancelled")
    assert money(order) == (TOTAL, offered.total_minor, offered.total_minor)
    assert order.head.due_minor == order.head.payable_minor == 0
    assert (await any_shop.stock(), await any_shop.coupons_used()) == (
        {("TEE", "BER"): (9, 0), ("POSTER", "BER"): (4, 0)},
        {},
    )
    await did(any_shop.cancel(order_id, lines=units((poster, 1))))
    await did(any_shop.cancel(order_id, lines=units((tee, 1))))
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:3] == ("CANCELLED", "REFUNDED", "CANCELLED")
    assert money(await any_shop.order(order_id)) == (TOTAL, TOTAL, TOTAL)
    assert (await any_shop.stock(), await any_shop.jobs()) == ({}, [])


async def test_what_is_held_and_was_not_taken_is_let_go(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    tee, _ = await line_ids(any_shop, order_id)
    await did(any_shop.cancel(order_id, lines=units((tee, 2))))
    order = await any_shop.order(order_id)
    assert order.refunds == ()
    left = TOTAL - order.head.cancelled_minor
    await did(any_shop.act("confirmOrder", order_id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.captured_minor, order.head.authorized_minor, order.head.payment_status) == (left, 0, "PAID")
    other = await any_shop.paid(method="test_card_authorize")
    await did(any_shop.cancel(other))
    await any_shop.worker.drain()
    assert (await any_shop.status(other))[:2] == ("CANCELLED", "UNPAID")
    assert (await any_shop.order(other)).payments[0].status == "VOIDED"


async def test_on_hold_only_as_a_whole(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    tee, _ = await line_ids(any_shop, order_id)
    await did(any_shop.act("holdOrder", order_id))
    refused = await any_shop.refused(any_shop.cancel(order_id, lines=units((tee, 1))))
    assert [problem.code for problem in refused.problems] == ["WHOLE_ORDER_ONLY"]
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[0] == "CANCELLED"
    assert await any_shop.stock() == {}


async def test_what_is_left_once_the_rest_is_shipped(any_shop: Shop) -> None:
    order_id = await any_shop.packed()
    first, second = await part_ids(any_shop, order_id)
    tee, poster = await line_ids(any_shop, order_id)
    await did(any_shop.ship(first, "T-1"))
    refused = await any_shop.refused(any_shop.cancel(order_id, lines=units((tee, 1))))
    assert [problem.code for problem in refused.problems] == ["TRAVELS_WITH_OTHERS"]
    await did(any_shop.cancel(order_id, lines=units((poster, 1))))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.fulfillment_status) == ("SHIPPED", "SHIPPED")
    assert [part.status for part in order.fulfillments] == ["SHIPPED", "CANCELLED"]
    assert order.fulfillments[1].id == second
    assert await any_shop.stock() == {("TEE", "BER"): (8, 0)}


async def test_the_rest_of_a_fulfillment_of_which_a_part_was_sent(any_shop: Shop) -> None:
    order_id = await any_shop.packed(await any_shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    (part,) = await part_ids(any_shop, order_id)
    (tee,) = await line_ids(any_shop, order_id)
    await did(any_shop.ship(part, "T-1", lines=(LineQuantity(tee, 1),)))
    await did(any_shop.track("T-1", "e1", TrackingStatus.DELIVERED))
    since = (await any_shop.order(order_id)).head.version
    await did(any_shop.cancel(order_id, lines=units((tee, 2))))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.fulfillments[0].status) == ("DELIVERED", "DELIVERED")
    assert (order.lines[0].cancelled_quantity, order.lines[0].shipped_quantity) == (2, 1)
    assert [step[0] for step in await any_shop.steps(order_id, since=since)] == [
        "cancelOrder",
        "cancelRest",
        "deliverFulfillment",
        "requestRefund",
        "approveRefund",
        "shipAll",
        "deliverAll",
        "refundSettled",
        "refundSucceeded",
    ]
    assert await any_shop.stock() == {("TEE", "BER"): (9, 0)}


async def test_parcels_that_are_stopped(any_shop: Shop) -> None:
    order_id = await any_shop.shipped()
    first, second = await part_ids(any_shop, order_id)
    await did(any_shop.cancel(order_id))
    order = await any_shop.order(order_id)
    assert (order.head.status, [part.status for part in order.fulfillments]) == (
        "CANCEL_PENDING",
        ["INTERCEPTING", "INTERCEPTING"],
    )
    assert await any_shop.timers(order_id) == {
        "order.cancelTimeout": DAY,
        "fulfillment.interceptTimeout": DAY,
    }
    await did(stopped(any_shop, first))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.fulfillments[0].status) == ("CANCEL_PENDING", "RETURNING")
    assert [line.cancelled_quantity for line in order.lines] == [2, 0]
    await did(stopped(any_shop, second, SUPPORT))
    assert (await any_shop.order(order_id)).head.status == "REFUNDING"
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:3] == ("CANCELLED", "REFUNDED", "CANCELLED")
    assert money(await any_shop.order(order_id)) == (TOTAL, TOTAL, TOTAL)
    assert await any_shop.stock() == {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
    await did(got(any_shop, first))
    await did(got(any_shop, second, lines=()))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [part.status for part in order.fulfillments] == ["RETURNED", "RETURNED"]
    assert money(order) == (TOTAL, TOTAL, TOTAL)
    assert await any_shop.stock() == {("POSTER", "BER"): (4, 0)}


async def test_parcels_that_are_not(any_shop: Shop) -> None:
    order_id = await any_shop.shipped()
    first, second = await part_ids(any_shop, order_id)
    await did(any_shop.cancel(order_id))
    await did(stopped(any_shop, first, is_stopped=False))
    await did(stopped(any_shop, second))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.fulfillment_status, order.head.payment_status) == (
        "SHIPPED",
        "SHIPPED",
        "PARTIALLY_REFUNDED",
    )
    assert [part.status for part in order.fulfillments] == ["SHIPPED", "RETURNING"]
    assert await any_shop.timers(order_id) == {
        "order.receiptTimeout": 15 * DAY,
        "fulfillment.returnAlert": 3 * DAY,
    }
    await did(any_shop.track(f"TRK-{order.fulfillments[0].number}", "e1", TrackingStatus.DELIVERED))
    assert (await any_shop.status(order_id))[:3] == ("DELIVERED", "PARTIALLY_REFUNDED", "DELIVERED")


async def test_a_day_without_a_word_is_a_no(any_shop: Shop) -> None:
    order_id = await any_shop.shipped()
    await did(any_shop.cancel(order_id))
    since = (await any_shop.order(order_id)).head.version
    assert await any_shop.later(DAY) >= 1
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status) == ("SHIPPED", "PAID")
    assert [part.status for part in order.fulfillments] == ["SHIPPED", "SHIPPED"]
    assert [step[0] for step in await any_shop.steps(order_id, since=since)][-1] == "resumeShipped"
    assert await any_shop.timers(order_id) == {"order.receiptTimeout": 16 * DAY}


@pytest.mark.parametrize("viewer", [ANNA, MERCHANT, SUPPORT])
async def test_who_may(shop: Shop, viewer: Viewer) -> None:
    await did(shop.cancel(await shop.paid(), viewer))


@pytest.mark.parametrize("viewer", [FINANCE, WAREHOUSE])
async def test_who_may_not(shop: Shop, viewer: Viewer) -> None:
    outcome = await shop.refused(shop.cancel(await shop.paid(), viewer))
    assert isinstance(outcome, Forbidden)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ((("lin_1", 1),), "UNKNOWN_LINE"),
        (((None, 3),), "QUANTITY_OUT_OF_RANGE"),
        (((None, 0),), "QUANTITY_OUT_OF_RANGE"),
    ],
)
async def test_units_that_are_not_there(shop: Shop, wanted: Any, code: str) -> None:
    order_id = await shop.paid()
    tee, _ = await line_ids(shop, order_id)
    outcome = await shop.refused(
        shop.cancel(order_id, lines=units(*((line or tee, quantity) for line, quantity in wanted)))
    )
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == [code]


async def test_nothing_is_left_to_cancel(shop: Shop) -> None:
    order_id = await shop.shipped()
    first, second = await part_ids(shop, order_id)
    await did(shop.fulfil("deliverFulfillment", first))
    await did(shop.cancel(order_id))
    await did(stopped(shop, second, is_stopped=False))
    await did(shop.cancel(order_id))
    refused = await shop.refused(shop.cancel(order_id))
    assert isinstance(refused, ActionRejected)
