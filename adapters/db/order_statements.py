"""The statements that read orders, built once per shape of request and kept: a build costs milliseconds, a look-up nothing.

The caches are bounded, for a shape is the caller's choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    Text,
    Values,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, array
from sqlalchemy.sql.selectable import FromClause, TableValuedAlias

from adapters.db.order_filters import Condition, Shape, among, condition, parameter_names
from adapters.db.order_leads import Lead
from adapters.db.order_sorts import SORTS
from adapters.db.rows import mapper_of
from adapters.db.tables import (
    after_sale_lines,
    after_sales,
    fulfillment_lines,
    fulfillments,
    order_discounts,
    order_events,
    order_groups,
    order_installments,
    order_lines,
    order_timers,
    orders,
    payments,
    refunds,
    shipment_checkpoints,
    shipments,
    vouchers,
)
from adapters.sql import Statement, prepare
from domain.orders.views import GroupView, OrderView, TransitionView
from domain.values.enums import OrderSort

SHAPES_KEPT: Final = 1024

Names = tuple[str, ...]
"""Of columns."""

FACETS: Final = ("status", "payment_status", "fulfillment_status", "channel", "business_unit")

_LINE_POSITION: Final = (
    select(order_lines.c.position).where(order_lines.c.id == fulfillment_lines.c.line_id).scalar_subquery()
)
_CASE_LINE_POSITION: Final = (
    select(order_lines.c.position).where(order_lines.c.id == after_sale_lines.c.line_id).scalar_subquery()
)
_NATURAL_ORDER: Final[dict[Table, tuple[ColumnElement[Any], ...]]] = {
    order_lines: (order_lines.c.position,),
    order_discounts: (order_discounts.c.position,),
    order_installments: (order_installments.c.position,),
    payments: (payments.c.created_at, payments.c.id),
    refunds: (refunds.c.created_at, refunds.c.id),
    # Numbers of one order differ in their last digits only: the shorter one is the smaller.
    fulfillments: (fulfillments.c.created_at, func.length(fulfillments.c.number), fulfillments.c.number),
    fulfillment_lines: (fulfillment_lines.c.fulfillment_id, _LINE_POSITION),
    after_sales: (after_sales.c.created_at, func.length(after_sales.c.number), after_sales.c.number),
    after_sale_lines: (after_sale_lines.c.after_sale_id, _CASE_LINE_POSITION),
    shipments: (shipments.c.shipped_at, shipments.c.id),
    shipment_checkpoints: (
        shipment_checkpoints.c.at,
        shipment_checkpoints.c.recorded_at,
        shipment_checkpoints.c.event_id,
    ),
    vouchers: (vouchers.c.position,),
    order_events: (order_events.c.sequence,),
    order_timers: (order_timers.c.due_at.nulls_last(), order_timers.c.subject_id, order_timers.c.name),
}


@dataclass(frozen=True, slots=True)
class PageShape:
    """How a page is cut: which bounds are given, and from which end it is taken.

    `limit`: the rows, where they are part of the statement. PostgreSQL plans a statement anew for each of its values as long as
    a limit is one of them, for it cannot know how little will be read. That is wanted where the values decide the plan, and
    costs more than the page itself where they do not (`PageOfOrders.has_one_plan`).
    """

    is_backward: bool
    has_after: bool
    has_before: bool
    limit: int | None = None


class PartShape(NamedTuple):
    """Some columns of the child rows of the parents in the parameter `keys`."""

    table: Table
    names: tuple[str, ...]
    parent: str
    keys: str


@lru_cache(SHAPES_KEPT)
def page_statement(shape: Shape, sort: OrderSort, page: PageShape, names: Names, lead: Lead | None = None) -> Statement:
    """Parameters: those of the shape, the lead and the page."""
    columns, where = _columns(orders, names), condition(shape, parameter_names())
    key, _, falls = SORTS[sort]
    if lead is None:
        return prepare(_page(columns, orders, where, key, falls, page))
    rows = [tuple(bindparam(lead.name(row, name), type_=Text()) for name in lead.columns) for row in range(lead.walks)]
    if lead.walks == 1:
        return prepare(_led_page(columns, where, key, falls, page, lead.columns, rows[0]))
    asked = Values(*(column(name, Text()) for name in lead.columns), name="asked").data(rows)
    part = _led_page(columns, where, key, falls, page, lead.columns, list(asked.c)).lateral("part")
    order = _ordered(part.c[key.name], part.c.id, is_falling=falls != page.is_backward)
    return prepare(select(*part.c).select_from(asked.join(part, true())).order_by(*order).limit(_limit(page)))


@lru_cache(SHAPES_KEPT)
def member_page_statement(shape: Shape, sort: OrderSort, page: PageShape, names: Names) -> Statement:
    """As `page_statement`, once for each of `keys`; the last column is the key's number, from 1."""
    asked = _asked()
    where = and_(orders.c.member_id == asked.c.key, condition(shape, parameter_names()))
    key, _, falls = SORTS[sort]
    part = _page(_columns(orders, names), orders, where, key, falls, page).lateral("part")
    order = _ordered(part.c[key.name], part.c.id, is_falling=falls != page.is_backward)
    return prepare(select(*part.c, asked.c.n).select_from(asked.join(part, true())).order_by(asked.c.n, *order))


@lru_cache(SHAPES_KEPT)
def count_statement(shape: Shape) -> Statement:
    return prepare(select(func.count()).select_from(orders).where(condition(shape, parameter_names())))


@lru_cache(SHAPES_KEPT)
def member_count_statement(shape: Shape) -> Statement:
    """Rows of member and count, for those of `keys` that have orders."""
    member = orders.c.member_id
    where = and_(among(member, "keys"), condition(shape, parameter_names()))
    return prepare(select(member, func.count()).where(where).group_by(member))


@lru_cache(SHAPES_KEPT)
def facets_statement(shape: Shape) -> Statement:
    """A row per facet and value: the value in the facet's column, all others empty, and the count last."""
    values = _facet_columns()
    sets = func.grouping_sets(*(tuple_(value) for value in values))
    where = condition(shape, parameter_names())
    return prepare(select(*values, func.count()).where(where).group_by(sets))


@lru_cache(SHAPES_KEPT)
def member_facets_statement(shape: Shape) -> Statement:
    """As `facets_statement`, with the member first."""
    member, values = orders.c.member_id, _facet_columns()
    sets = func.grouping_sets(*(tuple_(member, value) for value in values))
    where = and_(among(member, "keys"), condition(shape, parameter_names()))
    return prepare(select(member, *values, func.count()).where(where).group_by(sets))


@lru_cache(SHAPES_KEPT)
def unique_statement(shape: Shape, *names: str) -> Statement:
    """The order whose columns have the values of the parameters `names`."""
    wanted = (orders.c[name] == bindparam(name, type_=Text()) for name in names)
    return prepare(
        select(*_columns(orders, mapper_of(OrderView).names)).where(*wanted, condition(shape, parameter_names()))
    )


@lru_cache(SHAPES_KEPT)
def by_ids_statement(shape: Shape, table: Table, names: Names) -> Statement:
    """Rows by `keys`, of orders within the shape."""
    where = and_(among(table.c.id, "keys"), condition(shape, parameter_names()))
    return prepare(select(*_columns(table, names)).select_from(_within(table, shape)).where(where))


@lru_cache(SHAPES_KEPT)
def parts_statement(parts: tuple[PartShape, ...]) -> Statement:
    """One value: an array of JSON for each part, of its rows as arrays, in their natural order; null without rows.

    JSON, as small rows of many tables are read twice as fast that way as from as many results, and four times as fast as from
    arrays of records (asyncpg looks every field's type up again).
    """
    return prepare(select(func.json_build_array(*map(_part, parts))))


@lru_cache(SHAPES_KEPT)
def fulfillment_page_statement(shape: Shape, page: PageShape, names: Names) -> Statement:
    source = _within(fulfillments, shape)
    where = condition(shape, parameter_names())
    columns = _columns(fulfillments, names)
    return prepare(_page(columns, source, where, fulfillments.c.created_at, True, page, fulfillments.c.id))


@lru_cache(SHAPES_KEPT)
def fulfillment_count_statement(shape: Shape) -> Statement:
    source = _within(fulfillments, shape)
    return prepare(select(func.count()).select_from(source).where(condition(shape, parameter_names())))


@lru_cache(SHAPES_KEPT)
def after_sale_page_statement(shape: Shape, page: PageShape, names: Names) -> Statement:
    source = _within(after_sales, shape)
    where = condition(shape, parameter_names())
    columns = _columns(after_sales, names)
    return prepare(_page(columns, source, where, after_sales.c.created_at, True, page, after_sales.c.id))


@lru_cache(SHAPES_KEPT)
def after_sale_count_statement(shape: Shape) -> Statement:
    source = _within(after_sales, shape)
    return prepare(select(func.count()).select_from(source).where(condition(shape, parameter_names())))


def _part(part: PartShape) -> ScalarSelect[Any]:
    row = func.json_build_array(*_columns(part.table, part.names))
    rows = func.json_agg(aggregate_order_by(row, *_NATURAL_ORDER[part.table]))
    return select(rows).where(among(part.table.c[part.parent], part.keys)).scalar_subquery()


def _columns(table: Table, names: Names) -> list[Column[Any]]:
    return [table.c[name] for name in names]


def _history() -> Select[Any]:
    asked = _asked()
    event = order_events.c
    part = (
        select(*_columns(order_events, mapper_of(TransitionView).names))
        .where(event.order_id == asked.c.key, event.sequence > bindparam("after", type_=BigInteger()))
        .order_by(event.sequence)
        .limit(bindparam("limit", type_=BigInteger()))
        .lateral("part")
    )
    return select(*part.c, asked.c.n).select_from(asked.join(part, true())).order_by(asked.c.n, part.c.sequence)


def _page(
    columns: list[Column[Any]],
    source: FromClause,
    where: Condition,
    key: Column[Any],
    falls: bool,
    page: PageShape,
    row_id: Column[Any] = orders.c.id,
    leaders: Sequence[Column[Any]] = (),
) -> Select[Any]:
    """Parameters: `after_key` and `after_id`, `before_key` and `before_id` where they are given, and `limit` where it is open."""
    position = tuple_(key, row_id)
    after, before = _bound("after", key), _bound("before", key)
    bounds = []
    if page.has_after:
        bounds.append(position < after if falls else position > after)
    if page.has_before:
        bounds.append(position > before if falls else position < before)
    order = _ordered(*leaders, key, row_id, is_falling=falls != page.is_backward)
    return select(*columns).select_from(source).where(where, *bounds).order_by(*order).limit(_limit(page))


def _led_page(
    columns: list[Column[Any]],
    where: Condition,
    key: Column[Any],
    falls: bool,
    page: PageShape,
    leading: Names,
    given: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """A page of the orders that have one value in each leading column.

    Those are sorted by first, and their values are lists of one, that PostgreSQL does not drop them from the order: else it might
    walk the whole list instead of their part of an index, as it takes the values for evenly spread, and old orders' statuses are
    not those of new ones.
    """
    leaders = _columns(orders, leading)
    led = [leader == any_(array([value])) for leader, value in zip(leaders, given, strict=True)]
    return _page(columns, orders, and_(*led, where), key, falls, page, leaders=leaders)


def _limit(page: PageShape) -> ColumnElement[int]:
    if page.limit is not None:
        return literal_column(str(page.limit), BigInteger())
    return bindparam("limit", type_=BigInteger())


def _bound(name: str, key: Column[Any]) -> ColumnElement[Any]:
    return tuple_(bindparam(f"{name}_key", type_=key.type), bindparam(f"{name}_id", type_=Text()))


def _ordered(*parts: ColumnElement[Any], is_falling: bool) -> list[ColumnElement[Any]]:
    return [part.desc() if is_falling else part.asc() for part in parts]


def _asked() -> TableValuedAlias:
    """The parameter `keys` as rows of `key` and its number `n`, from 1."""
    keys = func.unnest(bindparam("keys", type_=ARRAY(Text())))
    return keys.table_valued(column("key", Text()), with_ordinality="n").render_derived(name="asked")


def _within(table: FromClause, shape: Shape) -> FromClause:
    """A table of the order's parts, joined to its order where the shape asks something of it."""
    own = ("fulfillment.", "after_sale.")
    asks_orders = any(not (isinstance(part, str) and part.startswith(own)) for part in shape)
    return table.join(orders, orders.c.id == table.c.order_id) if asks_orders and table is not orders else table


def _facet_columns() -> list[Column[Any]]:
    return [orders.c[name] for name in FACETS]


def _subject_history() -> Select[Any]:
    keys = func.unnest(bindparam("keys", type_=ARRAY(Text())), bindparam("subjects", type_=ARRAY(Text())))
    asked = keys.table_valued(column("key", Text()), column("subject", Text()), with_ordinality="n")
    asked = asked.render_derived(name="asked")
    event = order_events.c
    part = (
        select(*_columns(order_events, mapper_of(TransitionView).names))
        .where(
            event.order_id == asked.c.key,
            event.subject_id == asked.c.subject,
            event.sequence > bindparam("after", type_=BigInteger()),
        )
        .order_by(event.sequence)
        .limit(bindparam("limit", type_=BigInteger()))
        .lateral("part")
    )
    return select(*part.c, asked.c.n).select_from(asked.join(part, true())).order_by(asked.c.n, part.c.sequence)


GROUPS: Final = prepare(
    select(*_columns(order_groups, mapper_of(GroupView).names)).where(among(order_groups.c.id, "keys"))
)

HISTORY: Final = prepare(_history())
"""Of each order of `keys`, `limit` steps beyond the sequence number `after`; the last column is the key's number, from 1."""

SUBJECT_HISTORY: Final = prepare(_subject_history())
"""As HISTORY, of the subject at the same place in `subjects` only."""
