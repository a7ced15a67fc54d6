"""Ranges in filters. Both ends may be given; none means everything that has a value."""

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import strawberry

from domain.ports.order_views import DateTimeRange, MinorRange
from domain.values.faults import BadRequest
from domain.values.money import InvalidMoney, minor_digits
from resolvers.absent import given, optional

_ROUNDINGS: Final = {"gte": ROUND_CEILING, "gt": ROUND_FLOOR, "lte": ROUND_FLOOR, "lt": ROUND_CEILING}
"""How a bound between two minor units becomes one that admits the same amounts."""


@strawberry.input(name="DateTimeRange", description="A range of times.")
class DateTimeRangeInput:
    gte: datetime | None = optional("At this time or after it.")
    gt: datetime | None = optional("After this time.")
    lte: datetime | None = optional("At this time or before it.")
    lt: datetime | None = optional("Before this time.")

    def to_domain(self) -> DateTimeRange:
        return DateTimeRange(given(self.gte), given(self.gt), given(self.lte), given(self.lt))


@strawberry.input(name="DecimalRange", description="A range of amounts, in the currency of the filter.")
class DecimalRangeInput:
    gte: Decimal | None = optional("This amount or more.")
    gt: Decimal | None = optional("More than this amount.")
    lte: Decimal | None = optional("This amount or less.")
    lt: Decimal | None = optional("Less than this amount.")

    def to_domain(self, currency: str | None) -> MinorRange:
        """Raises BadRequest without a currency that is traded here."""
        if currency is None:
            raise BadRequest("A filter by total needs a currency.")
        try:
            digits = minor_digits(currency)
        except InvalidMoney as error:
            raise BadRequest(str(error)) from error
        bounds = {name: given(getattr(self, name)) for name in _ROUNDINGS}
        return MinorRange(**{name: _minor(bound, digits, _ROUNDINGS[name]) for name, bound in bounds.items()})


def date_time_range(asked: DateTimeRangeInput | None) -> DateTimeRange | None:
    asked = given(asked)
    return None if asked is None else asked.to_domain()


def _minor(bound: Decimal | None, digits: int, rounding: str) -> int | None:
    return None if bound is None else int(bound.scaleb(digits).to_integral_value(rounding))
