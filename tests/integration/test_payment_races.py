"""Payments in races on a real PostgreSQL, each many times: exactly one outcome, and the books in order afterwards."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest

from adapters.bootstrap import TEST_PROVIDER
from adapters.db.queue import SqlQueue
from adapters.embedded.payments import EmbeddedPayments
from domain.actions.fire_timer import fire_timer
from domain.actions.take_payment_event import take_payment_event
from domain.orders.commands import PlaceOrderLine
from domain.orders.model import Order
from domain.values.outcomes import OrderPaid, Outcome, PaymentChanged
from domain.values.refusals import ActionRejected, RequestInProgress
from tests.fixtures.shop import MINUTE, Shop, did
from tests.fixtures.sizes import ROUNDS
from tests.fixtures.sleepy import between

pytestmark = [pytest.mark.anyio, ROUNDS]

CART = (PlaceOrderLine("MUG", 1),)


async def placed(shop: Shop) -> str:
    return await shop.placed(lines=CART)


async def many_mugs(shop: Shop, rounds: int) -> None:
    await shop.ports.inventory.restock("MUG", "BER", rounds)


def event(shop: Shop, payment_id: str, number: int = 1) -> Awaitable[Outcome]:
    return take_payment_event(shop.ports, TEST_PROVIDER, f"evt-{number}-{payment_id}", payment_id)


async def waiting(shop: Shop) -> tuple[str, str]:
    """An order, and its payment that the buyer has approved at the provider, whom nobody has heard yet."""
    order_id = await placed(shop)
    await did(shop.pay(order_id, "test_card_3ds"))
    payment_id = (await shop.order(order_id)).payments[0].id
    assert await EmbeddedPayments(shop.database).finish_step(payment_id, is_approved=True)
    return order_id, payment_id


async def is_paid_once(shop: Shop, order_id: str) -> Order:
    """What the provider took, what we know of it, and what is owed are one amount."""
    order = await shop.order(order_id)
    taken = await shop.sql(
        "SELECT coalesce(sum(captured_minor - refunded_minor), 0)::bigint FROM services.provider_payments"
        f" WHERE order_id = '{order_id}'"
    )
    head = order.head
    expected = 0 if head.status == "CANCELLED" else head.total_minor
    assert (head.captured_minor - head.refunded_minor, taken) == (expected, [(expected,)])
    actions = Counter((step[0], step[2]) for step in await shop.steps(order_id))
    assert actions["payOrder", "PAID"] <= 1
    return order


async def test_a_callback_against_the_answer(any_shop: Shop, rounds: int) -> None:
    """The provider calls back the moment that it has the money, while its answer is on its way."""
    await many_mugs(any_shop, rounds)
    sound, calls = any_shop.ports, set[asyncio.Task[Any]]()
    for number in range(rounds):
        order_id = await placed(any_shop)

        async def call(order_id: str = order_id, number: int = number) -> None:
            payment_id = (await any_shop.order(order_id)).payments[0].id
            calls.update(asyncio.ensure_future(take_payment_event(sound, TEST_PROVIDER, f"evt-{number}-{n}", payment_id)) for n in range(2))  # fmt: skip

        any_shop.ports = between(sound, "payments", "pay", call)
        await did(any_shop.pay(order_id))
        any_shop.ports = sound
        outcomes = await asyncio.gather(*calls)
        assert {type(outcome) for outcome in outcomes} == {PaymentChanged}
        calls.clear()
        order = await is_paid_once(any_shop, order_id)
        assert (order.head.status, [p.status for p in order.payments], order.refunds) == ("PAID", ["CAPTURED"], ())
        steps = [step[0] for step in await any_shop.steps(order_id)]
        assert steps.count("paymentCaptured") == 1
    await any_shop.worker.drain()
    assert await any_shop.jobs() == []


async def test_callbacks_against_each_other(any_shop: Shop, rounds: int) -> None:
    await many_mugs(any_shop, rounds)
    for _ in range(rounds):
        order_id, payment_id = await waiting(any_shop)
        outcomes = await asyncio.gather(*(event(any_shop, payment_id, number // 2) for number in range(4)))
        assert {type(outcome) for outcome in outcomes} <= {PaymentChanged, RequestInProgress}
        order = await is_paid_once(any_shop, order_id)
        assert (order.head.status, order.refunds) == ("PAID", ())


@pytest.mark.parametrize("methods", [("test_card", "test_card"), ("test_card", "test_card_authorize")])
async def test_pay_against_pay(any_shop: Shop, rounds: int, methods: tuple[str, str]) -> None:
    await many_mugs(any_shop, rounds)
    for _ in range(rounds):
        order_id = await placed(any_shop)
        outcomes = await asyncio.gather(*(any_shop.pay(order_id, method) for method in methods))
        assert Counter(type(outcome) for outcome in outcomes) == {OrderPaid: 1, ActionRejected: 1}
        order = await any_shop.order(order_id)
        assert (order.head.status, order.head.secured_minor, len(order.payments)) == ("PAID", order.head.total_minor, 1)
        await any_shop.worker.drain()


async def test_cancel_against_pay(any_shop: Shop, rounds: int) -> None:
    """Paid, or cancelled with nothing taken; where it was cancelled after all, what was taken is back."""
    await many_mugs(any_shop, rounds)
    ends = Counter[str]()
    for number in range(rounds):
        order_id = await placed(any_shop)
        acts = [any_shop.pay(order_id), any_shop.cancel(order_id)]
        await asyncio.gather(*acts[:: 1 if number % 2 else -1])
        await any_shop.worker.drain()
        ends[(await is_paid_once(any_shop, order_id)).head.status] += 1
    assert ends.keys() <= {"PAID", "CANCELLED"}
    sold = ends["PAID"]
    assert await any_shop.sql("SELECT sum(on_hand - reserved) FROM services.stock WHERE sku = 'MUG'") == [
        (10 + rounds - sold,)
    ]


async def test_a_callback_against_the_order_being_given_up(any_shop: Shop, rounds: int) -> None:
    """Paid, or given up: then the money that came too late is back."""
    await many_mugs(any_shop, rounds)
    ends = Counter[str]()
    for number in range(rounds):
        order_id, payment_id = await waiting(any_shop)
        any_shop.clock.pass_(30 * MINUTE)
        due = await SqlQueue(any_shop.database).claim_timers(any_shop.clock.now(), 100, 30)
        assert sum(timer.order_id == order_id for timer in due) == 2
        acts: list[Awaitable[Any]] = [fire_timer(any_shop.ports, timer) for timer in due]
        acts.append(event(any_shop, payment_id))
        await asyncio.gather(*acts[:: 1 if number % 2 else -1])
        await any_shop.worker.drain()
        ends[(await is_paid_once(any_shop, order_id)).head.status] += 1
    assert ends.keys() <= {"PAID", "CONFIRMED", "CANCELLED"}


async def test_ship_against_cancel(any_shop: Shop, rounds: int) -> None:
    """On its way, to be stopped perhaps; or cancelled, with the money back, and nobody sends it."""
    await many_mugs(any_shop, rounds)
    ends = Counter[str]()
    for number in range(rounds):
        order_id = await any_shop.packed(await placed(any_shop))
        part = (await any_shop.order(order_id)).fulfillments[0]
        acts = [any_shop.ship(part.id, f"TRK-{number}"), any_shop.cancel(order_id)]
        await asyncio.gather(*acts[:: 1 if number % 2 else -1])
        await any_shop.worker.drain()
        order = await is_paid_once(any_shop, order_id)
        ends[order.head.status] += 1
        is_off = order.head.status == "CANCELLED"
        assert (len(order.shipments), order.fulfillments[0].status == "CANCELLED") == (0 if is_off else 1, is_off)
    assert ends.keys() <= {"SHIPPED", "CANCEL_PENDING", "CANCELLED"}
