"""The statements that keep the cube, all over sets of orders: what these had put in is taken out, what they are now is put in."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Double,
    Insert,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    literal,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.db.change_statements import HORIZON, NOW, not_held, place_after
from adapters.db.columns import Xid8
from adapters.db.cube_tables import (
    CUBE_DIMENSIONS,
    CUBE_PARTS,
    DAY_DIMENSIONS,
    rollup_days,
    rollup_hours,
    rollup_orders,
    rollup_state,
)
from adapters.db.tables import order_events, order_tombstones, orders
from adapters.sql import Statement, prepare
from domain.values.enums import OrderStatus

_UTC: Final = literal_column("'UTC'", Text())
_HOUR: Final = literal_column("'hour'", Text())
_DAY: Final = literal_column("'day'", Text())
_ZERO: Final = literal_column("0", BigInteger())
_FIRST: Final = literal_column("1", BigInteger())
_NO_COUNTRY: Final = literal_column("''", Text())

_PART_OF_ORDER: Final[dict[str, ColumnElement[Any]]] = {
    "orders": _FIRST,
    "cancelled_orders": case((orders.c.status == literal(OrderStatus.CANCELLED.value, Text()), _FIRST), else_=_ZERO),
    "units": orders.c.unit_count,
    "gross": orders.c.subtotal_minor,
    "discounts": orders.c.discount_minor,
    "shipping": orders.c.shipping_minor,
    "tax": orders.c.tax_minor,
    "captured": orders.c.captured_minor,
    "refunded": orders.c.refunded_minor,
}


def hour_of(at: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.date_trunc(_HOUR, at, _UTC, type_=DateTime(timezone=True))


def day_of(at: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.date_trunc(_DAY, at, _UTC, type_=DateTime(timezone=True))


def live_orders(name: str) -> Select[Any]:
    """What the orders among the parameter `name` would put in now."""
    dimensions = (
        func.coalesce(orders.c.country, _NO_COUNTRY).label(one) if one == "country" else orders.c[one]
        for one in CUBE_DIMENSIONS
    )
    parts = (_PART_OF_ORDER[one].label(one) for one in CUBE_PARTS)
    return select(orders.c.id.label("order_id"), hour_of(orders.c.placed_at).label("hour"), *dimensions, *parts).where(
        orders.c.id == any_(_ids(name))
    )


def kept_orders(name: str) -> Select[Any]:
    """What the orders among the parameter `name` have put in."""
    return select(rollup_orders).where(rollup_orders.c.order_id == any_(_ids(name)))


def _taken_out() -> Statement:
    """Gives the hours that were touched, each once."""
    gone = (
        delete(rollup_orders).where(rollup_orders.c.order_id == any_(_ids("ids"))).returning(rollup_orders).cte("gone")
    )
    return _applied(gone, -1)


def _put_in() -> Statement:
    names = [column.name for column in rollup_orders.c]
    new = insert(rollup_orders).from_select(names, live_orders("ids")).returning(rollup_orders).cte("new")
    return _applied(new, 1)


def _applied(source: CTE, sign: int) -> Statement:
    hours = _added(rollup_hours, source, source.c.hour, CUBE_DIMENSIONS, sign)
    days = _added(rollup_days, source, day_of(source.c.hour), DAY_DIMENSIONS, sign)
    touched = select(source.c.hour).distinct()
    return prepare(touched.add_cte(hours.cte("hours"), days.cte("days")))


def _added(table: Table, source: CTE, start: ColumnElement[Any], dimensions: Iterable[str], sign: int) -> Insert:
    first = next(iter(table.c))
    keys = [start.label(first.name), *(source.c[name] for name in dimensions)]
    sums = [func.sum(source.c[name]) if sign > 0 else -func.sum(source.c[name]) for name in CUBE_PARTS]
    cells = select(*keys, *(cast(one, BigInteger()) for one in sums)).group_by(*keys)
    names = [column.name for column in table.c]
    statement = insert(table).from_select(names, cells)
    grown = {name: table.c[name] + statement.excluded[name] for name in CUBE_PARTS}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=grown)


def _emptied(table: Table) -> Statement:
    """Cells without an order, of the hours or days in `touched`."""
    first: Column[Any] = next(iter(table.c))
    touched: ColumnElement[Any] = bindparam("touched", type_=ARRAY(DateTime(timezone=True)))
    return prepare(delete(table).where(first == any_(touched), table.c.orders == _ZERO))


def _places(*, has_snapshot: bool, below_horizon: bool) -> CTE:
    """The next places of the feed, at most `limit`; those of the tombstones among them."""

    def of(table: Table) -> Select[Any]:
        held = (not_held(table),) if has_snapshot else ()
        horizon = (table.c.feed_xid < HORIZON,) if below_horizon else ()
        places = (table.c.feed_xid, table.c.position)
        following = select(table.c.order_id, *places, table.c.recorded_at).where(place_after(table), *held, *horizon)
        return select(following.order_by(*places).limit(_limit()).subquery())

    both = union_all(of(order_events), of(order_tombstones)).subquery("both_kinds")
    return select(both).order_by(both.c.feed_xid, both.c.position).limit(_limit()).cte("places")


def _next(*, has_snapshot: bool) -> Statement:
    """A row for each of the next orders; the last place and the number of places are in each."""
    places = _places(has_snapshot=has_snapshot, below_horizon=True)
    last = select(places).order_by(places.c.feed_xid.desc(), places.c.position.desc()).limit(_FIRST).subquery("last")
    seen = select(func.count()).select_from(places).scalar_subquery()
    ids = select(func.array_agg(func.distinct(places.c.order_id))).scalar_subquery()
    return prepare(
        select(
            ids.label("ids"), cast(last.c.feed_xid, Text()).label("transaction"), last.c.position, seen.label("seen")
        )
    )


def _pending(*, has_snapshot: bool) -> Statement:
    """The orders of all places that are visible here and not taken in yet; as many rows as places, `limit` at most."""
    places = _places(has_snapshot=has_snapshot, below_horizon=False)
    return prepare(select(places.c.order_id))


def _behind(*, has_snapshot: bool) -> Statement:
    """Seconds since the first place that is not taken in was written."""
    places = _places(has_snapshot=has_snapshot, below_horizon=False)
    since = select(func.min(places.c.recorded_at)).scalar_subquery()
    return prepare(select(_age(since)))


def _age(since: ColumnElement[Any]) -> ColumnElement[Any]:
    age: ColumnElement[Any] = cast(extract("epoch", func.clock_timestamp() - since), Double())
    return func.greatest(func.coalesce(age, literal_column("0")), literal_column("0"))


def _ids(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Text()))


def _limit() -> ColumnElement[Any]:
    return bindparam("limit", type_=BigInteger())


_COLUMNS: Final = (
    cast(rollup_state.c.feed_xid, Text()).label("transaction"),
    rollup_state.c.position,
    rollup_state.c.snapshot,
    rollup_state.c.listed,
)
_GIVEN: Final[dict[str, Any]] = {
    "feed_xid": cast(bindparam("transaction", type_=Text()), Xid8()),
    "position": bindparam("number", type_=BigInteger()),
    "snapshot": bindparam("held", type_=Text()),
    "listed": bindparam("listed", type_=Text()),
}
_BEGUN: Final = insert(rollup_state).values(
    id=literal_column("1"),
    feed_xid=func.pg_snapshot_xmin(NOW),
    position=_ZERO,
    snapshot=cast(NOW, Text()),
    listed=literal_column("''"),
)

STATE: Final = prepare(select(*_COLUMNS))
CLAIM: Final = prepare(select(*_COLUMNS).with_for_update(skip_locked=True))
LOCK: Final = prepare(select(*_COLUMNS).with_for_update())
BEGIN: Final = prepare(_BEGUN.on_conflict_do_nothing())
BEGIN_ANEW: Final = prepare(
    _BEGUN.on_conflict_do_update(
        index_elements=[rollup_state.c.id],
        set_={
            **{name: _BEGUN.excluded[name] for name in ("feed_xid", "position", "snapshot", "listed")},
            "begun_at": func.now(),
        },
    )
)
MOVE: Final = prepare(update(rollup_state).values(_GIVEN))
EMPTY: Final = tuple(prepare(delete(table)) for table in (rollup_orders, rollup_hours, rollup_days))

NEXT_LISTED: Final = prepare(
    select(orders.c.id).where(orders.c.id > bindparam("listed", type_=Text())).order_by(orders.c.id).limit(_limit())
)
NEXT: Final = {has: _next(has_snapshot=has) for has in (False, True)}
PENDING: Final = {has: _pending(has_snapshot=has) for has in (False, True)}
BEHIND: Final = {has: _behind(has_snapshot=has) for has in (False, True)}
SINCE_BEGUN: Final = prepare(select(_age(select(rollup_state.c.begun_at).scalar_subquery())))

TAKE_OUT: Final = _taken_out()
PUT_IN: Final = _put_in()
DROP_EMPTY: Final = (_emptied(rollup_hours), _emptied(rollup_days))
COUNTS: Final = prepare(
    select(
        select(func.count()).select_from(rollup_orders).scalar_subquery(),
        select(func.count()).select_from(orders).scalar_subquery(),
        select(func.count()).select_from(rollup_hours).scalar_subquery(),
    )
)
