"""From a question to its plan. Pure.

1. The measures are made of parts, and the dimensions say at which level those are summed: by a line's dimension an order's own
   amounts are shared over its lines, never repeated.
2. Amounts of different currencies are never summed. Where amounts are asked for, and neither is CURRENCY a dimension nor does the
   filter let one currency through only, CURRENCY joins the dimensions. Where it turns out that there is one only, the column is left out
   again (`domain/analytics/table.py`): so it appears when the result would mix them, and then only.
3. Totals are a cut of their own, without groups: nothing is summed that was counted, averaged or divided.
4. A comparison is the same cut over an earlier span: as many buckets earlier as the span touches, or a year.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.analytics.calendar import Span, back_a_year, back_by_buckets, bucket_count, zone_of
from domain.analytics.catalogue import DIMENSIONS, MEASURES, Level, parts_of
from domain.analytics.plan import AnalyticsRequest, Clock, Comparison, Cut, FilterFacts, Plan, TimeAsked
from domain.analytics.rollup import cube_for
from domain.values.enums import ComparePeriod, Dimension, Measure, TimeGrain
from domain.values.faults import BadRequest
from domain.values.money import is_traded

MAX_LIMIT: Final = 10_000
MAX_CELLS: Final = 100_000
"""Groups that are held at once, to fill gaps or to compare: never more than so many rows are read into memory."""


FIRST_YEAR: Final = 1000
LAST_YEAR: Final = 9000
"""Of a range that is reckoned with: a zone's offset, a bucket more or a year less leaves no calendar there."""


def planned(request: AnalyticsRequest, facts: FilterFacts) -> Plan:
    """Raises BadRequest for what cannot be answered."""
    _check(request)
    time = request.time
    zone = zone_of(time.zone) if time else None
    span = _span(time)
    if time and time.fill_gaps:
        _check_filling(request, span)
    used = _used(request)
    currency = facts.currency if facts.currency and is_traded(facts.currency) else None
    is_joined = (
        any(MEASURES[measure].needs_currency for measure in used)
        and currency is None
        and Dimension.CURRENCY not in request.dimensions
    )
    _check_order(request, is_joined=is_joined)
    dimensions = (*request.dimensions, *((Dimension.CURRENCY,) if is_joined else ()))
    clock = _clock(time)
    rows = Cut(
        parts=parts_of(used),
        dimensions=dimensions,
        level=max((DIMENSIONS[dimension].level for dimension in dimensions), default=Level.ORDER),
        clock=clock,
        currency=currency,
        having=request.having,
        order=request.order_by,
        limit=request.limit + 1,
        offset=request.offset,
    )
    has_several = Dimension.CURRENCY in dimensions
    totals = _whole(rows, request, has_currencies=has_several) if request.totals else None
    currencies = _whole(rows, request, has_currencies=True) if is_joined and totals is None else None
    fill = span if time and time.fill_gaps else None
    if fill is not None:
        rows = replace(rows, order=(), limit=MAX_CELLS + 1, offset=0)
    plan = Plan(request, rows, is_joined, totals, currencies and replace(currencies, parts=()), None, fill)
    if request.compare:
        plan = replace(plan, comparison=_comparison(plan, _needed(span, "compare"), zone or ZoneInfo("UTC")))
    return _cubed(plan, facts)


def _check(request: AnalyticsRequest) -> None:
    if not request.measures:
        raise BadRequest("Name one measure at least.", "INVALID_ANALYTICS")
    for names in (request.measures, request.dimensions):
        if len(set(names)) < len(names):
            raise BadRequest("A measure or a dimension is named twice.", "INVALID_ANALYTICS")
    if not 0 <= request.limit <= MAX_LIMIT:
        message = f"limit must be between 0 and {MAX_LIMIT}; it is {request.limit}."
        raise BadRequest(message, "LIMIT_OUT_OF_RANGE")
    if request.offset < 0:
        raise BadRequest("offset must not be negative.", "LIMIT_OUT_OF_RANGE")
    if any(one.gte is None and one.lte is None for one in request.having):
        raise BadRequest("A condition on a measure has a bound: gte, lte, or both.", "INVALID_ANALYTICS")
    if len(request.having) > len(Measure) or len(request.order_by) > len(Measure) + len(Dimension):
        raise BadRequest("There are more conditions or orders than columns.", "INVALID_ANALYTICS")


def _check_order(request: AnalyticsRequest, *, is_joined: bool) -> None:
    has_time = request.time is not None and request.time.grain is not None
    for key in request.order_by:
        dimension = key.dimension
        is_shown = dimension in request.dimensions or (is_joined and dimension is Dimension.CURRENCY)
        if dimension is not None and not is_shown:
            raise BadRequest(
                f"The rows are not grouped by {dimension}, so they have no order by it.", "INVALID_ANALYTICS"
            )
        if dimension is None and key.measure is None and not has_time:
            raise BadRequest("The rows have no time to be ordered by: name a grain.", "TIME_GRAIN_NEEDED")


def _check_filling(request: AnalyticsRequest, span: Span | None) -> None:
    if request.time is None or request.time.grain is None:
        raise BadRequest("fillGaps needs a grain: the gaps are its pieces.", "TIME_GRAIN_NEEDED")
    count = bucket_count(_needed(span, "fillGaps"), request.time.grain, ZoneInfo(request.time.zone))
    if count > MAX_CELLS:
        raise BadRequest(f"The range has {count} pieces of time; at most {MAX_CELLS} are filled.", "TOO_MANY_CELLS")
    if request.having:
        message = "having leaves groups out, and fillGaps would show them as empty ones: ask for one of both."
        raise BadRequest(message, "INVALID_ANALYTICS")


def _used(request: AnalyticsRequest) -> tuple[Measure, ...]:
    """Those that are shown, asked something or sorted by."""
    more: Iterable[Measure | None] = (*(h.measure for h in request.having), *(key.measure for key in request.order_by))
    return tuple(dict.fromkeys([*request.measures, *(measure for measure in more if measure is not None)]))


def _span(time: TimeAsked | None) -> Span | None:
    if time is None or time.start is None or time.end is None:
        return None
    return Span(time.start, max(time.start, time.end))


def _needed(span: Span | None, what: str) -> Span:
    if span is None:
        raise BadRequest(f"{what} needs a range of time with both of its ends.", "TIME_RANGE_NEEDED")
    if span.start < datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) or span.end > datetime(LAST_YEAR, 1, 1, tzinfo=UTC):
        message = f"{what} needs a range between the years {FIRST_YEAR} and {LAST_YEAR}."
        raise BadRequest(message, "TIME_RANGE_NEEDED")
    return span


def _clock(time: TimeAsked | None) -> Clock | None:
    """None where nothing is asked of the time: then orders without it count as well."""
    if time is None or (time.grain is None and time.start is None and time.end is None):
        return None
    return Clock(time.field, time.start, time.end, time.grain, time.zone)


def _whole(rows: Cut, request: AnalyticsRequest, *, has_currencies: bool) -> Cut:
    """All that the rows are made of, as one row: no group of it is left out."""
    return Cut(
        parts=parts_of(request.measures),
        clock=rows.clock and replace(rows.clock, grain=None),
        currency=rows.currency,
        has_currencies=has_currencies,
    )


def _comparison(plan: Plan, span: Span, zone: ZoneInfo) -> Comparison:
    rows, clock = plan.rows, plan.rows.clock
    if clock is None:
        raise AssertionError("a span is part of a clock")
    back, shift = _backwards(plan.request.compare, span, clock.grain, zone)
    try:
        earlier = span.shifted(zone, back)
    except (OverflowError, ValueError) as error:
        raise BadRequest("There is no time so early.", "TIME_RANGE_NEEDED") from error
    cut = replace(
        rows,
        parts=parts_of(plan.request.measures),
        clock=replace(clock, start=earlier.start, end=earlier.end),
        having=(),
        order=(),
        limit=MAX_CELLS + 1,
        offset=0,
    )
    has_several = Dimension.CURRENCY in rows.dimensions
    totals = _whole(cut, plan.request, has_currencies=has_several) if plan.totals else None
    return Comparison(cut, totals, shift)


def _backwards(
    period: ComparePeriod | None, span: Span, grain: TimeGrain | None, zone: ZoneInfo
) -> tuple[Callable[[Any], Any], int | None]:
    if period is ComparePeriod.PREVIOUS_PERIOD:
        if grain is None:
            length = _local_length(span, zone)
            return (lambda local: local - length), None
        count = bucket_count(span, grain, zone)
        return back_by_buckets(grain, count), count
    if grain is TimeGrain.HOUR:
        year_ago = span.shifted(zone, back_a_year(grain)).start
        count = bucket_count(Span(year_ago, span.start), grain, zone)
        return back_by_buckets(grain, count), count
    return back_a_year(grain), None


def _local_length(span: Span, zone: ZoneInfo) -> timedelta:
    """By the clock on the wall: a month is as many days, whether an hour of it was left out or not."""
    start, end = (at.astimezone(zone).replace(tzinfo=None) for at in (span.start, span.end))
    return end - start


def _cubed(plan: Plan, facts: FilterFacts) -> Plan:
    """The same, with what the cube can answer marked."""

    def marked(cut: Cut) -> Cut:
        return replace(cut, cube=cube_for(cut, facts))

    comparison = plan.comparison
    return replace(
        plan,
        rows=marked(plan.rows),
        totals=plan.totals and marked(plan.totals),
        currencies=plan.currencies and marked(plan.currencies),
        comparison=comparison
        and replace(comparison, cut=marked(comparison.cut), totals=comparison.totals and marked(comparison.totals)),
    )
