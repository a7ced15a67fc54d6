"""What a plan of analytics asks of a filter and of a scope."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime

from domain.analytics.plan import FilterFacts
from domain.analytics.rollup import is_whole_day, is_whole_hour
from domain.ports.analytics import OrdersAsked
from domain.ports.order_views import OrderFilter

_BRANCHES = frozenset(("all_of", "any_of", "none_of"))
_SCOPE = {"business_units": "business_unit", "channels": "channel", "member_id": "member_id"}


def facts_of(asked: OrdersAsked) -> FilterFacts:
    parts = tuple(_all(asked.filter))
    looked_at = {field.name for part in parts for field in fields(part) if getattr(part, field.name) is not None}
    scoped = {column for name, column in _SCOPE.items() if getattr(asked.scope, name) is not None}
    return FilterFacts(
        currency=_currency(asked.filter),
        fields=frozenset(looked_at - _BRANCHES | scoped),
        has_whole_hours=all(_has_whole(part, is_whole_hour) for part in parts),
        has_whole_days=all(_has_whole(part, is_whole_day) for part in parts),
    )


def _all(part: OrderFilter) -> Iterator[OrderFilter]:
    yield part
    inner = (*(part.all_of or ()), *(part.any_of or ()), *(() if part.none_of is None else (part.none_of,)))
    for one in inner:
        yield from _all(one)


def _currency(part: OrderFilter) -> str | None:
    """The one that every order has which it lets through."""
    inner = (_currency(one) for one in part.all_of or ())
    return part.currency or next((currency for currency in inner if currency), None)


def _has_whole(part: OrderFilter, is_whole: Callable[[datetime | None], bool]) -> bool:
    """Whether its times of placement are from an hour (a day) on, or before one: then the hours tell the same."""
    placed = part.placed_at
    if placed is None:
        return True
    return placed.gt is None and placed.lte is None and is_whole(placed.gte) and is_whole(placed.lt)
