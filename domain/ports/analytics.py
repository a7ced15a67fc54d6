"""Reading sums of orders: an engine opens one moment of the data, and answers cuts of it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.access.viewer import OrderScope
from domain.analytics.plan import Cut
from domain.ports.order_views import OrderFilter
from domain.values.faults import BadRequest


class SumTooLarge(BadRequest):
    """A group's sum is beyond the 64 bits that engines reckon in: refused, never rounded or wrapped round."""

    code = "SUM_OUT_OF_RANGE"

    def __init__(self) -> None:
        message = "A sum is beyond 64 bits of minor units: ask for smaller groups, or for fewer orders."
        super().__init__(message, self.code)


@dataclass(frozen=True, slots=True)
class OrdersAsked:
    """Of which orders: those within the scope that the filter lets through, as in the lists."""

    scope: OrderScope
    filter: OrderFilter


class AnalyticsMoment(Protocol):
    """All cuts see the same data."""

    @property
    def as_of(self) -> datetime:
        """When that was; in UTC."""
        ...

    @property
    def watermark(self) -> str:
        """The cursor of the change feed at that moment: what comes after it was not counted yet."""
        ...

    async def rows(self, cut: Cut) -> list[tuple[Any, ...]]:
        """One statement. Groups as the cut orders them, then by all their columns; a bucket as `domain/analytics/calendar.py`
        names it. Raises SumTooLarge.
        """
        ...


class Analytics(Protocol):
    """An analytical engine."""

    def moment(self, asked: OrdersAsked) -> AbstractAsyncContextManager[AnalyticsMoment]: ...
