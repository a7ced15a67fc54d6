"""The statements of the change feed. All that a page needs is one statement, so that it is one moment.

What is looked at is bounded (`scan`), whatever the filter lets pass: first the next places of the feed, or the next orders, by an
index, then which of them are wanted. Every statement gives one row at least: the first columns are of the page as a whole.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    extract,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from adapters.db.columns import PgSnapshot, Xid8
from adapters.db.order_filters import Shape, condition, parameter_names
from adapters.db.tables import order_events, order_tombstones, orders
from adapters.sql import Statement, prepare
from domain.values.enums import ChangeKind

SHAPES_KEPT: Final = 256
NOW: Final[ColumnElement[Any]] = func.pg_current_snapshot(type_=PgSnapshot())
HORIZON: Final[ColumnElement[Any]] = func.pg_snapshot_xmin(NOW, type_=Xid8())
"""No transaction below it is running: what such ones wrote is all there, and nothing will be added."""

_ONE: Final[ColumnElement[Any]] = literal_column("1")
_ASKED: Final = bindparam("snapshot", type_=Text())


def place_after(table: Table) -> ColumnElement[bool]:
    """Parameters: `transaction` (as text) and `number`."""
    transaction = cast(bindparam("transaction", type_=Text()), Xid8())
    number: ColumnElement[Any] = bindparam("number", type_=BigInteger())
    return tuple_(table.c.feed_xid, table.c.position) > tuple_(transaction, number)


def not_held(table: Table) -> ColumnElement[bool]:
    """By the snapshot in the parameter `snapshot`, a text."""
    return ~_held(table, cast(_ASKED, PgSnapshot()))


@lru_cache(SHAPES_KEPT)
def steps_statement(shape: Shape, *, has_snapshot: bool) -> Statement:
    """The next steps and tombstones. Parameters: the shape's, `business_units` and `channels` (None: all) for tombstones, those of
    `place_after`, `scan`, `limit`, and the `snapshot` where there is one.
    """
    steps = _next(order_events, order_events.c.sequence, ChangeKind.UPSERT, has_snapshot=has_snapshot)
    stones = _next(order_tombstones, order_tombstones.c.version, ChangeKind.DELETE, has_snapshot=has_snapshot)
    both = union_all(select(steps), select(stones)).subquery("both_kinds")
    scanned = select(both).order_by(both.c.feed_xid, both.c.position).limit(_count("scan")).cte("scanned")
    there = (
        select(scanned)
        .join(orders, orders.c.id == scanned.c.order_id)
        .where(scanned.c.kind == _word(ChangeKind.UPSERT), condition(shape, parameter_names()))
    )
    gone = (
        select(scanned)
        .join(order_tombstones, order_tombstones.c.order_id == scanned.c.order_id)
        .where(scanned.c.kind == _word(ChangeKind.DELETE), _scope_of_stones())
    )
    either = union_all(there, gone).subquery("either")
    wanted = select(either).order_by(either.c.feed_xid, either.c.position).limit(_count("limit")).subquery("wanted")
    last = select(scanned).order_by(scanned.c.feed_xid.desc(), scanned.c.position.desc()).limit(_ONE)
    transaction = last.with_only_columns(cast(scanned.c.feed_xid, Text())).scalar_subquery()
    number = last.with_only_columns(scanned.c.position).scalar_subquery()
    page = _page(scanned, cast(NOW, Text()), transaction.label("last_transaction"), number.label("last_number"))
    places = (cast(wanted.c.feed_xid, Text()).label("transaction"), wanted.c.position.label("number"))
    return prepare(_with_page(page, wanted, places).order_by(wanted.c.feed_xid, wanted.c.position))


@lru_cache(SHAPES_KEPT)
def listing_statement(shape: Shape) -> Statement:
    """The next orders by id, each at the version that the snapshot holds of it. Parameters: the shape's, `listed`, `snapshot` (None:
    this moment's), `scan`, `limit`.
    """
    after = orders.c.id > bindparam("listed", type_=Text())
    scanned = select(orders.c.id).where(after).order_by(orders.c.id).limit(_count("scan")).cte("scanned")
    held = func.coalesce(cast(_ASKED, PgSnapshot()), NOW, type_=PgSnapshot())
    last = (
        select(order_events.c.sequence, order_events.c.at)
        .where(order_events.c.order_id == orders.c.id, _held(order_events, held))
        .order_by(order_events.c.sequence.desc())
        .limit(_ONE)
        .lateral("last")
    )
    wanted = (
        select(
            orders.c.id.label("order_id"),
            last.c.sequence.label("version"),
            _word(ChangeKind.UPSERT).label("kind"),
            last.c.at,
        )
        .select_from(scanned.join(orders, orders.c.id == scanned.c.id).join(last, true()))
        .where(condition(shape, parameter_names()))
        .order_by(orders.c.id)
        .limit(_count("limit"))
        .subquery("wanted")
    )
    page = _page(scanned, cast(held, Text()), select(func.max(scanned.c.id)).scalar_subquery().label("last_listed"))
    return prepare(_with_page(page, wanted, ()).order_by(wanted.c.order_id))


def _next(table: Table, version: ColumnElement[Any], kind: ChangeKind, *, has_snapshot: bool) -> Subquery:
    """The next rows of the feed that are in this table."""
    places = (table.c.feed_xid, table.c.position)
    return (
        select(table.c.order_id, version.label("version"), _word(kind).label("kind"), table.c.at, *places)
        .where(place_after(table), table.c.feed_xid < HORIZON, *((not_held(table),) if has_snapshot else ()))
        .order_by(*places)
        .limit(_count("scan"))
        .subquery()
    )


def _held(table: Table, snapshot: ColumnElement[Any]) -> ColumnElement[bool]:
    held: ColumnElement[bool] = func.pg_visible_in_snapshot(table.c.xid, snapshot)
    return held


def _page(scanned: CTE, snapshot: ColumnElement[Any], *last: ColumnElement[Any]) -> Subquery:
    """What is true of the page as a whole."""
    seen = select(func.count()).select_from(scanned).scalar_subquery()
    return select(seen.label("seen"), snapshot.label("snapshot"), LAG.label("lag_seconds"), *last).subquery("page")


def _with_page(page: Subquery, wanted: Subquery, places: tuple[ColumnElement[Any], ...]) -> Select[Any]:
    change = (wanted.c.order_id, wanted.c.version, wanted.c.kind, wanted.c.at, *places)
    joined: FromClause = page.outerjoin(wanted, true())
    return select(*page.c, *change).select_from(joined)


def _scope_of_stones() -> ColumnElement[bool]:
    def open_or_among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        given: ColumnElement[Any] = bindparam(name, type_=ARRAY(Text()))
        return or_(given.is_(None), column == any_(given))

    return and_(
        open_or_among(order_tombstones.c.business_unit, "business_units"),
        open_or_among(order_tombstones.c.channel, "channels"),
    )


def _count(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=BigInteger())


def _word(kind: ChangeKind) -> ColumnElement[Any]:
    return literal(kind.value, Text())


def _lag() -> ColumnElement[Any]:
    """Of the first step or tombstone that is written but cannot be read yet: one row of an index each."""
    since: ColumnElement[Any] = func.least(_unreadable_since(order_events), _unreadable_since(order_tombstones))
    age: ColumnElement[Any] = cast(extract("epoch", func.clock_timestamp() - since), Double())
    return func.greatest(func.coalesce(age, literal_column("0")), literal_column("0"))


def _unreadable_since(table: Table) -> ColumnElement[Any]:
    return (
        select(table.c.recorded_at)
        .where(table.c.feed_xid >= HORIZON)
        .order_by(table.c.feed_xid, table.c.position)
        .limit(_ONE)
        .scalar_subquery()
    )


LAG: Final = _lag()
"""Seconds."""
LAG_STATEMENT: Final = prepare(select(LAG))
