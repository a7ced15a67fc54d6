"""A payment provider's callbacks: signed, each once, in any order, before and after the answer that they are about."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from adapters.bootstrap import TEST_PROVIDER, OrderCenter
from adapters.db.queue import SqlQueue
from adapters.embedded.callbacks import TestProviderCallbacks
from adapters.embedded.payments import EmbeddedPayments
from adapters.entrypoints import payment_callbacks
from adapters.entrypoints.auth import DemoKeys
from adapters.entrypoints.http import application
from adapters.settings import Settings
from adapters.worker.loop import Worker
from domain.actions.take_payment_event import MAX_ASKED, take_payment_event
from domain.orders.model import Order
from domain.payments.answers import ProviderAnswer, ProviderState
from domain.values.enums import OrderStatus
from domain.values.money import Money
from domain.values.outcomes import Outcome, PaymentChanged
from domain.values.refusals import IdempotencyConflict, NotFound, RequestInProgress, ServiceDown
from tests.fixtures.legacy import legacy
from tests.fixtures.shop import DAY, FINANCE, MINUTE, SECRET, TOTAL, Shop, did
from tests.fixtures.sleepy import answering, between, mute_after, without
from tests.integration.test_import_orders import bring, only

pytestmark = pytest.mark.anyio

VOIDED = ProviderAnswer(ProviderState.VOIDED, 0, 0)
PART = ProviderAnswer(ProviderState.CAPTURED, 400, 400)
NOBODYS = "pay_0123456789abcdef0123456789abcdef"


@pytest.fixture
async def begun(any_shop: Shop) -> str:
    """An order whose payment waits for its buyer."""
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "test_card_3ds"))
    return order_id


async def payment_of(shop: Shop, order_id: str) -> Any:
    return (await shop.order(order_id)).payments[-1]


async def finish(shop: Shop, payment_id: str, *, is_approved: bool = True) -> None:
    assert await EmbeddedPayments(shop.database).finish_step(payment_id, is_approved=is_approved)


async def call(shop: Shop, payment_id: str, event_id: str = "evt_1") -> Outcome:
    return await take_payment_event(shop.ports, TEST_PROVIDER, event_id, payment_id)


async def test_a_payment_waits_for_its_buyers_next_step(any_shop: Shop, begun: str) -> None:
    payment = await payment_of(any_shop, begun)
    assert (payment.status, payment.provider_reference) == ("PROCESSING", f"test_{payment.id}")
    assert (payment.next_action.kind, payment.next_action.url) == ("REDIRECT", f"/test-provider/{payment.id}")
    assert await any_shop.status(begun) == ("PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 4)


async def test_a_callback_settles_it_once(any_shop: Shop, begun: str) -> None:
    payment = await payment_of(any_shop, begun)
    await finish(any_shop, payment.id)
    taken = PaymentChanged(order_id=begun, payment_id=payment.id)
    assert await call(any_shop, payment.id) == taken
    order = await any_shop.order(begun)
    assert (order.head.status, order.payments[0].status, order.payments[0].next_action) == ("PAID", "CAPTURED", None)
    assert ("paymentCaptured", "PROCESSING", "CAPTURED", "payment-provider") in await any_shop.steps(begun)
    assert await call(any_shop, payment.id) == PaymentChanged(order_id=begun, payment_id=payment.id, is_replayed=True)
    assert await call(any_shop, payment.id, "evt_2") == taken
    assert await any_shop.order(begun) == order


async def test_a_buyer_who_refuses_has_not_paid(any_shop: Shop, begun: str) -> None:
    payment = await payment_of(any_shop, begun)
    await finish(any_shop, payment.id, is_approved=False)
    await did(call(any_shop, payment.id))
    order = await any_shop.order(begun)
    assert (order.head.status, order.payments[0].status) == ("PENDING_PAYMENT", "FAILED")
    await any_shop.paid(begun)
    assert (await any_shop.order(begun)).head.status == "PAID"


async def test_an_event_that_tells_nothing_new_changes_nothing(any_shop: Shop, begun: str) -> None:
    before = await any_shop.order(begun)
    await did(call(any_shop, before.payments[0].id))
    assert await any_shop.order(begun) == before


async def test_a_callback_may_come_before_the_answer(any_shop: Shop) -> None:
    order_id, sound = await any_shop.placed(), any_shop.ports

    async def callback() -> None:
        order = await any_shop.order(order_id)
        await did(take_payment_event(sound, TEST_PROVIDER, "evt_1", order.payments[0].id))

    any_shop.ports = between(sound, "payments", "pay", callback)
    await did(any_shop.pay(order_id))
    any_shop.ports = sound
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.captured_minor, order.refunds) == ("PAID", TOTAL, ())
    assert [step[0] for step in await any_shop.steps(order_id)].count("paymentCaptured") == 1
    await any_shop.later(MINUTE)
    assert (await any_shop.jobs(), (await any_shop.order(order_id)).head.captured_minor) == ([], TOTAL)


async def test_a_callback_tells_what_a_lost_answer_could_not(any_shop: Shop) -> None:
    order_id, sound = await any_shop.placed(), any_shop.ports
    any_shop.ports = mute_after(sound, "payments", "pay")
    assert isinstance(await any_shop.pay(order_id, key="k"), ServiceDown)
    any_shop.ports = sound
    payment = await payment_of(any_shop, order_id)
    await did(call(any_shop, payment.id))
    assert (await any_shop.order(order_id)).head.status == "PAID"
    await did(any_shop.pay(order_id, key="k"))
    await any_shop.later(MINUTE)
    assert (await any_shop.order(order_id)).head.captured_minor == TOTAL


async def test_money_that_comes_after_the_order_was_given_up_goes_straight_back(any_shop: Shop, begun: str) -> None:
    payment = await payment_of(any_shop, begun)
    await any_shop.later(30 * MINUTE)
    assert [(await any_shop.order(begun)).head.status, (await payment_of(any_shop, begun)).status] == ["CANCELLED"] * 2
    version = (await any_shop.order(begun)).head.version
    await finish(any_shop, payment.id)
    await did(call(any_shop, payment.id))
    await any_shop.worker.drain()
    order = await any_shop.order(begun)
    assert (order.head.status, order.payments[0].status, order.head.refunded_minor) == ("CANCELLED", "REFUNDED", TOTAL)
    assert [step[0] for step in await any_shop.steps(begun, since=version)] == [
        "lateCapture",
        "latePayment",
        "requestRefund",
        "approveRefund",
        "refundSettled",
        "refundSucceeded",
    ]


async def paid_twice(shop: Shop, order_id: str) -> Order:
    """A first attempt that had failed is captured after a second one has paid the order."""
    first = await payment_of(shop, order_id)
    await finish(shop, first.id, is_approved=False)
    await did(call(shop, first.id))
    await shop.paid(order_id)
    amount, sound = first.amount_minor, shop.ports
    taken = answering(sound, "payments", "ask", ProviderAnswer(ProviderState.CAPTURED, amount, amount))
    back = ProviderAnswer(ProviderState.CAPTURED, amount, amount, amount)
    shop.ports = answering(taken, "payments", "refund", back)
    await did(call(shop, first.id, "evt_9"))
    await shop.worker.drain()
    shop.ports = sound
    return await shop.order(order_id)


async def test_what_is_paid_twice_goes_back_at_once(any_shop: Shop, begun: str) -> None:
    order = await paid_twice(any_shop, begun)
    assert (order.head.status, order.head.payment_status, order.head.payable_minor) == ("PAID", "PAID", 0)
    assert (order.head.captured_minor, order.head.refunded_minor) == (TOTAL, 0)
    assert sorted(payment.status.value for payment in order.payments) == ["CAPTURED", "REFUNDED"]
    assert [(refund.amount_minor, refund.status, refund.is_excess) for refund in order.refunds] == [
        (TOTAL, "SUCCEEDED", True)
    ]


async def test_of_an_imported_order_nothing_goes_back_by_itself(shop: Shop) -> None:
    await bring(shop, legacy(status=OrderStatus.PENDING_PAYMENT, payments=(), paid_at=None))
    order_id = (await only(shop)).head.id
    await did(shop.pay(order_id, "test_card_3ds"))
    order = await paid_twice(shop, order_id)
    assert (order.head.status, order.refunds) == ("PAID", ())
    assert order.head.captured_minor == 2 * order.head.total_minor


async def test_an_authorization_that_comes_too_late_is_let_go(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "test_card_3ds", is_captured_at_once=False))
    payment = await payment_of(any_shop, order_id)
    await any_shop.later(30 * MINUTE)
    await finish(any_shop, payment.id)
    await did(call(any_shop, payment.id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.payments[0].status, order.head.captured_minor) == ("CANCELLED", "VOIDED", 0)
    assert await any_shop.sql("SELECT state FROM services.provider_payments") == [("VOIDED",)]


async def test_what_the_provider_takes_of_itself_is_heard_of(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    payment = await payment_of(any_shop, order_id)
    await any_shop.ports.payments.capture(payment.id, "by hand", TOTAL)
    await did(call(any_shop, payment.id))
    order = await any_shop.order(order_id)
    assert (order.payments[0].status, order.head.captured_minor, order.head.status) == ("CAPTURED", TOTAL, "PAID")


async def test_what_the_provider_lets_go_of_itself_is_heard_of(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    payment = await payment_of(any_shop, order_id)
    await any_shop.ports.payments.void(payment.id)
    await did(call(any_shop, payment.id))
    order = await any_shop.order(order_id)
    assert (order.payments[0].status, order.head.status) == ("VOIDED", "EXCEPTION")


async def test_a_provider_that_holds_no_rest_has_let_it_go_with_the_capture(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    payment = await payment_of(any_shop, order_id)
    any_shop.ports = answering(any_shop.ports, "payments", "capture", PART)
    await did(any_shop.act_on_payment("capturePayment", payment.id, amount=Money(400, "EUR")))
    order = await any_shop.order(order_id)
    assert (order.payments[0].status, order.head.captured_minor, order.head.authorized_minor) == ("CAPTURED", 400, 0)
    assert (order.head.status, order.head.payable_minor) == ("EXCEPTION", TOTAL - 400)


async def test_an_older_answer_never_passes_a_newer_one(any_shop: Shop, begun: str) -> None:
    """Asked, then somebody else's newer answer is applied, then ours would be: the provider is asked again."""
    payment, sound = await payment_of(any_shop, begun), any_shop.ports
    await finish(any_shop, payment.id, is_approved=False)
    raced = False

    async def race() -> None:
        nonlocal raced
        if not raced:
            raced = True
            await did(take_payment_event(sound, TEST_PROVIDER, "evt_other", payment.id))

    any_shop.ports = between(answering(sound, "payments", "ask", VOIDED, VOIDED), "payments", "ask", race)
    await did(call(any_shop, payment.id))
    steps = [step[0] for step in await any_shop.steps(begun)]
    assert (raced, steps.count("paymentDeclined"), (await payment_of(any_shop, begun)).status) == (True, 1, "FAILED")


async def test_a_payment_that_never_rests_is_told_of_later(any_shop: Shop, begun: str) -> None:
    payment, sound = await payment_of(any_shop, begun), any_shop.ports
    asked = 0

    async def stir() -> None:
        nonlocal asked
        asked += 1
        await any_shop.sql(f"UPDATE payments SET method = 'm{asked}' RETURNING 1")

    any_shop.ports = between(sound, "payments", "ask", stir)
    assert await call(any_shop, payment.id) == RequestInProgress(retry_after_ms=500)
    assert asked == MAX_ASKED


@pytest.mark.parametrize("payment_id", [NOBODYS, "pay_1", "", "\0"])
async def test_an_unknown_payment_is_refused_and_not_kept(any_shop: Shop, payment_id: str) -> None:
    assert await call(any_shop, payment_id) == NotFound(path=("paymentId",))
    assert await any_shop.sql("SELECT 1 FROM idempotency_keys") == []


async def test_an_event_is_about_one_payment(any_shop: Shop, begun: str) -> None:
    other = await any_shop.placed()
    await did(any_shop.pay(other, "test_card_3ds"))
    await did(call(any_shop, (await payment_of(any_shop, begun)).id))
    assert await call(any_shop, (await payment_of(any_shop, other)).id) == IdempotencyConflict()


async def test_a_provider_that_cannot_be_asked_sends_it_again(any_shop: Shop, begun: str) -> None:
    payment, sound = await payment_of(any_shop, begun), any_shop.ports
    await finish(any_shop, payment.id)
    any_shop.ports = without(sound, "payments", "ask")
    assert isinstance(await call(any_shop, payment.id), ServiceDown)
    any_shop.ports = sound
    await did(call(any_shop, payment.id))
    assert (await any_shop.order(begun)).head.status == "PAID"


async def test_nobody_calls_about_what_was_paid_elsewhere(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="external", viewer=FINANCE)
    before = await any_shop.order(order_id)
    await did(call(any_shop, before.payments[0].id))
    assert await any_shop.order(order_id) == before


async def test_the_same_event_eight_times_at_once_is_taken_once(any_shop: Shop, begun: str) -> None:
    payment = await payment_of(any_shop, begun)
    await finish(any_shop, payment.id)
    outcomes = await asyncio.gather(*(call(any_shop, payment.id) for _ in range(8)))
    assert {type(outcome) for outcome in outcomes} <= {PaymentChanged, RequestInProgress}
    assert [o.is_replayed for o in outcomes if isinstance(o, PaymentChanged)].count(False) == 1
    assert [step[0] for step in await any_shop.steps(begun)].count("paymentCaptured") == 1


# Over HTTP


@pytest.fixture
def callbacks(shop: Shop) -> TestProviderCallbacks:
    return TestProviderCallbacks(SECRET, shop.clock)


@pytest.fixture
async def client(shop: Shop, callbacks: TestProviderCallbacks) -> AsyncIterator[httpx.AsyncClient]:
    center = OrderCenter(
        Settings(demo=True),
        shop.database,
        shop.ports,
        Worker(shop.ports, SqlQueue(shop.database)),
        {TEST_PROVIDER: callbacks},
        (EmbeddedPayments(shop.database), callbacks),
    )
    transport = httpx.ASGITransport(application(center, DemoKeys(SECRET, center.ports.policies)))
    async with httpx.AsyncClient(transport=transport, base_url="http://order-center") as client:
        yield client


async def waiting(shop: Shop) -> tuple[str, str]:
    order_id = await shop.placed()
    await did(shop.pay(order_id, "test_card_3ds"))
    return order_id, (await payment_of(shop, order_id)).id


URL = "/callbacks/payments/test"


def told(answer: httpx.Response) -> tuple[int, Any]:
    content = answer.json()
    if "errors" not in content:
        return answer.status_code, content["status"]
    (error,) = content["errors"]
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    return answer.status_code, (error["extensions"]["code"], error["extensions"]["retryable"])


async def test_a_signed_callback_is_taken_once(
    shop: Shop, client: httpx.AsyncClient, callbacks: TestProviderCallbacks
) -> None:
    order_id, payment_id = await waiting(shop)
    await finish(shop, payment_id)
    headers, body = callbacks.signed("evt_1", payment_id)
    assert told(await client.post(URL, content=body, headers=headers)) == (200, "taken")
    assert told(await client.post(URL, content=body, headers=headers)) == (200, "known")
    assert (await shop.order(order_id)).head.status == "PAID"


async def test_what_is_not_believed_changes_nothing(
    shop: Shop, client: httpx.AsyncClient, callbacks: TestProviderCallbacks
) -> None:
    order_id, payment_id = await waiting(shop)
    await finish(shop, payment_id)
    before = await shop.order(order_id)
    headers, body = callbacks.signed("evt_1", payment_id)
    assert told(await client.post(URL, content=body)) == (401, ("INVALID_SIGNATURE", False))
    assert told(await client.post(URL, content=b"x" + body, headers=headers)) == (401, ("INVALID_SIGNATURE", False))
    shop.clock.pass_(DAY)
    assert told(await client.post(URL, content=body, headers=headers)) == (401, ("STALE_SIGNATURE", False))
    assert await shop.order(order_id) == before
    assert await shop.sql("SELECT 1 FROM idempotency_keys WHERE operation = 'paymentEvent'") == []


async def test_other_answers(shop: Shop, client: httpx.AsyncClient, callbacks: TestProviderCallbacks) -> None:
    headers, body = callbacks.signed("evt_1", NOBODYS)
    assert told(await client.post(URL, content=body, headers=headers)) == (404, ("UNKNOWN_PAYMENT", False))
    assert told(await client.post("/callbacks/payments/other", content=body, headers=headers)) == (
        404,
        ("NOT_FOUND", False),
    )
    assert (await client.get(URL)).status_code == 405
    _, payment_id = await waiting(shop)
    headers, body = callbacks.signed("evt_1", payment_id)
    await client.post(URL, content=body, headers=headers)
    _, other = await waiting(shop)
    headers, body = callbacks.signed("evt_1", other)
    assert told(await client.post(URL, content=body, headers=headers)) == (400, ("INVALID_CALLBACK", False))


async def test_a_body_has_its_limit(client: httpx.AsyncClient) -> None:
    large = b"x" * (payment_callbacks.MAX_BODY_BYTES + 1)

    async def unannounced() -> AsyncIterator[bytes]:
        yield large[:10]
        yield large[10:]

    assert told(await client.post(URL, content=large)) == (413, ("BODY_TOO_LARGE", False))
    assert told(await client.post(URL, content=unannounced())) == (413, ("BODY_TOO_LARGE", False))
    assert told(await client.post(URL, content=large[1:])) == (401, ("INVALID_SIGNATURE", False))


@pytest.mark.parametrize(
    ("word", "state", "status"), [("approve", "CAPTURED", "PAID"), ("refuse", "DECLINED", "PENDING_PAYMENT")]
)
async def test_the_test_providers_page_asks_and_calls_back(
    shop: Shop, client: httpx.AsyncClient, word: str, state: str, status: str
) -> None:
    order_id, payment_id = await waiting(shop)
    page = await client.get(f"/test-provider/{payment_id}")
    assert (page.status_code, f'action="/test-provider/{payment_id}/{word}"' in page.text) == (200, True)
    answer = await client.post(f"/test-provider/{payment_id}/{word}")
    assert (answer.status_code, f"The payment is {state}." in answer.text) == (200, True)
    assert (await shop.order(order_id)).head.status == status
    again = await client.post(f"/test-provider/{payment_id}/{word}")
    assert again.text == answer.text
    assert (await client.get(f"/test-provider/{payment_id}")).text == answer.text


async def test_the_page_knows_payments_and_words(shop: Shop, client: httpx.AsyncClient) -> None:
    _, payment_id = await waiting(shop)
    assert (await client.get("/test-provider/pay_9")).status_code == 404
    assert (await client.post("/test-provider/pay_9/approve")).status_code == 404
    assert (await client.post(f"/test-provider/{payment_id}/maybe")).status_code == 404
