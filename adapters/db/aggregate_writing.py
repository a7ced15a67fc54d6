"""Writing an order is one statement, whatever changed: its head, and beside it the rows of each part, taken out of JSON.

Nothing else is written where the head was not: its external number is taken, or its version is another one. The database checks
references at the statement's end, so the parts may refer to each other and to the head. Statements are built once per kinds of
rows that are there.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    JSON,
    Column,
    Table,
    Text,
    and_,
    bindparam,
    column,
    delete,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql.selectable import TableValuedAlias

from adapters.db.aggregate_statements import EVENT, PARTS, SEARCH, columns_of, insert_head
from adapters.db.tables import order_discounts, order_events, order_installments, order_timers, orders
from adapters.sql import Statement, prepare
from domain.orders.views import OrderView

EVENTS: Final = "events"
LOST: Final = {
    part.attribute: f"lost_{part.attribute}"
    for part in PARTS
    if part.table in {order_discounts, order_installments, order_timers}
}
"""Rows beside those of the parts: parameters too. Of those that vanish, by the part's attribute, the keys."""

VERSION_BEFORE: Final = "version_before"
_KEPT: Final = 512


@lru_cache(_KEPT)
def insert_statement(rows: tuple[str, ...]) -> Statement:
    """Parameters: the head's columns, and for each of `rows` a list of objects. Gives the number of heads inserted."""
    return _whole(insert_head().returning(orders.c.id).cte("head"), rows, _WRITES)


@lru_cache(_KEPT)
def update_statement(rows: tuple[str, ...], *, has_search: bool) -> Statement:
    """As `insert_statement`, with the `version_before`, and what is searched where it changed."""
    written = [*columns_of(OrderView), *(orders.c[name] for name in (SEARCH if has_search else ()))]
    head = (
        update(orders)
        .where(
            orders.c.id == bindparam("id", type_=Text()),
            orders.c.version == bindparam(VERSION_BEFORE, type_=orders.c.version.type),
        )
        .values({one.name: bindparam(one.name, type_=one.type) for one in written if one is not orders.c.id})
        .returning(orders.c.id)
        .cte("head")
    )
    return _whole(head, rows, _CHANGES)


def _whole(head: CTE, rows: tuple[str, ...], kinds: Mapping[str, Any]) -> Statement:
    writes = [kinds[name](name, head) for name in rows]
    return prepare(select(func.count()).select_from(head).add_cte(*writes))


def _upsert(table: Table, names: tuple[str, ...]) -> Any:
    keys = [key.name for key in table.primary_key]

    def write(name: str, head: CTE) -> CTE:
        statement = _insert(table, names, name, head)
        changes: dict[str, Any] = {one: statement.excluded[one] for one in names if one not in keys}
        if table is order_timers:
            # One that starts anew was claimed by nobody yet.
            changes |= {"locked_until": null(), "attempts": literal_column("0")}
        return statement.on_conflict_do_update(index_elements=keys, set_=changes).cte(f"written_{name}")

    return write


def _append(table: Table, names: tuple[str, ...]) -> Any:
    return lambda name, head: _insert(table, names, name, head).cte(f"written_{name}")


def _insert(table: Table, names: tuple[str, ...], name: str, head: CTE) -> Insert:
    rows = _rows(name, [table.c[one] for one in names])
    return insert(table).from_select(list(names), select(*rows.c).select_from(rows.join(head, literal_column("true"))))


def _next_steps(names: tuple[str, ...]) -> Any:
    """Steps of an order that has some: their place in the feed is after that of the last one, whose writer's number may be greater
    than ours. The order is locked, so the last one is seen here.
    """

    def write(name: str, head: CTE) -> CTE:
        rows = _rows(name, [order_events.c[one] for one in names])
        before = order_events.alias("before")
        last = (
            select(before.c.feed_xid)
            .where(before.c.order_id == head.c.id)
            .order_by(before.c.sequence.desc())
            .limit(literal_column("1"))
            .scalar_subquery()
        )
        place = func.greatest(func.pg_current_xact_id(), last)
        steps = select(*rows.c, place).select_from(rows.join(head, literal_column("true")))
        return insert(order_events).from_select([*names, "feed_xid"], steps).cte(f"written_{name}")

    return write


def _delete(table: Table) -> Any:
    keys = list(table.primary_key)

    def write(name: str, head: CTE) -> CTE:
        rows = _rows(name, keys)
        is_lost = and_(*(key == rows.c[key.name] for key in keys), select(head.c.id).exists())
        return delete(table).where(is_lost).cte(f"written_{name}")

    return write


def _rows(name: str, columns: list[Column[Any]]) -> TableValuedAlias:
    given = func.json_to_recordset(bindparam(name, type_=JSON()))
    return given.table_valued(*(column(one.name, _plain(one)) for one in columns)).render_derived(
        name=f"given_{name}", with_types=True
    )


def _plain(one: Column[Any]) -> Any:
    """Its type without a collation: how a text is compared does not matter where it is only handed on."""
    return Text() if isinstance(one.type, Text) else one.type


_WRITES: Final = {
    **{part.attribute: _upsert(part.table, part.mapper.names) for part in PARTS},
    EVENTS: _append(order_events, EVENT.names),
    **{LOST[part.attribute]: _delete(part.table) for part in PARTS if part.attribute in LOST},
}
_CHANGES: Final = {**_WRITES, EVENTS: _next_steps(EVENT.names)}
