"""confirmReceipt, extendReceipt, completeOrder: the end of the PHYSICAL flow, and all of it at one sight."""

from datetime import timedelta

import pytest

from domain.access.viewer import Viewer
from domain.values.outcomes import OrderChanged
from domain.values.refusals import ActionRejected, Forbidden
from tests.fixtures.shop import (
    ADMIN,
    ANNA,
    DAY,
    FINANCE,
    HOUR,
    MERCHANT,
    START,
    SUPPORT,
    WAREHOUSE,
    Shop,
    did,
)

pytestmark = pytest.mark.anyio

WHOLE_FLOW = [
    ("placeOrder", None, "PENDING_PAYMENT", "anna"),
    ("payOrder", None, "CREATED", "anna"),
    ("startPayment", "CREATED", "PROCESSING", "system"),
    ("paymentCaptured", "PROCESSING", "CAPTURED", "payment-provider"),
    ("payOrder", "PENDING_PAYMENT", "PAID", "payment-provider"),
    ("split", "PAID", "PAID", "system"),
    ("split", None, "CREATED", "system"),
    ("allocate", "CREATED", "ALLOCATED", "system"),
    ("split", None, "CREATED", "system"),
    ("allocate", "CREATED", "ALLOCATED", "system"),
    ("confirmOrder", "PAID", "CONFIRMED", "merchant"),
    ("acceptFulfillment", "ALLOCATED", "ACCEPTED", "warehouse"),
    ("startFulfillment", "CONFIRMED", "IN_FULFILLMENT", "system"),
    ("packFulfillment", "ACCEPTED", "READY", "warehouse"),
    ("acceptFulfillment", "ALLOCATED", "ACCEPTED", "warehouse"),
    ("packFulfillment", "ACCEPTED", "READY", "warehouse"),
    ("shipFulfillment", "READY", "SHIPPED", "warehouse"),
    ("shipPart", "IN_FULFILLMENT", "PARTIALLY_SHIPPED", "system"),
    ("shipFulfillment", "READY", "SHIPPED", "warehouse"),
    ("shipAll", "PARTIALLY_SHIPPED", "SHIPPED", "system"),
    ("deliverFulfillment", "SHIPPED", "DELIVERED", "warehouse"),
    ("deliverFulfillment", "SHIPPED", "DELIVERED", "warehouse"),
    ("deliverAll", "SHIPPED", "DELIVERED", "system"),
    ("confirmReceipt", "DELIVERED", "RECEIVED", "anna"),
    ("completeOrder", "RECEIVED", "COMPLETED", "merchant"),
]


async def test_the_whole_flow(any_shop: Shop) -> None:
    order_id = await any_shop.delivered()
    any_shop.clock.pass_(HOUR)
    assert await any_shop.act("confirmReceipt", order_id, ANNA) == OrderChanged(order_id=order_id)
    assert await any_shop.timers(order_id) == {"order.completion": 7 * DAY + HOUR}
    any_shop.clock.pass_(HOUR)
    await did(any_shop.act("completeOrder", order_id))
    assert await any_shop.steps(order_id) == WHOLE_FLOW
    assert await any_shop.status(order_id) == ("COMPLETED", "PAID", "DELIVERED", len(WHOLE_FLOW))
    assert (await any_shop.order(order_id)).head.completed_at == START + 2 * HOUR
    assert (await any_shop.timers(order_id), await any_shop.jobs()) == ({}, [])
    assert await any_shop.stock() == {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
    assert await any_shop.later(365 * DAY) == 0


async def test_who_has_it_all_has_what_was_on_its_way(any_shop: Shop) -> None:
    order_id = await any_shop.shipped()
    await did(any_shop.act("confirmReceipt", order_id, ANNA))
    assert (await any_shop.steps(order_id))[-3:] == [
        ("confirmReceipt", "SHIPPED", "RECEIVED", "anna"),
        ("deliverFulfillment", "SHIPPED", "DELIVERED", "system"),
        ("deliverFulfillment", "SHIPPED", "DELIVERED", "system"),
    ]
    assert [shipment.delivered_at for shipment in (await any_shop.order(order_id)).shipments] == [START, START]


async def test_a_buyer_extends_twice_and_support_as_often_as_it_must(any_shop: Shop) -> None:
    order_id = await any_shop.delivered()
    for times in (1, 2):
        await did(any_shop.act("extendReceipt", order_id, ANNA))
        assert await any_shop.timers(order_id) == {"order.receiptTimeout": (7 + 7 * times) * DAY}
    outcome = await any_shop.refused(any_shop.act("extendReceipt", order_id, ANNA))
    assert isinstance(outcome, ActionRejected)
    assert [reason.code for reason in outcome.blocked_by] == ["NO_EXTENSION_LEFT"]
    await did(any_shop.act("extendReceipt", order_id, SUPPORT))
    assert await any_shop.timers(order_id) == {"order.receiptTimeout": 28 * DAY}
    assert (await any_shop.order(order_id)).head.receipt_extensions == 3


async def test_not_after_the_deadline(any_shop: Shop) -> None:
    order_id = await any_shop.delivered()
    any_shop.clock.pass_(7 * DAY)
    outcome = await any_shop.refused(any_shop.act("extendReceipt", order_id, ANNA))
    assert [reason.code for reason in outcome.blocked_by] == ["DEADLINE_PASSED"]
    any_shop.clock.pass_(-timedelta(microseconds=1))
    await did(any_shop.act("extendReceipt", order_id, ANNA))


@pytest.mark.parametrize(
    ("action", "viewers"),
    [
        ("confirmReceipt", (MERCHANT, FINANCE, WAREHOUSE)),
        ("extendReceipt", (MERCHANT, FINANCE, WAREHOUSE)),
        ("completeOrder", (ANNA, SUPPORT, FINANCE, WAREHOUSE)),
        ("confirmOrder", (ANNA, SUPPORT, FINANCE, WAREHOUSE)),
    ],
)
async def test_who_may_not(shop: Shop, action: str, viewers: tuple[Viewer, ...]) -> None:
    order_id = await shop.delivered()
    for viewer in viewers:
        outcome = await shop.refused(shop.act(action, order_id, viewer))
        assert outcome == Forbidden(message=f"None of your roles may {action}.")


async def test_steps_out_of_turn(shop: Shop) -> None:
    order_id = await shop.paid()
    for action in ("confirmReceipt", "extendReceipt", "completeOrder"):
        outcome = await shop.refused(shop.act(action, order_id, ADMIN if action == "completeOrder" else SUPPORT))
        assert (outcome.state, outcome.blocked_by[0].code) == ("PAID", "WRONG_STATE")
