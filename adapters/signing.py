"""Quote tokens signed with the server's secret: every replica that has the secret reads them."""

import hashlib
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from adapters.clock import SystemClock
from domain.ports.clock import Clock

_PURPOSE: Final = "order-center.quote"
_SYSTEM_CLOCK: Final = SystemClock()


class SignedQuoteTokens:
    """A token carries when it was signed. One from the near future is good: clocks of replicas differ."""

    def __init__(self, secret: str, clock: Clock = _SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._serializer = URLSafeSerializer(
            secret, salt=_PURPOSE, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def sign(self, content: dict[str, str | int]) -> str:
        return str(self._serializer.dumps([self._now_ms(), content]))

    def read(self, token: str, max_age_s: int) -> dict[str, str | int] | None:
        try:
            signed_at_ms, content = self._serializer.loads(token.encode(errors="replace"))
        except BadData:
            return None
        is_fresh = self._now_ms() - signed_at_ms <= max_age_s * 1000
        return dict(content) if is_fresh else None

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
