"""importOrders: a batch, each order once, whoever fails; and who may."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from domain.access.viewer import EVERYTHING, Viewer
from domain.actions.changes import loaded
from domain.actions.import_orders import import_orders
from domain.orders.import_commands import ImportedOrder, ImportedShipment, ImportOrders
from domain.orders.model import Order
from domain.orders.views import Json
from domain.values.enums import OrderStatus, OrderType
from domain.values.outcomes import ImportFailure, OrdersImported
from domain.values.refusals import Forbidden, IdempotencyConflict, InvalidInput, LimitExceeded
from tests.fixtures.legacy import ARRIVED, PARCEL, PLACED, SENT, legacy
from tests.fixtures.shop import ADMIN, ANNA, MERCHANT, PARTNER, RIVAL, START, SUPPORT, Shop, did

pytestmark = pytest.mark.anyio

NOTHING: Final = OrdersImported(imported=0, skipped=0, failed=())


def bring(shop: Shop, *orders: ImportedOrder, viewer: Viewer = MERCHANT, **more: Any) -> Any:
    command = {"channel": "web", "business_unit": "acme"} | more
    return import_orders(shop.ports, viewer, ImportOrders(orders=orders, **command))


async def only(shop: Shop) -> Order:
    ((order_id,),) = await shop.sql("SELECT id FROM orders")
    order = await loaded(shop.ports, str(order_id), EVERYTHING)
    assert order is not None
    return order


async def test_an_imported_order_is_there_with_all_its_parts(shop: Shop) -> None:
    assert await bring(shop, legacy(shipments=(PARCEL,))) == replace(NOTHING, imported=1)
    order = await only(shop)
    assert await shop.status(order.head.id) == ("DELIVERED", "PAID", "DELIVERED", 1)
    assert await shop.steps(order.head.id) == [("importOrders", None, "DELIVERED", "merchant")]
    assert (order.head.placed_at, order.head.updated_at, order.head.total_minor) == (PLACED, START, 3300)
    assert (len(order.lines), len(order.payments), len(order.fulfillments), len(order.shipments)) == (3, 1, 3, 3)
    assert (order.timers, await shop.jobs(), await shop.stock()) == ((), [], {})


async def test_orders_that_are_there_are_skipped_and_bad_ones_keep_no_other_out(shop: Shop) -> None:
    await bring(shop, legacy("L-1"))
    outcome = await bring(
        shop,
        legacy("L-1", OrderStatus.CANCELLED),
        legacy("L-2", lines=()),
        legacy("L-3"),
        legacy("L-3"),
        legacy("L-4", order_type=OrderType.VIRTUAL),
    )
    assert outcome == OrdersImported(
        imported=2,
        skipped=1,
        failed=(
            ImportFailure(1, "L-2", "EMPTY", "lines: An order has at least one line."),
            ImportFailure(3, "L-3", "DUPLICATE_EXTERNAL_NUMBER", "externalNumber: It is in this batch twice."),
        ),
    )
    rows = await shop.sql("SELECT external_number, status FROM orders ORDER BY 1")
    assert rows == [("L-1", "DELIVERED"), ("L-3", "DELIVERED"), ("L-4", "DELIVERED")]


async def test_the_same_number_on_another_channel_is_another_order(shop: Shop) -> None:
    await bring(shop, legacy("L-1"))
    assert await bring(shop, legacy("L-1"), channel="partner") == replace(NOTHING, imported=1)


async def test_a_tracking_number_belongs_to_one_parcel(shop: Shop) -> None:
    await bring(shop, legacy("L-1", shipments=(PARCEL,)))
    outcome = await bring(
        shop,
        legacy("L-2", shipments=(PARCEL,)),
        legacy("L-3", shipments=(replace(PARCEL, tracking_number="T-3"),)),
        legacy("L-4", shipments=(replace(PARCEL, tracking_number="T-3"),)),
        legacy("L-5", shipments=(ImportedShipment(SENT, ARRIVED, "UPS", "T-1"),)),
    )
    message = "shipments: A tracking number is of another order's parcel."
    assert (outcome.imported, outcome.failed) == (
        2,
        (
            ImportFailure(0, "L-2", "DUPLICATE_TRACKING_NUMBER", message),
            ImportFailure(2, "L-4", "DUPLICATE_TRACKING_NUMBER", message),
        ),
    )


async def test_a_dry_run_says_the_same_and_changes_nothing(shop: Shop) -> None:
    await bring(shop, legacy("L-1"))
    batch = (legacy("L-1"), legacy("L-2"), legacy("L-3", lines=()))
    before = await shop.everything()
    tried = await bring(shop, *batch, is_dry_run=True, idempotency_key="k")
    assert await shop.everything() == before
    assert await shop.sql("SELECT key FROM idempotency_keys") == []
    assert tried == await bring(shop, *batch, idempotency_key="k")


async def test_the_same_key_imports_once_and_another_input_conflicts(shop: Shop) -> None:
    first = await bring(shop, legacy("L-1"), legacy("L-2", lines=()), idempotency_key="k")
    assert await bring(shop, legacy("L-1"), legacy("L-2", lines=()), idempotency_key="k") == replace(
        first, is_replayed=True
    )
    assert isinstance(await bring(shop, legacy("L-9"), idempotency_key="k"), IdempotencyConflict)


async def test_two_imports_of_the_same_orders_at_once_import_each_order_once(shop: Shop) -> None:
    orders = tuple(legacy(f"L-{at:02}", shipments=(replace(PARCEL, tracking_number=f"T-{at}"),)) for at in range(20))
    both = await asyncio.gather(bring(shop, *orders), bring(shop, *reversed(orders)))
    done = [(each.imported, each.skipped + len(each.failed)) for each in both]
    assert sorted(done) == [(0, 20), (20, 0)]
    assert await shop.sql("SELECT count(*) FROM orders") == [(20,)]


async def test_many_orders_take_as_many_statements_as_one(shop: Shop) -> None:
    def batch(count: int, name: str) -> list[ImportedOrder]:
        return [
            legacy(f"{name}-{at}", shipments=(replace(PARCEL, tracking_number=f"{name}-{at}"),)) for at in range(count)
        ]

    counts = []
    for orders in (batch(1, "a"), batch(1, "b"), batch(100, "c")):
        before = shop.database.statement_count
        assert (await bring(shop, *orders)).imported == len(orders)
        counts.append(shop.database.statement_count - before)
    assert counts[1:] == [12, 12]


async def test_more_than_500_orders_are_too_many_and_none_is_fine(shop: Shop) -> None:
    outcome = await shop.refused(bring(shop, *[legacy()] * 501))
    assert outcome == LimitExceeded(message="At most 500 orders are imported at once.", path=("orders",), limit=500)
    assert await bring(shop) == NOTHING


@pytest.mark.parametrize(
    ("viewer", "more", "path"),
    [
        (ANNA, {}, ()),
        (SUPPORT, {}, ()),
        (RIVAL, {}, ("businessUnit",)),
        (PARTNER, {}, ("channel",)),
    ],
    ids=["buyer", "support", "another unit's merchant", "another channel's partner"],
)
async def test_others_may_not_import(shop: Shop, viewer: Viewer, more: Json, path: tuple[str, ...]) -> None:
    outcome = await shop.refused(bring(shop, legacy(), viewer=viewer, **more))
    assert isinstance(outcome, Forbidden)
    assert outcome.path == path


async def test_a_partner_imports_on_its_channel_and_an_admin_everywhere(shop: Shop) -> None:
    assert await bring(shop, legacy("L-1"), viewer=PARTNER, channel="partner") == replace(NOTHING, imported=1)
    assert await bring(shop, legacy("L-2"), viewer=ADMIN, channel="rival-web", business_unit="rival") == replace(
        NOTHING, imported=1
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"business_unit": "none"}, "UNKNOWN_BUSINESS_UNIT"),
        ({"channel": "none"}, "UNKNOWN_CHANNEL"),
        ({"channel": "rival-web"}, "UNKNOWN_CHANNEL"),
    ],
)
async def test_unit_and_channel_must_belong_together(shop: Shop, more: Json, code: str) -> None:
    outcome = await shop.refused(bring(shop, legacy(), viewer=ADMIN, **more))
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == [code]


async def test_an_imported_order_goes_on_where_it_was(shop: Shop) -> None:
    await bring(shop, legacy(status=OrderStatus.PAID))
    order_id = (await only(shop)).head.id
    await did(shop.act("confirmOrder", order_id))
    for part in (await shop.order(order_id)).fulfillments:
        await did(shop.fulfil("acceptFulfillment", part.id))
        await did(shop.fulfil("packFulfillment", part.id))
        await did(shop.ship(part.id, f"TRK-{part.number}"))
        await did(shop.fulfil("deliverFulfillment", part.id))
    await did(shop.act("confirmReceipt", order_id, viewer=SUPPORT))
    await did(shop.act("completeOrder", order_id))
    assert (await shop.status(order_id))[:3] == ("COMPLETED", "PAID", "DELIVERED")


async def test_an_unpaid_imported_order_can_be_paid(shop: Shop) -> None:
    await bring(shop, legacy(status=OrderStatus.PENDING_PAYMENT, payments=(), paid_at=None))
    order_id = (await only(shop)).head.id
    await shop.paid(order_id)
    assert (await shop.status(order_id))[:2] == ("PAID", "PAID")
    assert (await shop.order(order_id)).head.paid_at == START


async def test_time_and_money_of_an_order_that_does_not_add_up_are_kept(shop: Shop) -> None:
    await bring(shop, legacy(completed_at=PLACED - timedelta(days=1), shipping=Decimal(0)))
    head = (await only(shop)).head
    assert (head.import_difference_minor, head.completed_at) == (450, PLACED - timedelta(days=1))
    assert head.attributes == {"legacyStatus": "done", "timesOutOfOrder": True}
