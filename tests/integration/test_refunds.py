"""refundPayment, approveRefund, rejectRefund, retryRefund: money goes back in pieces, fails, is tried again, or is kept."""

from dataclasses import replace
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.policies import Policies, RefundRules
from domain.values.money import Money
from domain.values.outcomes import RefundChanged
from domain.values.refusals import ActionRejected, Forbidden, InvalidInput, NotFound
from tests.fixtures.reverse import line_ids, on_refund, refund, units
from tests.fixtures.shop import (
    ADMIN,
    ANNA,
    DAY,
    FINANCE,
    MERCHANT,
    MINUTE,
    POLICIES,
    RIVAL,
    SUPPORT,
    TOTAL,
    WAREHOUSE,
    Shop,
    did,
)
from tests.fixtures.sleepy import answering

pytestmark = pytest.mark.anyio
BUSY = OperationDeclined("busy", "Later.")
CLOSED = OperationDeclined("account_closed", "There is no such account.", is_final=True)


def limited(shop: Shop, limit_minor: int) -> None:
    """The unit lets refunds up to this amount go by themselves."""
    unit = replace(POLICIES.units["acme"], refunds=RefundRules(auto_approve_limit_minor=limit_minor))
    shop.ports = replace(shop.ports, policies=Policies({**POLICIES.units, "acme": unit}, POLICIES.channels))


async def payment_of(shop: Shop, order_id: str) -> str:
    return (await shop.order(order_id)).payments[0].id


async def test_in_pieces(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    payment_id = await payment_of(any_shop, order_id)
    outcome = await refund(any_shop, payment_id, 1000, SUPPORT)
    order = await any_shop.order(order_id)
    assert outcome == RefundChanged(order_id=order_id, payment_id=payment_id, refund_id=order.refunds[0].id)
    assert (order.refunds[0].status, order.refunds[0].reason, order.payments[0].status) == (
        "PROCESSING",
        "Goodwill",
        "CAPTURED",
    )
    too_much = await any_shop.refused(refund(any_shop, payment_id, TOTAL - 999))
    assert [(problem.path, problem.code) for problem in too_much.problems] == [
        (("amount", "amount"), "AMOUNT_OUT_OF_RANGE")
    ]
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:2] == ("PAID", "PARTIALLY_REFUNDED")
    await did(refund(any_shop, payment_id, TOTAL - 1000))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status, order.payments[0].status) == ("PAID", "REFUNDED", "REFUNDED")
    assert await any_shop.sql("SELECT refunded_minor FROM services.provider_payments") == [(TOTAL,)]
    refused = await any_shop.refused(refund(any_shop, payment_id, 1))
    assert isinstance(refused, ActionRejected)


async def test_an_open_rest_is_let_go_first(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    payment_id = await payment_of(any_shop, order_id)
    early = await any_shop.refused(refund(any_shop, payment_id, 1))
    assert [reason.code for reason in early.blocked_by] == ["WRONG_STATE"]
    await did(any_shop.act_on_payment("capturePayment", payment_id, amount=Money(3000, "EUR")))
    await did(refund(any_shop, payment_id, 1000))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.payments[0].status, order.payments[0].refunded_minor) == ("PARTIALLY_REFUNDED", 1000)
    assert (order.head.status, order.head.payable_minor) == ("EXCEPTION", TOTAL - 3000)


async def test_above_the_limit_finance_approves(any_shop: Shop) -> None:
    limited(any_shop, 1000)
    order_id = await any_shop.paid()
    payment_id = await payment_of(any_shop, order_id)
    await did(refund(any_shop, payment_id, 1000, SUPPORT))
    any_shop.clock.pass_(MINUTE)
    await did(refund(any_shop, payment_id, 1001, SUPPORT))
    order = await any_shop.order(order_id)
    assert [each.status for each in order.refunds] == ["PROCESSING", "REQUESTED"]
    assert (await any_shop.timers(order_id))["refund.refundAlert"] == DAY + MINUTE
    waiting = order.refunds[1].id
    assert isinstance(await any_shop.refused(on_refund(any_shop, "approveRefund", waiting, SUPPORT)), Forbidden)
    await did(on_refund(any_shop, "approveRefund", waiting))
    await any_shop.worker.drain()
    assert (await any_shop.order(order_id)).payments[0].refunded_minor == 2001


async def test_a_cancellation_waits_for_its_refunds_approval(any_shop: Shop) -> None:
    limited(any_shop, 0)
    order_id = await any_shop.paid()
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.refunds[0].status) == ("REFUNDING", "REQUESTED")
    refused = await any_shop.refused(on_refund(any_shop, "rejectRefund", order.refunds[0].id))
    assert [(problem.path, problem.code) for problem in refused.problems] == [(("note",), "MISSING")]
    await did(on_refund(any_shop, "rejectRefund", order.refunds[0].id, note="Fraud"))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status, order.refunds[0].status) == ("CANCELLED", "PAID", "REJECTED")
    assert await any_shop.sql("SELECT refunded_minor FROM services.provider_payments") == [(0,)]


async def test_a_refund_that_fails_for_good_is_an_exception(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    sound = any_shop.ports
    any_shop.ports = answering(sound, "payments", "refund", CLOSED)
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.refunds[0].status, order.refunds[0].attempts) == ("REFUND_EXCEPTION", "FAILED", 1)
    assert await any_shop.timers(order_id) == {"order.refundAlert": DAY, "refund.refundAlert": DAY}
    assert await any_shop.jobs() == []
    any_shop.ports = sound
    await did(on_refund(any_shop, "retryRefund", order.refunds[0].id))
    assert (await any_shop.order(order_id)).head.status == "REFUNDING"
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:2] == ("CANCELLED", "REFUNDED")
    assert [step[:3] for step in (await any_shop.steps(order_id))[-6:]] == [
        ("refundFailed", "REFUNDING", "REFUND_EXCEPTION"),
        ("retryRefund", "FAILED", "PROCESSING"),
        ("refundAgain", "REFUND_EXCEPTION", "REFUNDING"),
        ("refundSettled", "PROCESSING", "SUCCEEDED"),
        ("refundSucceeded", "CAPTURED", "REFUNDED"),
        ("refundAll", "REFUNDING", "CANCELLED"),
    ]


async def test_five_more_tries_and_then_it_is_an_exception(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    sound = any_shop.ports
    any_shop.ports = answering(sound, "payments", "refund", *[BUSY] * 6)
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    for number, minutes in enumerate((1, 4, 16, 64, 256), start=1):
        order = await any_shop.order(order_id)
        assert (order.head.status, order.refunds[0].status, order.refunds[0].attempts) == (
            "REFUNDING",
            "PROCESSING",
            number,
        )
        assert await any_shop.later(minutes * MINUTE) == 1
    order = await any_shop.order(order_id)
    assert (order.head.status, order.refunds[0].status, order.refunds[0].attempts) == ("REFUND_EXCEPTION", "FAILED", 6)
    assert (await any_shop.jobs(), "refund.refundAlert" in await any_shop.timers(order_id)) == ([], True)
    any_shop.ports = sound
    await did(on_refund(any_shop, "retryRefund", order.refunds[0].id))
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:2] == ("CANCELLED", "REFUNDED")


async def test_an_exception_ends_when_the_money_is_kept(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    any_shop.ports = answering(any_shop.ports, "payments", "refund", CLOSED)
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    refund_id = (await any_shop.order(order_id)).refunds[0].id
    await did(on_refund(any_shop, "rejectRefund", refund_id, note="Sent by post"))
    assert (await any_shop.status(order_id))[:2] == ("CANCELLED", "PAID")


async def test_the_provider_is_asked_before_it_is_tried_again(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    payment_id = await payment_of(any_shop, order_id)
    await did(refund(any_shop, payment_id, 1000))
    done = ProviderAnswer(ProviderState.CAPTURED, TOTAL, TOTAL, 1000)
    any_shop.ports = answering(any_shop.ports, "payments", "refund", BUSY)
    await any_shop.worker.drain()
    any_shop.ports = answering(any_shop.ports, "payments", "ask", done)
    assert await any_shop.later(MINUTE) == 1
    order = await any_shop.order(order_id)
    assert (order.refunds[0].status, order.payments[0].refunded_minor) == ("SUCCEEDED", 1000)


async def test_what_was_paid_elsewhere_is_said_to_be_given_back(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "external", FINANCE))
    await any_shop.worker.drain()
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    refund_id = (await any_shop.order(order_id)).refunds[0].id
    early = await any_shop.refused(on_refund(any_shop, "retryRefund", refund_id))
    assert [reason.code for reason in early.blocked_by] == ["REFUND_UNDER_WAY"]
    await any_shop.later(DAY)
    await did(on_refund(any_shop, "retryRefund", refund_id))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status, order.refunds[0].status) == (
        "CANCELLED",
        "REFUNDED",
        "SUCCEEDED",
    )
    await any_shop.worker.drain()
    assert await any_shop.jobs() == []


async def test_units_after_goodwill_bring_what_is_left(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    payment_id = await payment_of(any_shop, order_id)
    await did(refund(any_shop, payment_id, TOTAL - 100))
    await any_shop.worker.drain()
    tee, _ = await line_ids(any_shop, order_id)
    await did(any_shop.cancel(order_id, lines=units((tee, 1))))
    await any_shop.worker.drain()
    assert sorted(each.amount_minor for each in (await any_shop.order(order_id)).refunds) == [100, TOTAL - 100]
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:2] == ("CANCELLED", "REFUNDED")


@pytest.mark.parametrize("viewer", [FINANCE, SUPPORT, ADMIN])
async def test_who_may(shop: Shop, viewer: Viewer) -> None:
    await did(refund(shop, await payment_of(shop, await shop.paid()), 1, viewer))


@pytest.mark.parametrize("viewer", [ANNA, MERCHANT, WAREHOUSE])
async def test_who_may_not(shop: Shop, viewer: Viewer) -> None:
    payment_id = await payment_of(shop, await shop.paid())
    assert isinstance(await shop.refused(refund(shop, payment_id, 1, viewer)), Forbidden)


async def test_whose_order_it_is_not(shop: Shop) -> None:
    payment_id = await payment_of(shop, await shop.paid())
    assert await shop.refused(refund(shop, payment_id, 1, RIVAL)) == NotFound(path=("paymentId",))


@pytest.mark.parametrize(
    ("amount", "more", "path", "code"),
    [
        (0, {}, ("amount", "amount"), "AMOUNT_OUT_OF_RANGE"),
        (1, {"currency": "USD"}, ("amount", "currency"), "WRONG_CURRENCY"),
        (1, {"reason": " "}, ("reason",), "INVALID_LENGTH"),
    ],
)
async def test_input_that_is_not_valid(
    shop: Shop, amount: int, more: dict[str, Any], path: tuple[str, ...], code: str
) -> None:
    outcome = await shop.refused(refund(shop, await payment_of(shop, await shop.paid()), amount, **more))
    assert isinstance(outcome, InvalidInput)
    assert (outcome.path, outcome.problems[0].code) == (path, code)
