"""splitOrder and previewSplit: former fulfillments are replaced, units and money pass on, stock moves or nothing does."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.actions.split_order import preview_split, split_order
from domain.orders.commands import LineQuantity, PlaceOrderLine, SplitOrder, SplitPart
from domain.orders.model import Order
from domain.orders.views import FulfillmentView
from domain.values.enums import SplitDimension
from domain.values.outcomes import Done, OrderChanged, Outcome
from domain.values.refusals import ActionRejected, Forbidden, InvalidInput, NotFound, OutOfStock, VersionConflict
from tests.fixtures.shop import ANNA, BOB, MERCHANT, RIVAL, SUPPORT, Shop, did

pytestmark = pytest.mark.anyio

COLUMNS = ("subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor")
TEES = (PlaceOrderLine("TEE", 6),)


def split_into(
    shop: Shop, order_id: str, *parts: SplitPart, viewer: Viewer = MERCHANT, **more: Any
) -> Awaitable[Outcome]:
    return split_order(shop.ports, viewer, SplitOrder(order_id, parts=parts or None, **more))


def part(warehouse: str | None, **units: int) -> tuple[str | None, dict[str, int]]:
    return warehouse, units


def by_hand(order: Order, *parts: tuple[str | None, dict[str, int]]) -> tuple[SplitPart, ...]:
    ids = {line.sku: line.id for line in order.lines}
    return tuple(
        SplitPart(tuple(LineQuantity(ids[sku], units) for sku, units in wanted.items()), warehouse)
        for warehouse, wanted in parts
    )


async def confirmed(shop: Shop, order_id: str) -> Order:
    await shop.worker.drain()
    await did(shop.act("confirmOrder", order_id))
    return await shop.order(order_id)


def counting(order: Order) -> list[FulfillmentView]:
    return [f for f in order.fulfillments if f.superseded_at is None]


def shown(order: Order) -> list[tuple[Any, ...]]:
    """Number, state, warehouse and units of each, by SKU."""
    return [
        (f.number[-1], f.status.value, f.warehouse, {line.sku: line.quantity for line in order.lines_of(f.id)})
        for f in order.fulfillments
    ]


def assert_whole(order: Order) -> None:
    for column in COLUMNS:
        assert sum(getattr(f, column) for f in counting(order)) == getattr(order.head, column), column


async def test_one_fulfillment_becomes_two_by_hand(any_shop: Shop) -> None:
    order_id = await any_shop.paid(await any_shop.placed(lines=TEES))
    before = await any_shop.order(order_id)
    parts = by_hand(before, part("BER", TEE=4), part("HAM", TEE=2))
    assert isinstance(await split_into(any_shop, order_id, *parts), OrderChanged)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert shown(order) == [
        ("1", "CANCELLED", "BER", {"TEE": 6}),
        ("2", "ALLOCATED", "BER", {"TEE": 4}),
        ("3", "ALLOCATED", "HAM", {"TEE": 2}),
    ]
    assert_whole(order)
    assert [(a.warehouse, a.quantity) for a in order.lines[0].allocations] == [("BER", 4), ("HAM", 2)]
    stock = await any_shop.sql("SELECT warehouse, on_hand, reserved FROM services.stock WHERE sku = 'TEE' ORDER BY 1")
    assert stock == [("BER", 6, 0), ("HAM", 3, 0)]
    assert order.head.status == "PAID"
    steps = await any_shop.steps(order_id, before.head.version)
    assert steps == [
        ("splitOrder", "PAID", "PAID", "merchant"),
        ("supersedeFulfillment", "ALLOCATED", "CANCELLED", "system"),
        ("split", None, "CREATED", "system"),
        ("allocate", "CREATED", "ALLOCATED", "system"),
        ("split", None, "CREATED", "system"),
        ("allocate", "CREATED", "ALLOCATED", "system"),
    ]


async def test_a_rule_of_its_own_takes_the_place_of_the_units(any_shop: Shop) -> None:
    """Sellers may travel together when only warehouses count."""
    order_id = await any_shop.paid()
    assert len((await any_shop.order(order_id)).fulfillments) == 2
    outcome = await split_into(any_shop, order_id, by=(SplitDimension.WAREHOUSE,))
    assert isinstance(outcome, OrderChanged)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert shown(order)[2:] == [("3", "ALLOCATED", "BER", {"TEE": 2, "POSTER": 1})]
    assert counting(order)[0].seller_id is None
    assert_whole(order)
    assert (await confirmed(any_shop, order_id)).head.status == "CONFIRMED"


async def test_it_goes_on_from_the_new_fulfillments_to_the_end(any_shop: Shop) -> None:
    order_id = await any_shop.paid(await any_shop.placed(lines=TEES))
    order = await any_shop.order(order_id)
    assert isinstance(
        await split_into(any_shop, order_id, *by_hand(order, part("HAM", TEE=3), part(None, TEE=3))), OrderChanged
    )
    order = await confirmed(any_shop, order_id)
    for number, piece in enumerate(counting(order)):
        await did(any_shop.fulfil("acceptFulfillment", piece.id))
        await did(any_shop.fulfil("packFulfillment", piece.id))
        await did(any_shop.ship(piece.id, f"T-{number}"))
        await did(any_shop.fulfil("deliverFulfillment", piece.id))
    assert (await any_shop.status(order_id))[:3] == ("DELIVERED", "PAID", "DELIVERED")


async def test_a_new_fulfillment_can_be_declined_like_any_other(any_shop: Shop) -> None:
    order_id = await any_shop.paid(await any_shop.placed(lines=TEES))
    order = await any_shop.order(order_id)
    await split_into(any_shop, order_id, *by_hand(order, part("BER", TEE=4), part("BER", TEE=2)))
    await any_shop.worker.drain()
    order = await confirmed(any_shop, order_id)
    await did(any_shop.decline(counting(order)[1].id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [(f.status.value, f.warehouse) for f in counting(order)] == [("ALLOCATED", "BER"), ("ALLOCATED", "HAM")]
    stock = await any_shop.sql("SELECT warehouse, on_hand FROM services.stock WHERE sku = 'TEE' ORDER BY 1")
    assert stock == [("BER", 6), ("HAM", 3)]


async def test_what_a_warehouse_has_not_leaves_everything_as_it_is(any_shop: Shop) -> None:
    order_id = await any_shop.paid(await any_shop.placed(lines=TEES))
    before = await any_shop.order(order_id)
    parts = by_hand(before, part("HAM", TEE=6))
    outcome = await split_into(any_shop, order_id, *parts)
    assert isinstance(outcome, OutOfStock)
    assert [(line.sku, line.requested, line.available) for line in outcome.lines] == [("TEE", 6, 5)]
    await any_shop.worker.drain()
    after = await any_shop.order(order_id)
    assert (after.fulfillments, after.lines, after.head.version) == (
        before.fulfillments,
        before.lines,
        before.head.version,
    )
    stock = await any_shop.sql("SELECT warehouse, on_hand, reserved FROM services.stock WHERE sku = 'TEE' ORDER BY 1")
    assert stock == [("BER", 4, 0), ("HAM", 5, 0)]


async def test_a_backorder_is_split_into_what_is_there_and_the_rest(any_shop: Shop) -> None:
    """Nine tees wait, since no warehouse has nine alone; five leave now."""
    order_id = await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("TEE", 9),)))
    await any_shop.decline(counting(await any_shop.order(order_id))[0].id)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [f.status.value for f in order.fulfillments] == ["BACKORDERED"]
    assert isinstance(
        await split_into(any_shop, order_id, *by_hand(order, part("HAM", TEE=5), part("BER", TEE=4))), OrderChanged
    )
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert shown(order) == [
        ("1", "CANCELLED", None, {"TEE": 9}),
        ("2", "ALLOCATED", "HAM", {"TEE": 5}),
        ("3", "ALLOCATED", "BER", {"TEE": 4}),
    ]


async def test_only_a_paid_order_of_which_nothing_has_begun_is_split_anew(any_shop: Shop) -> None:
    unpaid, working = await any_shop.placed(), await any_shop.confirmed()
    for order_id, state in ((unpaid, "PENDING_PAYMENT"), (working, "CONFIRMED")):
        outcome = await split_into(any_shop, order_id)
        assert isinstance(outcome, ActionRejected)
        assert (outcome.state, outcome.blocked_by[0].code) == (state, "WRONG_STATE")
    assert isinstance(await split_into(any_shop, unpaid, viewer=ANNA), Forbidden)
    assert isinstance(await split_into(any_shop, unpaid, viewer=BOB), NotFound)
    assert isinstance(await split_into(any_shop, unpaid, viewer=RIVAL), NotFound)
    assert isinstance(await split_into(any_shop, unpaid, viewer=SUPPORT), Forbidden)
    assert isinstance(await split_into(any_shop, unpaid, expected_version=7), VersionConflict)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (((None, {"TEE": 2}),), "NOT_THE_ORDER"),
        (((None, {"TEE": 2, "POSTER": 2}),), "NOT_THE_ORDER"),
        (((None, {"TEE": 2, "POSTER": 0}),), "NOT_POSITIVE"),
        (((None, {}), (None, {"TEE": 2, "POSTER": 1})), "EMPTY"),
    ],
)
async def test_parts_are_the_order(shop: Shop, parts: Sequence[tuple[str | None, dict[str, int]]], code: str) -> None:
    order_id = await shop.paid()
    order = await shop.order(order_id)
    outcome = await split_into(shop, order_id, *by_hand(order, *parts))
    assert isinstance(outcome, InvalidInput)
    assert {problem.code for problem in outcome.problems} == {code}
    assert await preview_split(shop.ports, MERCHANT, SplitOrder(order_id, parts=by_hand(order, *parts))) == outcome
    assert (await shop.order(order_id)).head.version == order.head.version


async def test_by_dimensions_or_by_hand(shop: Shop) -> None:
    order_id = await shop.paid()
    order = await shop.order(order_id)
    parts = (
        SplitPart((LineQuantity("lin_x", 1), LineQuantity(order.lines[0].id, 1), LineQuantity(order.lines[0].id, 1))),
    )
    outcome = await split_into(shop, order_id, *parts, by=(SplitDimension.SELLER,))
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == ["BY_OR_PARTS"]
    outcome = await split_into(shop, order_id, *parts)
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == ["UNKNOWN_LINE", "DUPLICATE_LINE"]


async def test_a_preview_says_why_and_changes_nothing(shop: Shop) -> None:
    order_id = await shop.placed()
    before = await shop.order(order_id)
    found = await preview_split(shop.ports, ANNA, SplitOrder(order_id))
    assert isinstance(found, tuple)
    _, parts = found
    assert [[(reason.dimension.value, reason.value) for reason in piece.reasons] for piece in parts] == [
        [("SELLER", "NONE"), ("SUPPLY_CHANNEL", "OWN")],
        [("SELLER", "sel_art"), ("SUPPLY_CHANNEL", "SELLER")],
    ]
    assert sum(piece.total_minor for piece in parts) == before.head.total_minor
    assert await preview_split(shop.ports, BOB, SplitOrder(order_id)) is None
    assert await preview_split(shop.ports, ANNA, SplitOrder("ord_1")) is None
    assert await shop.order(order_id) == before


async def test_the_same_key_splits_once(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    first = await split_into(any_shop, order_id, by=(SplitDimension.WAREHOUSE,), idempotency_key="k")
    again = await split_into(any_shop, order_id, by=(SplitDimension.WAREHOUSE,), idempotency_key="k")
    assert isinstance(first, OrderChanged)
    assert again == OrderChanged(order_id=order_id, is_replayed=True)
    assert len((await any_shop.order(order_id)).fulfillments) == 3


async def test_split_against_confirm_and_accept(any_shop: Shop) -> None:
    """Whichever comes first: what a warehouse has accepted is never taken from it."""
    for number in range(4):
        order_id = await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("MUG", 2),)))
        old = counting(await any_shop.order(order_id))[0].id

        async def begin(order_id: str = order_id, old: str = old) -> Outcome:
            await did(any_shop.act("confirmOrder", order_id))
            return await any_shop.fulfil("acceptFulfillment", old)

        calls = [split_into(any_shop, order_id, by=(SplitDimension.WAREHOUSE,)), begin()]
        split, accepted = (await asyncio.gather(*calls[:: 1 if number % 2 else -1]))[:: 1 if number % 2 else -1]
        await any_shop.worker.drain()
        kinds = Counter(isinstance(each, Done) for each in (split, accepted))
        assert kinds[True] == 1
        part_of = {f.id: f.status.value for f in (await any_shop.order(order_id)).fulfillments}
        assert part_of[old] == ("ACCEPTED" if isinstance(accepted, Done) else "CANCELLED")
