"""cancelOrder before payment: all that was claimed is free again, all that was secured goes back."""

from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import LineQuantity
from domain.payments.answers import OperationDeclined
from domain.values.money import Money
from domain.values.outcomes import OrderChanged
from domain.values.refusals import ActionRejected, Forbidden, InvalidInput, NotFound, VersionConflict
from tests.fixtures.shop import (
    ADMIN,
    ANALYST,
    ANNA,
    BOB,
    DAY,
    FINANCE,
    MERCHANT,
    MINUTE,
    RIVAL,
    START,
    SUPPORT,
    TOTAL,
    WAREHOUSE,
    Shop,
    did,
)
from tests.fixtures.sleepy import answering, between, without

pytestmark = pytest.mark.anyio


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


async def test_an_unpaid_order_is_cancelled(any_shop: Shop) -> None:
    order_id = await any_shop.placed(coupon_codes=("SAVE5",))
    any_shop.clock.pass_(MINUTE)
    outcome = await any_shop.cancel(order_id, reason="Too dear", expected_version=1)
    assert outcome == OrderChanged(order_id=order_id)
    order = await any_shop.order(order_id)
    assert await any_shop.status(order_id) == ("CANCELLED", "UNPAID", "CANCELLED", 2)
    head = order.head
    assert (head.cancelled_at, head.cancelled_minor, head.payable_minor, head.total_minor) == (
        START + MINUTE,
        6262,
        0,
        6262,
    )
    assert [line.cancelled_quantity for line in order.lines] == [2, 1]
    assert await any_shop.steps(order_id, since=1) == [("cancelOrder", "PENDING_PAYMENT", "CANCELLED", "anna")]
    assert await any_shop.sql("SELECT note FROM order_events WHERE sequence = 2") == [("Too dear",)]
    assert await any_shop.timers(order_id) == {}
    await any_shop.worker.drain()
    assert (await any_shop.stock(), await any_shop.coupons_used(), await any_shop.jobs()) == ({}, {}, [])


async def test_what_was_paid_goes_back(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, amount=eur(1000)))
    any_shop.clock.pass_(MINUTE)
    await did(any_shop.pay(order_id, "test_card_authorize", amount=eur(2000)))
    await did(any_shop.cancel(order_id))
    assert {"REFUND", "VOID"} <= set(await any_shop.jobs())
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status) == ("CANCELLED", "REFUNDED")
    assert [(payment.status, payment.refunded_minor) for payment in order.payments] == [
        ("REFUNDED", 1000),
        ("VOIDED", 0),
    ]
    assert [(refund.status, refund.amount_minor) for refund in order.refunds] == [("SUCCEEDED", 1000)]
    assert (order.head.captured_minor, order.head.refunded_minor, order.head.authorized_minor) == (1000, 1000, 0)
    assert await any_shop.sql(
        "SELECT state, captured_minor, refunded_minor FROM services.provider_payments ORDER BY 2"
    ) == [
        ("VOIDED", 0, 0),
        ("CAPTURED", 1000, 1000),
    ]
    assert (await any_shop.stock(), await any_shop.jobs(), await any_shop.timers(order_id)) == ({}, [], {})


async def test_a_part_of_an_authorization_that_was_captured_goes_back_and_the_rest_is_let_go(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "test_card_authorize", amount=eur(5000)))
    payment_id = (await any_shop.order(order_id)).payments[0].id
    await did(any_shop.act_on_payment("capturePayment", payment_id, amount=eur(3000)))
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    payment = (await any_shop.order(order_id)).payments[0]
    assert (payment.status, payment.captured_minor, payment.refunded_minor) == ("REFUNDED", 3000, 3000)
    assert await any_shop.jobs() == []


async def test_a_capture_that_crosses_a_cancellation_goes_back(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "test_card_authorize", amount=eur(5000)))
    payment_id = (await any_shop.order(order_id)).payments[0].id
    sound = any_shop.ports

    async def cancel() -> None:
        any_shop.ports = sound
        await did(any_shop.cancel(order_id))
        await any_shop.worker.drain()

    any_shop.ports = between(sound, "payments", "capture", cancel)
    await did(any_shop.act_on_payment("capturePayment", payment_id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.payments[0].captured_minor, order.payments[0].refunded_minor) == (
        "CANCELLED",
        5000,
        5000,
    )
    assert await any_shop.sql("SELECT captured_minor, refunded_minor FROM services.provider_payments") == [(5000, 5000)]


@pytest.mark.parametrize("viewer", [ANNA, MERCHANT, SUPPORT, ADMIN])
async def test_who_may(shop: Shop, viewer: Viewer) -> None:
    await did(shop.cancel(await shop.placed(), viewer))


@pytest.mark.parametrize("viewer", [FINANCE, WAREHOUSE, ANALYST])
async def test_who_may_not(shop: Shop, viewer: Viewer) -> None:
    outcome = await shop.refused(shop.cancel(await shop.placed(), viewer))
    assert outcome == Forbidden(message="None of your roles may cancelOrder.")


@pytest.mark.parametrize("viewer", [BOB, RIVAL])
async def test_whose_order_it_is_not(shop: Shop, viewer: Viewer) -> None:
    assert await shop.refused(shop.cancel(await shop.placed(), viewer)) == NotFound(path=("orderId",))


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ({"reason": " "}, ("reason",), "INVALID_LENGTH"),
        ({"reason": "x" * 501}, ("reason",), "INVALID_LENGTH"),
        ({"lines": (LineQuantity("lin_1", 1),)}, ("lines",), "WHOLE_ORDER_ONLY"),
        ({"idempotency_key": ""}, ("idempotencyKey",), "INVALID_LENGTH"),
    ],
)
async def test_input_that_is_not_valid(shop: Shop, more: dict[str, Any], path: tuple[str, ...], code: str) -> None:
    outcome = await shop.refused(shop.cancel(await shop.placed(), **more))
    assert isinstance(outcome, InvalidInput)
    assert (outcome.path, [problem.code for problem in outcome.problems]) == (path, [code])


async def test_an_order_that_is_off_or_delivered_is_not_cancelled(any_shop: Shop) -> None:
    delivered, cancelled = await any_shop.delivered(), await any_shop.placed()
    await did(any_shop.cancel(cancelled))
    await any_shop.worker.drain()
    for order_id, state in ((delivered, "DELIVERED"), (cancelled, "CANCELLED")):
        outcome = await any_shop.refused(any_shop.cancel(order_id))
        assert isinstance(outcome, ActionRejected)
        assert (outcome.action, outcome.state) == ("cancelOrder", state)
        assert outcome.blocked_by[0].code == "WRONG_STATE"


async def test_not_while_a_payment_is_under_way(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = without(sound, "payments", "pay")
    await any_shop.pay(order_id)
    any_shop.ports = sound
    outcome = await any_shop.refused(any_shop.cancel(order_id))
    assert [reason.code for reason in outcome.blocked_by] == ["PAYMENT_IN_FLIGHT"]


async def test_a_version_that_was_left_behind(shop: Shop) -> None:
    order_id = await shop.placed()
    outcome = await shop.refused(shop.cancel(order_id, expected_version=2))
    assert outcome == VersionConflict(expected_version=2, current_version=1)


async def test_a_refund_that_fails_comes_again_each_time_later(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, amount=eur(1000)))
    await did(any_shop.cancel(order_id))
    busy = OperationDeclined("busy", "Later.")
    any_shop.ports = answering(any_shop.ports, "payments", "refund", busy, busy, busy, busy, busy, busy)
    await any_shop.worker.drain()
    for minutes in (1, 4, 16, 64, 256):
        refund = (await any_shop.order(order_id)).refunds[0]
        assert refund.status == "PROCESSING"
        assert await any_shop.jobs() == ["REFUND"]
        assert await any_shop.later(minutes * MINUTE - MINUTE / 60) == 0
        assert await any_shop.later(MINUTE / 60) == 1
    order = await any_shop.order(order_id)
    assert (order.refunds[0].status, order.refunds[0].attempts, order.payments[0].refunded_minor) == ("FAILED", 6, 0)
    assert await any_shop.jobs() == []
    assert TOTAL > order.head.captured_minor == 1000


async def test_what_was_paid_elsewhere_is_given_back_elsewhere(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "external", FINANCE, amount=eur(1000)))
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.refunds[0].status, order.refunds[0].amount_minor) == (
        "CANCELLED",
        "PROCESSING",
        1000,
    )
    assert (await any_shop.jobs(), await any_shop.timers(order_id)) == ([], {"refund.refundAlert": DAY})
    assert await any_shop.later(DAY) == 1
    assert (await any_shop.steps(order_id))[-1] == ("alert", "PROCESSING", "PROCESSING", "system")
