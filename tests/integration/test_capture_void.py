"""capturePayment and voidPayment: what is authorized is taken or let go, once, whatever breaks in between."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import PlaceOrderLine
from domain.values.money import Money
from domain.values.outcomes import PaymentChanged
from domain.values.refusals import (
    ActionRejected,
    Forbidden,
    InvalidInput,
    NotFound,
    PaymentDeclined,
    Refusal,
    ServiceDown,
    VersionConflict,
)
from tests.fixtures.shop import (
    ADMIN,
    ANNA,
    DAY,
    FINANCE,
    HOUR,
    MERCHANT,
    RIVAL,
    SUPPORT,
    TOTAL,
    WAREHOUSE,
    Shop,
    did,
)
from tests.fixtures.sleepy import Killed, between, dying_after, mute_after, without

pytestmark = pytest.mark.anyio


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


async def authorized(shop: Shop, method: str = "test_card_authorize") -> tuple[str, str]:
    order_id = await shop.paid(method=method)
    return order_id, (await shop.order(order_id)).payments[0].id


async def amounts(shop: Shop, order_id: str) -> tuple[str, int, int]:
    """Of the only payment; the provider must say the same."""
    payment = (await shop.order(order_id)).payments[0]
    rows = await shop.sql("SELECT captured_minor FROM services.provider_payments")
    assert rows == [(payment.captured_minor,)]
    return payment.status, payment.captured_minor, payment.open_authorization_minor


async def test_a_payment_is_captured_in_parts(any_shop: Shop) -> None:
    order_id, payment_id = await authorized(any_shop)
    outcome = await any_shop.act_on_payment("capturePayment", payment_id, amount=eur(3000))
    assert outcome == PaymentChanged(order_id=order_id, payment_id=payment_id)
    assert await amounts(any_shop, order_id) == ("PARTIALLY_CAPTURED", 3000, 3857)
    assert (await any_shop.steps(order_id))[-1] == ("capturePayment", "AUTHORIZED", "PARTIALLY_CAPTURED", "finance")
    assert (await any_shop.timers(order_id))["payment.authorizationExpiry"] == 7 * DAY
    await did(any_shop.act_on_payment("capturePayment", payment_id))
    assert await amounts(any_shop, order_id) == ("CAPTURED", TOTAL, 0)
    assert await any_shop.status(order_id) == ("PAID", "PAID", "UNFULFILLED", 12)
    assert "payment.authorizationExpiry" not in await any_shop.timers(order_id)
    assert await any_shop.jobs() == []


async def test_it_is_captured_at_confirmation(any_shop: Shop) -> None:
    order_id, _ = await authorized(any_shop)
    await did(any_shop.act("confirmOrder", order_id))
    assert await any_shop.jobs() == ["CAPTURE"]
    assert await amounts(any_shop, order_id) == ("AUTHORIZED", 0, TOTAL)
    await any_shop.worker.drain()
    assert await amounts(any_shop, order_id) == ("CAPTURED", TOTAL, 0)
    assert (await any_shop.steps(order_id))[-1] == ("capturePayment", "AUTHORIZED", "CAPTURED", "system")


async def test_or_at_the_first_shipment(any_shop: Shop) -> None:
    order_id = await any_shop.packed(await any_shop.placed(business_unit="later"), method="test_card_authorize")
    assert (await amounts(any_shop, order_id))[0] == "AUTHORIZED"
    part = (await any_shop.order(order_id)).fulfillments[0]
    await did(any_shop.ship(part.id, "T-1"))
    await any_shop.worker.drain()
    assert await amounts(any_shop, order_id) == ("CAPTURED", TOTAL, 0)


async def test_an_authorization_that_is_let_go_leaves_the_order_unpaid(any_shop: Shop) -> None:
    order_id, payment_id = await authorized(any_shop)
    any_shop.clock.pass_(HOUR)
    await did(any_shop.act_on_payment("voidPayment", payment_id, SUPPORT))
    assert await amounts(any_shop, order_id) == ("VOIDED", 0, 0)
    assert (await any_shop.steps(order_id))[-2:] == [
        ("voidPayment", "AUTHORIZED", "VOIDED", "support"),
        ("authorizationLost", "PAID", "EXCEPTION", "system"),
    ]
    assert await any_shop.timers(order_id) == {
        "order.autoConfirm": 23 * 3600,
        "order.exceptionTimeout": DAY + HOUR,
        "fulfillment.acceptTimeout": DAY,
    }
    any_shop.clock.pass_(HOUR)
    await did(any_shop.pay(order_id))
    assert (await any_shop.order(order_id)).head.status == "PAID"
    assert (await any_shop.timers(order_id))["order.autoConfirm"] == DAY + HOUR


async def test_the_rest_of_a_capture_lapses_when_it_is_let_go(any_shop: Shop) -> None:
    order_id, payment_id = await authorized(any_shop)
    await did(any_shop.act_on_payment("capturePayment", payment_id, amount=eur(3000)))
    await did(any_shop.act_on_payment("voidPayment", payment_id))
    assert await amounts(any_shop, order_id) == ("CAPTURED", 3000, 0)
    head = (await any_shop.order(order_id)).head
    assert (head.status, head.payment_status, head.payable_minor) == ("EXCEPTION", "PARTIALLY_PAID", 3857)


async def test_a_capture_that_is_declined_stops_the_work(any_shop: Shop) -> None:
    order_id, payment_id = await authorized(any_shop, "test_card_capture_declined")
    outcome = await any_shop.act_on_payment("capturePayment", payment_id)
    assert outcome == PaymentDeclined(message="The provider declined the capture.", payment_id=payment_id)
    assert (await any_shop.steps(order_id))[-2:] == [
        ("captureDeclined", "AUTHORIZED", "AUTHORIZED", "payment-provider"),
        ("authorizationLost", "PAID", "EXCEPTION", "system"),
    ]
    await did(any_shop.act_on_payment("voidPayment", payment_id, SUPPORT))
    await any_shop.paid(order_id)
    assert await any_shop.status(order_id) == ("PAID", "PAID", "UNFULFILLED", 17)


async def test_so_it_does_when_the_worker_captures(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed(method="test_card_capture_declined")
    assert await any_shop.status(order_id) == ("EXCEPTION", "AUTHORIZED", "UNFULFILLED", 13)
    part = (await any_shop.order(order_id)).fulfillments[0]
    outcome = await any_shop.refused(any_shop.fulfil("acceptFulfillment", part.id))
    assert [reason.code for reason in outcome.blocked_by] == ["ORDER_NOT_CONFIRMED"]
    assert await any_shop.jobs() == []


@pytest.mark.parametrize("viewer", [SUPPORT, MERCHANT, WAREHOUSE, ANNA])
async def test_who_may_not_capture(shop: Shop, viewer: Viewer) -> None:
    _, payment_id = await authorized(shop)
    outcome = await shop.refused(shop.act_on_payment("capturePayment", payment_id, viewer))
    assert outcome == Forbidden(message="None of your roles may capturePayment.")


@pytest.mark.parametrize("viewer", [MERCHANT, WAREHOUSE, ANNA])
async def test_who_may_not_let_go(shop: Shop, viewer: Viewer) -> None:
    _, payment_id = await authorized(shop)
    outcome = await shop.refused(shop.act_on_payment("voidPayment", payment_id, viewer))
    assert outcome == Forbidden(message="None of your roles may voidPayment.")


@pytest.mark.parametrize("action", ["capturePayment", "voidPayment"])
async def test_what_a_caller_cannot_see(shop: Shop, action: str) -> None:
    order_id, payment_id = await authorized(shop)
    missing = NotFound(path=("paymentId",))
    for viewer, subject_id in ((RIVAL, payment_id), (ADMIN, "pay_" + "0" * 32), (ADMIN, order_id), (ADMIN, "x")):
        assert await shop.refused(shop.act_on_payment(action, subject_id, viewer)) == missing


@pytest.mark.parametrize(
    ("action", "amount", "path", "code"),
    [
        ("capturePayment", eur(0), ("amount", "amount"), "AMOUNT_OUT_OF_RANGE"),
        ("capturePayment", eur(TOTAL + 1), ("amount", "amount"), "AMOUNT_OUT_OF_RANGE"),
        ("capturePayment", Money(1, "USD"), ("amount", "currency"), "WRONG_CURRENCY"),
        ("voidPayment", eur(1), ("amount",), "WHOLE_ONLY"),
    ],
)
async def test_amounts_that_are_not_valid(
    shop: Shop, action: str, amount: Money, path: tuple[str, ...], code: str
) -> None:
    _, payment_id = await authorized(shop)
    outcome = await shop.refused(shop.act_on_payment(action, payment_id, amount=amount))
    assert isinstance(outcome, InvalidInput)
    assert (outcome.path, outcome.problems[0].code) == (path, code)


async def test_a_version_that_was_left_behind(shop: Shop) -> None:
    _, payment_id = await authorized(shop)
    outcome = await shop.refused(shop.act_on_payment("voidPayment", payment_id, expected_version=1))
    assert outcome == VersionConflict(expected_version=1, current_version=10)


@pytest.mark.parametrize("action", ["capturePayment", "voidPayment"])
async def test_a_payment_with_nothing_open(shop: Shop, action: str) -> None:
    order_id = await shop.paid()
    payment_id = (await shop.order(order_id)).payments[0].id
    outcome = await shop.refused(shop.act_on_payment(action, payment_id))
    assert isinstance(outcome, ActionRejected)
    assert (outcome.state, outcome.blocked_by[0].code) == ("CAPTURED", "WRONG_STATE")


async def test_no_more_is_captured_than_is_owed(any_shop: Shop) -> None:
    """Two authorizations of the whole: one that had been given up came after all."""
    order_id, _ = await authorized(any_shop)
    first = (await any_shop.order(order_id)).payments[0]
    await any_shop.sql("UPDATE services.provider_payments SET authorized_minor = 9999, amount_minor = 9999 RETURNING 1")
    await any_shop.sql(
        f"UPDATE payments SET authorized_minor = 9999, amount_minor = 9999 WHERE id = '{first.id}' RETURNING 1"
    )
    await any_shop.sql("UPDATE orders SET authorized_minor = 9999 RETURNING 1")
    outcome = await any_shop.refused(any_shop.act_on_payment("capturePayment", first.id, amount=eur(TOTAL + 1)))
    assert outcome.problems[0].message == "More than nothing and at most 68.57 EUR can be captured."
    await did(any_shop.act("confirmOrder", order_id))
    await any_shop.worker.drain()
    payment = (await any_shop.order(order_id)).payments[0]
    assert (payment.status, payment.captured_minor, payment.open_authorization_minor) == ("CAPTURED", TOTAL, 0)
    assert (await any_shop.steps(order_id))[-2:] == [
        ("capturePayment", "AUTHORIZED", "PARTIALLY_CAPTURED", "system"),
        ("voidPayment", "PARTIALLY_CAPTURED", "CAPTURED", "system"),
    ]


@pytest.mark.parametrize("amount", [None, eur(3000)])
@pytest.mark.parametrize("failing", [dying_after, mute_after])
async def test_a_capture_that_broke_in_the_middle_is_not_done_twice(
    any_shop: Shop, failing: Any, amount: Money | None
) -> None:
    order_id, payment_id = await authorized(any_shop)
    sound = any_shop.ports
    more: dict[str, Any] = {"amount": amount, "idempotency_key": "k"}
    any_shop.ports = failing(sound, "payments", "capture")
    if failing is dying_after:
        with pytest.raises(Killed):
            await any_shop.act_on_payment("capturePayment", payment_id, **more)
    else:
        assert isinstance(await any_shop.act_on_payment("capturePayment", payment_id, **more), ServiceDown)
    any_shop.ports = sound
    busy = await any_shop.refused(any_shop.act_on_payment("capturePayment", payment_id))
    assert [reason.code for reason in busy.blocked_by] == ["PAYMENT_BUSY"]
    await any_shop.later(timedelta(seconds=30))
    taken = amount.amount_minor if amount else TOTAL
    assert (await amounts(any_shop, order_id))[1] == taken
    outcome = PaymentChanged(order_id=order_id, payment_id=payment_id)
    assert await any_shop.act_on_payment("capturePayment", payment_id, **more) == outcome
    assert await any_shop.act_on_payment("capturePayment", payment_id, **more) == replace(outcome, is_replayed=True)
    assert (await amounts(any_shop, order_id))[1] == taken
    assert await any_shop.jobs() == []


async def test_the_same_key_takes_up_a_capture_at_once(any_shop: Shop) -> None:
    order_id, payment_id = await authorized(any_shop)
    sound = any_shop.ports
    for failing in (without, mute_after):
        any_shop.ports = failing(sound, "payments", "capture")
        outcome = await any_shop.act_on_payment("capturePayment", payment_id, amount=eur(3000), idempotency_key="k")
        assert isinstance(outcome, ServiceDown)
    any_shop.ports = sound
    await did(any_shop.act_on_payment("capturePayment", payment_id, amount=eur(3000), idempotency_key="k"))
    assert await amounts(any_shop, order_id) == ("PARTIALLY_CAPTURED", 3000, 3857)
    assert await any_shop.later(timedelta(minutes=1)) == 0


async def test_money_that_was_taken_is_known_when_letting_go_came_second(any_shop: Shop) -> None:
    """The provider captured; before we could write that down, somebody let go of the authorization."""
    order_id, payment_id = await authorized(any_shop)
    sound = any_shop.ports

    async def let_go() -> None:
        any_shop.ports = sound
        await any_shop.act_on_payment("voidPayment", payment_id, SUPPORT)

    any_shop.ports = between(sound, "payments", "capture", let_go)
    assert not isinstance(await any_shop.act_on_payment("capturePayment", payment_id), Refusal)
    assert await amounts(any_shop, order_id) == ("CAPTURED", TOTAL, 0)
    assert (await any_shop.order(order_id)).head.status == "PAID"


async def test_a_sku_without_stock_count_needs_no_stock(shop: Shop) -> None:
    order_id = await shop.placed(lines=(PlaceOrderLine("CARD", 2),))
    await did(shop.pay(order_id, "test_card_authorize", FINANCE))
    assert await shop.stock() == {}
