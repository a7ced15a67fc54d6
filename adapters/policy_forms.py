"""How each key of a policy file is written: which values are of its form, and what they become."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from domain.policies import DAY_S, HOUR_S, MINUTE_S
from domain.values.enums import CapturePolicy, ChannelKind, SplitDimension, StockPolicy
from domain.values.money import InvalidMoney, minor_digits


@dataclass(frozen=True, slots=True)
class Form:
    words: str
    """What a value of this form is, so that `"30x" is not {words}` is a sentence."""
    read: Callable[[Any], Any]
    """The policy's value; None for a value that is not of this form."""


_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNIT_S: Final = {"s": 1, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S}
_CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def written(value: Any) -> str:
    """A value as TOML would write it."""
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)


def _duration(value: Any) -> int | None:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) * _UNIT_S[match[2]] if match else None


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str | None]:
    return lambda value: value if isinstance(value, str) and pattern.fullmatch(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _at_least(least: int) -> Callable[[Any], int | None]:
    # type(), not isinstance(): true is no number here.
    return lambda value: value if type(value) is int and value >= least else None


def _rate(value: Any) -> Decimal | None:
    rate = Decimal(value) if type(value) in {int, Decimal} else None
    return rate if rate is not None and rate.is_finite() and 0 <= rate <= 1 else None


def _currency(value: Any) -> str | None:
    try:
        minor_digits(value)
    except (InvalidMoney, TypeError):
        return None
    return str(value)


def _codes(value: Any) -> tuple[str, ...] | None:
    is_list = isinstance(value, list) and bool(value)
    return tuple(value) if is_list and all(_code(code) for code in value) else None


def _one_of(kind: type[StrEnum]) -> Form:
    words = "one of " + ", ".join(kind)
    return Form(words, lambda value: kind(value) if value in list(kind) else None)


def _texts(value: Any) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(_text(entry) for entry in value) else None


def _dimensions(value: Any) -> tuple[SplitDimension, ...] | None:
    is_list = isinstance(value, list) and all(entry in list(SplitDimension) for entry in value)
    return tuple(dict.fromkeys(map(SplitDimension, value))) if is_list else None


_code: Final = _matching(_CODE)
_FLAG: Final = Form("true or false", _flag)
_COUNT: Final = Form("a whole number of at least 0", _at_least(0))
_COUNT_FROM_1: Final = Form("a whole number of at least 1", _at_least(1))

DURATION: Final = Form("a duration like 30m, 24h or 15d", _duration)

FORMS: Final = {
    "code": Form("a code like fashion-eu (small letters, digits, hyphens)", _code),
    "name": Form("a text", _text),
    "currency": Form("a currency that is traded here, like EUR", _currency),
    "country": Form("a country of two capital letters, like DE", _matching(_COUNTRY)),
    "prices_include_tax": _FLAG,
    "capture": _one_of(CapturePolicy),
    "units_per_sku": _COUNT_FROM_1,
    "units_per_member": _COUNT_FROM_1,
    "counts_imported": _FLAG,
    "unpaid_orders_per_member": _COUNT_FROM_1,
    "group_size": _COUNT_FROM_1,
    "receipt_extensions": _COUNT,
    "manual_discount_rate": Form("a rate from 0 to 1, like 0.20", _rate),
    "policy": _one_of(StockPolicy),
    "share": Form("a rate from 0 to 1, like 0.30", _rate),
    "keeps_missed": _FLAG,
    "presale": Form("a rate from 0 to 1, like 0.10", _rate),
    "producing": Form("a rate from 0 to 1, like 0.20", _rate),
    "ready": Form("a rate from 0 to 1, like 0.30", _rate),
    "from_total_minor": _COUNT,
    "levels": Form('a list of member levels, like ["NEW"]', _texts),
    "review_from": _COUNT_FROM_1,
    "foreign_country": _COUNT,
    "no_level": _COUNT,
    "many_units": _COUNT,
    "by": Form('a list of dimensions, like ["SELLER", "DELIVERY_MODE"]', _dimensions),
    "auto_approve_limit_minor": _COUNT,
    "unsupported_carriers": Form('a list of carriers, like ["DHL"]', _texts),
    "kind": _one_of(ChannelKind),
    "business_units": Form('a list of codes of business units, like ["fashion-eu"]', _codes),
    "has_own_prices": _FLAG,
    "may_assert_payments": _FLAG,
}
"""By field, whichever table it stands in; those that end with `_s` are durations."""

ENTRY_FORMS: Final = {
    "by_category": FORMS["policy"],
    "kind_by_category": Form("a text", _text),
}
"""Tables whose keys are the writer's own: the form of their values."""
