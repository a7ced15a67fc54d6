"""What the cube can answer: sums by hours of placement (UTC) and by dimensions of the orders, that can be summed again.

A cut fits where everything that it groups, filters and sums by is in the cube, and its times are whole hours: then the cube's
answer is that of the orders themselves. The days, which have few dimensions, are the smaller cube: they fit days in UTC.
"""

from datetime import datetime, timedelta
from typing import Final

from domain.analytics.calendar import has_whole_hours
from domain.analytics.catalogue import Part
from domain.analytics.plan import Clock, Cube, Cut, FilterFacts
from domain.values.enums import Dimension, TimeField, TimeGrain

DAY_DIMENSIONS: Final = frozenset(
    (Dimension.BUSINESS_UNIT, Dimension.CHANNEL, Dimension.ORDER_TYPE, Dimension.CURRENCY),
)
CUBE_DIMENSIONS: Final = DAY_DIMENSIONS | {
    Dimension.STATUS,
    Dimension.PAYMENT_STATUS,
    Dimension.FULFILLMENT_STATUS,
    Dimension.COUNTRY,
}
CUBE_PARTS: Final = frozenset(Part) - {Part.MEMBERS}
_DIMENSIONS: Final = {Cube.DAYS: DAY_DIMENSIONS, Cube.HOURS: CUBE_DIMENSIONS}
_ZONES_OF_DAYS: Final = frozenset(("UTC", "Etc/UTC"))


def cube_for(cut: Cut, facts: FilterFacts) -> Cube | None:
    """`facts.fields` are the filter's and the scope's."""
    return next((cube for cube in Cube if _fits(cube, cut, facts)), None)


def is_whole_hour(at: datetime | None) -> bool:
    """Of an instant, in UTC; none is one."""
    return at is None or (at.utcoffset() == timedelta(0) and (at.minute, at.second, at.microsecond) == (0, 0, 0))


def is_whole_day(at: datetime | None) -> bool:
    return at is None or (is_whole_hour(at) and at.hour == 0)


def _fits(cube: Cube, cut: Cut, facts: FilterFacts) -> bool:
    dimensions = _DIMENSIONS[cube]
    fields = {dimension.value.lower() for dimension in dimensions} | {"placed_at"}
    return (
        dimensions.issuperset(cut.dimensions)
        and CUBE_PARTS.issuperset(cut.parts)
        and fields.issuperset(facts.fields)
        and (facts.has_whole_days if cube is Cube.DAYS else facts.has_whole_hours)
        and (cut.clock is None or _clock_fits(cube, cut.clock))
    )


def _clock_fits(cube: Cube, clock: Clock) -> bool:
    if clock.field is not TimeField.PLACED_AT:
        return False
    if cube is Cube.HOURS:
        has_its_hours = clock.grain is None or has_whole_hours(clock.zone)
        return has_its_hours and is_whole_hour(clock.start) and is_whole_hour(clock.end)
    has_its_days = clock.grain is None or (clock.grain is not TimeGrain.HOUR and clock.zone in _ZONES_OF_DAYS)
    return has_its_days and is_whole_day(clock.start) and is_whole_day(clock.end)
