"""What is not yours does not exist: neither to be read nor to be acted on, and looking for it changes nothing."""

import pytest

from domain.access.viewer import Viewer
from domain.actions.changes import loaded
from domain.orders.commands import PlaceOrderLine
from domain.values.enums import ActorKind, Role
from domain.values.refusals import Forbidden, NotFound
from tests.fixtures.shop import (
    ADMIN,
    ANALYST,
    ANNA,
    BOB,
    FINANCE,
    MERCHANT,
    PARTNER,
    RESELLER,
    RIVAL,
    SUPPORT,
    WAREHOUSE,
    Shop,
    staff,
)

pytestmark = pytest.mark.anyio

ALL = (Role.MERCHANT, Role.SUPPORT, Role.FINANCE, Role.WAREHOUSE)
NOBODY = Viewer(ActorKind.MEMBER, "nobody", None, frozenset())
BUYER_WITHOUT_MEMBER = Viewer(ActorKind.MEMBER, "x", None, frozenset((Role.BUYER,)))
PARTNER_WITHOUT_CHANNEL = Viewer(ActorKind.PARTNER, "x", None, frozenset((Role.PARTNER,)))
OTHER_CHANNEL = Viewer(ActorKind.STAFF, "x", None, frozenset(ALL), channels=frozenset(("partner",)))
NO_UNIT = staff(*ALL, units=frozenset())
STRANGERS = (
    BOB,
    RIVAL,
    PARTNER,
    RESELLER,
    NOBODY,
    BUYER_WITHOUT_MEMBER,
    PARTNER_WITHOUT_CHANNEL,
    OTHER_CHANNEL,
    NO_UNIT,
    staff(*ALL, units=frozenset(("later",))),
)


@pytest.mark.parametrize("viewer", STRANGERS)
async def test_strangers_find_nothing(shop: Shop, viewer: Viewer) -> None:
    order_id = await shop.paid(method="test_card_authorize")
    order = await shop.order(order_id)
    part_id, payment_id = order.fulfillments[0].id, order.payments[0].id
    assert await loaded(shop.ports, order_id, viewer.scope) is None
    for action in ("confirmOrder", "holdOrder", "releaseOrder", "confirmReceipt", "extendReceipt", "completeOrder"):
        assert await shop.refused(shop.act(action, order_id, viewer)) == NotFound(path=("orderId",))
    assert await shop.refused(shop.cancel(order_id, viewer)) == NotFound(path=("orderId",))
    assert await shop.refused(shop.pay(order_id, viewer=viewer)) == NotFound(path=("orderId",))
    assert await shop.refused(shop.pay(order_id, "external", viewer)) == NotFound(path=("orderId",))
    for action in ("acceptFulfillment", "packFulfillment", "deliverFulfillment"):
        assert await shop.refused(shop.fulfil(action, part_id, viewer)) == NotFound(path=("fulfillmentId",))
    assert await shop.refused(shop.ship(part_id, "T-1", viewer)) == NotFound(path=("fulfillmentId",))
    for action in ("capturePayment", "voidPayment"):
        assert await shop.refused(shop.act_on_payment(action, payment_id, viewer)) == NotFound(path=("paymentId",))


async def test_a_version_tells_strangers_nothing(shop: Shop) -> None:
    order_id = await shop.placed()
    assert await shop.refused(shop.cancel(order_id, BOB, expected_version=99)) == NotFound(path=("orderId",))


@pytest.mark.parametrize("viewer", [ANNA, MERCHANT, SUPPORT, FINANCE, WAREHOUSE, ADMIN, ANALYST])
async def test_who_sees_it(shop: Shop, viewer: Viewer) -> None:
    order_id = await shop.placed()
    found = await loaded(shop.ports, order_id, viewer.scope)
    assert found is not None
    assert found.head.id == order_id


async def test_a_partner_sees_its_channel(shop: Shop) -> None:
    mine = await shop.placed(PARTNER, channel="partner", lines=(PlaceOrderLine("TEE", 1),))
    assert await loaded(shop.ports, mine, PARTNER.scope) is not None
    assert await loaded(shop.ports, mine, RESELLER.scope) is None
    assert await loaded(shop.ports, mine, ANNA.scope) is not None


async def test_an_analyst_reads_and_does_nothing(shop: Shop) -> None:
    order_id = await shop.placed()
    for outcome in (
        await shop.refused(shop.cancel(order_id, ANALYST)),
        await shop.refused(shop.pay(order_id, viewer=ANALYST)),
        await shop.refused(shop.act("confirmOrder", order_id, ANALYST)),
    ):
        assert isinstance(outcome, Forbidden)


async def test_an_admin_may_all_that_staff_may_and_is_named_in_the_history(shop: Shop) -> None:
    order_id = await shop.placed(ADMIN)
    await shop.cancel(order_id, ADMIN)
    assert await shop.sql("SELECT actor_kind, actor_id, actor_name FROM order_events ORDER BY sequence") == 2 * [
        ("STAFF", "admin", "Admin")
    ]
