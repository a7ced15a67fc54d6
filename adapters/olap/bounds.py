"""Bounds of conditions in engines whose decimals have 38 digits: nine of them after the point, and 29 before it."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Final

from domain.analytics.catalogue import MEASURES
from domain.analytics.plan import Cut
from domain.values.enums import Measure

BOUND_DIGITS: Final = 9
BOUND: Final = f"DECIMAL(38, {BOUND_DIGITS})"
_STEP: Final = Decimal(1).scaleb(-BOUND_DIGITS)
_EXACT: Final = 60
_ROUNDINGS: Final[Mapping[str, Context]] = {
    "gte": Context(prec=_EXACT, rounding=ROUND_CEILING),
    "lte": Context(prec=_EXACT, rounding=ROUND_FLOOR),
}
_RATES_END: Final = Decimal(1000)
_AVERAGES_END: Final = Decimal(10) ** 16
_SUMS_END: Final = Decimal(10) ** 19


def bounds_of(cut: Cut) -> dict[str, Decimal]:
    """The values of a cut's conditions, as the engine's columns can have them: a bound that no figure reaches is as good as its end, and
    the digits beyond the last are rounded to the side where nothing is let in.
    """
    return {
        f"having_{number}_{end}": _held(bound, _end(one.measure), rounding)
        for number, one in enumerate(cut.having)
        for end, rounding in _ROUNDINGS.items()
        if (bound := getattr(one, end)) is not None
    }


def _end(measure: Measure) -> Decimal:
    """So that what a bound is multiplied with leaves it within 38 digits."""
    entry = MEASURES[measure]
    if not entry.formula.divisor:
        return _SUMS_END
    return _AVERAGES_END if entry.is_money else _RATES_END


def _held(bound: Decimal, end: Decimal, rounding: Context) -> Decimal:
    return max(-end, min(bound, end)).quantize(_STEP, context=rounding)
