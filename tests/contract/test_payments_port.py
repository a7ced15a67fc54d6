"""What every implementation of Payments holds, for the methods that tests and demos use."""

import asyncio
from dataclasses import replace

import pytest

from adapters.db.engine import Database
from adapters.embedded.payments import EmbeddedPayments
from domain.orders.views import NextAction
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.ports.payments import PaymentRequest, Payments
from domain.values.enums import PaymentNextActionKind
from domain.values.faults import ServiceRejected

pytestmark = pytest.mark.anyio
CARD = PaymentRequest("pay_1", "ord_1", "test_card", 1000, "EUR", is_captured_at_once=True)
AUTHORIZE = replace(CARD, is_captured_at_once=False)
CAPTURED = ProviderAnswer(ProviderState.CAPTURED, 1000, 1000, reference="test_pay_1")
AUTHORIZED = ProviderAnswer(ProviderState.AUTHORIZED, 1000, 0, reference="test_pay_1")
DECLINED = ProviderAnswer(
    ProviderState.DECLINED, 0, 0, decline_code="card_declined", decline_message="The card was declined."
)
TOO_MUCH_CAPTURED = OperationDeclined("amount_too_large", "More is to be captured than is authorized.")
TOO_MUCH_REFUNDED = OperationDeclined("amount_too_large", "More is to be refunded than was captured.")
NOT_AUTHORIZED = OperationDeclined("not_authorized", "Nothing is authorized.")
UNKNOWN = OperationDeclined("unknown_payment", "The provider has no such payment.")


@pytest.fixture
async def payments(database: Database) -> Payments:
    return EmbeddedPayments(database)


@pytest.mark.parametrize(
    ("method", "is_known"),
    [
        ("test_card", True),
        ("test_card_declined", True),
        ("test_card_authorize", True),
        ("test_card_3ds", True),
        ("test_card_3ds_authorize", True),
        ("test_card_capture_declined", True),
        ("external", False),
        ("cash", False),
    ],
)
async def test_the_provider_knows_its_methods(payments: Payments, method: str, is_known: bool) -> None:
    assert payments.takes(method) is is_known


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (CARD, CAPTURED),
        (AUTHORIZE, AUTHORIZED),
        (replace(CARD, method="test_card_authorize"), AUTHORIZED),
        (replace(CARD, method="test_card_capture_declined"), AUTHORIZED),
        (replace(CARD, method="test_card_declined"), DECLINED),
    ],
)
async def test_the_method_tells_what_becomes_of_a_payment(
    payments: Payments, request_: PaymentRequest, expected: ProviderAnswer
) -> None:
    assert await payments.ask("pay_1") is None
    assert await payments.pay(request_) == expected
    assert await payments.ask("pay_1") == expected


STEP = NextAction(PaymentNextActionKind.REDIRECT, url="/test-provider/pay_1")
WAITING = ProviderAnswer(ProviderState.PROCESSING, 0, 0, reference="test_pay_1", next_action=STEP)
REFUSED = ProviderAnswer(
    ProviderState.DECLINED,
    0,
    0,
    reference="test_pay_1",
    decline_code="authentication_failed",
    decline_message="The buyer did not approve the payment.",
)


@pytest.mark.parametrize(
    ("request_", "is_approved", "expected"),
    [
        (CARD, True, CAPTURED),
        (AUTHORIZE, True, AUTHORIZED),
        (CARD, False, REFUSED),
        (AUTHORIZE, False, REFUSED),
    ],
)
async def test_a_payment_waits_for_its_buyer(
    database: Database, request_: PaymentRequest, is_approved: bool, expected: ProviderAnswer
) -> None:
    payments = EmbeddedPayments(database)
    request_ = replace(request_, method="test_card_3ds")
    assert await payments.pay(request_) == WAITING
    assert await payments.ask("pay_1") == WAITING
    assert await payments.capture("pay_1", "op_1", 1) == NOT_AUTHORIZED
    assert await payments.void("pay_1") == NOT_AUTHORIZED
    assert await payments.finish_step("pay_1", is_approved=is_approved) == expected
    assert await payments.finish_step("pay_1", is_approved=not is_approved) == expected
    assert await payments.pay(request_) == expected
    assert await payments.ask("pay_1") == expected


async def test_only_a_known_payment_has_a_step(database: Database) -> None:
    payments = EmbeddedPayments(database)
    assert await payments.finish_step("pay_9", is_approved=True) is None
    assert await payments.finish_step("\0", is_approved=True) is None
    await payments.pay(CARD)
    assert await payments.finish_step("pay_1", is_approved=False) == CAPTURED


async def test_an_unknown_method_is_rejected(payments: Payments) -> None:
    with pytest.raises(ServiceRejected, match="the method 'cash' is unknown"):
        await payments.pay(replace(CARD, method="cash"))
    assert await payments.ask("pay_1") is None


async def test_paying_again_answers_with_the_same_payment_as_it_is_now(payments: Payments) -> None:
    await payments.pay(CARD)
    await payments.refund("pay_1", "ref_1", 300)
    assert await payments.pay(CARD) == replace(CAPTURED, refunded_minor=300)


@pytest.mark.parametrize("other", [replace(CARD, amount_minor=999), replace(CARD, currency="USD")])
async def test_a_payment_cannot_become_another_one(payments: Payments, other: PaymentRequest) -> None:
    await payments.pay(CARD)
    with pytest.raises(ServiceRejected, match="pay_1 was asked for with another amount"):
        await payments.pay(other)
    assert await payments.ask("pay_1") == CAPTURED


async def test_an_authorization_is_captured_in_parts_each_once(payments: Payments) -> None:
    await payments.pay(AUTHORIZE)
    part = replace(AUTHORIZED, captured_minor=400)
    assert await payments.capture("pay_1", "op_1", 400) == part
    assert await payments.capture("pay_1", "op_1", 400) == part
    assert await payments.capture("pay_1", "op_2", 601) == TOO_MUCH_CAPTURED
    assert await payments.capture("pay_1", "op_3", 600) == CAPTURED
    assert await payments.capture("pay_1", "op_1", 400) == CAPTURED
    assert await payments.capture("pay_1", "op_2", 601) == TOO_MUCH_CAPTURED
    assert await payments.capture("pay_1", "op_4", 1) == NOT_AUTHORIZED
    assert await payments.ask("pay_1") == CAPTURED


@pytest.mark.parametrize("amount_minor", [0, -1, 1001])
async def test_only_what_is_authorized_can_be_captured(payments: Payments, amount_minor: int) -> None:
    await payments.pay(AUTHORIZE)
    assert await payments.capture("pay_1", "op_1", amount_minor) == TOO_MUCH_CAPTURED
    assert await payments.ask("pay_1") == AUTHORIZED


async def test_a_capture_can_be_declined_and_nothing_is_taken(payments: Payments) -> None:
    await payments.pay(replace(CARD, method="test_card_capture_declined"))
    declined = OperationDeclined("capture_declined", "The card's bank refuses the capture.")
    assert await payments.capture("pay_1", "op_1", 1000) == declined
    assert await payments.capture("pay_1", "op_1", 1000) == declined
    assert await payments.ask("pay_1") == AUTHORIZED


async def test_an_authorization_is_let_go(payments: Payments) -> None:
    await payments.pay(AUTHORIZE)
    voided = ProviderAnswer(ProviderState.VOIDED, 0, 0, reference="test_pay_1")
    assert await payments.void("pay_1") == voided
    assert await payments.void("pay_1") == voided
    assert await payments.capture("pay_1", "op_1", 1) == NOT_AUTHORIZED


async def test_what_was_captured_stays_when_the_rest_is_let_go(payments: Payments) -> None:
    await payments.pay(AUTHORIZE)
    await payments.capture("pay_1", "op_1", 400)
    rest = ProviderAnswer(ProviderState.CAPTURED, 400, 400, reference="test_pay_1")
    assert await payments.void("pay_1") == rest
    assert await payments.void("pay_1") == rest


@pytest.mark.parametrize("request_", [CARD, replace(CARD, method="test_card_declined")])
async def test_only_an_authorization_can_be_let_go(payments: Payments, request_: PaymentRequest) -> None:
    before = await payments.pay(request_)
    assert await payments.void("pay_1") == NOT_AUTHORIZED
    assert await payments.ask("pay_1") == before


async def test_what_was_captured_is_refunded_in_parts_each_once(payments: Payments) -> None:
    await payments.pay(CARD)
    assert await payments.refund("pay_1", "ref_1", 300) == replace(CAPTURED, refunded_minor=300)
    assert await payments.refund("pay_1", "ref_1", 300) == replace(CAPTURED, refunded_minor=300)
    assert await payments.refund("pay_1", "ref_2", 701) == TOO_MUCH_REFUNDED
    assert await payments.refund("pay_1", "ref_3", 700) == replace(CAPTURED, refunded_minor=1000)
    assert await payments.refund("pay_1", "ref_4", 1) == TOO_MUCH_REFUNDED


async def test_an_authorization_cannot_be_refunded(payments: Payments) -> None:
    await payments.pay(AUTHORIZE)
    assert await payments.refund("pay_1", "ref_1", 1) == TOO_MUCH_REFUNDED


async def test_an_unknown_payment_has_no_operations(payments: Payments) -> None:
    assert await payments.capture("pay_9", "op_1", 1) == UNKNOWN
    assert await payments.void("pay_9") == UNKNOWN
    assert await payments.refund("pay_9", "ref_1", 1) == UNKNOWN


async def test_an_operation_id_names_one_operation(payments: Payments) -> None:
    await payments.pay(CARD)
    await payments.pay(replace(CARD, payment_id="pay_2"))
    await payments.refund("pay_1", "ref_1", 1)
    with pytest.raises(ServiceRejected, match="ref_1 names another operation"):
        await payments.refund("pay_2", "ref_1", 1)
    with pytest.raises(ServiceRejected, match="ref_1 names another operation"):
        await payments.capture("pay_1", "ref_1", 1)


async def test_concurrent_refunds_never_pass_what_was_captured(payments: Payments) -> None:
    await payments.pay(CARD)
    outcomes = await asyncio.gather(*(payments.refund("pay_1", f"ref_{n % 10}", 150) for n in range(20)))
    assert sum(isinstance(outcome, OperationDeclined) for outcome in outcomes) == 8
    answer = await payments.ask("pay_1")
    assert answer is not None
    assert answer.refunded_minor == 900
