"""orderAnalytics and its catalogue: inputs, read into the domain's words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

import strawberry

from domain.actions.analyse_orders import analyse_orders
from domain.analytics.catalogue import CATALOGUE, AnalyticsCatalogue
from domain.analytics.plan import AnalyticsRequest, Having, OrderKey, TimeAsked
from domain.analytics.table import AnalyticsTable
from domain.ports.order_views import DateTimeRange, OrderFilter
from domain.values.enums import ComparePeriod, Dimension, Measure, TimeField, TimeGrain
from domain.values.faults import BadRequest
from resolvers.absent import given, optional, required
from resolvers.context import Info
from resolvers.reads.order_filter import OrderFilterInput
from resolvers.reads.ranges import DateTimeRangeInput, date_time_range

_TICK: Final = timedelta(microseconds=1)
"""Stored times have no finer one: after an instant is from the next tick on."""


@strawberry.input(
    name="TimeInput", description="Which of an order's times counts, in which range, cut into which pieces."
)
class TimeInput:
    field: TimeField = strawberry.field(
        default=TimeField.PLACED_AT,
        description="The time; with a grain or a range, orders that have no such time are left out.",
    )
    grain: TimeGrain | None = optional("One row for each of these; left out: one for the whole range.")
    range: DateTimeRangeInput | None = optional("Which times; all when left out.")
    timezone: str = strawberry.field(
        default="UTC", description="Where days begin: a time zone of the IANA data base, like Europe/Berlin."
    )
    fill_gaps: bool = strawberry.field(
        default=False,
        description="Also rows for pieces of time without orders; needs a grain and both ends of the range.",
    )

    def to_domain(self) -> TimeAsked:
        asked = date_time_range(self.range) or DateTimeRange()
        start = _edge(max, asked.gte, asked.gt)
        end = _edge(min, asked.lt, asked.lte)
        return TimeAsked(self.field, given(self.grain), start, end, self.timezone, self.fill_gaps)


@strawberry.input(name="HavingInput", description="A condition on a measure of each row; both bounds are inclusive.")
class HavingInput:
    measure: Measure = required("The measure; it need not be shown.")
    gte: Decimal | None = optional("This or more; of money in whole units of its currency.")
    lte: Decimal | None = optional("This or less.")


@strawberry.input(
    name="AnalyticsOrderInput",
    description="What rows are ordered by: exactly one of these. What is unknown comes last.",
)
class AnalyticsOrderInput:
    measure: Measure | None = optional(
        "By a measure, which need not be shown; money by its amount, whatever its currency."
    )
    dimension: Dimension | None = optional("By one of the dimensions.")
    time: bool | None = optional("By the time.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")

    def to_domain(self) -> OrderKey:
        measure, dimension = given(self.measure), given(self.dimension)
        if (measure is not None) + (dimension is not None) + bool(given(self.time)) != 1:
            raise BadRequest("An order names one of measure, dimension and time.", "INVALID_ANALYTICS")
        return OrderKey(measure, dimension, self.descending)


@strawberry.input(name="AnalyticsInput", description="What is asked of the orders.")
class AnalyticsInput:
    measures: list[Measure] = required("The figures, one column each: at least one.")
    dimensions: list[Dimension] = strawberry.field(
        default_factory=list, description="What they are broken down by: one row for each combination that occurs."
    )
    time: TimeInput | None = optional("Over which time, and in which pieces; left out: over all of it, in one.")
    filter: OrderFilterInput | None = optional(
        "Which orders, as in `orders`; all when left out. By a line's SKU whole orders are chosen, not lines."
    )
    having: list[HavingInput] | None = optional("Which rows; totals are of all of them.")
    order_by: list[AnalyticsOrderInput] | None = optional(
        "In which order; then, and when left out, by the columns from left to right."
    )
    limit: int = strawberry.field(default=1000, description="At most so many rows; up to 10,000.")
    offset: int = strawberry.field(default=0, description="How many rows are passed over.")
    totals: bool = strawberry.field(default=False, description="Whether the whole is reckoned, too.")
    compare: ComparePeriod | None = optional(
        "A second column for each measure, of an earlier period; needs both ends of the range."
    )

    def to_domain(self) -> AnalyticsRequest:
        time = given(self.time)
        return AnalyticsRequest(
            measures=tuple(self.measures),
            dimensions=tuple(self.dimensions),
            time=None if time is None else time.to_domain(),
            having=tuple(Having(one.measure, given(one.gte), given(one.lte)) for one in given(self.having) or ()),
            order_by=tuple(one.to_domain() for one in given(self.order_by) or ()),
            limit=self.limit,
            offset=self.offset,
            totals=self.totals,
            compare=given(self.compare),
        )


async def order_analytics(
    info: Info, input_: Annotated[AnalyticsInput, strawberry.argument(name="input", description="What is asked.")]
) -> AnalyticsTable:
    asked = given(input_.filter)
    order_filter = OrderFilter() if asked is None else asked.to_domain()
    context = info.context
    work = analyse_orders(context.ports, context.viewer, input_.to_domain(), order_filter)
    return await context.in_time("analytics", work)


def analytics_catalog() -> AnalyticsCatalogue:
    return CATALOGUE


def _edge(narrower: Callable[..., datetime], at: datetime | None, before: datetime | None) -> datetime | None:
    """Of a range's two bounds on one side: the first instant in it, or the first behind it. `before`: that is the next tick."""
    found = [at] if at is not None else []
    if before is not None:
        try:
            found.append(before + _TICK)
        except OverflowError as error:
            raise BadRequest("There is no time so late.") from error
    return narrower(found) if found else None
