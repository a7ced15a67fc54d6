"""What a member may have of one SKU in all orders of a period: counted with the order, also when two are placed at once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.actions.import_orders import import_orders
from domain.actions.place_orders import place_orders
from domain.orders.commands import LineQuantity, PlaceOrder, PlaceOrderLine, PlaceOrders
from domain.orders.import_commands import ImportOrders
from domain.policies import Limits, Policies
from domain.values.enums import BatchPolicy, OrderStatus
from domain.values.outcomes import OrderModified, OrderPlaced, OrdersImported, OrdersPlaced
from domain.values.refusals import LimitExceeded
from tests.fixtures.cases import arrived, receive, sent_back
from tests.fixtures.legacy import legacy
from tests.fixtures.shop import ANNA, BOB, DAY, MERCHANT, WISH, Shop, did
from tests.integration.test_modify_order import modify

pytestmark = pytest.mark.anyio

MOMENT = timedelta(microseconds=1)


def limited(shop: Shop, units: int = 5, **more: Any) -> Shop:
    limits = Limits(units_per_sku=120, unpaid_orders_per_member=30, units_per_member=units, **more)
    unit = replace(shop.ports.policies.units["acme"], limits=limits)
    policies = Policies({**shop.ports.policies.units, "acme": unit}, shop.ports.policies.channels)
    shop.ports = replace(shop.ports, policies=policies)
    return shop


def tees(units: int) -> dict[str, Any]:
    return {"lines": (PlaceOrderLine("TEE", units),)}


def assert_limit(outcome: Any, limit: int = 5) -> None:
    assert isinstance(outcome, LimitExceeded), outcome
    assert (outcome.code, outcome.path, outcome.limit) == ("TOO_MANY_UNITS_OF_MEMBER", ("lines",), limit)


async def test_units_of_earlier_orders_count(any_shop: Shop) -> None:
    shop = limited(any_shop)
    await shop.paid(await shop.placed(**tees(3)))
    refused = await shop.place(**tees(3))
    assert_limit(refused)
    assert isinstance(refused, LimitExceeded)
    assert refused.message == "A member has at most 5 units of TEE in the time that counts."
    await shop.worker.drain()
    assert (await shop.stock())[("TEE", "BER")] == (7, 0)
    await shop.placed(**tees(2))
    assert_limit(await shop.place(**tees(1)))
    assert isinstance(await shop.place(lines=(PlaceOrderLine("MUG", 5),)), OrderPlaced)
    assert isinstance(await shop.place(BOB, member_id="mbr_bob", **tees(5)), OrderPlaced)


async def test_one_order_is_limited_too_whatever_its_lines(shop: Shop) -> None:
    limited(shop)
    assert_limit(await shop.refused(shop.place(lines=(PlaceOrderLine("TEE", 3), PlaceOrderLine("TEE", 3)))))


async def test_cancelled_and_returned_units_do_not_count(shop: Shop) -> None:
    limited(shop)
    order_id = await shop.paid(await shop.placed(**tees(5)))
    line = (await shop.order(order_id)).lines[0].id
    await did(shop.cancel(order_id, lines=(LineQuantity(line, 2),)))
    off = await shop.placed(**tees(2))
    assert_limit(await shop.refused(shop.place(**tees(1))))
    await did(shop.cancel(off))
    delivered = await arrived(shop, 2)
    case_id = await sent_back(shop, delivered, 2)
    await did(receive(shop, case_id, 2))
    await shop.worker.drain()
    await shop.placed(**tees(2))
    assert_limit(await shop.refused(shop.place(**tees(1))))


async def test_what_is_older_than_the_period_does_not_count(shop: Shop) -> None:
    limited(shop, member_period_s=7 * 24 * 3600)
    await shop.paid(await shop.placed(**tees(5)))
    shop.clock.pass_(7 * DAY - MOMENT)
    assert_limit(await shop.place(**tees(1)))
    shop.clock.pass_(MOMENT)
    assert isinstance(await shop.place(**tees(1)), OrderPlaced)
    await shop.worker.drain()


@pytest.mark.parametrize("counts", [False, True])
async def test_imported_orders_count_where_the_unit_says(shop: Shop, counts: bool) -> None:
    limited(shop, units=3, counts_imported=counts)
    placed_at = shop.clock.now() - DAY
    lines = (replace(legacy().lines[0], sku="TEE", quantity=2),)
    order = legacy("L-9", OrderStatus.PAID, lines=lines, placed_at=placed_at, paid_at=placed_at, payments=())
    command = ImportOrders(channel="web", business_unit="acme", orders=(order,))
    assert await import_orders(shop.ports, MERCHANT, command) == OrdersImported(imported=1, skipped=0, failed=())
    assert isinstance(await shop.place(**tees(2)), LimitExceeded if counts else OrderPlaced)


async def test_orders_at_once_do_not_pass_together(any_shop: Shop) -> None:
    shop = limited(any_shop)
    outcomes = await asyncio.gather(*(shop.place(**tees(2)) for _ in range(6)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LimitExceeded"] * 4 + ["OrderPlaced"] * 2
    await shop.worker.drain()
    assert await shop.stock() == {("TEE", "BER"): (10, 4)}


async def test_a_batch_counts_its_own_orders(any_shop: Shop) -> None:
    shop = limited(any_shop)
    for policy, placed in ((BatchPolicy.ALL_OR_NOTHING, 0), (BatchPolicy.EACH, 2)):
        orders = tuple(PlaceOrder(shop.key(), replace(WISH, **tees(2))) for _ in range(3))
        outcome = await place_orders(shop.ports, ANNA, PlaceOrders(shop.key(), orders, policy))
        assert isinstance(outcome, OrdersPlaced)
        assert outcome.placed == placed
        await shop.worker.drain()


async def test_more_units_of_an_order_count_too(any_shop: Shop) -> None:
    shop = limited(any_shop)
    await shop.placed(**tees(2))
    order_id = await shop.placed(**tees(2))
    assert isinstance(await modify(shop, order_id, units={"TEE": 3}), OrderModified)
    assert_limit(await modify(shop, order_id, units={"TEE": 4}))
    assert_limit(await modify(shop, order_id, add_lines=(PlaceOrderLine("TEE", 1),)))
    assert isinstance(await modify(shop, order_id, units={"TEE": 1}), OrderModified)
    await shop.worker.drain()
