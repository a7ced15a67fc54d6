"""From parts to figures: exactly, and as the text that is shown.

A table has a hundred thousand figures, so they are written column by column, from columns of parts.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from operator import sub
from typing import Final

from domain.analytics.catalogue import MeasureEntry, Part, Unit
from domain.values.money import amount_text

Values = tuple[int, ...]
"""Of a group's parts, in the order of its cut; amounts in minor units."""
Columns = Sequence[Sequence[int]]
"""Of each part, its values of all groups."""
Currencies = Sequence[str | None]
Texts = Callable[[Columns, Currencies], list[str | None]]
"""A measure's texts from the columns of the parts, and each group's currency."""
RATE_DIGITS: Final = 6


def nothing(parts: Sequence[Part]) -> Values:
    """Of no orders."""
    return (0,) * len(parts)


def exact_of(entry: MeasureEntry, parts: Sequence[Part]) -> Callable[[Values], Fraction | None]:
    """Money in minor units; None: nothing divided by nothing."""
    sides = _sides_of(entry, parts)

    def exact(values: Values) -> Fraction | None:
        whole, divisor = sides(values)
        return Fraction(whole, divisor) if divisor else None

    return exact


def texts_of(entry: MeasureEntry, parts: Sequence[Part]) -> Texts:
    """None: nothing divided by nothing. An amount without any currency is of no orders: zero."""
    formula = entry.formula
    plus, minus, divisor = ([parts.index(p) for p in side] for side in (formula.plus, formula.minus, formula.divisor))
    written = _WRITTEN.get(entry.unit, _counts)

    def texts(columns: Columns, currencies: Currencies) -> list[str | None]:
        wholes = _summed([columns[at] for at in plus])
        if minus:
            wholes = list(map(sub, wholes, _summed([columns[at] for at in minus])))
        if not divisor:
            return written(wholes, currencies)
        divisors = _summed([columns[at] for at in divisor])
        scale = 10**RATE_DIGITS if entry.unit is Unit.RATIO else 1
        rounded = [_divided(whole * scale, by) if by else 0 for whole, by in zip(wholes, divisors, strict=True)]
        shown = written(rounded, currencies)
        return [text if by else None for text, by in zip(shown, divisors, strict=True)]

    return texts


def _summed(columns: Columns) -> Sequence[int]:
    return columns[0] if len(columns) == 1 else list(map(sum, zip(*columns, strict=True)))


def _counts(numbers: Sequence[int], _currencies: Currencies) -> list[str | None]:
    return list(map(str, numbers))


def _amounts(numbers: Sequence[int], currencies: Currencies) -> list[str | None]:
    return [
        str(minor) if currency is None else amount_text(minor, currency)
        for minor, currency in zip(numbers, currencies, strict=True)
    ]


def _rates(numbers: Sequence[int], _currencies: Currencies) -> list[str | None]:
    return list(map(_rate_text, numbers))


def _sides_of(entry: MeasureEntry, parts: Sequence[Part]) -> Callable[[Values], tuple[int, int]]:
    formula = entry.formula
    plus, minus, divisor = ([parts.index(p) for p in side] for side in (formula.plus, formula.minus, formula.divisor))

    def sides(values: Values) -> tuple[int, int]:
        whole = sum([values[at] for at in plus]) - sum([values[at] for at in minus])
        return whole, sum([values[at] for at in divisor]) if divisor else 1

    return sides


def _divided(whole: int, divisor: int) -> int:
    """Half a unit rounded away from zero."""
    rounded = (abs(whole) * 2 + divisor) // (divisor * 2)
    return rounded if whole >= 0 else -rounded


def _rate_text(rate: int) -> str:
    text = str(abs(rate)).rjust(RATE_DIGITS + 1, "0")
    return f"{'-' if rate < 0 else ''}{text[:-RATE_DIGITS]}.{text[-RATE_DIGITS:]}"


_WRITTEN: Final[Mapping[Unit, Callable[[Sequence[int], Currencies], list[str | None]]]] = {
    Unit.CURRENCY: _amounts,
    Unit.RATIO: _rates,
}
