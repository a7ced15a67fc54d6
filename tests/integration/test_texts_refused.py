"""Texts that no database holds are refused by the handlers themselves, whoever calls them: by type, and with nothing stored."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.values.outcomes import Outcome
from domain.values.refusals import InvalidInput
from tests.fixtures.shop import CART, Shop

pytestmark = pytest.mark.anyio

HALF = "\ud800"


async def refused(shop: Shop, call: Callable[[], Awaitable[Outcome]], *paths: str) -> None:
    before = await shop.sql("SELECT t::text FROM idempotency_keys t ORDER BY 1")
    outcome = await shop.refused(call())
    assert isinstance(outcome, InvalidInput), outcome
    assert [(".".join(problem.path), problem.code) for problem in outcome.problems] == [
        (path, "INVALID_TEXT") for path in paths
    ]
    assert await shop.sql("SELECT t::text FROM idempotency_keys t ORDER BY 1") == before


@pytest.mark.parametrize("text", ["\0", "é\0", HALF])
@pytest.mark.parametrize(
    ("more", "path"),
    [
        (lambda text: {"lines": (PlaceOrderLine(f"TEE{text}", 1),)}, "lines.0.sku"),
        (lambda text: {"lines": (*CART, PlaceOrderLine("MUG", 1, {"size": text}))}, "lines.2.options.size"),
        (lambda text: {"business_unit": f"acme{text}"}, "businessUnit"),
        (lambda text: {"channel": f"web{text}"}, "channel"),
        (lambda text: {"member_id": f"mbr_anna{text}"}, "memberId"),
        (lambda text: {"coupon_codes": (f"SAVE5{text}",)}, "couponCodes.0"),
        (lambda text: {"shipping_method": f"express{text}"}, "shippingMethod"),
        (lambda text: {"external_number": f"X{text}"}, "externalNumber"),
        (lambda text: {"note": f"Ring{text}"}, "note"),
        (lambda text: {"attributes": {"deep": [text]}}, "attributes.deep.0"),
        (lambda text: {"quote_token": f"q{text}"}, "quoteToken"),
        (lambda text: {"key": f"key{text}"}, "idempotencyKey"),
    ],
)
async def test_place_order(any_shop: Shop, more: Callable[[str], dict[str, Any]], path: str, text: str) -> None:
    await refused(any_shop, lambda: any_shop.place(**more(text)), path)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"method": "test_card\0"}, "method"),
        ({"payment_token": "tok\0"}, "paymentToken"),
        ({"return_url": "https://shop.example/\0"}, "returnUrl"),
        ({"method": "external", "external_reference": "R\0"}, "externalReference"),
        ({"key": "key\0"}, "idempotencyKey"),
    ],
)
async def test_pay_order(any_shop: Shop, more: dict[str, Any], path: str) -> None:
    order_id = await any_shop.placed()
    await refused(any_shop, lambda: any_shop.pay(order_id, **more), path)
    await refused(any_shop, lambda: any_shop.pay(f"{order_id}\0"), "orderId")


async def test_cancel_order(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await refused(any_shop, lambda: any_shop.cancel(order_id, reason="No\0"), "reason")
    await refused(any_shop, lambda: any_shop.cancel(order_id, idempotency_key="k\0"), "idempotencyKey")
    await refused(any_shop, lambda: any_shop.cancel(f"{order_id}\0", idempotency_key="k"), "orderId")
    lines = (LineQuantity("lin_1\0", 1),)
    await refused(any_shop, lambda: any_shop.cancel(order_id, lines=lines, idempotency_key="k"), "lines.0.lineId")


async def test_ship_fulfillment(any_shop: Shop) -> None:
    order_id = await any_shop.packed()
    part = (await any_shop.order(order_id)).fulfillments[0].id
    await refused(
        any_shop, lambda: any_shop.ship(part, "T\0", carrier="D\0", idempotency_key="k"), "carrier", "trackingNumber"
    )
    await refused(any_shop, lambda: any_shop.ship(f"{part}\0", "T", idempotency_key="k"), "fulfillmentId")


async def test_the_key_of_a_refused_text_may_be_used_for_the_sound_one(any_shop: Shop) -> None:
    await refused(any_shop, lambda: any_shop.place(note="a\0", key="same"), "note")
    assert await any_shop.placed(note="a", key="same")
