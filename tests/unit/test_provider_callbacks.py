"""The test provider's signature: what is believed, and what is not."""

from datetime import timedelta

import pytest

from adapters.embedded.callbacks import SIGNATURE_HEADER, TestProviderCallbacks
from domain.ports.payments import CallbackProblem, CallbackRefused, ProviderEvent
from tests.fixtures.shop import SettableClock

CLOCK = SettableClock()
CALLBACKS = TestProviderCallbacks("a secret of the tests", CLOCK)
HEADERS, BODY = CALLBACKS.signed("evt_1", "pay_1")
AT, _, SIGNATURE = HEADERS[SIGNATURE_HEADER].partition(",")
WINDOW = timedelta(seconds=300)
SECOND = timedelta(seconds=1)


def refusal(headers: dict[str, str], body: bytes, callbacks: TestProviderCallbacks = CALLBACKS) -> CallbackProblem:
    with pytest.raises(CallbackRefused) as raised:
        callbacks.read(headers, body)
    assert str(raised.value).endswith(".")
    return raised.value.problem


def later(delta: timedelta) -> TestProviderCallbacks:
    return TestProviderCallbacks("a secret of the tests", SettableClock(CLOCK.now() + delta))


def test_what_was_signed_is_read() -> None:
    assert CALLBACKS.read(HEADERS, BODY) == ProviderEvent("evt_1", "pay_1")


@pytest.mark.parametrize("delta", [WINDOW, -WINDOW])
def test_clocks_may_differ_and_callbacks_may_tarry(delta: timedelta) -> None:
    assert later(delta).read(HEADERS, BODY) == ProviderEvent("evt_1", "pay_1")


@pytest.mark.parametrize("delta", [WINDOW + SECOND, -WINDOW - SECOND])
def test_a_recorded_callback_is_not_believed(delta: timedelta) -> None:
    assert refusal(HEADERS, BODY, later(delta)) is CallbackProblem.STALE_SIGNATURE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=,v1=",
        AT,
        SIGNATURE,
        f"{AT}0,{SIGNATURE}",
        f"{AT},{SIGNATURE[:-1]}",
        f"{AT},v1=\xe4",
        "t=\xb2,v1=0",
    ],
)
def test_another_signature_is_not_believed(header: str | None) -> None:
    headers = {} if header is None else {SIGNATURE_HEADER: header}
    assert refusal(headers, BODY) is CallbackProblem.INVALID_SIGNATURE


def test_another_body_is_not_believed() -> None:
    assert refusal(HEADERS, BODY.replace(b"pay_1", b"pay_2")) is CallbackProblem.INVALID_SIGNATURE


def test_another_secret_is_not_believed() -> None:
    other = TestProviderCallbacks("another secret of the tests", CLOCK)
    assert refusal(HEADERS, BODY, other) is CallbackProblem.INVALID_SIGNATURE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"id": "evt_1"}',
        b'{"id": 1, "paymentId": "pay_1"}',
        b'{"id": "", "paymentId": "pay_1"}',
    ],
)
def test_what_is_signed_and_no_event_is_told_apart(body: bytes) -> None:
    at = AT.removeprefix("t=")
    headers = {SIGNATURE_HEADER: f"{AT},v1={CALLBACKS._signature(at, body)}"}
    assert refusal(headers, body) is CallbackProblem.INVALID_CALLBACK


def test_an_endless_id_is_no_id() -> None:
    headers, body = CALLBACKS.signed("e" * 201, "pay_1")
    assert refusal(headers, body) is CallbackProblem.INVALID_CALLBACK
