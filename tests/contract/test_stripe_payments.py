"""What every implementation of Payments holds, of Stripe's: against its twin, and against recorded requests for what that lacks."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from stripe import HTTPClient, HTTPXClient

from adapters.clock import SystemClock
from adapters.services.stripe_answers import answer_of, of_units, to_units
from adapters.services.stripe_payments import SEARCH_LAG_S, StripePayments
from domain.orders.views import NextAction
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.ports.payments import PaymentRequest
from domain.values.enums import PaymentNextActionKind
from domain.values.faults import ServiceRejected, ServiceUnavailable
from domain.values.ids import IdKind, new_id
from tests.fixtures.shop import START, SettableClock
from tests.fixtures.stripe_twin import ASKS, ASKS_AND_DECLINES, DECLINES, KEY, StripeTwin, stripe_twin

pytestmark = [
    pytest.mark.anyio,
    # Stripe's library hands httpx its forms as `data`; it pins no httpx that would mind.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]

PAYMENT_ID = new_id(IdKind.PAYMENT, int(START.timestamp() * 1000))
DECLINED = OperationDeclined("card_declined", "Your card was declined.")
UNKNOWN = OperationDeclined("unknown_payment", "The provider has no such payment.")
NOT_AUTHORIZED = OperationDeclined("not_authorized", "Nothing is authorized.")
NOBODYS = "pi_unknown"


class Recording(HTTPXClient):
    """Remembers what was asked under which key."""

    def __init__(self) -> None:
        super().__init__(timeout=30)
        self.keys: list[tuple[str, str | None]] = []

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        if method == "post":
            self.keys.append((urlsplit(url).path.rpartition("/")[2], headers.get("Idempotency-Key")))
        return await super().request_async(method, url, headers, post_data)


@pytest.fixture(scope="module")
def twin() -> Iterator[StripeTwin]:
    with stripe_twin() as twin:
        yield twin


@pytest.fixture
def http() -> Recording:
    return Recording()


@pytest.fixture
async def payments(twin: StripeTwin, http: Recording) -> AsyncIterator[StripePayments]:
    payments = StripePayments(KEY, SystemClock(), url=twin.url, http=http)
    yield payments
    await payments.close()


def request_of(token: str | None, **changes: Any) -> PaymentRequest:
    request = PaymentRequest(PAYMENT_ID, "ord_1", "card", 1000, "EUR", is_captured_at_once=True, token=token)
    return replace(request, **changes)


async def authorized(payments: StripePayments, twin: StripeTwin) -> str:
    answer = await payments.pay(request_of(twin.card(), is_captured_at_once=False))
    assert (answer.state, answer.authorized_minor, answer.captured_minor) == (ProviderState.AUTHORIZED, 1000, 0)
    return str(answer.reference)


async def captured(payments: StripePayments, twin: StripeTwin) -> str:
    return str((await payments.pay(request_of(twin.card()))).reference)


@pytest.mark.parametrize(("method", "is_known"), [("card", True), ("sepa_debit", True), ("test_card", False)])
async def test_the_provider_knows_its_methods(payments: StripePayments, method: str, is_known: bool) -> None:
    assert payments.takes(method) is is_known


async def test_a_card_pays(payments: StripePayments, twin: StripeTwin) -> None:
    answer = await payments.pay(request_of(twin.card()))
    assert answer == ProviderAnswer(ProviderState.CAPTURED, 1000, 1000, reference=answer.reference)
    assert await payments.ask(PAYMENT_ID, answer.reference) == answer


async def test_a_card_declines(payments: StripePayments, twin: StripeTwin) -> None:
    answer = await payments.pay(request_of(twin.card(DECLINES)))
    assert answer == ProviderAnswer(
        ProviderState.DECLINED, 0, 0, decline_code=DECLINED.code, decline_message=DECLINED.message
    )


async def test_a_token_that_nobody_has_declines(payments: StripePayments) -> None:
    answer = await payments.pay(request_of("pm_unknown"))
    assert (answer.state, answer.decline_message) == (ProviderState.DECLINED, "Not Found")


async def test_without_a_token_the_shops_page_pays(payments: StripePayments) -> None:
    answer = await payments.pay(request_of(None))
    assert answer.next_action is not None
    assert (answer.state, answer.next_action.kind) == (ProviderState.PROCESSING, "CLIENT_SECRET")
    assert str(answer.next_action.client_secret).startswith(f"{answer.reference}_secret_")


@pytest.mark.parametrize(
    ("number", "is_approved", "expected"),
    [
        (ASKS, True, ProviderState.CAPTURED),
        (ASKS, False, ProviderState.DECLINED),
        (ASKS_AND_DECLINES, True, ProviderState.DECLINED),
    ],
)
async def test_a_bank_asks_its_buyer(
    payments: StripePayments, twin: StripeTwin, number: str, is_approved: bool, expected: ProviderState
) -> None:
    answer = await payments.pay(request_of(twin.card(number)))
    assert answer.next_action is not None
    assert (answer.state, answer.next_action.kind) == (ProviderState.PROCESSING, "CLIENT_SECRET")
    twin.approve(str(answer.next_action.client_secret), is_approved=is_approved)
    now = await payments.ask(PAYMENT_ID, answer.reference)
    assert now is not None
    assert (now.state, now.reference, now.next_action) == (expected, answer.reference, None)


async def test_an_authorization_is_captured_once(payments: StripePayments, twin: StripeTwin) -> None:
    reference = await authorized(payments, twin)
    whole = ProviderAnswer(ProviderState.CAPTURED, 1000, 1000, reference=reference)
    assert await payments.capture(PAYMENT_ID, "op_1", 1000, reference) == whole
    assert await payments.capture(PAYMENT_ID, "op_1", 1000, reference) == whole


async def test_only_what_is_authorized_can_be_captured(payments: StripePayments, twin: StripeTwin) -> None:
    reference = await authorized(payments, twin)
    outcome = await payments.capture(PAYMENT_ID, "op_1", 1001, reference)
    assert isinstance(outcome, OperationDeclined)
    answer = await payments.ask(PAYMENT_ID, reference)
    assert answer is not None
    assert answer.state is ProviderState.AUTHORIZED


async def test_an_authorization_is_let_go(payments: StripePayments, twin: StripeTwin) -> None:
    reference = await authorized(payments, twin)
    voided = ProviderAnswer(ProviderState.VOIDED, 0, 0, reference=reference)
    assert await payments.void(PAYMENT_ID, reference) == voided
    assert await payments.void(PAYMENT_ID, reference) == voided


async def test_only_an_authorization_can_be_let_go(payments: StripePayments, twin: StripeTwin) -> None:
    reference = await captured(payments, twin)
    assert await payments.void(PAYMENT_ID, reference) == NOT_AUTHORIZED


async def test_what_was_captured_is_refunded_in_parts_each_once(payments: StripePayments, twin: StripeTwin) -> None:
    reference = await captured(payments, twin)
    paid = ProviderAnswer(ProviderState.CAPTURED, 1000, 1000, reference=reference)
    assert await payments.refund(PAYMENT_ID, "ref_1", 300, reference) == replace(paid, refunded_minor=300)
    assert await payments.refund(PAYMENT_ID, "ref_1", 300, reference) == replace(paid, refunded_minor=300)
    assert await payments.refund(PAYMENT_ID, "ref_2", 700, reference) == replace(paid, refunded_minor=1000)
    assert await payments.ask(PAYMENT_ID, reference) == replace(paid, refunded_minor=1000)


async def test_a_declined_payment_cannot_be_refunded(payments: StripePayments, twin: StripeTwin) -> None:
    waiting = await payments.pay(request_of(twin.card(ASKS_AND_DECLINES)))
    assert waiting.next_action is not None
    twin.approve(str(waiting.next_action.client_secret))
    outcome = await payments.refund(PAYMENT_ID, "ref_1", 1, waiting.reference)
    assert outcome == OperationDeclined("declined", "Cannot refund a failed payment.")


async def test_an_unknown_payment_has_no_operations(payments: StripePayments) -> None:
    assert await payments.ask(PAYMENT_ID, NOBODYS) is None
    assert await payments.capture(PAYMENT_ID, "op_1", 1, NOBODYS) == UNKNOWN
    assert await payments.void(PAYMENT_ID, NOBODYS) == UNKNOWN
    assert await payments.refund(PAYMENT_ID, "ref_1", 1, NOBODYS) == UNKNOWN


async def test_our_ids_are_its_idempotency_keys(payments: StripePayments, twin: StripeTwin, http: Recording) -> None:
    reference = await authorized(payments, twin)
    await payments.capture(PAYMENT_ID, "op_1", 1000, reference)
    await payments.refund(PAYMENT_ID, "ref_1", 1, reference)
    assert http.keys == [("payment_intents", PAYMENT_ID), ("capture", "op_1"), ("refunds", "ref_1:0")]


async def test_one_that_is_away_is_unavailable() -> None:
    payments = StripePayments(KEY, SystemClock(), url="http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailable, match=r"The payment service does not answer: APIConnectionError\."):
        await payments.pay(request_of("pm_1"))
    await payments.close()


async def test_a_wrong_key_is_our_fault(twin: StripeTwin) -> None:
    payments = StripePayments("pk_not_secret", SystemClock(), url=twin.url)
    with pytest.raises(ServiceRejected, match=r"The payment service refused: AuthenticationError\."):
        await payments.pay(request_of("pm_1"))
    await payments.close()


# What the twin lacks


class Canned(HTTPClient):
    """Stripe's answers by path, and what was asked."""

    name = "canned"

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self._answers = answers
        self.asked: list[tuple[str, str, dict[str, list[str]]]] = []

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        parts = urlsplit(url)
        name = parts.path.removeprefix("/v1/").replace("/", "_")
        self.asked.append((method, name, parse_qs(post_data or parts.query)))
        status, content = self._answers.get(f"{method}_{name}") or self._answers[name]
        return json.dumps(content).encode(), status, headers

    async def close_async(self) -> None:
        """There is nothing to close."""


def intent(status: str, **more: Any) -> dict[str, Any]:
    plain = {"id": "pi_1", "object": "payment_intent", "status": status, "amount": 1000, "currency": "eur"}
    return {**plain, "latest_charge": "ch_1", **more}


def page(*items: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"object": "list", "data": list(items), "has_more": False, "url": "/v1/any", **more}


def refund(status: str, name: str | None = "ref_1", amount: int = 300, **more: Any) -> dict[str, Any]:
    metadata = {"refund_id": name} if name else {}
    return {"id": "re_1", "object": "refund", "status": status, "amount": amount, "metadata": metadata, **more}


def over(http: Canned, after: timedelta = timedelta(hours=1)) -> StripePayments:
    return StripePayments(KEY, SettableClock(START + after), url="http://stripe.invalid", http=http)


SEARCHED = "payment_intents_search"


async def test_a_payment_whose_answer_was_lost_is_searched() -> None:
    http = Canned(**{SEARCHED: page(intent("requires_capture", amount_capturable=900))})
    assert await over(http).ask(PAYMENT_ID) == ProviderAnswer(ProviderState.AUTHORIZED, 900, 0, reference="pi_1")
    assert http.asked == [("get", SEARCHED, {"query": [f"metadata['payment_id']:'{PAYMENT_ID}'"], "limit": ["1"]})]


@pytest.mark.parametrize(("after_s", "is_known_to_be_unknown"), [(SEARCH_LAG_S - 1, False), (SEARCH_LAG_S, True)])
async def test_a_search_says_nothing_of_a_young_payment(after_s: int, is_known_to_be_unknown: bool) -> None:
    payments = over(Canned(**{SEARCHED: page()}), timedelta(seconds=after_s))
    if is_known_to_be_unknown:
        assert await payments.ask(PAYMENT_ID) is None
        return
    with pytest.raises(ServiceUnavailable, match="it may not have filed the payment yet"):
        await payments.ask(PAYMENT_ID)


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_a_refund_that_failed_is_made_anew(status: str) -> None:
    answers = {
        "payment_intents_pi_1": (200, intent("succeeded", amount_received=1000)),
        "refunds": page(refund(status)),
        "post_refunds": (200, refund(status, failure_reason="expired_or_canceled_card")),
    }
    http = Canned(**answers)
    outcome = await over(http).refund(PAYMENT_ID, "ref_1", 300, "pi_1")
    assert outcome == OperationDeclined("expired_or_canceled_card", "The provider could not give the money back.")
    assert [(method, name) for method, name, _ in http.asked] == [
        ("get", "payment_intents_pi_1"),
        ("get", "refunds"),
        ("post", "refunds"),
    ]
    assert http.asked[-1][2] == {"payment_intent": ["pi_1"], "amount": ["300"], "metadata[refund_id]": ["ref_1"]}


@pytest.mark.parametrize("status", ["pending", "requires_action"])
async def test_a_refund_under_way_is_asked_about_again(status: str) -> None:
    answers = {
        "payment_intents_pi_1": (200, intent("succeeded", amount_received=1000)),
        "refunds": page(refund(status)),
    }
    with pytest.raises(ServiceUnavailable, match=f"the refund is {status}"):
        await over(Canned(**answers)).refund(PAYMENT_ID, "ref_1", 300, "pi_1")


async def test_only_our_refunds_that_arrived_count() -> None:
    refunds = [refund("succeeded"), refund("succeeded", None, 50), refund("failed", "ref_2", 7)]
    answers = {
        "payment_intents_pi_1": (200, intent("succeeded", amount_received=1000)),
        "refunds": page(*refunds),
    }
    answer = await over(Canned(**answers)).ask(PAYMENT_ID, "pi_1")
    assert answer == ProviderAnswer(ProviderState.CAPTURED, 1000, 1000, 300, reference="pi_1")


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (429, "rate_limit", ServiceUnavailable),
        (500, None, ServiceUnavailable),
        (409, "idempotency_key_in_use", ServiceUnavailable),
        (403, None, ServiceRejected),
        (400, "parameter_invalid", ServiceRejected),
    ],
)
async def test_errors_are_faults_by_whose_they_are(status: int, code: str | None, fault: type[Exception]) -> None:
    http = Canned(payment_intents_pi_1=(status, {"error": {"code": code, "message": "No.", "type": "any"}}))
    with pytest.raises(fault):
        await over(http).ask(PAYMENT_ID, "pi_1")


async def test_what_was_captured_in_part_is_all_there_is() -> None:
    http = Canned(
        payment_intents_pi_1=(200, intent("requires_capture", amount_capturable=1000)),
        payment_intents_pi_1_capture=(200, intent("succeeded", amount_received=400)),
    )
    assert await over(http).capture(PAYMENT_ID, "op_1", 400, "pi_1") == ProviderAnswer(
        ProviderState.CAPTURED, 400, 400, reference="pi_1"
    )
    assert http.asked[-1] == ("post", "payment_intents_pi_1_capture", {"amount_to_capture": ["400"]})


async def test_a_decline_names_its_payment_and_the_banks_reason() -> None:
    error = {"type": "card_error", "code": "card_declined", "decline_code": "lost_card", "message": "No."}
    http = Canned(payment_intents=(402, {"error": {**error, "payment_intent": intent("requires_payment_method")}}))
    answer = await over(http).pay(request_of("pm_1", return_url="https://shop.example/back"))
    assert answer == ProviderAnswer(
        ProviderState.DECLINED, 0, 0, reference="pi_1", decline_code="lost_card", decline_message="No."
    )
    assert http.asked[-1][2] == {
        "amount": ["1000"],
        "currency": ["eur"],
        "payment_method_types[0]": ["card"],
        "capture_method": ["automatic"],
        "metadata[payment_id]": [PAYMENT_ID],
        "metadata[order_id]": ["ord_1"],
        "payment_method": ["pm_1"],
        "confirm": ["true"],
        "return_url": ["https://shop.example/back"],
    }


REDIRECT = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example"}}
WAITING = ProviderAnswer(
    ProviderState.PROCESSING, 0, 0, reference="pi_1", next_action=NextAction(PaymentNextActionKind.WAIT)
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            intent("requires_action", next_action=REDIRECT),
            replace(WAITING, next_action=NextAction(PaymentNextActionKind.REDIRECT, url="https://bank.example")),
        ),
        (intent("processing"), WAITING),
        (intent("requires_confirmation"), WAITING),
        (intent("of_the_future"), WAITING),
        (intent("canceled"), ProviderAnswer(ProviderState.VOIDED, 0, 0, reference="pi_1")),
        (
            intent("requires_payment_method", last_payment_error={"message": None}),
            ProviderAnswer(
                ProviderState.DECLINED,
                0,
                0,
                reference="pi_1",
                decline_code="declined",
                decline_message="The payment was declined.",
            ),
        ),
        (
            intent("succeeded", currency="isk", amount_received=500_00),
            ProviderAnswer(ProviderState.CAPTURED, 500, 500, reference="pi_1"),
        ),
    ],
)
async def test_a_status_has_its_meaning(given: dict[str, Any], expected: ProviderAnswer) -> None:
    assert answer_of(given) == expected


@pytest.mark.parametrize(("currency", "units"), [("EUR", 7), ("JPY", 7), ("KWD", 7), ("ISK", 700), ("ugx", 700)])
async def test_amounts_in_its_units(currency: str, units: int) -> None:
    assert (to_units(7, currency), of_units(units, currency)) == (units, 7)
