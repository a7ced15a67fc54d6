"""Money is exact: a whole number of minor units and a currency. Nothing here is a float."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(
        (
            "AED", "ARS", "AUD", "BDT", "BGN", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "GEL",
            "HKD", "HUF", "IDR", "ILS", "INR", "KES", "KZT", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR",
            "PLN", "QAR", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "UYU", "ZAR",
        ),
        2,
    ),
}  # fmt: skip
"""Minor digits by ISO 4217 code: the currencies that the order center trades in."""

_CENTS: Final = tuple(f".{cents:02d}" for cents in range(100))

MAX_MINOR: Final = 10**15
"""Largest amount accepted from outside, in minor units: sums of millions of orders still fit a 64-bit column."""

MAX_DIGITS: Final = 28
"""Decimal's default precision: an amount of more digits would be rounded unseen."""


class InvalidMoney(ValueError):
    """The amount or the currency cannot be money; the message is a sentence for the caller."""


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency has. Raises InvalidMoney for an unknown one."""
    digits = _DIGITS.get(currency)
    if digits is None:
        raise InvalidMoney(f"{currency!r} is not a currency that is traded here.")
    return digits


def is_traded(currency: str) -> bool:
    return currency in _DIGITS


def currencies_of(digits: int) -> tuple[str, ...]:
    """The currencies with so many decimal digits, in alphabetical order."""
    return tuple(sorted(currency for currency, has in _DIGITS.items() if has == digits))


@dataclass(frozen=True, slots=True)
class Money:
    amount_minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """From a decimal amount. Raises InvalidMoney when it has more digits than the currency, or is out of range."""
        digits = minor_digits(currency)
        if not amount.is_finite() or abs(amount.adjusted()) > 30:
            raise InvalidMoney("An amount must be a finite number.")
        if len(amount.as_tuple().digits) > MAX_DIGITS:
            raise InvalidMoney(f"An amount has at most {MAX_DIGITS} digits.")
        scaled = amount.scaleb(digits)
        if scaled != scaled.to_integral_value():
            raise InvalidMoney(f"{currency} has {digits} decimal digits; {amount} has more.")
        if abs(scaled) > MAX_MINOR:
            raise InvalidMoney(f"{amount} {currency} is out of range.")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.amount_minor).scaleb(-minor_digits(self.currency))


def amount_text(amount_minor: int, currency: str) -> str:
    """The amount with as many digits as the currency has, like `format(Money(…).amount, "f")`, of whole numbers alone."""
    digits = _DIGITS.get(currency)
    if digits == 2 and amount_minor >= 0:  # nearly all of them, and lists are full of amounts
        return f"{amount_minor // 100}{_CENTS[amount_minor % 100]}"
    digits = minor_digits(currency)
    if digits == 0:
        return str(amount_minor)
    text = str(abs(amount_minor)).rjust(digits + 1, "0")
    return f"{'-' if amount_minor < 0 else ''}{text[:-digits]}.{text[-digits:]}"


def at_rate(amount_minor: int, rate: Decimal) -> int:
    """`amount × rate`, half a minor unit rounded away from zero."""
    return int((Decimal(amount_minor) * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the parts sum to the whole: largest remainder, earlier parts first on a tie.

    Weights are not negative; when all are zero the parts are equal. An amount below zero is shared like its opposite.
    """
    if len(weights) < 2:
        return [amount_minor] * len(weights)
    if amount_minor < 0:
        return [-part for part in share(-amount_minor, weights)]
    scale = sum(weights)
    if scale == 0:
        weights, scale = [1] * len(weights), len(weights)
    parts = [amount_minor * weight // scale for weight in weights]
    remainders = [amount_minor * weight % scale for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: amount_minor - sum(parts)]:
        parts[i] += 1
    return parts
