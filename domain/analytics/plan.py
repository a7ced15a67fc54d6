"""A question of analytics, and what it takes to answer it: cuts through the orders, each of which is one statement of an engine."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.analytics.calendar import Span
from domain.analytics.catalogue import Level, Part
from domain.values.enums import ComparePeriod, Dimension, Measure, TimeField, TimeGrain


class Cube(StrEnum):
    """Sums that are kept: by hours of placement and many dimensions, or by days and few."""

    DAYS = "DAYS"
    HOURS = "HOURS"


@dataclass(frozen=True, slots=True)
class TimeAsked:
    """Bounds are instants; `end` is the first that is not in it. None: open on that side."""

    field: TimeField = TimeField.PLACED_AT
    grain: TimeGrain | None = None
    start: datetime | None = None
    end: datetime | None = None
    zone: str = "UTC"
    fill_gaps: bool = False


@dataclass(frozen=True, slots=True)
class Having:
    """Bounds of a measure, both inclusive; of money in major units."""

    measure: Measure
    gte: Decimal | None = None
    lte: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderKey:
    """By a measure, by a dimension, or by the time where neither is given. What is unknown comes last, always."""

    measure: Measure | None = None
    dimension: Dimension | None = None
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class AnalyticsRequest:
    measures: tuple[Measure, ...]
    dimensions: tuple[Dimension, ...] = ()
    time: TimeAsked | None = None
    having: tuple[Having, ...] = ()
    order_by: tuple[OrderKey, ...] = ()
    limit: int = 1000
    offset: int = 0
    totals: bool = False
    compare: ComparePeriod | None = None


@dataclass(frozen=True, slots=True)
class FilterFacts:
    """What a plan asks of the filter."""

    currency: str | None = None
    """The only one that it lets through; None: it lets several."""
    fields: frozenset[str] = frozenset()
    """Whatever it looks at, at any depth."""
    has_whole_hours: bool = True
    """Whether its times are whole hours in UTC, from one on or before one."""
    has_whole_days: bool = True
    """The same of days in UTC."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Which of an order's times counts, in which bounds, cut into which pieces. Orders that have no such time are left out."""

    field: TimeField
    start: datetime | None = None
    end: datetime | None = None
    grain: TimeGrain | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Cut:
    """One statement: groups by the clock's grain and the dimensions, and the parts of each group.

    Its rows are `(bucket, *dimensions, *parts)`, the bucket only with a grain. Without grain and dimensions it is one row, also of
    no orders, of which `has_currencies` adds the least and the greatest currency.
    """

    parts: tuple[Part, ...]
    dimensions: tuple[Dimension, ...] = ()
    level: Level = Level.ORDER
    clock: Clock | None = None
    currency: str | None = None
    """The only one, where it is known."""
    having: tuple[Having, ...] = ()
    order: tuple[OrderKey, ...] = ()
    limit: int | None = None
    offset: int = 0
    has_currencies: bool = False
    cube: Cube | None = None
    """The smallest that has all that it needs; None: the orders themselves."""

    @property
    def has_time(self) -> bool:
        return self.clock is not None and self.clock.grain is not None

    @property
    def key_count(self) -> int:
        return self.has_time + len(self.dimensions)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same cut, earlier. `bucket_shift`: by how many buckets, None: by a year."""

    cut: Cut
    totals: Cut | None
    bucket_shift: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    request: AnalyticsRequest
    rows: Cut
    is_currency_joined: bool
    """Whether CURRENCY was put behind the dimensions, as amounts are in it that may be of several."""
    totals: Cut | None = None
    currencies: Cut | None = None
    """What tells whether there is more than one, where the rows alone do not."""
    comparison: Comparison | None = None
    fill: Span | None = None
    """The span whose every bucket is shown."""
