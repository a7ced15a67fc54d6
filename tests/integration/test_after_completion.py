"""A completed order: units are claimed until its after-sale window is over; when all of them came back it is RETURNED."""

from datetime import timedelta

import pytest

from domain.values.enums import AfterSaleKind
from domain.values.refusals import ActionRejected, InvalidInput
from tests.fixtures.cases import arrived, claim, claimed, receive, sent_back
from tests.fixtures.shop import ANNA, DAY, SUPPORT, Shop, did

pytestmark = pytest.mark.anyio

WINDOW = 15 * DAY
MOMENT = timedelta(microseconds=1)


async def completed(shop: Shop, units: int = 3) -> str:
    order_id = await arrived(shop, units)
    await did(shop.act("confirmReceipt", order_id, ANNA))
    await did(shop.act("completeOrder", order_id))
    order = await shop.order(order_id)
    assert (order.head.status, order.timers) == ("COMPLETED", ())
    return order_id


async def test_all_of_it_comes_back(any_shop: Shop) -> None:
    order_id = await completed(any_shop)
    for units in (1, 2):
        case_id = await sent_back(any_shop, order_id, units)
        await did(receive(any_shop, case_id, units))
        await any_shop.worker.drain()
        if units == 1:
            assert (await any_shop.status(order_id))[:3] == ("COMPLETED", "PARTIALLY_REFUNDED", "DELIVERED")
    head = (await any_shop.order(order_id)).head
    assert (head.status, head.payment_status, head.fulfillment_status) == ("RETURNED", "REFUNDED", "RETURNED")
    assert head.refunded_minor == head.captured_minor
    assert ("returnAll", "COMPLETED", "RETURNED", "system") in await any_shop.steps(order_id)
    assert await any_shop.stock() == {}


async def test_what_was_exchanged_is_not_returned(shop: Shop) -> None:
    order_id = await completed(shop, 2)
    exchange = await sent_back(shop, order_id, 1, AfterSaleKind.EXCHANGE)
    await did(receive(shop, exchange, 1))
    await shop.worker.drain()
    part = (await shop.order(order_id)).fulfillments[-1]
    for action in ("acceptFulfillment", "packFulfillment"):
        await did(shop.fulfil(action, part.id))
    await did(shop.ship(part.id, "X-1"))
    await did(shop.fulfil("deliverFulfillment", part.id))
    case_id = await sent_back(shop, order_id)
    await did(receive(shop, case_id, 1))
    await shop.worker.drain()
    assert (await shop.status(order_id))[0] == "COMPLETED"


async def test_the_window_ends_to_the_moment(shop: Shop) -> None:
    order_id = await completed(shop)
    await shop.later(WINDOW - MOMENT)
    case_id = await sent_back(shop, order_id, 3)
    await shop.later(MOMENT)
    assert (await shop.order(order_id)).head.status == "COMPLETED"
    for viewer in (ANNA, SUPPORT):
        refused = await shop.refused(claim(shop, order_id, viewer=viewer))
        assert isinstance(refused, ActionRejected)
        assert [reason.code for reason in refused.blocked_by] == ["WINDOW_CLOSED"]
        assert (refused.action, refused.state) == ("requestAfterSale", "COMPLETED")
    # What was asked for in time is settled whenever the goods come.
    await did(receive(shop, case_id, 3))
    await shop.worker.drain()
    assert (await shop.status(order_id))[:2] == ("RETURNED", "REFUNDED")


async def test_what_is_claimed_already_is_not_claimed_again(shop: Shop) -> None:
    order_id = await completed(shop, 1)
    await claimed(shop, order_id, kind=AfterSaleKind.REFUND_ONLY)
    assert isinstance(await shop.refused(claim(shop, order_id)), InvalidInput)
