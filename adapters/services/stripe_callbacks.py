"""Stripe's callbacks: its library says whether one is signed well and in time; the payment's id stands in the metadata.

Events of every kind may come: of PaymentIntents and of their charges, which carry the same metadata. What names no payment
of ours is somebody else's business on the same account.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from stripe import SignatureVerificationError, WebhookSignature

from domain.ports.payments import CallbackProblem, CallbackRefused, ProviderEvent
from domain.values.ids import IdKind, kind_of

SIGNATURE_HEADER: Final = "stripe-signature"
REPLAY_WINDOW_S: Final = 300
_BAD_SIGNATURE: Final = "The callback is not signed, or not with the endpoint's secret."
_TOO_OLD: Final = f"The callback was signed more than {REPLAY_WINDOW_S} seconds ago."
_UNREADABLE: Final = "The callback is no event of Stripe."


class StripeCallbacks:
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        signature = headers.get(SIGNATURE_HEADER)
        if not self._is_signed(signature, body, None):
            raise CallbackRefused(CallbackProblem.INVALID_SIGNATURE, _BAD_SIGNATURE)
        if not self._is_signed(signature, body, REPLAY_WINDOW_S):
            raise CallbackRefused(CallbackProblem.STALE_SIGNATURE, _TOO_OLD)
        return _event(body)

    def _is_signed(self, signature: str | None, body: bytes, tolerance_s: int | None) -> bool:
        try:
            WebhookSignature.verify_header(body, signature, self._secret, tolerance_s)
        except (SignatureVerificationError, UnicodeDecodeError, TypeError):  # the last for signs beyond ASCII
            return False
        return True


def _event(body: bytes) -> ProviderEvent:
    content = _object(body)
    event_id = content.get("id")
    if not isinstance(event_id, str) or content.get("object") != "event":
        raise CallbackRefused(CallbackProblem.INVALID_CALLBACK, _UNREADABLE)
    payment_id = _within(content, "data", "object", "metadata").get("payment_id")
    is_ours = isinstance(payment_id, str) and kind_of(payment_id) is IdKind.PAYMENT
    return ProviderEvent(event_id, payment_id if is_ours else None)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise CallbackRefused(CallbackProblem.INVALID_CALLBACK, _UNREADABLE) from error
    return content if isinstance(content, dict) else {}


def _within(content: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        part = content.get(name)
        content = part if isinstance(part, dict) else {}
    return content
