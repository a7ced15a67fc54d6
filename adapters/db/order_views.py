"""The reading side of the orders. Every method is one statement, prepared once per shape of request."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, TypeVar

from adapters.db import order_statements as statements
from adapters.db.order_requests import (
    after_sale_request,
    fulfillment_request,
    order_request,
    page_request,
    scope_request,
)
from adapters.db.order_sorts import SORTS
from adapters.db.order_statements import FACETS, PageShape, PartShape
from adapters.db.rows import Reading, mapper_of, reading_of
from adapters.db.tables import TABLE_OF
from adapters.db.text_values import is_storable, storable
from adapters.sql import Reader
from domain.access.viewer import OrderScope
from domain.orders.views import AfterSaleView, FulfillmentView, GroupView, OrderView, TransitionView
from domain.ports.order_views import (
    AfterSaleFilter,
    Columns,
    FacetCount,
    FulfillmentFilter,
    OrderFacets,
    OrderQuery,
    OrderViews,
    PartsOf,
)
from domain.values.paging import PageRequest, Slice

V = TypeVar("V")

_ORDER: Final = mapper_of(OrderView)
_TRANSITION: Final = reading_of(TransitionView)
_GROUP: Final = reading_of(GroupView)


class SqlOrderViews(OrderViews):
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def page(self, query: OrderQuery, page: PageRequest) -> Slice[OrderView]:
        asked, reading = page_request(query, page), _order_reading(query)
        cut = _cut(asked.page)
        limit = cut.pop("limit") if asked.has_one_plan else None
        shape = _shape(asked.page, limit)
        statement = statements.page_statement(asked.shape, query.sort, shape, reading.names, asked.lead)
        rows = await self._reader.rows(statement, **asked.values, **cut)
        return _slice(reading.from_rows(rows), page)

    async def page_by_member(
        self, query: OrderQuery, page: PageRequest, member_ids: Sequence[str]
    ) -> list[Slice[OrderView]]:
        asked, reading = order_request(query), _order_reading(query)
        statement = statements.member_page_statement(asked.shape, query.sort, _shape(page), reading.names)
        rows = await self._reader.rows(statement, keys=_keys(member_ids), **asked.values, **_cut(page))
        parts = _numbered(rows, len(member_ids))
        return [_slice(reading.from_longer_rows(part), page) for part in parts]

    async def count(self, query: OrderQuery) -> int:
        asked = order_request(query)
        count: int = await self._reader.value(statements.count_statement(asked.shape), **asked.values)
        return count

    async def count_by_member(self, query: OrderQuery, member_ids: Sequence[str]) -> list[int]:
        asked = order_request(query)
        statement = statements.member_count_statement(asked.shape)
        rows = await self._reader.rows(statement, keys=storable(member_ids), **asked.values)
        counts: dict[str, int] = {row[0]: row[1] for row in rows}
        return [counts.get(member_id, 0) for member_id in member_ids]

    async def facets(self, query: OrderQuery) -> OrderFacets:
        asked = order_request(query)
        return _facets(await self._reader.rows(statements.facets_statement(asked.shape), **asked.values))

    async def facets_by_member(self, query: OrderQuery, member_ids: Sequence[str]) -> list[OrderFacets]:
        asked = order_request(query)
        statement = statements.member_facets_statement(asked.shape)
        rows = await self._reader.rows(statement, keys=storable(member_ids), **asked.values)
        parts: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
        for row in rows:
            parts[row[0]].append(row[1:])
        return [_facets(parts.get(member_id, [])) for member_id in member_ids]

    async def by_number(self, scope: OrderScope, number: str) -> OrderView | None:
        return await self._unique(scope, number=number)

    async def by_external_number(self, scope: OrderScope, channel: str, number: str) -> OrderView | None:
        return await self._unique(scope, channel=channel, external_number=number)

    async def by_ids(
        self, scope: OrderScope, view: type[V], ids: Sequence[str], *, columns: Columns = None
    ) -> list[V | None]:
        asked, reading = scope_request(scope), reading_of(view, columns)
        statement = statements.by_ids_statement(asked.shape, TABLE_OF[view], reading.names)
        rows = await self._reader.rows(statement, keys=storable(ids), **asked.values)
        found = {row["id"]: one for row, one in zip(rows, reading.from_rows(rows), strict=True)}
        return [found.get(key) for key in ids]

    async def of_parents(
        self, view: type[V], parent: str, ids: Sequence[str], *, columns: Columns = None
    ) -> list[tuple[V, ...]]:
        (found,) = await self.parts([PartsOf(view, parent, tuple(ids), columns)])
        return found

    async def parts(self, asked: Sequence[PartsOf]) -> list[list[tuple[Any, ...]]]:
        keys = dict.fromkeys(part.ids for part in asked)
        names = {ids: f"keys_{number}" for number, ids in enumerate(keys)}
        readings = [reading_of(part.view, part.columns, part.parent) for part in asked]
        shapes = tuple(
            PartShape(TABLE_OF[part.view], reading.names, part.parent, names[part.ids])
            for part, reading in zip(asked, readings, strict=True)
        )
        given = {name: storable(ids) for ids, name in names.items()}
        answer = await self._reader.value(statements.parts_statement(shapes), **given)
        return [
            _by_parent(part, reading.from_json(rows or ()))
            for part, reading, rows in zip(asked, readings, answer, strict=True)
        ]

    async def groups(self, scope: OrderScope, ids: Sequence[str]) -> list[GroupView | None]:
        rows = await self._reader.rows(statements.GROUPS, keys=storable(ids))
        found = {group.id: group for group in _GROUP.from_rows(rows)}
        units = scope.business_units
        return [one if one and (units is None or one.business_unit in units) else None for one in map(found.get, ids)]

    async def history(self, order_ids: Sequence[str], first: int, after_sequence: int) -> list[Slice[TransitionView]]:
        page = PageRequest(first, (after_sequence,) if after_sequence > 0 else None)
        rows = await self._reader.rows(statements.HISTORY, keys=_keys(order_ids), after=after_sequence, limit=first + 1)
        parts = _numbered(rows, len(order_ids))
        return [_slice(_TRANSITION.from_longer_rows(part), page) for part in parts]

    async def subject_history(
        self, subjects: Sequence[tuple[str, str]], first: int, after_sequence: int
    ) -> list[Slice[TransitionView]]:
        page = PageRequest(first, (after_sequence,) if after_sequence > 0 else None)
        order_ids, subject_ids = zip(*subjects, strict=True) if subjects else ((), ())
        rows = await self._reader.rows(
            statements.SUBJECT_HISTORY,
            keys=_keys(order_ids),
            subjects=_keys(subject_ids),
            after=after_sequence,
            limit=first + 1,
        )
        parts = _numbered(rows, len(subjects))
        return [_slice(_TRANSITION.from_longer_rows(part), page) for part in parts]

    async def after_sales(
        self, scope: OrderScope, query: AfterSaleFilter, page: PageRequest, *, columns: Columns = None
    ) -> Slice[AfterSaleView]:
        asked, reading = after_sale_request(scope, query), reading_of(AfterSaleView, columns, "created_at")
        statement = statements.after_sale_page_statement(asked.shape, _shape(page), reading.names)
        rows = await self._reader.rows(statement, **asked.values, **_cut(page))
        return _slice(reading.from_rows(rows), page)

    async def count_after_sales(self, scope: OrderScope, query: AfterSaleFilter) -> int:
        asked = after_sale_request(scope, query)
        count: int = await self._reader.value(statements.after_sale_count_statement(asked.shape), **asked.values)
        return count

    async def fulfillments(
        self, scope: OrderScope, query: FulfillmentFilter, page: PageRequest, *, columns: Columns = None
    ) -> Slice[FulfillmentView]:
        asked, reading = fulfillment_request(scope, query), reading_of(FulfillmentView, columns, "created_at")
        statement = statements.fulfillment_page_statement(asked.shape, _shape(page), reading.names)
        rows = await self._reader.rows(statement, **asked.values, **_cut(page))
        return _slice(reading.from_rows(rows), page)

    async def count_fulfillments(self, scope: OrderScope, query: FulfillmentFilter) -> int:
        asked = fulfillment_request(scope, query)
        count: int = await self._reader.value(statements.fulfillment_count_statement(asked.shape), **asked.values)
        return count

    async def _unique(self, scope: OrderScope, **columns: str) -> OrderView | None:
        asked = scope_request(scope)
        wanted = {name: value if is_storable(value) else None for name, value in columns.items()}
        row = await self._reader.row(statements.unique_statement(asked.shape, *wanted), **wanted, **asked.values)
        return None if row is None else _ORDER.decode(row)


def _order_reading(query: OrderQuery) -> Reading[OrderView]:
    """With the key of its sort: positions are made of it."""
    return reading_of(OrderView, query.columns, SORTS[query.sort].column.name)


def _by_parent(part: PartsOf, found: Iterable[V]) -> list[tuple[V, ...]]:
    parent_of = attrgetter(part.parent)
    children: defaultdict[str, list[V]] = defaultdict(list)
    for one in found:
        children[parent_of(one)].append(one)
    return [tuple(children.get(key, ())) for key in part.ids]


def _shape(page: PageRequest, limit: int | None = None) -> PageShape:
    return PageShape(page.is_backward, page.after is not None, page.before is not None, limit)


def _cut(page: PageRequest) -> dict[str, Any]:
    """The page's parameters. One row more than the page tells whether the list goes on."""
    bounds = {"after": page.after, "before": page.before}
    given = {
        f"{name}_{part}": value
        for name, position in bounds.items()
        if position is not None
        for part, value in zip(("key", "id"), position, strict=True)
    }
    return {**given, "limit": page.limit + 1}


def _slice(rows: list[V], page: PageRequest) -> Slice[V]:
    goes_on = len(rows) > page.limit
    items = rows[: page.limit]
    if page.is_backward:
        return Slice(tuple(reversed(items)), has_next=page.before is not None, has_previous=goes_on)
    return Slice(tuple(items), has_next=goes_on, has_previous=page.after is not None)


def _keys(ids: Iterable[str]) -> list[str | None]:
    """For statements that answer by the key's number: what cannot be stored keeps its place, and matches nothing."""
    return [key if is_storable(key) else None for key in ids]


def _numbered(rows: Iterable[Sequence[Any]], count: int) -> list[list[Sequence[Any]]]:
    """Rows that end with their key's number, from 1, by key."""
    parts: list[list[Sequence[Any]]] = [[] for _ in range(count)]
    for row in rows:
        parts[row[-1] - 1].append(row)
    return parts


def _facets(rows: Iterable[Sequence[Any]]) -> OrderFacets:
    """Each row has one value, in its facet's column, and ends with its count."""
    counts: list[list[FacetCount]] = [[] for _ in FACETS]
    for *values, count in rows:
        facet, value = next((index, value) for index, value in enumerate(values) if value is not None)
        counts[facet].append(FacetCount(value, count))
    return OrderFacets(*(tuple(sorted(part, key=lambda found: (-found.count, found.value))) for part in counts))
