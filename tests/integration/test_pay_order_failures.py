"""payOrder, when something breaks: what the provider is told, and what becomes of attempts that are cut off."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.payments.answers import ProviderAnswer, ProviderState
from domain.ports.payments import PaymentRequest
from domain.values.money import Money
from domain.values.outcomes import OrderPaid
from domain.values.refusals import (
    PaymentDeclined,
    RequestInProgress,
    ServiceDown,
)
from tests.fixtures.shop import (
    MINUTE,
    TOTAL,
    Shop,
    did,
)
from tests.fixtures.sleepy import Killed, answering, dying_after, instead_of, mute_after, without

pytestmark = pytest.mark.anyio


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


async def test_the_provider_is_told_what_the_buyer_said(shop: Shop) -> None:
    asked: list[PaymentRequest] = []
    sound = shop.ports

    async def pay(request: PaymentRequest) -> ProviderAnswer:
        asked.append(request)
        return await sound.payments.pay(request)

    shop.ports = instead_of(sound, "payments", "pay", pay)
    order_id = await shop.placed()
    await did(shop.pay(order_id, payment_token="tok", return_url="https://shop.example/back"))
    payment = (await shop.order(order_id)).payments[0]
    assert asked == [
        PaymentRequest(payment.id, order_id, "test_card", TOTAL, "EUR", True, "tok", "https://shop.example/back")
    ]


async def test_the_worker_tells_it_too(shop: Shop) -> None:
    order_id = await shop.placed()
    shop.ports = without(shop.ports, "payments", "pay")
    await shop.pay(order_id, payment_token="tok", return_url="https://shop.example/back")
    details = "payload ->> 'details'"
    assert await shop.sql(f"SELECT {details} FROM jobs") == [
        ('[["returnUrl", "https://shop.example/back"], ["token", "tok"]]',)
    ]


async def test_a_crash_after_the_charge_is_finished_by_the_worker(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = dying_after(sound, "payments", "pay")
    with pytest.raises(Killed):
        await any_shop.pay(order_id, key="k")
    any_shop.ports = sound
    assert (await any_shop.order(order_id)).payments[0].status == "PROCESSING"
    assert await any_shop.sql("SELECT captured_minor FROM services.provider_payments") == [(TOTAL,)]
    assert await any_shop.later(timedelta(seconds=29)) == 0
    waiting = await any_shop.refused(any_shop.pay(order_id, key="k"))
    assert waiting == RequestInProgress(retry_after_ms=500)
    assert await any_shop.later(timedelta(seconds=1)) >= 1
    assert (await any_shop.order(order_id)).head.status == "PAID"
    paid = await any_shop.pay(order_id, key="k")
    payment = (await any_shop.order(order_id)).payments[0]
    assert paid == OrderPaid(order_id=order_id, payment_id=payment.id)
    assert await any_shop.pay(order_id, key="k") == replace(paid, is_replayed=True)
    assert await any_shop.sql("SELECT captured_minor FROM services.provider_payments") == [(TOTAL,)]
    assert await any_shop.jobs() == []


async def test_a_decline_that_the_worker_heard_is_told_too(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = dying_after(sound, "payments", "pay")
    with pytest.raises(Killed):
        await any_shop.pay(order_id, "test_card_declined", key="k")
    any_shop.ports = sound
    await any_shop.later(timedelta(seconds=30))
    payment = (await any_shop.order(order_id)).payments[0]
    outcome = await any_shop.pay(order_id, "test_card_declined", key="k")
    assert outcome == PaymentDeclined(message="The card was declined.", payment_id=payment.id)


async def test_the_same_key_takes_up_what_an_answer_was_lost_of(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = mute_after(sound, "payments", "pay")
    assert isinstance(await any_shop.pay(order_id, key="k"), ServiceDown)
    any_shop.ports = sound
    outcome = await did(any_shop.pay(order_id, key="k"))
    assert not outcome.is_replayed
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.captured_minor, len(order.payments)) == ("PAID", TOTAL, 1)
    await any_shop.later(MINUTE)
    assert await any_shop.jobs() == []
    assert (await any_shop.order(order_id)).head.captured_minor == TOTAL


async def test_an_inventory_elsewhere_that_is_down(remote_shop: Shop) -> None:
    order_id = await remote_shop.placed()
    sound = remote_shop.ports
    remote_shop.ports = without(sound, "inventory", "reserve")
    outcome = await remote_shop.refused(remote_shop.pay(order_id, key="k"))
    assert outcome == ServiceDown(message="The inventory service does not answer: it is asleep.", service="inventory")
    remote_shop.ports = sound
    await did(remote_shop.pay(order_id, key="k"))


async def test_a_provider_that_thinks_about_it(any_shop: Shop) -> None:
    thinking = ProviderAnswer(ProviderState.PROCESSING, 0, 0)
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = answering(sound, "payments", "pay", thinking)
    await did(any_shop.pay(order_id))
    assert await any_shop.status(order_id) == ("PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 3)
    assert (await any_shop.order(order_id)).head.payments_in_flight == 1
    assert await any_shop.timers(order_id) == {"order.payTimeout": 30 * MINUTE, "payment.paymentTimeout": 30 * MINUTE}
    outcome = await any_shop.refused(any_shop.cancel(order_id))
    assert [reason.code for reason in outcome.blocked_by] == ["PAYMENT_IN_FLIGHT"]


async def test_nobody_is_charged_for_an_attempt_whose_time_is_over(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = without(sound, "payments", "pay")
    await any_shop.pay(order_id)
    any_shop.ports = sound
    any_shop.clock.pass_(30 * MINUTE)
    await any_shop.worker.drain()
    await any_shop.later(MINUTE)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.payments[0].status, order.refunds) == ("CANCELLED", "FAILED", ())
    assert await any_shop.sql("SELECT 1 FROM services.provider_payments") == []
    assert await any_shop.stock() == {}
