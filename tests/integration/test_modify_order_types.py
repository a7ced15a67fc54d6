"""modifyOrder of other types: what is owed later, what is made, seats, vouchers."""

from typing import Any

import pytest
from sqlalchemy import text

from adapters.db.engine import prepare
from domain.orders.commands import PlaceOrderLine, WantedGroup
from domain.orders.model import Order
from domain.values.enums import InstallmentKind, OrderType
from domain.values.refusals import ActionRejected
from tests.fixtures.shop import BOB, DAY, TOTAL, Shop, did
from tests.integration.test_deposits import BALANCE, DEPOSIT, MADE, SOLD, head, on_presale
from tests.integration.test_modify_order import A_TEE, lines_of, modify, reserved, told
from tests.integration.test_split_order import assert_whole, counting

pytestmark = pytest.mark.anyio

REPRICED = prepare(text("UPDATE services.products SET price_minor = 2500 WHERE sku = 'TEE'"))
CARD = 595
"""With its tax; it is not sent."""


def installments(order: Order) -> list[tuple[InstallmentKind, int, int]]:
    return [(part.kind, part.amount_minor, part.paid_minor) for part in order.installments]


def blocks(outcome: Any) -> list[str]:
    assert isinstance(outcome, ActionRejected), outcome
    return [reason.code for reason in outcome.blocked_by]


async def made(shop: Shop, order_id: str) -> None:
    for action in ("acceptFulfillment", "startProduction", "finishProduction"):
        for part in counting(await shop.order(order_id)):
            await did(shop.fulfil(action, part.id))


async def shipped(shop: Shop, order_id: str) -> None:
    for part in counting(await shop.order(order_id)):
        await did(shop.ship(part.id, f"TRK-{part.number}"))
    assert (await shop.order(order_id)).head.status == "SHIPPED"


async def test_less_of_what_is_made_lowers_the_balance(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.paid(await shop.placed(**MADE))
    assert told(await modify(shop, order_id, units={"TEE": 1}, is_dry_run=True)) == (-A_TEE, False)
    assert told(await modify(shop, order_id, units={"TEE": 1})) == (-A_TEE, True)
    await shop.worker.drain()
    order = await shop.order(order_id)
    assert installments(order) == [
        (InstallmentKind.DEPOSIT, DEPOSIT, DEPOSIT),
        (InstallmentKind.BALANCE, BALANCE - A_TEE, 0),
    ]
    assert (order.head.status, order.head.payable_minor, order.refunds) == ("CONFIRMED", 0, ())
    assert_whole(order)
    assert (await reserved(shop))["TEE"] == (14, 0)
    await made(shop, order_id)
    assert await head(shop, order_id) == ("PENDING_BALANCE", "PARTIALLY_PAID", BALANCE - A_TEE, 0)
    await shop.paid(order_id)
    await shipped(shop, order_id)


async def test_more_of_what_is_made_waits_for_its_difference_alone(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.paid(await shop.placed(**MADE))
    assert told(await modify(shop, order_id, units={"TEE": 3})) == (A_TEE, False)
    order = await shop.order(order_id)
    assert (order.head.status, order.head.payable_minor) == ("CONFIRMED", A_TEE)
    await shop.paid(order_id)
    order = await shop.order(order_id)
    assert installments(order) == [
        (InstallmentKind.DEPOSIT, DEPOSIT, DEPOSIT),
        (InstallmentKind.BALANCE, BALANCE, 0),
        (InstallmentKind.DIFFERENCE, A_TEE, A_TEE),
    ]
    assert (lines_of(order), order.head.payable_minor) == ({"TEE": 3, "POSTER": 1}, 0)
    assert (order.head.status, order.head.payment_status) == ("CONFIRMED", "PARTIALLY_PAID")
    assert_whole(order)
    await made(shop, order_id)
    assert await head(shop, order_id) == ("PENDING_BALANCE", "PARTIALLY_PAID", BALANCE, 0)
    await shop.paid(order_id)
    assert (await shop.order(order_id)).head.captured_minor == TOTAL + A_TEE
    await shipped(shop, order_id)


async def test_so_much_less_that_a_part_of_the_deposit_goes_back(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.paid(await shop.placed(**MADE, lines=(PlaceOrderLine("TEE", 5),)))
    total, deposit = 5 * A_TEE + 490, 3717
    assert (await shop.order(order_id)).head.captured_minor == deposit
    assert told(await modify(shop, order_id, units={"TEE": 1})) == (-4 * A_TEE, True)
    await shop.worker.drain()
    order = await shop.order(order_id)
    left = total - 4 * A_TEE
    assert installments(order) == [(InstallmentKind.DEPOSIT, left, left)]
    assert [(refund.amount_minor, refund.is_excess) for refund in order.refunds] == [(deposit - left, True)]
    assert (order.head.payment_status, order.head.paid_at) == ("PAID", shop.clock.now())
    await made(shop, order_id)
    assert (await shop.order(order_id)).head.status == "IN_FULFILLMENT"
    await shipped(shop, order_id)


async def test_what_is_being_made_stays_and_what_is_only_accepted_changes(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.paid(await shop.placed(**MADE))
    tees, poster = counting(await shop.order(order_id))
    for part in (tees, poster):
        await did(shop.fulfil("acceptFulfillment", part.id))
    await did(shop.fulfil("startProduction", tees.id))
    assert blocks(await modify(shop, order_id, units={"TEE": 1})) == ["ALREADY_PRODUCED"]
    assert told(await modify(shop, order_id, units={"POSTER": 0}))[1]
    await shop.worker.drain()
    order = await shop.order(order_id)
    assert [(part.id, part.status.value) for part in counting(order)] == [(tees.id, "PRODUCING")]
    assert (order.head.status, (await reserved(shop))["POSTER"]) == ("IN_FULFILLMENT", (5, 0))
    assert_whole(order)


async def test_a_difference_is_dropped_when_its_line_is_made_or_time_is_over(any_shop: Shop) -> None:
    shop = any_shop
    order_id = await shop.paid(await shop.placed(**MADE))
    tees, poster = counting(await shop.order(order_id))
    assert told(await modify(shop, order_id, units={"TEE": 3})) == (A_TEE, False)
    for action in ("acceptFulfillment", "startProduction"):
        await did(shop.fulfil(action, tees.id))
    order = await shop.order(order_id)
    assert ([m.status.value for m in order.modifications], order.head.payable_minor) == (["DROPPED"], 0)
    # Another one waits while the rest is made, and on into the wait for the balance.
    assert told(await modify(shop, order_id, add_lines=(PlaceOrderLine("MUG", 1),)))[1] is False
    await did(shop.fulfil("finishProduction", tees.id))
    for action in ("acceptFulfillment", "startProduction", "finishProduction"):
        await did(shop.fulfil(action, poster.id))
    assert await head(shop, order_id) == ("PENDING_BALANCE", "PARTIALLY_PAID", BALANCE + 1190, 0)
    await shop.later(DAY / 24)
    order = await shop.order(order_id)
    assert [m.status.value for m in order.modifications] == ["DROPPED", "DROPPED"]
    assert (order.head.status, order.head.payable_minor) == ("PENDING_BALANCE", BALANCE)


async def test_a_presale_is_changed_once_it_is_paid_at_its_frozen_prices(any_shop: Shop) -> None:
    shop = any_shop
    await on_presale(shop)
    order_id = await shop.placed(**SOLD)
    assert blocks(await shop.refused(modify(shop, order_id, units={"TEE": 1}))) == ["WRONG_STATE"]
    await shop.paid(order_id)
    assert blocks(await shop.refused(modify(shop, order_id, units={"TEE": 1}))) == ["WRONG_STATE"]
    await shop.later(10 * DAY)
    await shop.paid(order_id)
    assert (await shop.order(order_id)).head.status == "PAID"
    async with shop.database.transaction() as transaction:
        await transaction.execute(REPRICED)
        await transaction.commit()
    assert told(await modify(shop, order_id, units={"TEE": 3})) == (A_TEE, False)
    await shop.paid(order_id)
    order = await shop.order(order_id)
    assert (lines_of(order), order.head.total_minor) == ({"TEE": 3, "POSTER": 1}, TOTAL + A_TEE)
    assert {line.sku: line.unit_price_minor for line in order.lines} == {"TEE": 2000, "POSTER": 1500}
    assert told(await modify(shop, order_id, units={"TEE": 1})) == (-2 * A_TEE, True)
    await shop.worker.drain()
    order = await shop.order(order_id)
    assert (order.head.payment_status, order.head.total_minor) == ("PAID", TOTAL - A_TEE)
    assert_whole(order)


async def test_a_group_keeps_its_seats_whatever_its_members_change(any_shop: Shop) -> None:
    shop = any_shop
    tee: dict[str, Any] = {"order_type": OrderType.GROUP_BUY, "lines": (PlaceOrderLine("TEE", 1),)}
    first = await shop.placed(**tee, group=WantedGroup(2))
    assert told(await modify(shop, first, units={"TEE": 2})) == (A_TEE, True)
    await shop.paid(first)
    assert blocks(await shop.refused(modify(shop, first, units={"TEE": 1}))) == ["WRONG_STATE"]
    group = (await shop.order(first)).head.group_id
    second = await shop.placed(BOB, **tee, member_id="mbr_bob", group=WantedGroup(join=group))
    await shop.paid(second, viewer=BOB)
    assert {(await shop.order(order_id)).head.status for order_id in (first, second)} == {"CONFIRMED"}
    assert told(await modify(shop, first, units={"TEE": 1})) == (-A_TEE, True)
    assert told(await modify(shop, second, BOB, units={"TEE": 3})) == (2 * A_TEE, False)
    await shop.paid(second, viewer=BOB)
    for order_id, units in ((first, 1), (second, 3)):
        order = await shop.order(order_id)
        assert (order.head.status, lines_of(order), order.head.group_id) == ("CONFIRMED", {"TEE": units}, group)
        assert_whole(order)
    assert (await reserved(shop))["TEE"] == (11, 0)


async def test_vouchers_are_changed_until_they_are_paid(any_shop: Shop) -> None:
    shop = any_shop
    cards = (PlaceOrderLine("CARD", 2),)
    order_id = await shop.placed(order_type=OrderType.VIRTUAL, lines=cards, shipping_address=None)
    assert told(await modify(shop, order_id, units={"CARD": 3})) == (CARD, True)
    await did(shop.pay(order_id))
    order = await shop.order(order_id)
    assert (order.head.status, order.head.shipping_minor, order.head.captured_minor) == ("PAID", 0, 3 * CARD)
    assert blocks(await shop.refused(modify(shop, order_id, units={"CARD": 1}))) == ["VOUCHERS_UNDER_WAY"]
    assert told(await modify(shop, order_id, note="For Ben")) == (0, True)
    await shop.worker.drain()
    order = await shop.order(order_id)
    assert (order.head.status, len(order.vouchers), order.head.note) == ("DELIVERED", 3, "For Ben")
    assert blocks(await shop.refused(modify(shop, order_id, units={"CARD": 1}))) == ["WRONG_STATE"]
