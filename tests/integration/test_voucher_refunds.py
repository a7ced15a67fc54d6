"""What goes back of a VIRTUAL order: only vouchers that were not redeemed, and those are worth nothing afterwards."""

import asyncio
from typing import Any

import pytest

from adapters.embedded import tables
from domain.actions.quote_refund import QuoteRefund, quote_refund
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.orders.refund_quotes import UnitsRefund
from domain.ports.voucher_codes import VoucherDemand
from domain.values.enums import AfterSaleKind, OrderType
from domain.values.outcomes import AfterSaleChanged, RefundChanged
from domain.values.refusals import ActionRejected, InvalidInput
from tests.fixtures.cases import claim
from tests.fixtures.reverse import refund
from tests.fixtures.shop import ANNA, DAY, FINANCE, Shop, did

pytestmark = pytest.mark.anyio

ONLY = AfterSaleKind.REFUND_ONLY
UNIT = 595
"""A card with its tax."""
MONTH_S = 30 * 24 * 3600


async def bought(shop: Shop, units: int = 3) -> str:
    lines = (PlaceOrderLine("CARD", units),)
    return await shop.paid(await shop.placed(order_type=OrderType.VIRTUAL, lines=lines, shipping_address=None))


async def vouchers(shop: Shop, order_id: str) -> list[str]:
    return [voucher.status for voucher in (await shop.order(order_id)).vouchers]


async def redeem(shop: Shop, order_id: str, position: int = 0) -> Any:
    return await shop.redeem((await shop.order(order_id)).vouchers[position].id)


async def payment_of(shop: Shop, order_id: str) -> str:
    return (await shop.order(order_id)).payments[0].id


async def live_codes(shop: Shop, order_id: str) -> int:
    """That the service still honours."""
    where = f"order_id = '{order_id}' AND cancelled_at IS NULL"
    return int((await shop.sql(f"SELECT count(*) FROM services.voucher_codes WHERE {where}"))[0][0])


async def quote(shop: Shop, order_id: str, units: int) -> Any:
    line = (await shop.order(order_id)).lines[0].id
    return await quote_refund(shop.ports, ANNA, QuoteRefund(order_id, (LineQuantity(line, units),)))


def blocks(outcome: Any) -> list[str]:
    assert isinstance(outcome, ActionRejected), outcome
    return [reason.code for reason in outcome.blocked_by]


async def test_redeemed_vouchers_are_not_in_a_quote(shop: Shop) -> None:
    order_id = await bought(shop)
    await did(redeem(shop, order_id))
    found = await quote(shop, order_id, 2)
    assert isinstance(found, UnitsRefund)
    assert (found.total_minor, found.lines[0].quantity) == (2 * UNIT, 2)
    too_many = await quote(shop, order_id, 3)
    assert isinstance(too_many, InvalidInput)
    assert too_many.problems[0].message == "Between 1 and 2 units of this line can be given back."


async def test_a_case_gives_back_what_was_not_redeemed(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await bought(shop)
    await did(redeem(shop, order_id))
    assert isinstance(await shop.refused(claim(shop, order_id, 3, ONLY)), InvalidInput)
    assert isinstance(await claim(shop, order_id, 1, ONLY), AfterSaleChanged)
    await shop.worker.drain()
    assert await vouchers(shop, order_id) == ["REDEEMED", "CANCELLED", "ISSUED"]
    assert blocks(await shop.refused(redeem(shop, order_id, 1))) == ["VOUCHER_CANCELLED"]
    await shop.later(DAY)
    await shop.later(7 * DAY)  # COMPLETED, and still claimable
    assert isinstance(await claim(shop, order_id, 1, ONLY), AfterSaleChanged)
    await shop.worker.drain()
    order = await shop.order(order_id)
    assert (order.head.status, order.head.payment_status) == ("COMPLETED", "PARTIALLY_REFUNDED")
    assert (order.head.refunded_minor, order.after_sales[-1].status) == (2 * UNIT, "COMPLETED")
    assert await vouchers(shop, order_id) == ["REDEEMED", "CANCELLED", "CANCELLED"]
    assert await live_codes(shop, order_id) == 1
    assert await shop.refused(claim(shop, order_id, 1, ONLY)) is not None


async def test_an_expired_voucher_is_given_back(shop: Shop) -> None:
    await shop.given(tables.voucher_pools, {"sku": "CARD", "remaining": 3, "valid_s": MONTH_S // 30})
    order_id = await bought(shop)
    await did(redeem(shop, order_id))
    await shop.later(2 * DAY)
    assert await vouchers(shop, order_id) == ["REDEEMED", "EXPIRED", "EXPIRED"]
    assert isinstance(await claim(shop, order_id, 2, ONLY), AfterSaleChanged)
    await shop.worker.drain()
    assert await vouchers(shop, order_id) == ["REDEEMED", "CANCELLED", "CANCELLED"]


async def test_all_of_it_goes_back(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await bought(shop)
    await did(claim(shop, order_id, 3, ONLY))
    await shop.worker.drain()
    order = await shop.order(order_id)
    assert (order.head.payment_status, order.head.fulfillment_status) == ("REFUNDED", "CANCELLED")
    assert (await vouchers(shop, order_id), await live_codes(shop, order_id)) == (["CANCELLED"] * 3, 0)


async def test_a_person_gives_back_no_more_than_what_is_not_redeemed(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await bought(shop)
    payment_id = await payment_of(shop, order_id)
    await did(redeem(shop, order_id))
    too_much = await shop.refused(refund(shop, payment_id, 2 * UNIT + 1))
    assert isinstance(too_much, InvalidInput)
    assert too_much.problems[0].message == "More than nothing and at most 11.90 EUR can be given back."
    # Less than a voucher is worth takes none; with the next refund one is paid back as a whole.
    assert isinstance(await refund(shop, payment_id, 200), RefundChanged)
    assert await vouchers(shop, order_id) == ["REDEEMED", "ISSUED", "ISSUED"]
    await did(refund(shop, payment_id, UNIT - 200))
    assert await vouchers(shop, order_id) == ["REDEEMED", "CANCELLED", "ISSUED"]
    await did(refund(shop, payment_id, UNIT))
    await shop.worker.drain()
    assert await vouchers(shop, order_id) == ["REDEEMED", "CANCELLED", "CANCELLED"]
    order = await shop.order(order_id)
    assert (order.head.refunded_minor, order.lines[0].cancelled_quantity) == (2 * UNIT, 2)
    assert blocks(await shop.refused(refund(shop, payment_id, 1))) == ["VOUCHER_REDEEMED"]
    assert await live_codes(shop, order_id) == 1


async def test_a_case_after_goodwill_gives_back_no_more_than_there_is(shop: Shop) -> None:
    order_id = await bought(shop, 2)
    payment_id = await payment_of(shop, order_id)
    await did(refund(shop, payment_id, 100))
    await did(claim(shop, order_id, 2, ONLY))
    await shop.worker.drain()
    order = await shop.order(order_id)
    assert (order.head.payment_status, order.head.refunded_minor) == ("REFUNDED", 2 * UNIT)
    assert sorted(r.amount_minor for r in order.refunds) == [100, 2 * UNIT - 100]


async def test_codes_of_units_cancelled_while_they_were_made_are_worth_nothing(any_shop: Shop) -> None:
    shop = any_shop
    lines = (PlaceOrderLine("CARD", 3),)
    order_id = await shop.placed(order_type=OrderType.VIRTUAL, lines=lines, shipping_address=None)
    await did(shop.pay(order_id))
    order = await shop.order(order_id)
    assert order.head.status == "PAID"  # its codes are asked for by a job
    demands = [VoucherDemand(line.id, line.sku, line.quantity) for line in order.lines]
    await shop.ports.voucher_codes.issue(order_id, demands, shop.clock.now())
    await did(shop.cancel(order_id, lines=(LineQuantity(order.lines[0].id, 2),)))
    await shop.worker.drain()
    assert (await vouchers(shop, order_id), await live_codes(shop, order_id)) == (["ISSUED"], 1)
    assert (await shop.order(order_id)).head.refunded_minor == 2 * UNIT


@pytest.mark.parametrize("by_case", [True, False], ids=["case", "refundPayment"])
async def test_a_voucher_is_redeemed_or_given_back(shop: Shop, by_case: bool) -> None:
    """Whoever comes first has it; never both."""
    for _ in range(20):
        order_id = await bought(shop, 1)
        payment_id = await payment_of(shop, order_id)
        given_back = claim(shop, order_id, 1, ONLY) if by_case else refund(shop, payment_id, UNIT, FINANCE)
        outcomes = await asyncio.gather(redeem(shop, order_id), given_back)
        await shop.worker.drain()
        names = sorted(type(outcome).__name__ for outcome in outcomes)
        (status,) = await vouchers(shop, order_id)
        refunded = (await shop.order(order_id)).head.refunded_minor
        assert (status, refunded) in {("REDEEMED", 0), ("CANCELLED", UNIT)}
        assert len([name for name in names if name in {"OrderChanged", "AfterSaleChanged", "RefundChanged"}]) == 1
