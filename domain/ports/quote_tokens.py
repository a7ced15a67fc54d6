"""Quote tokens: a quoted price that can be held until it expires. Signed, not stored."""

from typing import Any, Protocol


class QuoteTokens(Protocol):
    def sign(self, content: dict[str, Any]) -> str: ...

    def read(self, token: str, max_age_s: int) -> dict[str, Any] | None:
        """The content; None for a token that is not ours, was changed, or is older."""
        ...
