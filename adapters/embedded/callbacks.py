"""The test provider's callbacks: signed as its real kin sign theirs, so that the way they take here is the real one.

The header says when it was signed, and the HMAC-SHA256 of that time, a dot and the body. A callback older than the window
is refused: whoever recorded one cannot send it again later. One from the near future is good: clocks differ.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from domain.ports.clock import Clock
from domain.ports.payments import CallbackProblem, CallbackRefused, ProviderEvent

SIGNATURE_HEADER: Final = "test-provider-signature"
REPLAY_WINDOW_S: Final = 300
_PURPOSE: Final = b"order-center.test-provider-callback"
_BAD_SIGNATURE: Final = "The callback is not signed, or not with the secret that was agreed."
_TOO_OLD: Final = f"The callback was signed more than {REPLAY_WINDOW_S} seconds ago, or as much ahead."
_UNREADABLE: Final = "The callback is no event: a JSON object with id and paymentId."
MAX_ID_LENGTH: Final = 200


class TestProviderCallbacks:
    """`secret`: the process's own; this purpose has a key of its own, derived from it."""

    __test__ = False  # its name begins as those of tests do

    def __init__(self, secret: str, clock: Clock) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
        self._clock = clock

    def signed(self, event_id: str, payment_id: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a callback, as the provider sends it now."""
        body = json.dumps({"id": event_id, "paymentId": payment_id}).encode()
        at = str(self._now_s())
        return {SIGNATURE_HEADER: f"t={at},v1={self._signature(at, body)}"}, body

    def read(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        parts = dict(part.partition("=")[::2] for part in headers.get(SIGNATURE_HEADER, "").split(","))
        at, signature = parts.get("t", ""), parts.get("v1", "")
        if not hmac.compare_digest(self._signature(at, body).encode(), signature.encode()):
            raise CallbackRefused(CallbackProblem.INVALID_SIGNATURE, _BAD_SIGNATURE)
        if abs(self._now_s() - int(at)) > REPLAY_WINDOW_S:
            raise CallbackRefused(CallbackProblem.STALE_SIGNATURE, _TOO_OLD)
        return _event(body)

    def _signature(self, at: str, body: bytes) -> str:
        return hmac.new(self._key, at.encode() + b"." + body, hashlib.sha256).hexdigest()

    def _now_s(self) -> int:
        return int(self._clock.now().timestamp())


def _event(body: bytes) -> ProviderEvent:
    try:
        content = json.loads(body)
    except ValueError as error:
        raise CallbackRefused(CallbackProblem.INVALID_CALLBACK, _UNREADABLE) from error
    event_id, payment_id = (content.get("id"), content.get("paymentId")) if isinstance(content, dict) else (None, None)
    if not (isinstance(event_id, str) and isinstance(payment_id, str) and 0 < len(event_id) <= MAX_ID_LENGTH):
        raise CallbackRefused(CallbackProblem.INVALID_CALLBACK, _UNREADABLE)
    return ProviderEvent(event_id, payment_id)
