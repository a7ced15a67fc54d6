"""holdOrder and releaseOrder: every deadline rests meanwhile, and goes on with exactly what was left of it."""

import pytest

from domain.access.viewer import Viewer
from domain.values.refusals import ActionRejected, Forbidden
from tests.fixtures.shop import (
    ADMIN,
    ANNA,
    DAY,
    FINANCE,
    HOUR,
    MERCHANT,
    MINUTE,
    SUPPORT,
    WAREHOUSE,
    Shop,
    did,
)

pytestmark = pytest.mark.anyio


async def test_deadlines_rest_and_resume(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    any_shop.clock.pass_(HOUR)
    await did(any_shop.act("holdOrder", order_id, SUPPORT, note="Asked the buyer"))
    assert await any_shop.status(order_id) == ("ON_HOLD", "PAID", "UNFULFILLED", 13)
    assert (await any_shop.steps(order_id))[-3:] == [
        ("holdOrder", "PAID", "ON_HOLD", "support"),
        ("hold", "ALLOCATED", "ON_HOLD", "system"),
        ("hold", "ALLOCATED", "ON_HOLD", "system"),
    ]
    resting = {"order.autoConfirm": 23 * 3600, "fulfillment.acceptTimeout": 23 * 3600}
    assert await any_shop.timers(order_id) == {**resting, "order.holdAlert": 3 * DAY + HOUR}
    assert await any_shop.later(2 * DAY) == 0
    assert await any_shop.later(DAY) == 1
    assert (await any_shop.steps(order_id))[-1] == ("alert", "ON_HOLD", "ON_HOLD", "system")
    assert await any_shop.timers(order_id) == resting
    assert await any_shop.later(30 * DAY) == 0
    await did(any_shop.act("releaseOrder", order_id))
    assert await any_shop.status(order_id) == ("PAID", "PAID", "UNFULFILLED", 17)
    passed = HOUR + 33 * DAY
    assert await any_shop.timers(order_id) == {
        "order.autoConfirm": passed + 23 * HOUR,
        "fulfillment.acceptTimeout": passed + 23 * HOUR,
    }
    assert await any_shop.later(23 * HOUR - MINUTE) == 0
    await any_shop.later(MINUTE)
    assert (await any_shop.order(order_id)).head.status == "CONFIRMED"


async def test_work_that_was_begun_goes_on_where_it_was(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    await did(any_shop.act("holdOrder", order_id))
    parts = (await any_shop.order(order_id)).fulfillments
    outcome = await any_shop.refused(any_shop.fulfil("acceptFulfillment", parts[0].id))
    assert (outcome.state, outcome.blocked_by[0].code) == ("ON_HOLD", "WRONG_STATE")
    await did(any_shop.act("releaseOrder", order_id))
    assert await any_shop.timers(order_id) == {"order.promiseAlert": 3 * DAY, "fulfillment.acceptTimeout": DAY}
    assert [part.status for part in (await any_shop.order(order_id)).fulfillments] == ["ALLOCATED", "ALLOCATED"]


async def test_an_authorization_that_is_lost_on_hold_shows_when_it_ends(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    await did(any_shop.act("holdOrder", order_id))
    await any_shop.later(7 * DAY)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.payments[0].status) == ("ON_HOLD", "VOIDED")
    await did(any_shop.act("releaseOrder", order_id))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.previous_status) == ("EXCEPTION", "PAID")
    await any_shop.paid(order_id)
    assert (await any_shop.order(order_id)).head.status == "PAID"


@pytest.mark.parametrize("viewer", [MERCHANT, SUPPORT, ADMIN])
async def test_who_may(shop: Shop, viewer: Viewer) -> None:
    order_id = await shop.paid()
    await did(shop.act("holdOrder", order_id, viewer))
    await did(shop.act("releaseOrder", order_id, viewer))


@pytest.mark.parametrize("viewer", [ANNA, FINANCE, WAREHOUSE])
@pytest.mark.parametrize("action", ["holdOrder", "releaseOrder"])
async def test_who_may_not(shop: Shop, viewer: Viewer, action: str) -> None:
    outcome = await shop.refused(shop.act(action, await shop.paid(), viewer))
    assert outcome == Forbidden(message=f"None of your roles may {action}.")


async def test_states_that_cannot_be_held_or_released(shop: Shop) -> None:
    unpaid, paid = await shop.placed(), await shop.paid()
    for action, order_id, state in (
        ("holdOrder", unpaid, "PENDING_PAYMENT"),
        ("releaseOrder", paid, "PAID"),
        ("confirmOrder", unpaid, "PENDING_PAYMENT"),
    ):
        outcome = await shop.refused(shop.act(action, order_id))
        assert isinstance(outcome, ActionRejected)
        assert (outcome.action, outcome.state, outcome.blocked_by[0].code) == (action, state, "WRONG_STATE")


async def test_what_was_shipped_is_not_held(shop: Shop) -> None:
    order_id = await shop.packed()
    outcome = await shop.refused(shop.act("holdOrder", order_id))
    assert (outcome.state, outcome.blocked_by[0].code) == ("IN_FULFILLMENT", "WRONG_STATE")
