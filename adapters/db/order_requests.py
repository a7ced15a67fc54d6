"""Reads what is asked of orders and fulfillments into a shape and its values.

Only the shape chooses the statement, so it never holds a value. Reading and `order_filters.condition` walk in the same order: the
n-th value belongs to the n-th parameter.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from adapters.db.order_filters import (
    BOUNDS,
    BRANCHES,
    FULFILLMENT_LISTS,
    FULFILLMENT_RANGES,
    LISTS,
    RANGES,
    SCOPE_LISTS,
    Branch,
    Shape,
    parameter_names,
)
from adapters.db.order_search import search_terms
from adapters.db.text_values import is_storable, storable
from domain.access.viewer import OrderScope
from domain.ports.order_views import DateTimeRange, FulfillmentFilter, MinorRange, OrderFilter, OrderQuery

_BIGINT_MAX: Final = 2**63 - 1


class Request(NamedTuple):
    shape: Shape
    values: dict[str, Any]
    """By parameter name."""


def order_request(query: OrderQuery) -> Request:
    values = _Values()
    return values.request(values.scope(query.scope) + values.filter(query.filter) + values.search(query.search))


def fulfillment_request(scope: OrderScope, query: FulfillmentFilter) -> Request:
    values = _Values()
    leaves = values.leaves("fulfillment.", query, FULFILLMENT_LISTS, FULFILLMENT_RANGES)
    return values.request(leaves + values.scope(scope))


def scope_request(scope: OrderScope) -> Request:
    values = _Values()
    return values.request(values.scope(scope))


class _Values:
    """Takes the values in, one after the other; each method gives the leaves that they belong to."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def request(self, shape: Shape) -> Request:
        return Request(shape, dict(zip(parameter_names(), self._values, strict=False)))

    def scope(self, scope: OrderScope) -> Shape:
        return self.leaves("scope.", scope, SCOPE_LISTS, {}) + self._text("scope.member_id", scope.member_id)

    def filter(self, given: OrderFilter) -> Shape:
        leaves = self.leaves("", given, LISTS, RANGES) + self._text("currency", given.currency)
        return leaves + tuple(self._branches(given))

    def search(self, search: str | None) -> Shape:
        terms = search_terms(search)
        if terms is None:
            return ()
        self._values += terms
        return ("search",)

    def leaves(self, prefix: str, given: Any, lists: Iterable[str], ranges: Mapping[str, Any]) -> Shape:
        leaves = [prefix + name for name in lists if self._takes_list(getattr(given, name))]
        for name in ranges:
            leaves += (f"{prefix}{name}.{bound}" for bound in self._bounds(getattr(given, name)))
        return tuple(leaves)

    def _branches(self, given: OrderFilter) -> Iterator[Branch]:
        inner = (given.all_of, given.any_of, None if given.none_of is None else (given.none_of,))
        for kind, filters in zip(BRANCHES, inner, strict=True):
            if filters is not None:
                yield kind, tuple(self.filter(one) for one in filters)

    def _takes_list(self, given: Iterable[str] | None) -> bool:
        if given is None:
            return False
        self._values.append(storable(given))
        return True

    def _text(self, leaf: str, given: str | None) -> Shape:
        """A text that cannot be stored equals none: NULL."""
        if given is None:
            return ()
        self._values.append(given if is_storable(given) else None)
        return (leaf,)

    def _bounds(self, given: DateTimeRange | MinorRange | None) -> Iterator[str]:
        for bound in BOUNDS:
            value = getattr(given, bound, None)
            if value is not None:
                self._values.append(_in_range(value) if isinstance(value, int) else value)
                yield bound


def _in_range(amount_minor: int) -> int:
    """No stored amount is beyond the column's range, so that its end asks the same."""
    return min(max(amount_minor, -_BIGINT_MAX), _BIGINT_MAX)
