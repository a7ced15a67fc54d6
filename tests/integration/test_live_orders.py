"""Which live orders a change of the flows would strand."""

import pytest

from adapters.db.live_orders import LiveCount, live_counts
from domain.orders.commands import PlaceOrderLine
from tests.fixtures.shop import ANNA, BOB, Shop, did

pytestmark = pytest.mark.anyio


async def test_orders_are_counted_by_machine_and_state(shop: Shop) -> None:
    held = [await shop.paid() for _ in range(2)]
    for order_id in held:
        await did(shop.act("holdOrder", order_id))
    await shop.placed(lines=(PlaceOrderLine("TEE", 1),))
    places = [("ORDER", "ON_HOLD"), ("FULFILLMENT", "ON_HOLD"), ("PAYMENT", "PROCESSING"), ("ORDER", "SHIPPED")]
    numbers = tuple(sorted([(await shop.order(order_id)).head.number for order_id in held], reverse=True))
    assert await live_counts(shop.database, "PHYSICAL", 1, places) == [
        LiveCount("FULFILLMENT", "ON_HOLD", 2, numbers),
        LiveCount("ORDER", "ON_HOLD", 2, numbers),
    ]
    assert await live_counts(shop.database, "PHYSICAL", 2, places) == []
    assert await live_counts(shop.database, "VIRTUAL", 1, places) == []


async def test_three_examples_are_named(shop: Shop) -> None:
    for viewer in (ANNA, BOB):
        for _ in range(2):
            await shop.placed(viewer, member_id=f"mbr_{viewer.id}", lines=(PlaceOrderLine("TEE", 1),))
    (found,) = await live_counts(shop.database, "PHYSICAL", 1, [("ORDER", "PENDING_PAYMENT")])
    assert (found.orders, found.examples) == (4, tuple(f"202603020000000{n}" for n in (4, 3, 2)))
