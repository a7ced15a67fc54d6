"""What the inventory service asks its tables: a change of reservations and the stock it moves are one statement.

Locks are taken in one order by every writer, so that none waits in a circle: first the order (an advisory lock: its reservations
are seen and changed by one at a time), then stock rows, sorted by SKU and warehouse.
"""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    CTE,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Update,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.embedded.tables import products, reservations, stock, stock_receipts, warehouses
from adapters.sql import prepare

_QUANTITY: Final = reservations.c.quantity
_NOTHING: Final[ColumnElement[int]] = literal_column("0")
_ORDER_ID: Final = bindparam("order_id", type_=Text)
_SKUS: Final = bindparam("skus", type_=ARRAY(Text))
_EXPIRES_AT: Final = bindparam("expires_at", type_=DateTime(timezone=True))
_ALLOCATION_ID: Final = bindparam("allocation_id", type_=Text)
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_OF_ORDER: Final = reservations.c.order_id == _ORDER_ID
_IS_HELD: Final = reservations.c.state == literal_column("'HELD'")
_IS_DEDUCTED: Final = (reservations.c.state == literal_column("'DEDUCTED'")) & reservations.c.returned_at.is_(None)
_IS_DUE: Final = reservations.c.expires_at <= _NOW


def _lock_key(order_id: ColumnElement[str]) -> ColumnElement[int]:
    return func.hashtextextended(order_id, _NOTHING)


LOCK_ORDER: Final = prepare(select(func.pg_advisory_xact_lock(_lock_key(_ORDER_ID))))


def stock_after(changed: CTE) -> Update:
    """The stock after reservations changed; `changed` has sku, warehouse and by how many units each count grows."""
    counts = ("reserved", "deducted", "restocked")
    sums = (
        select(changed.c.sku, changed.c.warehouse, *(func.sum(changed.c[count]).label(count) for count in counts))
        .group_by(changed.c.sku, changed.c.warehouse)
        .cte("sums")
    )
    locked = (
        select(stock.c.sku, stock.c.warehouse, *(sums.c[count] for count in counts))
        .join(sums, (stock.c.sku == sums.c.sku) & (stock.c.warehouse == sums.c.warehouse))
        .order_by(stock.c.sku, stock.c.warehouse)
        .with_for_update(of=stock)
        .cte("locked")
    )
    return (
        update(stock)
        .values(
            {count: stock.c[count] + locked.c[count] for count in counts}
            | {"on_hand": stock.c.on_hand + locked.c.restocked - locked.c.deducted}
        )
        .where(stock.c.sku == locked.c.sku, stock.c.warehouse == locked.c.warehouse)
    )


_free = (
    select(stock.c.sku, stock.c.warehouse, (stock.c.on_hand - stock.c.reserved + stock.c.allowance).label("quantity"))
    .where(stock.c.sku == any_(_SKUS))
    .order_by(stock.c.sku, stock.c.warehouse)
    .with_for_update()
    .cte("free")
)
SITUATION: Final = prepare(
    union_all(
        select(
            cast(null(), Text).label("line_id"),
            _free.c.sku,
            _free.c.warehouse,
            _free.c.quantity,
            literal_column("0").label("attempt"),
            literal_column("false").label("is_active"),
            cast(null(), Text).label("allocation_id"),
        ),
        select(
            reservations.c.line_id,
            reservations.c.sku,
            reservations.c.warehouse,
            _QUANTITY,
            reservations.c.attempt,
            or_(_IS_HELD, _IS_DEDUCTED),
            reservations.c.allocation_id,
        ).where(_OF_ORDER),
    )
)
"""The free units of SKUs, whose rows are locked with it (no `line_id`), and all that the order ever reserved."""

EXTEND: Final = prepare(
    update(reservations)
    .values(expires_at=_EXPIRES_AT)
    .where(_OF_ORDER, _IS_HELD, reservations.c.line_id == any_(bindparam("line_ids", type_=ARRAY(Text))))
)

EXTEND_ALL: Final = prepare(
    update(reservations)
    .values(expires_at=func.greatest(reservations.c.expires_at, _EXPIRES_AT))
    .where(_OF_ORDER, _IS_HELD)
)

_PARTS: Final[tuple[tuple[str, str, type[Any]], ...]] = (
    ("line_ids", "line_id", Text),
    ("warehouses", "warehouse", Text),
    ("attempts", "attempt", Integer),
    ("skus", "sku", Text),
    ("quantities", "quantity", Integer),
    ("at_once", "is_at_once", Boolean),
)


def _reserving(parts: tuple[tuple[str, str, type[Any]], ...], allocation_id: ColumnElement[str] | None) -> Update:
    """`allocation_id`: of all of them; None: each has its own."""
    asked = (
        func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, _, kind in parts))
        .table_valued(*(column(name, kind) for _, name, kind in parts))
        .render_derived("asked")
    )
    placed = (
        insert(reservations)
        .from_select(
            [
                "order_id",
                "line_id",
                "warehouse",
                "attempt",
                "sku",
                "quantity",
                "is_at_once",
                "expires_at",
                "state",
                "ended_at",
                "allocation_id",
            ],
            select(
                _ORDER_ID,
                *(asked.c[name] for _, name, _ in _PARTS),
                _EXPIRES_AT,
                case((asked.c.is_at_once, literal_column("'DEDUCTED'")), else_=literal_column("'HELD'")),
                case((asked.c.is_at_once, func.now())),
                asked.c.allocation_id if allocation_id is None else allocation_id,
            ),
        )
        .returning(
            reservations.c.sku,
            reservations.c.warehouse,
            case((reservations.c.is_at_once, _NOTHING), else_=_QUANTITY).label("reserved"),
            case((reservations.c.is_at_once, _QUANTITY), else_=_NOTHING).label("deducted"),
            _NOTHING.label("restocked"),
        )
        .cte("placed")
    )
    return stock_after(placed)


RESERVE: Final = prepare(_reserving(_PARTS, _ALLOCATION_ID))
RESERVE_EACH: Final = prepare(_reserving((*_PARTS, ("allocation_ids", "allocation_id", Text)), None))
"""Each for an allocation of its own, or for none."""

_left = (
    update(reservations)
    .values(state="DEDUCTED", ended_at=func.now())
    .where(_OF_ORDER, _IS_HELD)
    .returning(
        reservations.c.sku,
        reservations.c.warehouse,
        (-_QUANTITY).label("reserved"),
        _QUANTITY.label("deducted"),
        _NOTHING.label("restocked"),
    )
    .cte("left_stock")
)
DEDUCT: Final = prepare(stock_after(_left))

_was_held = reservations.c.returned_at.is_(None)  # RETURNING sees the new row


def _given_back(*where: ColumnElement[bool]) -> Update:
    ended = (
        update(reservations)
        .values(
            state=case((_IS_HELD, literal_column("'RELEASED'")), else_=reservations.c.state),
            ended_at=func.coalesce(reservations.c.ended_at, func.now()),
            returned_at=case((_IS_HELD, null()), else_=func.now()),
        )
        .where(_OF_ORDER, or_(_IS_HELD, _IS_DEDUCTED), *where)
        .returning(
            reservations.c.sku,
            reservations.c.warehouse,
            case((_was_held, -_QUANTITY), else_=_NOTHING).label("reserved"),
            _NOTHING.label("deducted"),
            case((_was_held, _NOTHING), else_=_QUANTITY).label("restocked"),
        )
        .cte("given_back")
    )
    return stock_after(ended)


_former = reservations.alias("former")
_its_allocation = (
    select(func.max(_former.c.allocation_id))
    .where(_former.c.order_id == _ORDER_ID, _former.c.allocation_id == _ALLOCATION_ID)
    .scalar_subquery()
)
RELEASE: Final = prepare(_given_back())
_ended = (
    func.unnest(
        bindparam("line_ids", type_=ARRAY(Text)),
        bindparam("warehouses", type_=ARRAY(Text)),
        bindparam("attempts", type_=ARRAY(Integer)),
    )
    .table_valued(column("line_id", Text), column("warehouse", Text), column("attempt", Integer))
    .render_derived("ended")
)
END: Final = prepare(
    _given_back(tuple_(reservations.c.line_id, reservations.c.warehouse, reservations.c.attempt).in_(select(*_ended.c)))
)
"""These reservations of an order end: what they held is free again, what was deducted comes back."""
SKUS: Final = prepare(select(reservations.c.sku).distinct().where(_OF_ORDER).order_by(reservations.c.sku))
"""All that the order ever reserved."""
DEALLOCATE: Final = prepare(
    _given_back(
        reservations.c.line_id == any_(bindparam("line_ids", type_=ARRAY(Text))),
        reservations.c.warehouse == bindparam("warehouse", type_=Text),
        reservations.c.allocation_id.is_not_distinct_from(_its_allocation),
    )
)
"""Where there was no such allocation, what was reserved without one."""

_due = (
    select(reservations.c.order_id)
    .where(_IS_HELD, _IS_DUE)
    .group_by(reservations.c.order_id)
    .order_by(func.min(reservations.c.expires_at), reservations.c.order_id)
    .limit(bindparam("limit"))
    .cte("due")
)
_mine = (
    select(_due.c.order_id)
    .where(func.pg_try_advisory_xact_lock(_lock_key(_due.c.order_id)))
    .cte("mine")
    .prefix_with("MATERIALIZED")
)
_expired = (
    update(reservations)
    .values(state="EXPIRED", ended_at=_NOW)
    .where(reservations.c.order_id.in_(select(_mine.c.order_id)), _IS_HELD, _IS_DUE)
    .returning(
        reservations.c.order_id,
        reservations.c.sku,
        reservations.c.warehouse,
        (-_QUANTITY).label("reserved"),
        _NOTHING.label("deducted"),
        _NOTHING.label("restocked"),
    )
    .cte("expired")
)
EXPIRE: Final = prepare(
    select(func.count(_expired.c.order_id.distinct())).add_cte(
        stock_after(_expired).returning(stock.c.sku).cte("freed")
    )
)
"""The number of orders; those that somebody else is working on are left for the next time."""

_arrived = bindparam("quantity", type_=Integer)
RECEIVE: Final = prepare(
    insert(stock)
    .from_select(
        ["sku", "warehouse", "received", "on_hand"],
        select(bindparam("sku", type_=Text), warehouses.c.code, _arrived, _arrived).where(
            warehouses.c.code == bindparam("warehouse", type_=Text),
            or_(
                select(products.c.sku).where(products.c.sku == bindparam("sku", type_=Text)).exists(),
                select(stock.c.sku).where(stock.c.sku == bindparam("sku", type_=Text)).exists(),
            ),
        ),
    )
    .on_conflict_do_update(
        index_elements=["sku", "warehouse"],
        set_={"received": stock.c.received + _arrived, "on_hand": stock.c.on_hand + _arrived},
    )
)

NAME_RECEIPT: Final = prepare(
    insert(stock_receipts)
    .values(
        receipt=bindparam("receipt", type_=Text),
        sku=bindparam("sku", type_=Text),
        warehouse=bindparam("warehouse", type_=Text),
        quantity=_arrived,
    )
    .on_conflict_do_nothing()
)
"""Waits for whoever books under the same name right now."""
RECEIPT: Final = prepare(
    select(stock_receipts.c.sku, stock_receipts.c.warehouse, stock_receipts.c.quantity).where(
        stock_receipts.c.receipt == bindparam("receipt", type_=Text)
    )
)

ALLOW: Final = prepare(
    update(stock)
    .values(allowance=_arrived)
    .where(
        stock.c.sku == bindparam("sku", type_=Text),
        stock.c.warehouse == bindparam("warehouse", type_=Text),
    )
)

STOCK: Final = prepare(
    select(stock.c.sku, warehouses.c.code, warehouses.c.name, stock.c.on_hand, stock.c.reserved, stock.c.allowance)
    .join(warehouses, warehouses.c.code == stock.c.warehouse)
    .where(stock.c.sku == any_(_SKUS))
    .order_by(stock.c.sku, stock.c.warehouse)
)
WAREHOUSES: Final = prepare(
    select(warehouses.c.code, warehouses.c.name).where(warehouses.c.code == any_(bindparam("codes", type_=ARRAY(Text))))
)
