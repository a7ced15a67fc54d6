"""From questions to plans: what joins, what is summed over what, and which cube can answer."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.access.viewer import EVERYTHING, OrderScope
from domain.analytics.catalogue import DIMENSIONS, MEASURES, Level, Part
from domain.analytics.plan import AnalyticsRequest, Cube, FilterFacts, OrderKey, Plan, TimeAsked
from domain.analytics.planning import MAX_CELLS, planned
from domain.ports.analytics import OrdersAsked
from domain.ports.filter_facts import facts_of
from domain.ports.order_views import DateTimeRange, OrderFilter
from domain.values.enums import ComparePeriod, Dimension, Measure, OrderStatus, TimeField, TimeGrain

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
D = Dimension


def plan(*measures: Measure, facts: FilterFacts | None = None, **more: Any) -> Plan:
    return planned(AnalyticsRequest(measures, **more), facts or FilterFacts())


def test_the_catalogue_has_every_measure_and_dimension() -> None:
    assert (set(MEASURES), set(DIMENSIONS)) == (set(Measure), set(Dimension))
    assert {part for entry in MEASURES.values() for part in entry.formula.parts} == set(Part)


@pytest.mark.parametrize(
    ("measures", "dimensions", "currency", "joins"),
    [
        ((Measure.ORDERS, Measure.MEMBERS, Measure.CANCEL_RATE), (), None, False),
        ((Measure.NET,), (), None, True),
        ((Measure.REFUND_RATE,), (D.CHANNEL,), None, True),
        ((Measure.NET,), (D.CURRENCY,), None, False),
        ((Measure.NET,), (), "EUR", False),
        ((Measure.NET,), (), "XXX", True),
    ],
)
def test_currency_joins_amounts_that_may_be_of_several(
    measures: tuple[Measure, ...], dimensions: tuple[Dimension, ...], currency: str | None, joins: bool
) -> None:
    found = plan(*measures, dimensions=dimensions, facts=FilterFacts(currency=currency))
    assert found.is_currency_joined == joins
    assert found.rows.dimensions == (*dimensions, *((D.CURRENCY,) if joins else ()))


def test_currency_joins_for_an_amount_that_rows_are_ordered_by() -> None:
    assert plan(Measure.ORDERS, order_by=(OrderKey(Measure.NET),)).is_currency_joined


@pytest.mark.parametrize(
    ("dimensions", "level"),
    [
        ((D.CHANNEL, D.CURRENCY), Level.ORDER),
        ((D.CHANNEL, D.SKU), Level.LINE),
        ((D.SELLER,), Level.LINE),
        ((D.SKU, D.WAREHOUSE), Level.PIECE),
    ],
)
def test_the_finest_dimension_is_the_level(dimensions: tuple[Dimension, ...], level: Level) -> None:
    found = plan(Measure.NET, dimensions=dimensions, totals=True)
    assert found.rows.level is level
    assert found.totals is not None
    assert (found.totals.level, found.totals.dimensions, found.totals.limit) == (Level.ORDER, (), None)


def test_gaps_are_filled_of_all_groups_and_paged_afterwards() -> None:
    time = TimeAsked(grain=TimeGrain.DAY, start=MARCH, end=APRIL, fill_gaps=True)
    found = plan(Measure.ORDERS, time=time, limit=5, offset=3)
    assert (found.rows.limit, found.rows.offset) == (MAX_CELLS + 1, 0)


@pytest.mark.parametrize(
    ("grain", "period", "start", "end"),
    [
        (TimeGrain.MONTH, ComparePeriod.PREVIOUS_PERIOD, (2026, 2, 1), (2026, 3, 1)),
        (TimeGrain.DAY, ComparePeriod.PREVIOUS_PERIOD, (2026, 1, 29), (2026, 3, 1)),
        (None, ComparePeriod.PREVIOUS_PERIOD, (2026, 1, 29), (2026, 3, 1)),
        (TimeGrain.YEAR, ComparePeriod.PREVIOUS_PERIOD, (2025, 3, 1), (2025, 4, 1)),
        (TimeGrain.WEEK, ComparePeriod.PREVIOUS_PERIOD, (2026, 1, 18), (2026, 2, 18)),
        (TimeGrain.WEEK, ComparePeriod.SAME_PERIOD_LAST_YEAR, (2025, 3, 2), (2025, 4, 2)),
        (TimeGrain.MONTH, ComparePeriod.SAME_PERIOD_LAST_YEAR, (2025, 3, 1), (2025, 4, 1)),
        (TimeGrain.HOUR, ComparePeriod.SAME_PERIOD_LAST_YEAR, (2025, 3, 1), (2025, 4, 1)),
    ],
)
def test_the_span_that_is_compared_with(
    grain: TimeGrain | None, period: ComparePeriod, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    found = plan(Measure.ORDERS, time=TimeAsked(grain=grain, start=MARCH, end=APRIL), compare=period).comparison
    assert found is not None
    clock = found.cut.clock
    assert clock is not None
    assert (clock.start, clock.end) == (datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))


@pytest.mark.parametrize(
    ("time", "dimensions", "facts", "cube"),
    [
        (TimeAsked(grain=TimeGrain.DAY, start=MARCH), (D.CHANNEL,), {}, Cube.DAYS),
        (None, (D.CHANNEL, D.CURRENCY), {}, Cube.DAYS),
        (TimeAsked(grain=TimeGrain.DAY, start=MARCH), (D.STATUS,), {}, Cube.HOURS),
        (TimeAsked(grain=TimeGrain.HOUR), (D.CHANNEL,), {}, Cube.HOURS),
        (TimeAsked(grain=TimeGrain.DAY, zone="Europe/Berlin"), (), {}, Cube.HOURS),
        (TimeAsked(grain=TimeGrain.DAY, zone="Asia/Kolkata"), (), {}, None),
        (TimeAsked(start=MARCH.replace(hour=5)), (), {}, Cube.HOURS),
        (TimeAsked(start=MARCH.replace(minute=5)), (), {}, None),
        (TimeAsked(field=TimeField.PAID_AT, grain=TimeGrain.DAY), (), {}, None),
        (None, (D.REGION,), {}, None),
        (None, (D.SKU,), {}, None),
        (None, (), {"fields": frozenset(("business_unit", "channel", "placed_at"))}, Cube.DAYS),
        (None, (), {"fields": frozenset(("country",))}, Cube.HOURS),
        (None, (), {"fields": frozenset(("member_id",))}, None),
        (None, (), {"has_whole_days": False}, Cube.HOURS),
        (None, (), {"has_whole_days": False, "has_whole_hours": False}, None),
    ],
)
def test_the_smallest_cube_that_has_it_all(
    time: TimeAsked | None, dimensions: tuple[Dimension, ...], facts: dict[str, Any], cube: Cube | None
) -> None:
    found = plan(Measure.ORDERS, Measure.CANCEL_RATE, time=time, dimensions=dimensions, facts=FilterFacts(**facts))
    assert found.rows.cube is cube


def test_members_are_in_no_cube() -> None:
    assert plan(Measure.MEMBERS).rows.cube is None


def test_what_a_filter_looks_at_is_found_at_any_depth() -> None:
    inner = OrderFilter(status=(OrderStatus.PAID,), none_of=OrderFilter(sku=("A",)))
    asked = OrderFilter(channel=("web",), any_of=(inner,), all_of=(OrderFilter(currency="EUR"),))
    scope = OrderScope(business_units=frozenset(("acme",)), member_id="mbr_1")
    assert facts_of(OrdersAsked(scope, asked)) == FilterFacts(
        currency="EUR", fields=frozenset(("channel", "status", "sku", "currency", "business_unit", "member_id"))
    )
    assert facts_of(OrdersAsked(EVERYTHING, OrderFilter(any_of=(OrderFilter(currency="EUR"),)))).currency is None


@pytest.mark.parametrize(
    ("placed_at", "whole_hours", "whole_days"),
    [
        (DateTimeRange(gte=MARCH, lt=APRIL), True, True),
        (DateTimeRange(gte=MARCH.replace(hour=1)), True, False),
        (DateTimeRange(gt=MARCH), False, False),
        (DateTimeRange(lte=MARCH), False, False),
        (DateTimeRange(lt=MARCH.replace(second=1)), False, False),
    ],
)
def test_a_filters_times_are_whole_or_not(placed_at: DateTimeRange, whole_hours: bool, whole_days: bool) -> None:
    facts = facts_of(OrdersAsked(EVERYTHING, OrderFilter(none_of=OrderFilter(placed_at=placed_at))))
    assert (facts.has_whole_hours, facts.has_whole_days) == (whole_hours, whole_days)


def test_a_plan_is_the_same_for_the_same_question() -> None:
    request = AnalyticsRequest((Measure.NET,), (D.SKU,), TimeAsked(grain=TimeGrain.DAY))
    assert planned(request, FilterFacts()) == planned(replace(request), FilterFacts())
