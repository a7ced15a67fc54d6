"""Reads what is asked of orders and fulfillments into a shape and its values.

Only the shape chooses the statement, so it never holds a value; of a list it says whether there is one value in it, as what is
equal to one value is sorted by what follows it in an index, and what is among some is not. Reading and `order_filters.condition` walk in the same order: the
n-th value belongs to the n-th parameter.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Final, NamedTuple

from adapters.db.order_bounds import bounded
from adapters.db.order_filters import (
    AFTER_SALE_LISTS,
    AFTER_SALE_RANGES,
    BOUNDS,
    BRANCHES,
    FULFILLMENT_LISTS,
    FULFILLMENT_RANGES,
    LISTS,
    ONE,
    RANGES,
    SCOPE_LISTS,
    Branch,
    Shape,
    parameter_names,
)
from adapters.db.order_leads import SORTED_BY, Lead, is_sorted, led
from adapters.db.order_search import search_terms
from adapters.db.order_sorts import SORTS
from adapters.db.text_values import is_storable, storable
from domain.access.viewer import OrderScope
from domain.ports.order_views import (
    AfterSaleFilter,
    DateTimeRange,
    FulfillmentFilter,
    MinorRange,
    OrderFilter,
    OrderQuery,
)
from domain.values.paging import PageRequest

_BIGINT_MAX: Final = 2**63 - 1


class Request(NamedTuple):
    shape: Shape
    values: dict[str, Any]
    """By parameter name."""


class PageOfOrders(NamedTuple):
    shape: Shape
    """Of what does not lead."""
    lead: Lead | None
    values: dict[str, Any]
    """By parameter name, without those of the page."""
    page: PageRequest
    has_one_plan: bool
    """Whether the page's rows are next to each other in an index, whatever the values."""


def order_request(query: OrderQuery) -> Request:
    values = _Values()
    return values.request(values.order(query))


def page_request(query: OrderQuery, page: PageRequest) -> PageOfOrders:
    """As `order_request`, cut to a page."""
    given, sort = _Values(), SORTS[query.sort]
    shape, values, page = bounded(given.order(query), given.values, page, sort.range, falls=sort.falls)
    found = led(shape, values) if sort.range == SORTED_BY else None
    if found is None:
        return PageOfOrders(shape, None, _named(values), page, is_sorted(shape, sort.range))
    named = _named(found.values) | found.lead_values
    return PageOfOrders(found.shape, found.lead, named, page, is_sorted(found.shape, sort.range))


def fulfillment_request(scope: OrderScope, query: FulfillmentFilter) -> Request:
    values = _Values()
    leaves = values.leaves(_FULFILLMENT, query)
    return values.request(leaves + values.scope(scope))


def after_sale_request(scope: OrderScope, query: AfterSaleFilter) -> Request:
    values = _Values()
    leaves = values.leaves(_AFTER_SALE, query)
    return values.request(leaves + values.scope(scope))


def scope_request(scope: OrderScope) -> Request:
    values = _Values()
    return values.request(values.scope(scope))


class _Kind:
    """What is looked at in a filter: all at once, as most of it is not given."""

    def __init__(self, prefix: str, lists: Iterable[str], ranges: Iterable[str]) -> None:
        self.prefix = prefix
        self.lists = tuple(lists)
        self.ranges = tuple(ranges)
        self.lists_of = _tuple_of(self.lists)
        self.ranges_of = _tuple_of(self.ranges)


def _tuple_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """`attrgetter`, which gives a tuple for two names or more only."""
    return attrgetter(*names) if len(names) > 1 else lambda given: tuple(getattr(given, name) for name in names)


class _Values:
    """Takes the values in, one after the other; each method gives the leaves that they belong to."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def request(self, shape: Shape) -> Request:
        return Request(shape, _named(self.values))

    def order(self, query: OrderQuery) -> Shape:
        return self.scope(query.scope) + self.filter(query.filter) + self.search(query.search)

    def scope(self, scope: OrderScope) -> Shape:
        return self.leaves(_SCOPE, scope) + self._text("scope.member_id", scope.member_id)

    def filter(self, given: OrderFilter) -> Shape:
        leaves = self.leaves(_ORDER, given) + self._text("currency", given.currency)
        return leaves + tuple(self._branches(given))

    def search(self, search: str | None) -> Shape:
        terms = search_terms(search)
        if terms is None:
            return ()
        self.values += terms
        return ("search",)

    def leaves(self, kind: "_Kind", given: Any) -> Shape:
        leaves = [
            kind.prefix + self._list(name, values)
            for name, values in zip(kind.lists, kind.lists_of(given), strict=True)
            if values is not None
        ]
        for name, bounds in zip(kind.ranges, kind.ranges_of(given), strict=True):
            if bounds is not None:
                leaves += (f"{kind.prefix}{name}.{bound}" for bound in self._bounds(bounds))
        return tuple(leaves)

    def _branches(self, given: OrderFilter) -> Iterator[Branch]:
        inner = (given.all_of, given.any_of, None if given.none_of is None else (given.none_of,))
        for kind, filters in zip(BRANCHES, inner, strict=True):
            if filters is not None:
                yield kind, tuple(self.filter(one) for one in filters)

    def _list(self, name: str, given: Iterable[str]) -> str:
        values = storable(dict.fromkeys(given))
        is_one = len(values) == 1
        self.values.append(values[0] if is_one else values)
        return name + ONE if is_one else name

    def _text(self, leaf: str, given: str | None) -> Shape:
        """A text that cannot be stored equals none: NULL."""
        if given is None:
            return ()
        self.values.append(given if is_storable(given) else None)
        return (leaf,)

    def _bounds(self, given: DateTimeRange | MinorRange) -> Iterator[str]:
        for bound in BOUNDS:
            value = getattr(given, bound)
            if value is not None:
                self.values.append(_in_range(value) if isinstance(value, int) else value)
                yield bound


def _named(values: Iterable[Any]) -> dict[str, Any]:
    return dict(zip(parameter_names(), values, strict=False))


def _in_range(amount_minor: int) -> int:
    """No stored amount is beyond the column's range, so that its end asks the same."""
    return min(max(amount_minor, -_BIGINT_MAX), _BIGINT_MAX)


_ORDER: Final = _Kind("", LISTS, RANGES)
_SCOPE: Final = _Kind("scope.", SCOPE_LISTS, ())
_FULFILLMENT: Final = _Kind("fulfillment.", FULFILLMENT_LISTS, FULFILLMENT_RANGES)
_AFTER_SALE: Final = _Kind("after_sale.", AFTER_SALE_LISTS, AFTER_SALE_RANGES)
