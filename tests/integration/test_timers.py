"""What time does: every deadline of the flow, to the second, taken once."""

import asyncio
from datetime import timedelta

import pytest

from adapters.bootstrap import TEST_PROVIDER
from adapters.db.queue import SqlQueue
from adapters.doctor.examination import examine
from adapters.embedded.payments import EmbeddedPayments
from domain.actions.fire_timer import fire_timer
from domain.actions.take_payment_event import take_payment_event
from domain.orders.commands import PlaceOrderLine
from domain.payments.answers import ProviderAnswer, ProviderState
from domain.ports.inventory import Demand
from domain.values.faults import ServiceUnavailable
from domain.values.money import Money
from tests.fixtures.shop import DAY, HOUR, MINUTE, START, SUPPORT, TOTAL, Shop, did
from tests.fixtures.sleepy import Killed, answering, between, dying_after, without

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
CAPTURED = ProviderAnswer(ProviderState.CAPTURED, TOTAL, TOTAL, reference="late")
THINKING = ProviderAnswer(ProviderState.PROCESSING, 0, 0)


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


async def test_an_order_that_nobody_pays_is_cancelled(any_shop: Shop) -> None:
    order_id = await any_shop.placed(coupon_codes=("SAVE5",))
    assert await any_shop.later(30 * MINUTE - SECOND) == 0
    await any_shop.later(SECOND)
    assert await any_shop.status(order_id) == ("CANCELLED", "UNPAID", "CANCELLED", 2)
    assert await any_shop.steps(order_id, since=1) == [("payTimeout", "PENDING_PAYMENT", "CANCELLED", "system")]
    assert (await any_shop.order(order_id)).head.cancelled_at == START + 30 * MINUTE
    assert (await any_shop.stock(), await any_shop.coupons_used(), await any_shop.jobs()) == ({}, {}, [])
    assert await any_shop.timers(order_id) == {}


async def test_one_that_was_paid_in_part_gets_it_back(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    any_shop.clock.pass_(29 * MINUTE)
    await did(any_shop.pay(order_id, amount=eur(1000)))
    await any_shop.worker.drain()
    assert await any_shop.later(30 * MINUTE - SECOND) == 0
    await any_shop.later(SECOND)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.refunded_minor, order.payments[0].status) == ("CANCELLED", 1000, "REFUNDED")
    assert await any_shop.stock() == {}


async def test_the_time_that_a_first_part_wins_is_won_once(any_shop: Shop) -> None:
    """Who lets an authorization go and makes another one does not keep the units for ever."""
    order_id = await any_shop.placed()
    any_shop.clock.pass_(10 * MINUTE)
    await did(any_shop.pay(order_id, "test_card_authorize", amount=eur(1000)))
    await any_shop.later(10 * MINUTE)
    await did(any_shop.act_on_payment("voidPayment", (await any_shop.order(order_id)).payments[0].id))
    await any_shop.worker.drain()
    assert (await any_shop.order(order_id)).head.status == "PENDING_PAYMENT"
    await any_shop.later(10 * MINUTE)
    await did(any_shop.pay(order_id, amount=eur(1000)))
    await any_shop.worker.drain()
    assert (await any_shop.timers(order_id))["order.payTimeout"] == 40 * MINUTE
    assert await any_shop.later(10 * MINUTE - SECOND) == 0
    await any_shop.later(SECOND)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.refunded_minor, await any_shop.stock()) == ("CANCELLED", 1000, {})


async def test_the_units_are_held_as_long_as_the_time_that_a_part_wins(any_shop: Shop) -> None:
    """The part settles long after it was begun: longer than the units were held for it."""
    order_id = await any_shop.placed()
    held = await any_shop.stock()
    any_shop.clock.pass_(29 * MINUTE)
    await did(any_shop.pay(order_id, "test_card_3ds", amount=eur(1000)))
    await any_shop.later(29 * MINUTE)
    payment_id = (await any_shop.order(order_id)).payments[0].id
    await EmbeddedPayments(any_shop.database).finish_step(payment_id, is_approved=True)
    await take_payment_event(any_shop.ports, TEST_PROVIDER, "evt_1", payment_id)
    await any_shop.worker.drain()
    assert (await any_shop.timers(order_id))["order.payTimeout"] == 88 * MINUTE
    await any_shop.later(30 * MINUTE - SECOND)
    assert (await any_shop.status(order_id))[0] == "PARTIALLY_PAID"
    assert (await any_shop.stock(), await any_shop.jobs()) == (held, [])
    assert await broken(any_shop) == []
    await any_shop.paid(order_id)
    assert (await any_shop.status(order_id))[0] == "PAID"
    assert await broken(any_shop) == []


async def broken(shop: Shop) -> list[str]:
    """The rules that the doctor finds violated now."""
    findings = await examine(shop.database, now=shop.clock.now())
    return [finding.title for finding in findings if finding.violations]


async def in_flight(shop: Shop, started_after: timedelta = timedelta(0)) -> str:
    """An order with a payment that the provider is still thinking about."""
    order_id = await shop.placed()
    shop.clock.pass_(started_after)
    sound = shop.ports
    shop.ports = answering(sound, "payments", "pay", THINKING)
    await did(shop.pay(order_id))
    shop.ports = sound
    return order_id


async def test_the_provider_is_asked_before_an_order_is_given_up(any_shop: Shop) -> None:
    order_id = await in_flight(any_shop)
    any_shop.ports = answering(any_shop.ports, "payments", "ask", CAPTURED)
    any_shop.clock.pass_(30 * MINUTE)
    due = (await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 10, 30))[0]
    assert await fire_timer(any_shop.ports, due)
    assert await any_shop.status(order_id) == ("PAID", "PAID", "UNFULFILLED", 10)
    assert "order.payTimeout" not in await any_shop.timers(order_id)


async def test_an_order_waits_for_a_payment_that_has_time_left(any_shop: Shop) -> None:
    order_id = await in_flight(any_shop, 10 * MINUTE)
    sound = any_shop.ports
    any_shop.ports = answering(sound, "payments", "ask", THINKING)
    assert await any_shop.later(20 * MINUTE) == 1
    assert await any_shop.timers(order_id) == {"order.payTimeout": 31 * MINUTE, "payment.paymentTimeout": 40 * MINUTE}
    assert (await any_shop.order(order_id)).head.version == 3
    any_shop.ports = sound
    await any_shop.later(10 * MINUTE)
    await any_shop.later(MINUTE)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.payments[0].status) == ("CANCELLED", "FAILED")
    assert await any_shop.steps(order_id, since=3) == [
        ("paymentTimeout", "PROCESSING", "FAILED", "system"),
        ("payTimeout", "PENDING_PAYMENT", "CANCELLED", "system"),
    ]


async def test_a_payment_that_is_not_settled_in_its_time_goes_with_its_order(any_shop: Shop) -> None:
    """A buyer who began the bank's next step and went away."""
    order_id = await in_flight(any_shop)
    any_shop.ports = answering(any_shop.ports, "payments", "ask", THINKING, THINKING)
    await any_shop.later(30 * MINUTE)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.payments[0].status) == ("CANCELLED", "CANCELLED")
    assert await any_shop.steps(order_id, since=3) == [
        ("cancelPayment", "PROCESSING", "CANCELLED", "system"),
        ("payTimeout", "PENDING_PAYMENT", "CANCELLED", "system"),
    ]
    assert (await any_shop.timers(order_id), await any_shop.stock()) == ({}, {})


async def test_a_payment_of_which_the_provider_knows_nothing_fails(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    any_shop.clock.pass_(20 * MINUTE)
    sound = any_shop.ports
    any_shop.ports = without(sound, "payments", "pay")
    await any_shop.pay(order_id, amount=eur(1))
    any_shop.ports = sound
    await did(any_shop.pay(order_id, "test_card_authorize", amount=eur(1000)))
    await any_shop.sql("DELETE FROM jobs WHERE kind = 'PAY' RETURNING 1")
    await any_shop.later(30 * MINUTE)
    statuses = {p.method: p.status for p in (await any_shop.order(order_id)).payments}
    assert statuses["test_card"] == "FAILED"
    assert (await any_shop.order(order_id)).head.payments_in_flight == 0


async def test_a_provider_that_is_down_is_asked_again(any_shop: Shop) -> None:
    order_id = await in_flight(any_shop)
    sound = any_shop.ports
    any_shop.ports = without(sound, "payments", "ask")
    any_shop.clock.pass_(30 * MINUTE)
    before = await any_shop.order(order_id)
    due = await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 10, 30)
    for timer in due:
        with pytest.raises(ServiceUnavailable):
            await fire_timer(any_shop.ports, timer)
    assert await any_shop.order(order_id) == before
    any_shop.ports = sound
    assert await any_shop.later(29 * SECOND) == 0
    await any_shop.later(SECOND)
    await any_shop.later(MINUTE)
    assert (await any_shop.order(order_id)).head.status == "CANCELLED"


async def test_money_that_came_late_is_sent_back(any_shop: Shop) -> None:
    """The charge went through, nobody heard of it, the order was given up; then somebody asks the provider."""
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = dying_after(sound, "payments", "pay")
    with pytest.raises(Killed):
        await any_shop.pay(order_id)
    any_shop.ports = answering(sound, "payments", "ask", None, None)  # it does not know of it yet
    any_shop.clock.pass_(30 * MINUTE)
    for due in await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 10, 30):
        await fire_timer(any_shop.ports, due)
    any_shop.ports = sound
    any_shop.clock.pass_(MINUTE)
    for due in await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 10, 30):
        await fire_timer(any_shop.ports, due)
    assert (await any_shop.order(order_id)).head.status == "CANCELLED"
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.payments[0].status, order.head.captured_minor, order.head.refunded_minor) == (
        "REFUNDED",
        TOTAL,
        TOTAL,
    )
    assert ("latePayment", "CANCELLED", "CANCELLED", "payment-provider") in await any_shop.steps(order_id)


async def test_a_paid_order_is_confirmed_by_itself(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    assert await any_shop.later(DAY - SECOND) == 0
    any_shop.clock.pass_(SECOND)
    await any_shop.worker.drain()
    assert await any_shop.steps(order_id, since=10) == [("autoConfirm", "PAID", "CONFIRMED", "system")]
    assert await any_shop.timers(order_id) == {"order.promiseAlert": 4 * DAY, "fulfillment.acceptTimeout": 2 * DAY}


async def test_alerts_come_once_and_change_nothing_else(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    parts = (await any_shop.order(order_id)).fulfillments
    for part in parts:
        await did(any_shop.fulfil("acceptFulfillment", part.id))
    assert await any_shop.later(3 * DAY - SECOND) == 0
    assert await any_shop.later(SECOND) == 1
    assert (await any_shop.steps(order_id))[-1] == ("alert", "IN_FULFILLMENT", "IN_FULFILLMENT", "system")
    await did(any_shop.ship(parts[0].id, "T-1"))
    assert await any_shop.timers(order_id) == {"order.shipmentAlert": 6 * DAY}
    assert await any_shop.later(3 * DAY) == 1
    assert (await any_shop.steps(order_id))[-1] == ("alert", "PARTIALLY_SHIPPED", "PARTIALLY_SHIPPED", "system")
    assert await any_shop.later(365 * DAY) == 0


async def test_a_buyer_who_says_nothing_has_received_it_and_it_is_completed(any_shop: Shop) -> None:
    order_id = await any_shop.shipped()
    assert await any_shop.later(15 * DAY - SECOND) == 0
    assert await any_shop.later(SECOND) == 1
    assert await any_shop.status(order_id) == ("RECEIVED", "PAID", "DELIVERED", 23)
    assert await any_shop.later(7 * DAY - SECOND) == 0
    assert await any_shop.later(SECOND) == 1
    assert await any_shop.status(order_id) == ("COMPLETED", "PAID", "DELIVERED", 24)
    assert [step[0] for step in await any_shop.steps(order_id, since=20)] == [
        "receiptTimeout",
        "deliverFulfillment",
        "deliverFulfillment",
        "completion",
    ]


async def test_an_authorization_expires_and_with_it_in_the_end_the_order(any_shop: Shop) -> None:
    order_id = await any_shop.placed(business_unit="later", coupon_codes=("SAVE5",))
    await did(any_shop.pay(order_id, amount=eur(1000)))
    any_shop.clock.pass_(MINUTE)
    await any_shop.paid(order_id, method="test_card_authorize")
    await any_shop.later(7 * DAY - SECOND)
    assert (await any_shop.order(order_id)).head.status == "CONFIRMED"
    assert await any_shop.later(SECOND) == 1
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.previous_status, order.payments[1].status) == (
        "EXCEPTION",
        "CONFIRMED",
        "VOIDED",
    )
    assert (order.head.payable_minor, order.head.payment_status) == (5262, "PARTIALLY_PAID")
    assert (await any_shop.timers(order_id))["order.exceptionTimeout"] == 8 * DAY + MINUTE
    assert await any_shop.later(DAY - SECOND) == 2  # warehouses that cannot accept now have their time anew
    version = order.head.version
    assert (await any_shop.order(order_id)).head.version == version
    await any_shop.later(SECOND)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status, order.head.fulfillment_status) == (
        "CANCELLED",
        "REFUNDED",
        "CANCELLED",
    )
    assert [step[0] for step in await any_shop.steps(order_id, since=version)] == [
        "exceptionTimeout",
        "cancelFulfillment",
        "cancelFulfillment",
        "requestRefund",
        "approveRefund",
        "refundSettled",
        "refundSucceeded",
        "refundAll",
    ]
    assert [part.status for part in order.fulfillments] == ["CANCELLED", "CANCELLED"]
    assert (await any_shop.stock(), await any_shop.coupons_used(), await any_shop.jobs()) == ({}, {}, [])
    assert await any_shop.timers(order_id) == {}


async def test_an_exception_ends_when_it_is_paid_again(any_shop: Shop) -> None:
    order_id = await any_shop.placed(business_unit="later")
    await any_shop.confirmed(order_id, method="test_card_authorize")
    await any_shop.later(7 * DAY)
    any_shop.clock.pass_(HOUR)
    outcome = await any_shop.pay(order_id, amount=eur(1))
    await did(any_shop.pay(order_id))
    order = await any_shop.order(order_id)
    assert (type(outcome).__name__, order.head.status, order.head.previous_status) == ("OrderPaid", "CONFIRMED", None)
    assert "order.exceptionTimeout" not in await any_shop.timers(order_id)
    await any_shop.worker.drain()


async def test_an_authorization_that_was_captured_at_the_last_moment_is_not_lost(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    payment_id = (await any_shop.order(order_id)).payments[0].id
    await did(any_shop.act("holdOrder", order_id))
    any_shop.clock.pass_(7 * DAY)
    due = await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 10, 30)
    sound = any_shop.ports

    async def expire() -> None:
        any_shop.ports = sound
        assert [await fire_timer(sound, timer) for timer in due] == [True, True]

    any_shop.ports = between(sound, "payments", "capture", expire)
    await did(any_shop.act_on_payment("capturePayment", payment_id))
    order = await any_shop.order(order_id)
    assert (order.payments[0].status, order.head.captured_minor) == ("CAPTURED", TOTAL)
    assert await any_shop.sql("SELECT captured_minor FROM services.provider_payments") == [(TOTAL,)]


async def test_a_timer_that_is_claimed_twice_fires_once(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    any_shop.clock.pass_(30 * MINUTE)
    queue = SqlQueue(any_shop.database)
    first = await queue.claim_timers(any_shop.clock.now(), 10, 30)
    any_shop.clock.pass_(30 * SECOND)
    second = await queue.claim_timers(any_shop.clock.now(), 10, 30)
    assert first == second
    fired = await asyncio.gather(*(fire_timer(any_shop.ports, due) for due in (*first, *second)))
    assert sorted(fired) == [False, True]
    assert [step[0] for step in await any_shop.steps(order_id)] == ["placeOrder", "payTimeout"]


async def test_many_workers_share_the_timers(shop: Shop) -> None:
    orders = [await shop.placed(SUPPORT, lines=(PlaceOrderLine("MUG", 1),)) for _ in range(3)]
    shop.clock.pass_(30 * MINUTE)
    done = await asyncio.gather(*(shop.worker.drain() for _ in range(5)))
    assert sum(done) == 3
    for order_id in orders:
        assert [step[0] for step in await shop.steps(order_id)] == ["placeOrder", "payTimeout"]


async def test_a_timer_that_was_dropped_since_does_nothing(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    any_shop.clock.pass_(30 * MINUTE)
    due = (await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 10, 30))[0]
    await did(any_shop.pay(order_id))
    assert not await fire_timer(any_shop.ports, due)
    assert (await any_shop.order(order_id)).head.status == "PAID"


async def test_reservations_that_nobody_ended_are_swept(any_shop: Shop) -> None:
    demand = Demand("lin_1", "TEE", 2)
    await any_shop.ports.inventory.reserve("ord_lost", [demand], START + 40 * MINUTE)
    await any_shop.later(40 * MINUTE - SECOND)
    assert await any_shop.stock() == {("TEE", "BER"): (10, 2)}
    await any_shop.later(SECOND)
    assert await any_shop.stock() == {}


async def test_stock_that_is_paid_for_is_deducted_before_its_reservation_is_swept(any_shop: Shop) -> None:
    """The charge went through, then nobody worked for an hour."""
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = dying_after(sound, "payments", "pay")
    with pytest.raises(Killed):
        await any_shop.pay(order_id)
    any_shop.ports = sound
    await any_shop.later(HOUR)
    assert (await any_shop.order(order_id)).head.status == "PAID"
    assert await any_shop.stock() == {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
