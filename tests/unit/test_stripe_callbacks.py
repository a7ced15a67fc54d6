"""Stripe's signature, and which payment an event is about."""

import json
import time
from typing import Any

import pytest
from stripe import WebhookSignature

from adapters.services.stripe_callbacks import REPLAY_WINDOW_S, SIGNATURE_HEADER, StripeCallbacks
from domain.ports.payments import CallbackProblem, CallbackRefused, ProviderEvent
from domain.values.ids import IdKind, new_id

SECRET = "whsec_of_the_tests"
CALLBACKS = StripeCallbacks(SECRET)
PAYMENT_ID = new_id(IdKind.PAYMENT, 1)


def event(**of_object: Any) -> bytes:
    content = {"id": "evt_1", "object": "event", "data": {"object": of_object}}
    return json.dumps(content).encode()


def signed(body: bytes, *, age_s: int = 0, secret: str = SECRET) -> dict[str, str]:
    at = int(time.time()) - age_s
    return {SIGNATURE_HEADER: WebhookSignature.generate_signature_header(body.decode(), secret, at)}


def refusal(headers: dict[str, str], body: bytes) -> CallbackProblem:
    with pytest.raises(CallbackRefused) as raised:
        CALLBACKS.read(headers, body)
    return raised.value.problem


OURS = event(metadata={"payment_id": PAYMENT_ID})


def test_an_event_of_a_payment_of_ours() -> None:
    assert CALLBACKS.read(signed(OURS), OURS) == ProviderEvent("evt_1", PAYMENT_ID)


@pytest.mark.parametrize(
    "of_object",
    [{}, {"metadata": {}}, {"metadata": None}, {"metadata": {"payment_id": "ord_1"}}, {"metadata": {"payment_id": 1}}],
)
def test_an_event_of_somebody_else(of_object: dict[str, Any]) -> None:
    body = event(**of_object)
    assert CALLBACKS.read(signed(body), body) == ProviderEvent("evt_1", None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE_HEADER: ""},
        {SIGNATURE_HEADER: "t=1"},
        {SIGNATURE_HEADER: "t=x,v1=0"},
        {SIGNATURE_HEADER: "t=1,v1=\xe4"},
        signed(OURS, secret="whsec_another"),
        signed(OURS + b" "),
    ],
)
def test_another_signature_is_not_believed(headers: dict[str, str]) -> None:
    assert refusal(headers, OURS) is CallbackProblem.INVALID_SIGNATURE


def test_bytes_that_are_no_text_are_not_believed() -> None:
    assert refusal(signed(OURS), b"\xff") is CallbackProblem.INVALID_SIGNATURE


def test_a_recorded_callback_is_not_believed() -> None:
    assert refusal(signed(OURS, age_s=REPLAY_WINDOW_S + 60), OURS) is CallbackProblem.STALE_SIGNATURE


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"id": 1, "object": "event"}', b'{"id": "evt_1"}'])
def test_what_is_signed_and_no_event_is_told_apart(body: bytes) -> None:
    assert refusal(signed(body), body) is CallbackProblem.INVALID_CALLBACK
