"""payOrder: attempts that settle, are authorized, declined, asserted, refused."""

from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import PlaceOrderLine
from domain.values.money import Money
from domain.values.outcomes import OrderPaid
from domain.values.refusals import (
    ActionRejected,
    Forbidden,
    InvalidInput,
    NotFound,
    OutOfStock,
    PaymentDeclined,
    ServiceDown,
    ShortLine,
    VersionConflict,
)
from tests.fixtures.shop import (
    ADMIN,
    ANNA,
    BOB,
    DAY,
    FINANCE,
    MERCHANT,
    MINUTE,
    PARTNER,
    RESELLER,
    START,
    SUPPORT,
    TOTAL,
    WAREHOUSE,
    Shop,
    did,
)
from tests.fixtures.sleepy import without

pytestmark = pytest.mark.anyio


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


SPLIT = [
    ("split", "PAID", "PAID", "system"),
    ("split", None, "CREATED", "system"),
    ("allocate", "CREATED", "ALLOCATED", "system"),
    ("split", None, "CREATED", "system"),
    ("allocate", "CREATED", "ALLOCATED", "system"),
]


async def test_a_card_settles_at_once(any_shop: Shop) -> None:
    order_id = await any_shop.placed(coupon_codes=("SAVE5",))
    any_shop.clock.pass_(MINUTE)
    outcome = await any_shop.pay(order_id)
    order = await any_shop.order(order_id)
    payment = order.payments[0]
    assert outcome == OrderPaid(order_id=order_id, payment_id=payment.id)
    assert await any_shop.status(order_id) == ("PAID", "PAID", "UNFULFILLED", 10)
    assert await any_shop.steps(order_id, since=1) == [
        ("payOrder", None, "CREATED", "anna"),
        ("startPayment", "CREATED", "PROCESSING", "system"),
        ("paymentCaptured", "PROCESSING", "CAPTURED", "payment-provider"),
        ("payOrder", "PENDING_PAYMENT", "PAID", "payment-provider"),
        *SPLIT,
    ]
    head = order.head
    assert (head.paid_at, head.captured_minor, head.payable_minor, head.payments_in_flight) == (
        START + MINUTE,
        6262,
        0,
        0,
    )
    assert (payment.status, payment.amount_minor, payment.authorized_minor, payment.captured_minor) == (
        "CAPTURED",
        6262,
        6262,
        6262,
    )
    assert (payment.provider_reference, payment.external_reference) == (f"test_{payment.id}", None)
    assert [part.paid_minor for part in order.installments] == [6262]
    assert await any_shop.timers(order_id) == {
        "order.autoConfirm": DAY + MINUTE,
        "fulfillment.acceptTimeout": DAY + MINUTE,
    }
    await any_shop.worker.drain()
    assert await any_shop.stock() == {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
    assert await any_shop.coupons_used() == {"SAVE5": 1}
    assert await any_shop.jobs() == []


async def test_fulfillments_are_the_order_in_every_money_column(shop: Shop) -> None:
    order = await shop.order(await shop.paid(await shop.placed(coupon_codes=("SAVE5",))))
    columns = ("subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor", "unit_count")
    for column in columns:
        assert sum(getattr(part, column) for part in order.fulfillments) == getattr(order.head, column)
    assert [(part.number, part.seller_id, part.unit_count) for part in order.fulfillments] == [
        ("2026030200000001-1", None, 2),
        ("2026030200000001-2", "sel_art", 1),
    ]


async def test_an_authorization_pays_too(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "test_card_authorize"))
    order = await any_shop.order(order_id)
    assert await any_shop.status(order_id) == ("PAID", "AUTHORIZED", "UNFULFILLED", 10)
    assert (order.head.captured_minor, order.head.authorized_minor, order.head.payable_minor) == (0, TOTAL, 0)
    assert (await any_shop.timers(order_id))["payment.authorizationExpiry"] == 7 * DAY


async def test_a_card_that_captures_later_when_it_is_asked_to(shop: Shop) -> None:
    order_id = await shop.paid(is_captured_at_once=False)
    assert (await shop.order(order_id)).payments[0].status == "AUTHORIZED"


async def test_parts_add_up(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    any_shop.clock.pass_(10 * MINUTE)
    await did(any_shop.pay(order_id, amount=eur(1000)))
    assert await any_shop.status(order_id) == ("PARTIALLY_PAID", "PARTIALLY_PAID", "UNFULFILLED", 5)
    assert await any_shop.timers(order_id) == {"order.payTimeout": 40 * MINUTE}
    any_shop.clock.pass_(10 * MINUTE)
    await did(any_shop.pay(order_id, "test_card_authorize", amount=eur(2000)))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payable_minor, order.head.secured_minor) == ("PARTIALLY_PAID", 3857, 3000)
    assert (await any_shop.timers(order_id))["order.payTimeout"] == 40 * MINUTE
    any_shop.clock.pass_(MINUTE)
    await did(any_shop.pay(order_id))
    order = await any_shop.order(order_id)
    assert [payment.amount_minor for payment in order.payments] == [1000, 2000, 3857]
    assert (order.head.status, order.head.payment_status, order.head.payable_minor) == ("PAID", "AUTHORIZED", 0)


async def test_a_declined_card_changes_nothing_of_the_order(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    outcome = await any_shop.pay(order_id, "test_card_declined", key="k")
    payment = (await any_shop.order(order_id)).payments[0]
    assert outcome == PaymentDeclined(message="The card was declined.", payment_id=payment.id)
    assert await any_shop.steps(order_id, since=3) == [("paymentDeclined", "PROCESSING", "FAILED", "payment-provider")]
    assert await any_shop.status(order_id) == ("PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 4)
    assert await any_shop.timers(order_id) == {"order.payTimeout": 30 * MINUTE}
    assert await any_shop.jobs() == []
    assert await any_shop.refused(any_shop.pay(order_id, "test_card_declined", key="k")) == outcome
    await any_shop.paid(order_id)
    assert (await any_shop.order(order_id)).head.status == "PAID"


@pytest.mark.parametrize(("viewer", "channel"), [(PARTNER, "partner"), (FINANCE, "web"), (ADMIN, "web")])
async def test_a_payment_that_was_made_elsewhere(any_shop: Shop, viewer: Viewer, channel: str) -> None:
    order_id = await any_shop.placed(SUPPORT, channel=channel)
    any_shop.clock.pass_(MINUTE)
    await did(any_shop.pay(order_id, "external", viewer, external_reference="BANK-1", paid_at=START))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.paid_at) == ("PAID", START)
    assert (order.payments[0].external_reference, order.payments[0].captured_minor) == ("BANK-1", TOTAL)
    await any_shop.worker.drain()
    assert await any_shop.jobs() == []
    assert await any_shop.sql("SELECT 1 FROM services.provider_payments") == []


@pytest.mark.parametrize(("viewer", "channel"), [(ANNA, "web"), (RESELLER, "reseller"), (MERCHANT, "web")])
async def test_who_may_not_say_that_it_was_paid_elsewhere(shop: Shop, viewer: Viewer, channel: str) -> None:
    order_id = await shop.placed(SUPPORT, channel=channel)
    outcome = await shop.refused(shop.pay(order_id, "external", viewer))
    assert outcome == Forbidden(message="You may not say that an order was paid elsewhere.", path=("method",))


@pytest.mark.parametrize("viewer", [SUPPORT, MERCHANT, WAREHOUSE])
async def test_who_may_not_pay(shop: Shop, viewer: Viewer) -> None:
    order_id = await shop.placed()
    assert await shop.refused(shop.pay(order_id, viewer=viewer)) == Forbidden(
        message="None of your roles may payOrder."
    )


@pytest.mark.parametrize(
    ("method", "more", "problems"),
    [
        ("gold", {}, [("method", "UNKNOWN_METHOD")]),
        ("test_card", {"external_reference": "R"}, [("externalReference", "EXTERNAL_ONLY")]),
        ("test_card", {"paid_at": START}, [("externalReference", "EXTERNAL_ONLY")]),
        ("external", {"payment_token": "t"}, [("method", "PROVIDER_ONLY")]),
        ("external", {"return_url": "u"}, [("method", "PROVIDER_ONLY")]),
        ("external", {"is_captured_at_once": False}, [("method", "PROVIDER_ONLY")]),
        ("external", {"external_reference": ""}, [("externalReference", "INVALID_LENGTH")]),
        ("external", {"external_reference": "x" * 201}, [("externalReference", "INVALID_LENGTH")]),
        ("external", {"paid_at": START + MINUTE}, [("paidAt", "IN_THE_FUTURE")]),
        ("test_card", {"amount": eur(0)}, [("amount.amount", "AMOUNT_OUT_OF_RANGE")]),
        ("test_card", {"amount": eur(-1)}, [("amount.amount", "AMOUNT_OUT_OF_RANGE")]),
        ("test_card", {"amount": eur(TOTAL + 1)}, [("amount.amount", "AMOUNT_OUT_OF_RANGE")]),
        ("test_card", {"amount": Money(1, "USD")}, [("amount.currency", "WRONG_CURRENCY")]),
        ("test_card", {"key": "x" * 256}, [("idempotencyKey", "INVALID_LENGTH")]),
    ],
)
async def test_input_that_is_not_valid(
    shop: Shop, method: str, more: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    order_id = await shop.placed()
    outcome = await shop.refused(shop.pay(order_id, method, FINANCE if method == "external" else ANNA, **more))
    assert isinstance(outcome, InvalidInput), outcome
    assert [(".".join(problem.path), problem.code) for problem in outcome.problems] == problems


@pytest.mark.parametrize("order_id", ["ord_" + "0" * 32, "pay_" + "0" * 32, "ord_x", "", "💥"])
async def test_an_order_that_does_not_exist(any_shop: Shop, order_id: str) -> None:
    assert await any_shop.refused(any_shop.pay(order_id)) == NotFound(path=("orderId",))


async def test_somebody_elses_order_does_not_exist(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    assert await any_shop.refused(any_shop.pay(order_id, viewer=BOB)) == NotFound(path=("orderId",))


async def test_a_version_that_was_left_behind(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    outcome = await any_shop.refused(any_shop.pay(order_id, expected_version=7))
    assert outcome == VersionConflict(expected_version=7, current_version=1)
    await did(any_shop.pay(order_id, expected_version=1))


async def test_an_order_that_is_paid_takes_no_more(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    outcome = await any_shop.refused(any_shop.pay(order_id))
    assert isinstance(outcome, ActionRejected)
    assert (outcome.state, [reason.code for reason in outcome.blocked_by]) == ("PAID", ["NOTHING_PAYABLE"])


async def test_one_attempt_in_flight_per_method_and_never_more_than_is_open(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    sound = any_shop.ports
    any_shop.ports = without(sound, "payments", "pay")
    down = ServiceDown(message="The payments service does not answer: it is asleep.", service="payments")
    assert await any_shop.pay(order_id, amount=eur(6000)) == down
    any_shop.ports = sound
    outcome = await any_shop.refused(any_shop.pay(order_id, amount=eur(1)))
    assert [reason.code for reason in outcome.blocked_by] == ["PAYMENT_IN_FLIGHT"]
    outcome = await any_shop.refused(any_shop.pay(order_id, "test_card_authorize", amount=eur(858)))
    assert outcome.problems[0].message == "More than nothing and at most 8.57 EUR can be paid now."
    await did(any_shop.pay(order_id, "test_card_authorize"))
    assert (await any_shop.order(order_id)).head.status == "PARTIALLY_PAID"
    outcome = await any_shop.refused(any_shop.pay(order_id, "test_card_capture_declined"))
    assert [reason.code for reason in outcome.blocked_by] == ["PAYMENT_IN_FLIGHT"]
    await any_shop.later(timedelta(seconds=30))
    assert (await any_shop.order(order_id)).head.status == "PAID"


async def test_an_order_takes_fifty_attempts(shop: Shop) -> None:
    order_id = await shop.placed()
    for _ in range(50):
        assert isinstance(await shop.pay(order_id, "test_card_declined"), PaymentDeclined)
    outcome = await shop.refused(shop.pay(order_id))
    assert [reason.code for reason in outcome.blocked_by] == ["TOO_MANY_ATTEMPTS"]


async def test_stock_that_expired_and_went_to_others_is_noticed_before_the_provider_is_asked(any_shop: Shop) -> None:
    order_id = await any_shop.placed(lines=(PlaceOrderLine("POSTER", 3),))
    await any_shop.ports.inventory.expire(START + DAY, 10)
    assert await any_shop.stock() == {}
    other = await any_shop.placed(BOB, member_id="mbr_bob", lines=(PlaceOrderLine("POSTER", 3),))
    outcome = await any_shop.refused(any_shop.pay(order_id))
    assert outcome == OutOfStock(path=("lines",), lines=(ShortLine("POSTER", 3, 2),))
    assert await any_shop.sql("SELECT 1 FROM services.provider_payments") == []
    await any_shop.cancel(other, BOB)
    await any_shop.worker.drain()
    await any_shop.paid(order_id)
    assert await any_shop.stock() == {("POSTER", "BER"): (2, 0)}


async def test_stock_is_held_anew_where_it_is_now(any_shop: Shop) -> None:
    order_id = await any_shop.placed(lines=(PlaceOrderLine("TEE", 5),))
    await any_shop.ports.inventory.expire(START + DAY, 10)
    await any_shop.sql(
        "UPDATE services.stock SET reserved = on_hand WHERE sku = 'TEE' AND warehouse = 'BER' RETURNING 1"
    )
    await any_shop.paid(order_id)
    order = await any_shop.order(order_id)
    assert [part.warehouse for part in order.lines[0].allocations] == ["HAM"]
    assert [part.warehouse for part in order.fulfillments] == ["HAM"]
    await any_shop.sql("UPDATE services.stock SET reserved = 0 RETURNING 1")
    assert await any_shop.stock() == {("TEE", "HAM"): (0, 0)}
