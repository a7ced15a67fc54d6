"""quoteOrder: the price of a wish, what is there, and a token that holds the price; nothing is written."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access.viewer import Viewer
from domain.actions.quote_order import OrderQuote, quote_order
from domain.orders.commands import PlaceOrderLine
from domain.values.enums import StockPolicy
from domain.values.refusals import Forbidden, InvalidInput, OutOfStock, ServiceDown, ShortLine
from tests.fixtures.shop import (
    ADDRESS,
    ANALYST,
    ANNA,
    BOB,
    CART,
    FINANCE,
    START,
    TOTAL,
    WAREHOUSE,
    WISH,
    Shop,
)
from tests.fixtures.sleepy import without

pytestmark = pytest.mark.anyio

MORE = (*CART, PlaceOrderLine("CARD", 3))


async def quoted(shop: Shop, viewer: Viewer = ANNA) -> OrderQuote:
    quote = await shop.refused(quote_order(shop.ports, viewer, WISH))
    assert isinstance(quote, OrderQuote)
    return quote


async def dearer(shop: Shop) -> None:
    await shop.sql("UPDATE services.products SET price_minor = price_minor * 2 RETURNING 1")


async def test_a_quote_writes_nothing(shop: Shop) -> None:
    quote = await quoted(shop)
    assert (quote.priced.price.total_minor, quote.expires_at) == (TOTAL, START + timedelta(minutes=15))
    assert quote.available == (15, 5)


async def test_what_is_not_counted_has_no_number(shop: Shop) -> None:
    quote = await quote_order(shop.ports, ANNA, replace(WISH, lines=MORE, shipping_address=None))
    assert isinstance(quote, OrderQuote)
    assert quote.available == (15, 5, None)
    assert quote.priced.lines[2].stock_policy is StockPolicy.NONE


async def test_the_quoted_price_holds_until_the_quote_expires(any_shop: Shop) -> None:
    quote = await quoted(any_shop)
    await dearer(any_shop)
    any_shop.clock.pass_(timedelta(minutes=15))
    order_id = await any_shop.placed(quote_token=quote.token)
    assert (await any_shop.order(order_id)).head.total_minor == TOTAL
    any_shop.clock.pass_(timedelta(milliseconds=1))
    outcome = await any_shop.refused(any_shop.place(quote_token=quote.token))
    assert isinstance(outcome, InvalidInput)
    assert (outcome.path, outcome.problems[0].code) == (("quoteToken",), "INVALID_QUOTE")


async def test_a_quote_is_for_its_wish_only(shop: Shop) -> None:
    token = (await quoted(shop)).token
    other = replace(ADDRESS, region="BY")
    for more in ({"lines": MORE}, {"lines": CART[:1]}, {"coupon_codes": ("SAVE5",)}, {"shipping_address": other}):
        outcome = await shop.refused(shop.place(quote_token=token, **more))
        assert outcome.problems[0].code == "INVALID_QUOTE"
    outcome = await shop.refused(shop.place(BOB, member_id="mbr_bob", quote_token=token))
    assert outcome.problems[0].code == "INVALID_QUOTE"


async def test_a_token_that_was_changed_is_none_of_ours(shop: Shop) -> None:
    token = (await quoted(shop)).token
    signed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]  # the last sign has bits that say nothing
    for forged in (signed, token + "x", "." + token, "", "é", "a.b.c"):
        outcome = await shop.refused(shop.place(quote_token=forged))
        assert outcome.problems[0].code == "INVALID_QUOTE"


async def test_the_rest_of_the_address_may_come_later(shop: Shop) -> None:
    token = (await quoted(shop)).token
    order_id = await shop.placed(quote_token=token, shipping_address=replace(ADDRESS, line1="Lane 2", city="Potsdam"))
    assert (await shop.order(order_id)).head.total_minor == TOTAL


@pytest.mark.parametrize("viewer", [FINANCE, WAREHOUSE, ANALYST])
async def test_who_gets_no_quote(shop: Shop, viewer: Viewer) -> None:
    outcome = await quote_order(shop.ports, viewer, WISH)
    assert outcome == Forbidden(message="None of your roles may ask for a quote.")


async def test_a_quote_says_what_is_short(shop: Shop) -> None:
    cart = (PlaceOrderLine("TEE", 8), PlaceOrderLine("TEE", 8), PlaceOrderLine("POSTER", 6))
    outcome = await quote_order(shop.ports, ANNA, replace(WISH, lines=cart))
    assert outcome == OutOfStock(path=("lines",), lines=(ShortLine("TEE", 16, 15), ShortLine("POSTER", 6, 5)))


async def test_no_quote_without_the_services(shop: Shop) -> None:
    outcome = await quote_order(without(shop.ports, "inventory", "stock"), ANNA, WISH)
    assert outcome == ServiceDown(message="The inventory service does not answer: it is asleep.", service="inventory")
