"""VIRTUAL orders in the database: vouchers are issued, redeemed once, and expire."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from adapters.embedded import tables
from domain.orders.commands import PlaceOrderLine
from domain.values.enums import OrderType
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import ActionRejected, Forbidden, NotFound, VersionConflict
from tests.fixtures.shop import ANNA, DAY, FINANCE, HOUR, MERCHANT, PARTNER, RIVAL, START, Shop, did

pytestmark = pytest.mark.anyio

MONTH_S = 30 * 24 * 3600
VIRTUAL: dict[str, Any] = {
    "order_type": OrderType.VIRTUAL,
    "lines": (PlaceOrderLine("CARD", 3),),
    "shipping_address": None,
}


async def bought(shop: Shop, remaining: int | None = 10) -> str:
    if remaining is not None:
        await shop.given(tables.voucher_pools, {"sku": "CARD", "remaining": remaining, "valid_s": MONTH_S})
    return await shop.paid(await shop.placed(**VIRTUAL))


def codes(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, ActionRejected), outcome
    return [reason.code for reason in outcome.blocked_by]


async def test_it_costs_no_shipping_and_is_delivered_when_it_is_paid(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await bought(shop)
    order = await shop.order(order_id)
    assert (order.head.shipping_minor, order.head.shipping_method, order.head.shipping_address) == (0, None, None)
    assert (order.head.status, order.head.payment_status, order.head.fulfillment_status) == (
        "DELIVERED",
        "PAID",
        "DELIVERED",
    )
    assert [voucher.status for voucher in order.vouchers] == ["ISSUED"] * 3
    assert {voucher.expires_at for voucher in order.vouchers} == {START + 30 * DAY}
    assert len({voucher.code for voucher in order.vouchers}) == 3
    assert await shop.sql("SELECT remaining FROM services.voucher_pools") == [(7,)]
    assert (await shop.steps(order_id))[-2:] == [
        ("payOrder", "PENDING_PAYMENT", "PAID", "payment-provider"),
        ("vouchersIssued", "PAID", "DELIVERED", "system"),
    ]
    assert await shop.timers(order_id) == {"order.receiptTimeout": DAY, "order.voucherExpired": 30 * DAY}
    assert await shop.jobs() == []


async def test_time_receives_completes_and_expires_it(shop: Shop) -> None:
    order_id = await bought(shop)
    await shop.later(DAY)
    assert (await shop.order(order_id)).head.status == "RECEIVED"
    await shop.later(7 * DAY)
    assert (await shop.order(order_id)).head.status == "COMPLETED"
    await shop.later(22 * DAY)
    order = await shop.order(order_id)
    assert ([voucher.status for voucher in order.vouchers], order.timers) == (["EXPIRED"] * 3, ())
    assert (await shop.steps(order_id))[-1] == ("voucherExpired", "COMPLETED", "COMPLETED", "system")
    refused = await shop.refused(shop.redeem(order.vouchers[0].id))
    assert codes(refused) == ["VOUCHER_EXPIRED"]


async def test_without_codes_it_is_an_exception_and_then_given_back(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await bought(shop, remaining=2)
    order = await shop.order(order_id)
    assert (order.head.status, order.vouchers) == ("EXCEPTION", ())
    assert (await shop.steps(order_id))[-1] == ("vouchersFailed", "PAID", "EXCEPTION", "system")
    await shop.later(DAY)
    order = await shop.order(order_id)
    assert (order.head.status, order.head.payment_status) == ("CANCELLED", "REFUNDED")
    assert await shop.sql("SELECT remaining FROM services.voucher_pools") == [(2,)]


async def test_codes_that_were_made_before_a_crash_are_not_made_again(shop: Shop) -> None:
    order_id = await bought(shop)
    order = await shop.order(order_id)
    demands = [(line.id, line.sku, line.quantity) for line in order.lines]
    again = await shop.ports.voucher_codes.issue(order_id, (), shop.clock.now())
    assert {line_id for line_id, _, _ in demands} == set(getattr(again, "codes", {}))
    assert await shop.sql("SELECT remaining FROM services.voucher_pools") == [(7,)]


async def test_a_voucher_is_redeemed_once_by_those_who_may(shop: Shop) -> None:
    order_id = await bought(shop)
    first = (await shop.order(order_id)).vouchers[0].id
    for viewer, kind in ((ANNA, Forbidden), (FINANCE, Forbidden), (RIVAL, NotFound), (PARTNER, NotFound)):
        outcome = await shop.refused(shop.redeem(first, viewer))
        assert isinstance(outcome, kind), (viewer.id, outcome)
    for unknown in ("vch_" + "0" * 32, order_id, "nonsense"):
        assert await shop.refused(shop.redeem(unknown)) == NotFound(path=("voucherId",))
    conflict = await shop.refused(shop.redeem(first, expected_version=1))
    assert isinstance(conflict, VersionConflict)
    outcome = await did(shop.redeem(first, note="At the till", idempotency_key="r-1"))
    assert outcome == OrderChanged(order_id=order_id)
    voucher = (await shop.order(order_id)).vouchers[0]
    assert (voucher.status, voucher.redeemed_at) == ("REDEEMED", START)
    replayed = await shop.redeem(first, note="At the till", idempotency_key="r-1")
    assert replayed == OrderChanged(order_id=order_id, is_replayed=True)
    assert codes(await shop.refused(shop.redeem(first))) == ["VOUCHER_REDEEMED"]


async def test_two_who_redeem_one_voucher_at_once(shop: Shop) -> None:
    order_id = await bought(shop)
    first = (await shop.order(order_id)).vouchers[0].id
    outcomes = await asyncio.gather(*(shop.redeem(first, MERCHANT) for _ in range(8)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ActionRejected"] * 7 + ["OrderChanged"]


async def test_before_it_is_paid_nothing_is_issued(shop: Shop) -> None:
    await shop.given(tables.voucher_pools, {"sku": "CARD", "remaining": 5, "valid_s": None})
    order_id = await shop.placed(**VIRTUAL)
    await shop.later(HOUR)
    order = await shop.order(order_id)
    assert (order.head.status, order.vouchers) == ("CANCELLED", ())
    assert await shop.sql("SELECT remaining FROM services.voucher_pools") == [(5,)]


async def test_vouchers_without_a_pool_never_expire(shop: Shop) -> None:
    order_id = await bought(shop, remaining=None)
    order = await shop.order(order_id)
    assert {voucher.expires_at for voucher in order.vouchers} == {None}
    assert await shop.timers(order_id) == {"order.receiptTimeout": timedelta(days=1)}
