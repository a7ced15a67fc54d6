"""MADE_TO_ORDER and PRESALE orders in the database: a deposit, then the balance."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.embedded import tables
from domain.orders.commands import PlaceOrderLine
from domain.values.enums import OrderType
from domain.values.money import Money
from domain.values.refusals import ActionRejected, InvalidInput
from tests.fixtures.reverse import refund
from tests.fixtures.shop import ANNA, DAY, MERCHANT, START, Shop, did

pytestmark = pytest.mark.anyio

DEPOSIT, BALANCE = 2057, 4800
"""Of the cart that every test knows, 6857: thirty percent are the deposit."""
MADE: dict[str, Any] = {"order_type": OrderType.MADE_TO_ORDER}
SOLD: dict[str, Any] = {"order_type": OrderType.PRESALE}


async def on_presale(shop: Shop) -> None:
    """The balance of both products is paid from the tenth to the fourteenth day."""
    shared = {"business_unit": "acme", "balance_due_at": START + 14 * DAY, "sold_until": None}
    rows = (
        {**shared, "sku": sku, "balance_opens_at": START + days * DAY} for sku, days in (("TEE", 10), ("POSTER", 9))
    )
    await shop.given(tables.presales, *rows)


async def head(shop: Shop, order_id: str) -> tuple[str, str, int, int]:
    order = (await shop.order(order_id)).head
    return order.status, order.payment_status, order.payable_minor, order.kept_minor


async def produced(shop: Shop, order_id: str) -> None:
    for action in ("acceptFulfillment", "startProduction", "finishProduction"):
        for part in (await shop.order(order_id)).fulfillments:
            await did(shop.fulfil(action, part.id))


async def test_made_to_order_from_the_deposit_to_the_parcel(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.placed(**MADE)
    assert await head(shop, order_id) == ("PENDING_DEPOSIT", "UNPAID", DEPOSIT, 0)
    await shop.paid(order_id)
    assert await head(shop, order_id) == ("CONFIRMED", "PARTIALLY_PAID", 0, 0)
    assert len((await shop.order(order_id)).fulfillments) == 2
    assert await shop.stock() == {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
    await produced(shop, order_id)
    assert await head(shop, order_id) == ("PENDING_BALANCE", "PARTIALLY_PAID", BALANCE, 0)
    part = (await shop.order(order_id)).fulfillments[0]
    blocked = await shop.refused(shop.ship(part.id, "TRK-0"))
    assert isinstance(blocked, ActionRejected)
    assert [reason.code for reason in blocked.blocked_by] == ["ORDER_NOT_CONFIRMED", "PAYMENT_DUE"]
    await shop.paid(order_id)
    assert await head(shop, order_id) == ("IN_FULFILLMENT", "PAID", 0, 0)
    for part in (await shop.order(order_id)).fulfillments:
        await did(shop.ship(part.id, f"TRK-{part.number}"))
    assert (await shop.order(order_id)).head.status == "SHIPPED"


async def test_a_missed_balance_is_paid_late_or_costs_the_fee(shop: Shop) -> None:
    late, given_up = [await shop.paid(await shop.placed(**MADE)) for _ in range(2)]
    for order_id in (late, given_up):
        await produced(shop, order_id)
    await shop.later(7 * DAY)
    assert (await head(shop, late))[0] == "EXCEPTION"
    await shop.paid(late)
    assert await head(shop, late) == ("IN_FULFILLMENT", "PAID", 0, 0)
    await shop.later(DAY)
    assert await head(shop, given_up) == ("CANCELLED", "PARTIALLY_PAID", 0, DEPOSIT)


async def test_what_is_made_is_cancelled_less_its_fee(shop: Shop) -> None:
    order_id = await shop.paid(await shop.placed(**MADE))
    await produced(shop, order_id)
    await did(shop.pay(order_id, amount=Money(1000, "EUR")))
    await did(shop.cancel(order_id))
    await shop.worker.drain()
    assert await head(shop, order_id) == ("CANCELLED", "PARTIALLY_REFUNDED", 0, 2057)
    order = await shop.order(order_id)
    assert (order.head.captured_minor, order.head.refunded_minor) == (3057, 1000)


async def test_an_unpaid_deposit_is_cancelled_and_its_stock_released(any_shop: Shop) -> None:
    shop = any_shop
    await on_presale(shop)
    made, sold = await shop.placed(**MADE), await shop.placed(**SOLD)
    assert (await shop.stock())["TEE", "BER"] == (10, 4)
    await shop.later(timedelta(minutes=30))
    assert [(await head(shop, one))[0] for one in (made, sold)] == ["CANCELLED", "CANCELLED"]
    assert await shop.stock() == {}


async def test_presale_from_the_deposit_to_the_confirmation(any_shop: Shop) -> None:
    shop = any_shop
    await on_presale(shop)
    order_id = await shop.placed(**SOLD)
    order = await shop.order(order_id)
    assert [(part.kind, part.amount_minor, part.opens_at, part.due_at) for part in order.installments] == [
        ("DEPOSIT", DEPOSIT, START, START + timedelta(minutes=30)),
        ("BALANCE", BALANCE, START + 10 * DAY, START + 14 * DAY),
    ]
    await shop.paid(order_id)
    assert await head(shop, order_id) == ("PENDING_BALANCE", "PARTIALLY_PAID", 0, 0)
    assert (await shop.stock())["TEE", "BER"] == (10, 2)
    early = await shop.refused(shop.pay(order_id))
    assert isinstance(early, ActionRejected)
    assert [reason.code for reason in early.blocked_by] == ["NOTHING_PAYABLE"]
    await shop.later(10 * DAY)
    assert await head(shop, order_id) == ("PENDING_BALANCE", "PARTIALLY_PAID", BALANCE, 0)
    await shop.paid(order_id)
    assert await head(shop, order_id) == ("PAID", "PAID", 0, 0)
    assert (await shop.stock())["TEE", "BER"] == (8, 0)
    await did(shop.act("confirmOrder", order_id, MERCHANT))


async def test_a_presale_whose_balance_is_missed_gives_the_deposit_back(shop: Shop) -> None:
    await on_presale(shop)
    order_id = await shop.paid(await shop.placed(**SOLD))
    await shop.later(10 * DAY)
    await shop.later(4 * DAY)
    assert await head(shop, order_id) == ("CANCELLED", "REFUNDED", 0, 0)
    assert await shop.stock() == {}


async def test_a_balance_that_is_not_settled_when_it_is_missed_goes_with_its_order(shop: Shop) -> None:
    await on_presale(shop)
    order_id = await shop.paid(await shop.placed(**SOLD))
    await shop.later(10 * DAY)
    await did(shop.pay(order_id, "test_card_3ds"))
    await shop.later(4 * DAY)
    order = await shop.order(order_id)
    assert (order.head.status, sorted(p.status for p in order.payments)) == ("CANCELLED", ["CANCELLED", "REFUNDED"])


async def test_a_presale_is_cancelled_less_its_fee(shop: Shop) -> None:
    await on_presale(shop)
    order_id = await shop.paid(await shop.placed(**SOLD))
    await did(shop.cancel(order_id, ANNA))
    await shop.worker.drain()
    assert await head(shop, order_id) == ("CANCELLED", "PARTIALLY_REFUNDED", 0, 686)
    assert await shop.stock() == {}


async def test_what_is_given_back_of_a_fee_is_not_kept(shop: Shop) -> None:
    """Before, while and after the order is given up."""
    await on_presale(shop)
    order_id = await shop.paid(await shop.placed(**SOLD))
    payment_id = (await shop.order(order_id)).payments[0].id
    await did(refund(shop, payment_id, 1_500))
    await did(shop.cancel(order_id, ANNA))
    assert (await head(shop, order_id))[::3] == ("REFUNDING", DEPOSIT - 1_500)
    await shop.worker.drain()
    assert await head(shop, order_id) == ("CANCELLED", "PARTIALLY_REFUNDED", 0, DEPOSIT - 1_500)
    await did(refund(shop, payment_id, 500))
    await shop.worker.drain()
    assert await head(shop, order_id) == ("CANCELLED", "PARTIALLY_REFUNDED", 0, 57)
    assert (await shop.order(order_id)).head.refunded_minor == 2_000


async def test_an_authorized_deposit_of_a_presale_is_captured_at_once(shop: Shop) -> None:
    await on_presale(shop)
    order_id = await shop.paid(await shop.placed(**SOLD), "test_card_authorize", is_captured_at_once=False)
    order = await shop.order(order_id)
    assert (order.head.status, order.head.captured_minor, order.head.authorized_minor) == (
        "PENDING_BALANCE",
        DEPOSIT,
        0,
    )


async def test_what_is_on_no_presale_or_on_two_that_do_not_meet(shop: Shop) -> None:
    await shop.given(
        tables.presales,
        *(
            {
                "business_unit": unit,
                "sku": sku,
                "balance_opens_at": START + first * DAY,
                "balance_due_at": START + last * DAY,
                "sold_until": until,
            }
            for unit, sku, first, last, until in (
                ("acme", "TEE", 1, 3, None),
                ("acme", "MUG", 3, 5, None),
                ("acme", "LAMP", 3, 5, START),
                ("rival", "POSTER", 1, 3, None),
            )
        ),
    )
    for skus, problem in (
        (("TEE", "MUG"), ("lines", "PRESALES_DIFFER")),
        (("TEE", "LAMP"), ("lines.1.sku", "NOT_ON_PRESALE")),
        (("POSTER",), ("lines.0.sku", "NOT_ON_PRESALE")),
    ):
        outcome = await shop.refused(shop.place(**SOLD, lines=tuple(PlaceOrderLine(sku, 1) for sku in skus)))
        assert isinstance(outcome, InvalidInput)
        assert [(".".join(one.path), one.code) for one in outcome.problems] == [problem]
