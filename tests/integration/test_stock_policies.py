"""When ordered units leave the stock, by each of the four policies, and what keeps more from being sold than there is."""

from dataclasses import replace
from typing import Any

import pytest

from domain.actions.resolve_exception import resolve_exception
from domain.orders.commands import PlaceOrderLine
from domain.orders.reverse_commands import ResolveException
from domain.policies import Policies, StockRules
from domain.values.enums import ExceptionResolution, StockPolicy
from domain.values.faults import ServiceRejected
from domain.values.money import Money
from domain.values.outcomes import OrderPaid
from domain.values.refusals import ActionRejected, OutOfStock
from tests.fixtures.shop import ANNA, BOB, DAY, FINANCE, HOUR, MERCHANT, MINUTE, Shop, did

pytestmark = pytest.mark.anyio
ON_PAYMENT = StockPolicy.DEDUCT_ON_PAYMENT
MUGS = (PlaceOrderLine("MUG", 4),)


def under(shop: Shop, policy: StockPolicy) -> Shop:
    """Ten mugs in Hamburg."""
    units = {code: replace(unit, stock=StockRules(policy)) for code, unit in shop.ports.policies.units.items()}
    shop.ports = replace(shop.ports, policies=Policies(units, shop.ports.policies.channels))
    return shop


async def mugs(shop: Shop) -> tuple[int, int]:
    """On hand, reserved."""
    return (await shop.stock()).get(("MUG", "HAM"), (10, 0))


async def paid_elsewhere(shop: Shop, order_id: str) -> Any:
    return await shop.pay(order_id, "external", FINANCE, external_reference="wire")


async def retried(shop: Shop, order_id: str, resolution: ExceptionResolution = ExceptionResolution.RETRY) -> Any:
    return await resolve_exception(shop.ports, MERCHANT, ResolveException(order_id, resolution))


@pytest.mark.parametrize(
    ("policy", "placed", "paid", "cancelled"),
    [
        (StockPolicy.DEDUCT_ON_ORDER, (6, 0), (6, 0), (10, 0)),
        (StockPolicy.RESERVE_ON_ORDER, (10, 4), (6, 0), (10, 0)),
        (StockPolicy.DEDUCT_ON_PAYMENT, (10, 0), (6, 0), (10, 0)),
        (StockPolicy.NONE, (10, 0), (10, 0), (10, 0)),
    ],
)
async def test_units_leave_when_the_policy_says(
    any_shop: Shop, policy: StockPolicy, placed: Any, paid: Any, cancelled: Any
) -> None:
    shop = under(any_shop, policy)
    order_id = await shop.placed(lines=MUGS)
    assert await mugs(shop) == placed
    await shop.paid(order_id)
    assert await mugs(shop) == paid
    await did(shop.cancel(order_id))
    await shop.worker.drain()
    assert await mugs(shop) == cancelled


@pytest.mark.parametrize("policy", [StockPolicy.DEDUCT_ON_ORDER, StockPolicy.RESERVE_ON_ORDER, ON_PAYMENT])
async def test_what_is_not_paid_is_given_back(any_shop: Shop, policy: StockPolicy) -> None:
    shop = under(any_shop, policy)
    order_id = await shop.placed(lines=MUGS)
    await shop.pay(order_id, "test_card_declined")
    await shop.later(HOUR)
    assert (await shop.status(order_id))[0] == "CANCELLED"
    assert await mugs(shop) == (10, 0)


async def test_units_taken_with_the_payment_are_looked_at_with_the_order_and_held_for_nobody(any_shop: Shop) -> None:
    shop = under(any_shop, ON_PAYMENT)
    first, second = [
        await shop.placed(viewer, member_id=f"mbr_{viewer.id}", lines=(PlaceOrderLine("MUG", 8),))
        for viewer in (ANNA, BOB)
    ]
    too_many = await shop.refused(shop.place(lines=(PlaceOrderLine("MUG", 11),)))
    assert (type(too_many), too_many.lines[0].available) == (OutOfStock, 10)
    await shop.paid(first)
    last_check = await shop.pay(second, viewer=BOB)
    assert isinstance(last_check, OutOfStock)
    assert (last_check.lines[0].sku, last_check.lines[0].available) == ("MUG", 2)
    assert (await shop.order(second)).payments == ()
    await shop.receive("MUG", "HAM", 10)
    await shop.paid(second, viewer=BOB)
    assert await mugs(shop) == (4, 0)


async def test_a_payment_that_begins_holds_its_units_until_its_own_deadline(any_shop: Shop) -> None:
    shop = under(any_shop, ON_PAYMENT)
    order_id = await shop.placed(lines=MUGS)
    await shop.pay(order_id, amount=Money(100, "EUR"))
    assert await mugs(shop) == (10, 4)
    await shop.later(2 * HOUR)
    assert (await shop.status(order_id))[0] == "CANCELLED"
    assert await mugs(shop) == (10, 0)


async def test_money_taken_elsewhere_for_units_that_are_gone_makes_an_exception(any_shop: Shop) -> None:
    shop = under(any_shop, ON_PAYMENT)
    order_id = await shop.placed(lines=(PlaceOrderLine("MUG", 8),))
    await shop.paid(await shop.placed(lines=(PlaceOrderLine("MUG", 8),)))
    assert isinstance(await paid_elsewhere(shop, order_id), OrderPaid)
    await shop.worker.drain()
    assert (await shop.status(order_id))[:2] == ("EXCEPTION", "PAID")
    assert [step[0] for step in await shop.steps(order_id)][-2:] == ["payOrder", "stockShort"]
    assert (await shop.timers(order_id))["order.exceptionTimeout"] == DAY
    blocked = await retried(shop, order_id)
    assert (type(blocked), [reason.code for reason in blocked.blocked_by]) == (ActionRejected, ["STOCK_SHORT"])
    await shop.receive("MUG", "HAM", 6)
    await did(retried(shop, order_id))
    await shop.worker.drain()
    assert (await shop.status(order_id))[0] == "PAID"
    assert [part.status for part in (await shop.order(order_id)).fulfillments] == ["ALLOCATED"]
    assert await mugs(shop) == (0, 0)


async def test_an_exception_that_nobody_resolves_is_refunded(any_shop: Shop) -> None:
    shop = under(any_shop, ON_PAYMENT)
    order_id = await shop.placed(lines=(PlaceOrderLine("MUG", 8),))
    await shop.paid(await shop.placed(lines=(PlaceOrderLine("MUG", 8),)))
    await paid_elsewhere(shop, order_id)
    await shop.later(DAY + MINUTE)
    assert (await shop.status(order_id))[0] == "REFUNDING"
    assert await mugs(shop) == (2, 0)


@pytest.mark.parametrize("policy", [StockPolicy.DEDUCT_ON_ORDER, StockPolicy.RESERVE_ON_ORDER, ON_PAYMENT])
async def test_a_bounded_number_more_is_sold_than_there_is(any_shop: Shop, policy: StockPolicy) -> None:
    shop = under(any_shop, policy)
    allowed = await shop.ports.inventory.allow("MUG", "HAM", 3)
    assert allowed is not None
    assert (allowed.available, allowed.sellable) == (10, 13)
    order_id = await shop.paid(await shop.placed(lines=(PlaceOrderLine("MUG", 12),)))
    assert await mugs(shop) == (-2, 0)
    short = await shop.refused(shop.place(lines=(PlaceOrderLine("MUG", 2),)))
    assert (type(short), short.lines[0].available) == (OutOfStock, 1)
    with pytest.raises(ServiceRejected):
        await shop.ports.inventory.allow("MUG", "HAM", 1)
    await did(shop.cancel(order_id))
    await shop.worker.drain()
    assert await mugs(shop) == (10, 0)
    lowered = await shop.ports.inventory.allow("MUG", "HAM", 0)
    assert lowered is not None
    assert lowered.sellable == 10
    assert await shop.ports.inventory.allow("MUG", "NONE", 1) is None


async def test_with_the_allowance_used_up_an_order_is_an_exception_until_stock_comes(any_shop: Shop) -> None:
    shop = under(any_shop, ON_PAYMENT)
    await shop.ports.inventory.allow("MUG", "HAM", 3)
    first, second, third = [await shop.placed(lines=(PlaceOrderLine("MUG", units),)) for units in (8, 5, 1)]
    for order_id in (first, second):
        await shop.paid(order_id)
    assert await mugs(shop) == (-3, 0)
    assert isinstance(await shop.refused(shop.pay(third)), OutOfStock)
    assert isinstance(await paid_elsewhere(shop, third), OrderPaid)
    await shop.worker.drain()
    assert (await shop.status(third))[0] == "EXCEPTION"
    assert isinstance(await retried(shop, third), ActionRejected)
    await shop.receive("MUG", "HAM", 1)
    await did(retried(shop, third))
    await shop.worker.drain()
    assert ((await shop.status(third))[0], await mugs(shop)) == ("PAID", (-3, 0))
