"""After-sale cases in a database: each way through the machine, who may, and what moves in stock and money."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.after_sales.commands import ExchangeLine
from domain.orders.commands import PlaceOrderLine
from domain.values.enums import AfterSaleKind, TrackingStatus
from domain.values.money import Money
from domain.values.outcomes import AfterSaleChanged, TrackingRecorded
from domain.values.refusals import (
    ActionRejected,
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    UnknownProduct,
    VersionConflict,
)
from tests.fixtures.cases import act, arrived, claim, claimed, receive, rule, send_back, sent_back, state
from tests.fixtures.shop import (
    ANALYST,
    ANNA,
    BOB,
    DAY,
    FINANCE,
    MERCHANT,
    RIVAL,
    START,
    SUPPORT,
    WAREHOUSE,
    Shop,
    did,
)
from tests.fixtures.sizes import ROUNDS

pytestmark = pytest.mark.anyio

ONLY = AfterSaleKind.REFUND_ONLY
EXCHANGE = AfterSaleKind.EXCHANGE


async def refunds(shop: Shop, order_id: str) -> list[tuple[int, str]]:
    return [(refund.amount_minor, refund.status) for refund in (await shop.order(order_id)).refunds]


async def test_goods_come_back_and_are_paid_back(any_shop: Shop) -> None:
    order_id = await arrived(any_shop)
    before = (await any_shop.order(order_id)).head.version
    case_id = await sent_back(any_shop, order_id, 2)
    stock = await any_shop.stock()
    outcome = await receive(any_shop, case_id, 2)
    assert outcome == AfterSaleChanged(order_id=order_id, after_sale_id=case_id)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    (case,) = order.after_sales
    assert (case.status, case.amount_minor, order.head.after_sale_status) == (
        "COMPLETED",
        case.quote.total_minor,
        "CLOSED",
    )
    assert await refunds(any_shop, order_id) == [(case.quote.total_minor, "SUCCEEDED")]
    on_hand, reserved = stock["TEE", "BER"]
    assert (await any_shop.stock())["TEE", "BER"] == (on_hand + 2, reserved)
    assert order.head.payment_status == "PARTIALLY_REFUNDED"
    taken = [step[:3] for step in await any_shop.steps(order_id, since=before) if step[3] != "payment-provider"]
    assert taken[:9] == [
        ("requestAfterSale", "DELIVERED", "DELIVERED"),
        ("requestAfterSale", None, "REQUESTED"),
        ("approveAfterSale", "REQUESTED", "APPROVED"),
        ("awaitReturn", "APPROVED", "AWAITING_RETURN"),
        ("shipReturn", "AWAITING_RETURN", "RETURN_IN_TRANSIT"),
        ("receiveReturn", "RETURN_IN_TRANSIT", "INSPECTING"),
        ("refundReturned", "INSPECTING", "REFUNDING"),
        ("requestRefund", None, "REQUESTED"),
        ("approveRefund", "REQUESTED", "PROCESSING"),
    ]


async def test_everything_comes_back(any_shop: Shop) -> None:
    order_id = await arrived(any_shop)
    for units in (2, 1):
        case_id = await sent_back(any_shop, order_id, units)
        await did(receive(any_shop, case_id, units))
        await any_shop.worker.drain()
    head = (await any_shop.order(order_id)).head
    assert (head.status, head.payment_status, head.fulfillment_status) == ("RETURNED", "REFUNDED", "RETURNED")
    assert head.refunded_minor == head.captured_minor
    assert await any_shop.stock() == {}


async def test_an_exchange_sends_a_replacement(any_shop: Shop) -> None:
    order_id = await arrived(any_shop)
    case_id = await sent_back(any_shop, order_id, 1, EXCHANGE)
    await did(receive(any_shop, case_id, 1))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    part = order.fulfillments[-1]
    assert (await state(any_shop, order_id), part.kind, part.status) == ("EXCHANGING", "REPLACEMENT", "ALLOCATED")
    assert order.after_sales[0].replacement_id == part.id
    for action in ("acceptFulfillment", "packFulfillment"):
        await did(any_shop.fulfil(action, part.id))
    await did(any_shop.ship(part.id, "X-1"))
    assert await state(any_shop, order_id) == "EXCHANGE_SHIPPED"
    await did(any_shop.track("X-1", "e1", TrackingStatus.DELIVERED))
    order = await any_shop.order(order_id)
    assert (order.after_sales[0].status, order.head.status, order.refunds) == ("COMPLETED", "DELIVERED", ())
    assert (await any_shop.stock())["TEE", "BER"] == (7, 0)


async def test_another_size_of_the_same_price(shop: Shop) -> None:
    order_id = await arrived(shop)
    line = (await shop.order(order_id)).lines[0].id

    async def ask(sku: str, units: int = 1) -> Any:
        wanted = (ExchangeLine(line, sku, units),)
        return await claim(shop, order_id, 1, EXCHANGE, exchange_for=wanted)

    assert await shop.refused(ask("NONE")) == UnknownProduct(path=("exchangeFor",), skus=("NONE",))
    assert await shop.refused(ask("GONE")) == UnknownProduct(path=("exchangeFor",), skus=("GONE",))
    for sku, units, code in (("MUG", 1, "DIFFERENT_PRICE"), ("TEE", 2, "QUANTITY_OUT_OF_RANGE")):
        refused = await shop.refused(ask(sku, units))
        assert isinstance(refused, InvalidInput)
        assert [problem.code for problem in refused.problems] == [code]
    assert isinstance(await ask("TEE"), AfterSaleChanged)


async def test_without_stock_an_exchange_becomes_money(any_shop: Shop) -> None:
    order_id = await arrived(any_shop, 2)
    await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("TEE", 13),)))
    case_id = await sent_back(any_shop, order_id, 2, EXCHANGE)
    await did(receive(any_shop, case_id, 1, 1))
    await any_shop.worker.drain()
    # The accepted one is back on its shelf: it is sent again.
    assert (await any_shop.order(order_id)).fulfillments[-1].kind == "REPLACEMENT"


async def test_units_that_have_not_left(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed(await any_shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    await claimed(any_shop, order_id, 2, ONLY)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.after_sales[0].status, order.head.status) == ("COMPLETED", "CONFIRMED")
    assert (order.lines[0].cancelled_quantity, order.lines[0].quantity) == (2, 3)
    assert (await any_shop.stock())["TEE", "BER"] == (9, 0)
    await claimed(any_shop, order_id, 1, ONLY)
    await any_shop.worker.drain()
    head = (await any_shop.order(order_id)).head
    assert (head.status, head.payment_status, head.refunded_minor) == ("CANCELLED", "REFUNDED", head.captured_minor)
    assert await any_shop.stock() == {}


async def test_a_dispute_is_ruled_on(any_shop: Shop) -> None:
    order_id = await arrived(any_shop)
    case_id = await sent_back(any_shop, order_id)
    await did(receive(any_shop, case_id, 0, 1))
    assert await state(any_shop, order_id) == "DISPUTED"
    await did(rule(any_shop, case_id, is_approved=True, viewer=FINANCE, amount=Money(1000, "EUR")))
    await any_shop.worker.drain()
    assert await refunds(any_shop, order_id) == [(1000, "SUCCEEDED")]
    assert await state(any_shop, order_id) == "COMPLETED"
    assert (await any_shop.stock())["TEE", "BER"] == (7, 0)


async def test_a_rejected_case_is_appealed(shop: Shop) -> None:
    order_id = await arrived(shop)
    case_id = await claimed(shop, order_id)
    refused = await shop.refused(act(shop, "rejectAfterSale", case_id))
    assert isinstance(refused, InvalidInput)
    assert [(problem.path, problem.code) for problem in refused.problems] == [(("note",), "MISSING")]
    await did(act(shop, "rejectAfterSale", case_id, note="Worn"))
    await did(act(shop, "appealAfterSale", case_id, ANNA))
    assert await state(shop, order_id) == "ARBITRATION"
    await did(rule(shop, case_id, is_approved=False))
    assert await state(shop, order_id) == "CLOSED"


@pytest.mark.parametrize(
    ("wait", "name", "states"),
    [(2, "autoApprove", ("REQUESTED", "AWAITING_RETURN")), (7, "returnShipment", ("AWAITING_RETURN", "CLOSED"))],
)
async def test_time_takes_its_steps(shop: Shop, wait: int, name: str, states: tuple[str, str]) -> None:
    order_id = await arrived(shop)
    case_id = await claimed(shop, order_id)
    if name == "returnShipment":
        await did(act(shop, "approveAfterSale", case_id))
    assert await state(shop, order_id) == states[0]
    assert f"after_sale.{name}" in await shop.timers(order_id)
    await shop.later(wait * DAY)
    assert await state(shop, order_id) == states[1]


async def test_the_receipt_waits_for_the_case(shop: Shop) -> None:
    order_id = await arrived(shop)
    case_id = await claimed(shop, order_id)
    await did(act(shop, "approveAfterSale", case_id))
    await did(send_back(shop, case_id))
    await shop.later(14 * DAY)
    refused = await shop.refused(shop.act("confirmReceipt", order_id, ANNA))
    assert isinstance(refused, ActionRejected)
    assert [reason.code for reason in refused.blocked_by] == ["AFTER_SALE_OPEN"]
    assert (await shop.order(order_id)).head.status == "DELIVERED"
    await did(receive(shop, case_id, 1))
    await shop.worker.drain()
    assert await shop.timers(order_id) == {"order.receiptTimeout": 21 * DAY}
    await shop.later(7 * DAY)
    assert (await shop.order(order_id)).head.status == "RECEIVED"


async def _withdrawn(shop: Shop, case_id: str) -> None:
    await did(act(shop, "withdrawAfterSale", case_id, ANNA))


async def _settled(shop: Shop, case_id: str) -> None:
    await did(act(shop, "approveAfterSale", case_id))
    await did(send_back(shop, case_id))
    await shop.later(3 * DAY)
    await did(receive(shop, case_id, 1))
    await shop.worker.drain()


async def _rejected(shop: Shop, case_id: str) -> None:
    await did(act(shop, "rejectAfterSale", case_id, note="Worn"))
    await shop.later(7 * DAY)


async def _left_to_time(shop: Shop, _case_id: str) -> None:
    """Approved by itself, and closed when nothing was sent back: each deadline begins when the one before has fired."""
    await shop.later(60 * DAY)
    await shop.later(60 * DAY)


@pytest.mark.parametrize("end", [_withdrawn, _settled, _rejected, _left_to_time])
@pytest.mark.parametrize(
    ("status", "name", "left"),
    [
        ("SHIPPED", "order.receiptTimeout", 14 * DAY),
        ("DELIVERED", "order.receiptTimeout", 6 * DAY),
        ("RECEIVED", "order.completion", 6 * DAY),
    ],
)
async def test_whichever_way_the_last_case_ends_the_deadlines_go_on(
    any_shop: Shop, end: Callable[[Shop, str], Awaitable[None]], status: str, name: str, left: timedelta
) -> None:
    way_there = any_shop.shipped if status == "SHIPPED" else any_shop.delivered
    order_id = await way_there(await any_shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    if status == "RECEIVED":
        await did(any_shop.act("confirmReceipt", order_id, ANNA))
    await any_shop.later(DAY)
    first, last = await claimed(any_shop, order_id), await claimed(any_shop, order_id)
    assert (await any_shop.timers(order_id))[name] == left.total_seconds()
    await any_shop.later(DAY)
    await did(act(any_shop, "withdrawAfterSale", first, ANNA))
    assert (await any_shop.timers(order_id))[name] == left.total_seconds()
    await end(any_shop, last)
    assert (await any_shop.order(order_id)).head.after_sale_status == "CLOSED"
    assert await any_shop.timers(order_id) == {name: any_shop.clock.now() - START + left}
    await any_shop.later(left)
    if status != "RECEIVED":
        assert await any_shop.timers(order_id) == {"order.completion": any_shop.clock.now() - START + 7 * DAY}
        await any_shop.later(7 * DAY)
    assert (await any_shop.order(order_id)).head.status == "COMPLETED"
    assert await any_shop.timers(order_id) == {}


async def test_a_carrier_tells_of_a_return(shop: Shop) -> None:
    order_id = await arrived(shop)
    case_id = await claimed(shop, order_id)
    await did(act(shop, "approveAfterSale", case_id))
    await did(send_back(shop, case_id))
    outcome = await shop.track("R-1", "e1", TrackingStatus.DELIVERED)
    (parcel,) = [parcel for parcel in (await shop.order(order_id)).shipments if parcel.after_sale_id]
    assert outcome == TrackingRecorded(order_id=order_id, shipment_id=parcel.id, after_sale_id=case_id)
    assert (await state(shop, order_id), parcel.delivered_at) == ("RETURN_IN_TRANSIT", shop.clock.now())
    before = await shop.everything()
    assert await shop.track("R-1", "e1") == replace(outcome, is_replayed=True)
    assert await shop.everything() == before
    taken = await shop.refused(send_back(shop, case_id))
    assert isinstance(taken, InvalidInput)
    assert [problem.code for problem in taken.problems] == ["TRACKING_NUMBER_TAKEN"]


async def test_the_same_key_opens_one_case(shop: Shop) -> None:
    order_id = await arrived(shop)
    first = await claim(shop, order_id, idempotency_key="k")
    assert isinstance(first, AfterSaleChanged)
    assert await claim(shop, order_id, idempotency_key="k") == replace(first, is_replayed=True)
    assert isinstance(await claim(shop, order_id, 2, idempotency_key="k"), IdempotencyConflict)
    assert len((await shop.order(order_id)).after_sales) == 1


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"reason": " "}, ("reason",), "INVALID_LENGTH"),
        ({"lines": ()}, ("lines",), "INVALID_LENGTH"),
        ({"attachments": ("x",) * 11}, ("attachments",), "INVALID_LENGTH"),
        ({"attachments": ("",)}, ("attachments", "0"), "INVALID_LENGTH"),
        ({"amount": Money(10**9, "EUR")}, ("amount", "amount"), "AMOUNT_OUT_OF_RANGE"),
        ({"kind": EXCHANGE, "amount": Money(1, "EUR")}, ("amount",), "NOT_FOR_EXCHANGES"),
        ({"exchange_for": (ExchangeLine("lin_x", "TEE", 1),)}, ("exchangeFor",), "ONLY_FOR_EXCHANGES"),
        ({"note": "x" * 2001}, ("note",), "INVALID_LENGTH"),
    ],
)
async def test_what_is_wrong_with_a_request_is_said(shop: Shop, more: dict[str, Any], path: Any, code: str) -> None:
    order_id = await arrived(shop)
    refused = await shop.refused(claim(shop, order_id, **{"kind": ONLY, **more}))
    assert isinstance(refused, InvalidInput)
    assert [(problem.path, problem.code) for problem in refused.problems] == [(path, code)]


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [(BOB, NotFound), (RIVAL, NotFound), (ANALYST, Forbidden), (WAREHOUSE, Forbidden), (MERCHANT, Forbidden)],
)
async def test_who_may_not_ask(shop: Shop, viewer: Viewer, expected: type[Any]) -> None:
    order_id = await arrived(shop)
    assert isinstance(await shop.refused(claim(shop, order_id, viewer=viewer)), expected)


@pytest.mark.parametrize(
    ("action", "viewer", "expected"),
    [
        ("withdrawAfterSale", BOB, NotFound),
        ("withdrawAfterSale", MERCHANT, Forbidden),
        ("approveAfterSale", ANNA, Forbidden),
        ("approveAfterSale", RIVAL, NotFound),
        ("rejectAfterSale", WAREHOUSE, Forbidden),
        ("appealAfterSale", ANNA, ActionRejected),
    ],
)
async def test_who_may_not_act(shop: Shop, action: str, viewer: Viewer, expected: type[Any]) -> None:
    case_id = await claimed(shop, await arrived(shop))
    assert isinstance(await shop.refused(act(shop, action, case_id, viewer, note="Why")), expected)


async def test_an_older_version_and_an_unknown_case_are_refused(shop: Shop) -> None:
    order_id = await arrived(shop)
    case_id = await claimed(shop, order_id)
    version = (await shop.order(order_id)).head.version
    stale = await shop.refused(act(shop, "approveAfterSale", case_id, expected_version=version - 1))
    assert stale == VersionConflict(expected_version=version - 1, current_version=version)
    unknown = "afs_" + "0" * 32
    assert await shop.refused(act(shop, "approveAfterSale", unknown)) == NotFound(path=("afterSaleId",))
    assert await shop.refused(act(shop, "approveAfterSale", order_id)) == NotFound(path=("afterSaleId",))


@ROUNDS
async def test_approve_against_withdraw_has_one_winner(any_shop: Shop, rounds: int) -> None:
    """Approved, and its money goes back once; or withdrawn, and none does."""
    shop = any_shop
    await shop.ports.inventory.restock("TEE", "BER", 3 * rounds)
    order_id, approved = await arrived(shop), 0
    for number in range(rounds):
        if approved == 3:  # all of its units are given back
            order_id, approved = await arrived(shop), 0
        case_id = await claimed(shop, order_id, kind=ONLY)
        acts = [act(shop, "approveAfterSale", case_id, SUPPORT), act(shop, "withdrawAfterSale", case_id, ANNA)]
        outcomes = await asyncio.gather(*acts[:: 1 if number % 2 else -1])
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ActionRejected", "AfterSaleChanged"]
        await shop.worker.drain()
        order = await shop.order(order_id)
        case = next(each for each in order.after_sales if each.id == case_id)
        is_approved = isinstance(outcomes[0 if number % 2 else 1], AfterSaleChanged)
        assert case.status == ("COMPLETED" if is_approved else "WITHDRAWN")
        approved += is_approved
        assert [each.after_sale_id for each in order.refunds].count(case_id) == is_approved
        assert order.lines[0].kept_quantity == approved


async def test_the_same_units_asked_for_at_once_are_one_case(shop: Shop) -> None:
    order_id = await arrived(shop, 1)
    outcomes = await asyncio.gather(*(claim(shop, order_id) for _ in range(6)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AfterSaleChanged"] + ["InvalidInput"] * 5
