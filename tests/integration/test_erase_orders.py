"""Erasing an order: what goes, what stays, who is told, and which orders stay as they are."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.db.change_signal import announcing
from adapters.db.changes import SqlOrderChanges
from adapters.db.export_rows import SqlExportRows
from adapters.db.rollups import SqlRollups
from adapters.worker.rollups import RollupUpkeep
from domain.access.viewer import EVERYTHING
from domain.actions.erase_orders import Erased, ErasedBefore, erase_order, kept
from domain.actions.place_order import place_order
from domain.actions.place_orders import place_orders
from domain.orders.commands import PlaceOrder, PlaceOrderLine, PlaceOrders, WantedGroup
from domain.ports.changes import ChangeQuery
from domain.ports.exports import ExportRequest
from domain.values.enums import ChangeKind, ExportDataset, OrderType
from domain.values.outcomes import OrderPlaced, OrdersPlaced
from tests.fixtures import cases
from tests.fixtures.following import versions_after
from tests.fixtures.shop import ANNA, BOB, DAY, HOUR, PARTNER, WISH, Shop, did

pytestmark = pytest.mark.anyio

LATER = 15 * DAY
TEE = (PlaceOrderLine("TEE", 1),)


async def ended(shop: Shop, **more: Any) -> str:
    """Completed, with a case, a refund, a coupon; past its window, and no key is kept any more."""
    order_id = await shop.delivered(await shop.placed(coupon_codes=("ONCE",), note="Ring twice", **more))
    await did(shop.act("confirmReceipt", order_id, ANNA))
    case_id = await cases.sent_back(shop, order_id)
    await did(cases.receive(shop, case_id, 1))
    await shop.worker.drain()
    await did(shop.act("completeOrder", order_id))
    await shop.later(LATER)
    return order_id


async def mentions(shop: Shop, *words: str) -> dict[str, int]:
    """Table → how many of its rows have one of the words in them anywhere."""
    names = await shop.sql(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'services')"
    )
    has = " OR ".join(f"t::text LIKE '%{word}%'" for word in words)
    found = await shop.sql(
        " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name} t WHERE {has}" for (name,) in names)
    )
    return {name: count for name, count in found if count}


async def test_every_row_goes_and_the_books_stay(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await ended(shop)
    order, stock = await shop.order(order_id), await shop.stock()
    before = await mentions(shop, order_id)
    assert before.keys() > {
        "public.orders", "public.order_lines", "public.order_events", "public.payments", "public.refunds", "public.shipments",
        "public.after_sales", "public.fulfillments", "public.order_discounts", "services.coupon_claims", "services.stock_returns",
    }  # fmt: skip
    done = await erase_order(shop.ports, order_id)
    assert done == Erased(order_id, "acme", "web", order.head.version + 1)
    left = await mentions(shop, order_id)
    assert left.pop("public.order_tombstones") == 1
    assert left == {name: count for name, count in before.items() if name.startswith("services.")}
    people = ("Anna", "Ring twice", "Allee", "mbr_anna", order.head.number)
    assert await mentions(shop, *people) == {"services.members": 1}
    assert await shop.stock() == stock
    assert await shop.coupons_used() == {"ONCE": 1}
    assert await erase_order(shop.ports, order_id) == ErasedBefore(order_id)


async def test_everybody_who_keeps_a_copy_is_told(shop: Shop) -> None:
    gone, stays = await ended(shop), await shop.placed(BOB, member_id="mbr_bob")
    changes, upkeep = SqlOrderChanges(shop.database), RollupUpkeep(SqlRollups(shop.database))
    version = (await shop.order(gone)).head.version
    await upkeep.drain()
    position = (await changes.page(ChangeQuery(EVERYTHING, 100))).position
    async with announcing(shop.database) as tell, changes.watch() as watch:
        ports = replace(shop.ports, unit_of_work=lambda: telling(shop, tell))
        assert isinstance(await erase_order(ports, gone), Erased)
        assert await watch.news(60) is True
    (change,) = (await changes.page(ChangeQuery(EVERYTHING, 100, position))).changes
    assert (change.order_id, change.version, change.kind) == (gone, version + 1, ChangeKind.DELETE)
    assert await versions_after(changes, position) == [(gone, version + 1)]
    assert await upkeep.drain() == 1
    assert await shop.sql("SELECT order_id FROM rollup_orders") == [(stays,)]
    assert await exported(shop) == [stays]


def telling(shop: Shop, tell: Any) -> Any:
    unit: Any = shop.ports.unit_of_work()
    unit._tell_of_steps = tell
    return unit


async def exported(shop: Shop) -> list[str]:
    gathered = bytearray()

    async def take(data: bytes) -> None:
        gathered.extend(data)

    async with SqlExportRows(shop.database).read(ExportRequest(ExportDataset.ORDERS, EVERYTHING)) as reading:
        await reading.copy(take)
    return [line.partition(",")[0] for line in gathered.decode().splitlines()]


async def held_because(shop: Shop, order_id: str) -> str:
    """Neither look nor try changes anything."""
    stays = await kept(shop.ports, order_id)
    assert stays is not None
    assert await shop.refused(erase_order(shop.ports, order_id)) == stays
    return stays.why


async def test_an_order_that_is_not_over_stays(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.placed()
    assert await held_because(shop, order_id) == "it is PENDING_PAYMENT"
    await shop.delivered(order_id)
    assert await held_because(shop, order_id) == "it is DELIVERED"
    await did(shop.act("confirmReceipt", order_id, ANNA))
    await did(shop.act("completeOrder", order_id))
    assert await held_because(shop, order_id) == "its units can be claimed until 2026-03-17 09:00 UTC"
    shop.clock.pass_(LATER - HOUR)
    case_id = await cases.sent_back(shop, order_id)
    shop.clock.pass_(HOUR)
    assert await held_because(shop, order_id) == f"its after sale {case_id} is RETURN_IN_TRANSIT"


@pytest.mark.parametrize("is_batch", [False, True])
async def test_a_call_that_may_be_repeated_holds_its_order(shop: Shop, is_batch: bool) -> None:
    """Were the key forgotten with the order, the same call would place it anew."""
    order_id = await placed_by_partner(shop, is_batch=is_batch)
    await did(shop.cancel(order_id, PARTNER))
    await shop.worker.drain()
    assert await held_because(shop, order_id) == "callers may repeat what they sent about it until 2026-03-03 09:00 UTC"
    shop.clock.pass_(DAY)
    assert isinstance(await erase_order(shop.ports, order_id), Erased)
    assert await mentions(shop, order_id) == {"public.order_tombstones": 1, "services.reservations": 1}


async def placed_by_partner(shop: Shop, *, is_batch: bool) -> str:
    wish = replace(WISH, channel="partner", lines=TEE)
    order = PlaceOrder("one", wish, external_number="N-1")
    outcome = await (
        place_orders(shop.ports, PARTNER, PlaceOrders("batch", (order,)))
        if is_batch
        else place_order(shop.ports, PARTNER, order)
    )
    placed = outcome.results[0] if isinstance(outcome, OrdersPlaced) else outcome
    assert isinstance(placed, OrderPlaced), placed
    return placed.order_id


async def test_what_the_worker_has_still_to_do_holds_the_order(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.paid()
    await did(shop.cancel(order_id))
    assert (await shop.status(order_id))[0] == "REFUNDING"
    assert await held_because(shop, order_id) == "it is REFUNDING"
    await shop.worker.drain()
    shop.clock.pass_(DAY)
    await shop.sql(
        "INSERT INTO jobs (kind, order_id, payload, due_at, key) SELECT 'RELEASE_STOCK', id, '{}', placed_at, 'k' FROM orders"
        " RETURNING 1"
    )
    assert await held_because(shop, order_id) == "the worker has still to do something for it"
    await shop.sql("DELETE FROM jobs RETURNING 1")
    assert isinstance(await erase_order(shop.ports, order_id), Erased)


async def test_the_seat_of_an_erased_order_stays_in_its_group(shop: Shop) -> None:
    first = await shop.placed(order_type=OrderType.GROUP_BUY, lines=TEE, group=WantedGroup(2, None))
    group_id = str((await shop.order(first)).head.group_id)
    group = {"order_type": OrderType.GROUP_BUY, "lines": TEE, "group": WantedGroup(None, group_id)}
    await shop.paid(first)
    await shop.paid(await shop.placed(BOB, member_id="mbr_bob", **group), viewer=BOB)
    for part in (await shop.order(first)).fulfillments:
        for action in ("acceptFulfillment", "packFulfillment"):
            await did(shop.fulfil(action, part.id))
        await did(shop.ship(part.id, "T-1"))
        await did(shop.fulfil("deliverFulfillment", part.id))
    await did(shop.act("confirmReceipt", first, ANNA))
    await did(shop.act("completeOrder", first))
    await shop.later(LATER)
    assert isinstance(await erase_order(shop.ports, first), Erased)
    assert await shop.sql("SELECT size, joined, status FROM order_groups") == [(2, 2, "FORMED")]
    assert (await mentions(shop, first))["public.group_seats"] == 1
