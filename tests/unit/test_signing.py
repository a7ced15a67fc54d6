"""Quote tokens and the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from adapters.clock import SystemClock
from adapters.signing import SignedQuoteTokens

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTENT: dict[str, str | int] = {"fingerprint": "a1", "total": 1999, "currency": "EUR"}


@dataclass
class SetClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


def test_a_token_gives_back_its_content() -> None:
    tokens = SignedQuoteTokens("secret", SetClock())
    assert tokens.read(tokens.sign(CONTENT), 900) == CONTENT


def test_a_token_is_good_until_its_age_and_no_longer() -> None:
    clock = SetClock()
    tokens = SignedQuoteTokens("secret", clock)
    token = tokens.sign(CONTENT)
    clock.at = NOON + timedelta(seconds=900)
    assert tokens.read(token, 900) == CONTENT
    clock.at += timedelta(milliseconds=1)
    assert tokens.read(token, 900) is None


def test_a_token_of_a_replica_whose_clock_is_ahead_is_good() -> None:
    token = SignedQuoteTokens("secret", SetClock(NOON + timedelta(seconds=2))).sign(CONTENT)
    assert SignedQuoteTokens("secret", SetClock()).read(token, 900) == CONTENT


def test_a_token_of_another_secret_is_not_ours() -> None:
    token = SignedQuoteTokens("other", SetClock()).sign(CONTENT)
    assert SignedQuoteTokens("secret", SetClock()).read(token, 900) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "é", "\ud800", "x" * 10_000])
def test_any_other_text_is_no_token(token: str) -> None:
    assert SignedQuoteTokens("secret", SetClock()).read(token, 900) is None


def test_a_changed_token_is_refused_wherever_it_was_changed() -> None:
    tokens = SignedQuoteTokens("secret", SetClock())
    token = tokens.sign(CONTENT)
    content_end = token.index(".")
    for position in range(content_end):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert tokens.read(changed, 900) is None


def test_the_system_clock_tells_aware_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
