"""From the rows of the cuts to the table that is shown: columns with their types, exact figures as text, totals, gaps, comparisons. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from domain.analytics.calendar import a_year_on, moved
from domain.analytics.catalogue import DIMENSIONS, MEASURES, MeasureEntry
from domain.analytics.figures import Values, nothing, texts_of
from domain.analytics.gaps import Groups, Key, check_cells, filled, is_one_row, nothing_found
from domain.analytics.plan import Comparison, Cut, Plan
from domain.values.enums import ColumnKind, Dimension, Measure, TimeGrain

Row = Sequence[Any]
"""`(bucket, *dimensions, *parts)`, as the cut says."""

TIME_COLUMN: Final = "TIME"
COMPARE_SUFFIX: Final = "_COMPARE"


@dataclass(frozen=True, slots=True)
class AnalyticsColumn:
    name: str
    kind: ColumnKind
    type: str
    unit: str | None
    description: str


@dataclass(frozen=True, slots=True)
class AnalyticsTable:
    """Rows by position of the columns; figures are texts, so that none is rounded on its way."""

    columns: tuple[AnalyticsColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    totals: tuple[str | None, ...] | None
    is_truncated: bool
    as_of: datetime
    watermark: str

    @property
    def row_count(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Found:
    """What the cuts of a plan gave, and of which moment."""

    as_of: datetime
    watermark: str
    rows: Sequence[Row]
    totals: Row | None = None
    currencies: Row | None = None
    compared: Sequence[Row] = ()
    compared_totals: Row | None = None


def lacks_currencies(plan: Plan, rows: Sequence[Row]) -> bool:
    """Whether the rows alone do not tell if there is more than one currency: some groups are not among them."""
    request = plan.request
    is_partial = bool(request.having) or request.offset > 0 or len(rows) > request.limit
    return plan.currencies is not None and (plan.fill is None and is_partial)


def tabulated(plan: Plan, found: Found) -> AnalyticsTable:
    """Raises BadRequest where gaps cannot be filled, or periods not be compared, as there are too many groups."""
    now, then = _currencies_now(plan, found), _currencies_then(plan, found)
    currencies = now | then
    sole = plan.rows.currency or (next(iter(currencies)) if len(currencies) == 1 else None)
    leaves_out = plan.is_currency_joined and len(currencies) <= 1
    has_none = leaves_out and not now and is_one_row(plan)
    shown, is_truncated = _shown(plan, found, sole, has_none=has_none)
    writer = _Writer(plan, sole, leaves_out=leaves_out)
    rows = writer.rows(shown, _earlier(plan, found))
    totals = None if plan.totals is None or found.totals is None else writer.totals(found, currencies)
    return AnalyticsTable(writer.columns(), rows, totals, is_truncated, found.as_of, found.watermark)


def _shown(plan: Plan, found: Found, sole: str | None, *, has_none: bool) -> tuple[Sequence[Row], bool]:
    """The rows that are shown, and whether there are more. `has_none`: no orders are a row, too."""
    if plan.fill is None and not has_none:
        return found.rows[: plan.request.limit], len(found.rows) > plan.request.limit
    if plan.fill is None:
        groups = nothing_found(plan, sole)
        is_truncated = len(groups) > plan.request.limit
    else:
        groups, is_truncated = filled(plan, _groups(plan.rows, found.rows), sole)
    return [(*key, *values) for key, values in groups.items()][: plan.request.limit], is_truncated


class _Writer:
    """Writes rows of the columns that are shown. `sole`: the only currency, where there is one."""

    def __init__(self, plan: Plan, sole: str | None, *, leaves_out: bool) -> None:
        self._plan = plan
        self._sole = sole
        self._entries = [MEASURES[measure] for measure in plan.request.measures]
        self._texts = [texts_of(entry, plan.rows.parts) for entry in self._entries]
        parts = plan.comparison.cut.parts if plan.comparison else ()
        self._then_texts = [texts_of(entry, parts) for entry in self._entries] if plan.comparison else []
        self._nothing = nothing(parts)
        self._shown = plan.rows.key_count - leaves_out
        self._dimensions = plan.rows.dimensions[: len(plan.rows.dimensions) - leaves_out]
        at = [plan.rows.has_time + n for n, d in enumerate(plan.rows.dimensions) if d is Dimension.CURRENCY]
        self._currency_at = at[0] if at else None

    def columns(self) -> tuple[AnalyticsColumn, ...]:
        measures = self._plan.request.measures
        figures = [self._figure(measure, ColumnKind.MEASURE) for measure in measures]
        compared = [self._figure(measure, ColumnKind.COMPARE) for measure in measures] if self._compares else []
        dimensions = [_dimension(dimension) for dimension in self._dimensions]
        return (*self._time(), *dimensions, *figures, *compared)

    def rows(self, rows: Sequence[Row], earlier: Groups) -> tuple[tuple[str | None, ...], ...]:
        if not rows:
            return ()
        cut = self._plan.rows
        columns = list(zip(*rows, strict=True))
        at = self._currency_at
        currencies = [self._sole] * len(rows) if at is None else columns[at]
        keys = [_key_texts(column) for column in columns[: self._shown]]
        parts = columns[cut.key_count : cut.key_count + len(cut.parts)]
        figures = [texts(parts, currencies) for texts in self._texts]
        if self._compares:
            then = (earlier.get(tuple(row[: cut.key_count]), self._nothing) for row in rows)
            then_parts = list(zip(*then, strict=True))
            figures += [texts(then_parts, currencies) for texts in self._then_texts]
        return tuple(zip(*keys, *figures, strict=True))

    def totals(self, found: Found, currencies: frozenset[str]) -> tuple[str | None, ...]:
        """Of amounts in several currencies there is no total."""
        mixes = len(currencies) > 1
        wholes = [(self._plan.totals, found.totals)]
        if self._plan.comparison is not None:
            wholes.append((self._plan.comparison.totals, found.compared_totals))
        figures = [
            None if mixes and entry.needs_currency else self._total(entry, cut, row)
            for cut, row in wholes
            if cut is not None and row is not None
            for entry in self._entries
        ]
        return (*([None] * self._shown), *figures)

    def _total(self, entry: MeasureEntry, cut: Cut, row: Row) -> str | None:
        (text,) = texts_of(entry, cut.parts)([[value] for value in _values(cut, row)], [self._sole])
        return text

    @property
    def _compares(self) -> bool:
        return self._plan.comparison is not None

    def _time(self) -> Iterable[AnalyticsColumn]:
        clock = self._plan.rows.clock
        if clock is None or clock.grain is None:
            return ()
        is_hour = clock.grain is TimeGrain.HOUR
        description = (
            f"The beginning of the hour of {clock.field}, in UTC."
            if is_hour
            else f"The first day of the {clock.grain.lower()} of {clock.field}, in {clock.zone}."
        )
        kind = "DateTime" if is_hour else "Date"
        return (AnalyticsColumn(TIME_COLUMN, ColumnKind.TIME, kind, clock.grain.lower(), description),)

    def _figure(self, measure: Measure, kind: ColumnKind) -> AnalyticsColumn:
        entry = MEASURES[measure]
        unit = self._sole if entry.is_money else entry.unit.value
        if kind is ColumnKind.MEASURE:
            return AnalyticsColumn(measure.value, kind, entry.type, unit, entry.description)
        description = f"The same in the period that is compared with. {entry.description}"
        return AnalyticsColumn(f"{measure}{COMPARE_SUFFIX}", kind, entry.type, unit, description)


def _groups(cut: Cut, rows: Iterable[Row]) -> Groups:
    keys, end = cut.key_count, cut.key_count + len(cut.parts)
    return {tuple(row[:keys]): tuple([int(value) for value in row[keys:end]]) for row in rows}


def _values(cut: Cut, row: Row) -> Values:
    return tuple([int(value) for value in row[cut.key_count : cut.key_count + len(cut.parts)]])


def _currencies_now(plan: Plan, found: Found) -> frozenset[str]:
    """All that the rows have, and those of the groups that are not among them."""
    more = _of_whole(plan.totals, found.totals) | _of_whole(plan.currencies, found.currencies)
    return _of_rows(plan.rows, found.rows) | more


def _currencies_then(plan: Plan, found: Found) -> frozenset[str]:
    """Of the period that is compared with."""
    earlier = plan.comparison
    if earlier is None:
        return frozenset()
    return _of_rows(earlier.cut, found.compared) | _of_whole(earlier.totals, found.compared_totals)


def _of_rows(cut: Cut, rows: Iterable[Row]) -> frozenset[str]:
    if Dimension.CURRENCY not in cut.dimensions:
        return frozenset()
    at = cut.has_time + cut.dimensions.index(Dimension.CURRENCY)
    return frozenset(row[at] for row in rows)


def _of_whole(cut: Cut | None, row: Row | None) -> frozenset[str]:
    """The least and the greatest; none of no orders."""
    if cut is None or row is None or not cut.has_currencies:
        return frozenset()
    return frozenset(currency for currency in row[-2:] if currency is not None)


def _earlier(plan: Plan, found: Found) -> Groups:
    """What the earlier period had, by the key of the row that it is compared with."""
    comparison = plan.comparison
    if comparison is None:
        return {}
    check_cells(len(found.compared))
    groups = _groups(comparison.cut, found.compared)
    keyed = ((_later(comparison, key), values) for key, values in groups.items())
    return {key: values for key, values in keyed if key is not None}


def _later(comparison: Comparison, key: Key) -> Key | None:
    clock = comparison.cut.clock
    if clock is None or clock.grain is None:
        return key
    bucket, *rest = key
    if comparison.bucket_shift is not None:
        return (moved(bucket, clock.grain, comparison.bucket_shift), *rest)
    later = a_year_on(bucket, clock.grain)
    return None if later is None else (later, *rest)


def _dimension(dimension: Dimension) -> AnalyticsColumn:
    entry = DIMENSIONS[dimension]
    return AnalyticsColumn(dimension.value, ColumnKind.DIMENSION, entry.type, None, entry.description)


def _key_texts(column: Sequence[Any]) -> list[str | None]:
    """A column has few different ones."""
    texts = {value: _key_text(value) for value in set(column)}
    return [texts[value] for value in column]


def _key_text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("+00:00") + "Z"
    return value.isoformat() if isinstance(value, date) else value
