"""Units of an order that go back to stock in parts: out of reservations that are split, or with a parcel that came back."""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Integer,
    Text,
    bindparam,
    case,
    column,
    delete,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.embedded.stock_statements import stock_after
from adapters.embedded.tables import reservations, stock_returns
from adapters.sql import prepare

_ORDER_ID: Final = bindparam("order_id", type_=Text)
_NOTHING: Final[ColumnElement[int]] = literal_column("0")
_IS_HELD: Final = reservations.c.state == literal_column("'HELD'")
_IS_DEDUCTED: Final = (reservations.c.state == literal_column("'DEDUCTED'")) & reservations.c.returned_at.is_(None)

ACTIVE: Final = prepare(
    select(
        reservations.c.line_id,
        reservations.c.warehouse,
        reservations.c.attempt,
        reservations.c.quantity,
        or_(_IS_HELD, _IS_DEDUCTED).label("is_active"),
    ).where(reservations.c.order_id == _ORDER_ID)
)
"""All that an order ever reserved."""

_taking = (
    func.unnest(
        bindparam("line_ids", type_=ARRAY(Text)),
        bindparam("warehouses", type_=ARRAY(Text)),
        bindparam("attempts", type_=ARRAY(Integer)),
        bindparam("quantities", type_=ARRAY(Integer)),
        bindparam("new_attempts", type_=ARRAY(Integer)),
    )
    .table_valued(
        column("line_id", Text),
        column("warehouse", Text),
        column("attempt", Integer),
        column("quantity", Integer),
        column("new_attempt", Integer),
    )
    .render_derived("taking")
)
_is_its_row = (
    (reservations.c.order_id == _ORDER_ID)
    & (reservations.c.line_id == _taking.c.line_id)
    & (reservations.c.warehouse == _taking.c.warehouse)
    & (reservations.c.attempt == _taking.c.attempt)
)
_taken: dict[str, Any] = {one.name: one for one in reservations.c} | {
    "attempt": _taking.c.new_attempt,
    "quantity": _taking.c.quantity,
    "state": case((_IS_HELD, literal_column("'RELEASED'")), else_=reservations.c.state),
    "ended_at": func.coalesce(reservations.c.ended_at, func.now()),
    "returned_at": case((_IS_HELD, null()), else_=func.now()),
}
_ended = (
    insert(reservations)
    .from_select(list(_taken), select(*_taken.values()).join_from(reservations, _taking, _is_its_row))
    .returning(
        reservations.c.sku,
        reservations.c.warehouse,
        case((reservations.c.returned_at.is_(None), -reservations.c.quantity), else_=_NOTHING).label("reserved"),
        _NOTHING.label("deducted"),
        case((reservations.c.returned_at.is_(None), _NOTHING), else_=reservations.c.quantity).label("restocked"),
    )
    .cte("ended")
)
_whole = delete(reservations).where(_is_its_row, reservations.c.quantity == _taking.c.quantity).cte("whole")
_smaller = (
    update(reservations)
    .values(quantity=reservations.c.quantity - _taking.c.quantity)
    .where(_is_its_row, reservations.c.quantity > _taking.c.quantity)
    .cte("smaller")
)
WITHDRAW: Final = prepare(stock_after(_ended).add_cte(_whole, _smaller))
"""What is taken out of a reservation is one of its own, which has ended; the rest stays as it is."""

_back = (
    func.unnest(
        bindparam("line_ids", type_=ARRAY(Text)),
        bindparam("skus", type_=ARRAY(Text)),
        bindparam("warehouses", type_=ARRAY(Text)),
        bindparam("quantities", type_=ARRAY(Integer)),
    )
    .table_valued(column("line_id", Text), column("sku", Text), column("warehouse", Text), column("quantity", Integer))
    .render_derived("back")
)
_had_left = bindparam("had_left", type_=Boolean)
_noted = (
    insert(stock_returns)
    .from_select(
        ["return_id", "order_id", "line_id", "sku", "warehouse", "quantity", "had_left"],
        select(bindparam("return_id", type_=Text), _ORDER_ID, *_back.c, _had_left),
    )
    .on_conflict_do_nothing()
    .returning(
        stock_returns.c.sku,
        stock_returns.c.warehouse,
        _NOTHING.label("reserved"),
        _NOTHING.label("deducted"),
        case((stock_returns.c.had_left, stock_returns.c.quantity), else_=_NOTHING).label("restocked"),
    )
    .cte("noted")
)
NOTE: Final = prepare(select(func.count()).select_from(_noted).add_cte(stock_after(_noted).cte("counted")))
"""How many were not noted before; those that had left are counted with it."""
