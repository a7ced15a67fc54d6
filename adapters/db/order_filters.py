"""The condition of each filter of orders and fulfillments, by name, and how they are joined.

A *shape* says what is asked, but not for which values: a sequence of leaves, all of which must hold; a leaf is a name of `_LEAVES`
or a branch with the shapes that it joins. Requests of one shape share one prepared statement.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from adapters.analytics_words import HasRow
from adapters.db.tables import after_sales, fulfillments, order_discounts, order_lines, orders, shipments
from domain.values.enums import DiscountKind

Branch = tuple[str, tuple["Shape", ...]]
Shape = tuple["str | Branch", ...]
Names = Iterator[str]
Condition = ColumnElement[bool]
Leaf = Callable[[Names], Condition]

Holds = Callable[[ColumnElement[Any], str], Condition]

ONE: Final = ".is"
"""Ends the leaf of a list with one value."""

# Not SQLAlchemy's own constants: with those it folds the condition, and the parameters of what it folds away are gone.
_ALWAYS: Final[Condition] = literal_column("true", Boolean())
_NEVER: Final[Condition] = literal_column("false", Boolean())


def parameter_names() -> Names:
    return (f"v{number}" for number in count())


def condition(shape: Shape, names: Names) -> Condition:
    """The shape's condition on `orders` (and `fulfillments`); takes the names of its parameters."""
    parts = [_part(part, names) for part in shape]
    return and_(*parts) if parts else _ALWAYS


def among(column: ColumnElement[Any], name: str) -> Condition:
    return column == any_(bindparam(name, type_=ARRAY(Text())))


def is_one(column: ColumnElement[Any], name: str) -> Condition:
    return column == bindparam(name, type_=Text())


def _part(part: "str | Branch", names: Names) -> Condition:
    if isinstance(part, str):
        return _LEAVES[part](names)
    kind, shapes = part
    return BRANCHES[kind](*[condition(shape, names) for shape in shapes])


def _is_not(held: Condition) -> Condition:
    """Also where the condition is unknown: an order without a country is not in Brazil."""
    return held.is_not(true())


BRANCHES: Final[Mapping[str, Callable[..., Condition]]] = {
    "all_of": lambda *held: and_(_ALWAYS, *held),
    "any_of": lambda *held: or_(_NEVER, *held),
    "none_of": _is_not,
}
BOUNDS: Final[Mapping[str, Callable[[Any, Any], Condition]]] = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
}
SCOPE_LISTS: Final = {"business_units": orders.c.business_unit, "channels": orders.c.channel}
LISTS: Final[Mapping[str, Column[Any]]] = {
    "id": orders.c.id,
    "number": orders.c.number,
    "status": orders.c.status,
    "payment_status": orders.c.payment_status,
    "fulfillment_status": orders.c.fulfillment_status,
    "after_sale_status": orders.c.after_sale_status,
    "order_type": orders.c.order_type,
    "channel": orders.c.channel,
    "business_unit": orders.c.business_unit,
    "channel_kind": orders.c.channel_kind,
    "member_id": orders.c.member_id,
    "member_level": orders.c.buyer_level,
    "sku": order_lines.c.sku,
    "category": order_lines.c.category,
    "seller_id": order_lines.c.seller_id,
    "warehouse": fulfillments.c.warehouse,
    "country": orders.c.country,
    "region": orders.c.region,
    "coupon_code": order_discounts.c.code,
    "tracking_number": shipments.c.tracking_number,
    "external_number": orders.c.external_number,
}
RANGES: Final[Mapping[str, Column[Any]]] = {
    "placed_at": orders.c.placed_at,
    "paid_at": orders.c.paid_at,
    "completed_at": orders.c.completed_at,
    "cancelled_at": orders.c.cancelled_at,
    "updated_at": orders.c.updated_at,
    "total": orders.c.total_minor,
}
FULFILLMENT_LISTS: Final = {name: fulfillments.c[name] for name in ("status", "warehouse", "seller_id", "order_id")}
FULFILLMENT_RANGES: Final = {"promised_at": fulfillments.c.promised_at}

AFTER_SALE_LISTS: Final = {name: after_sales.c[name] for name in ("status", "kind", "order_id")}
AFTER_SALE_RANGES: Final = {"created_at": after_sales.c.created_at}


def _list_leaves(prefix: str, lists: Mapping[str, Column[Any]], table: Table) -> dict[str, Leaf]:
    """Of the table's own columns, or of rows that hang on it."""
    return {
        f"{prefix}{name}{end}": (_leaf if column.table is table else _child_leaf)(column, holds)
        for name, column in lists.items()
        for end, holds in (("", among), (ONE, is_one))
    }


def _leaf(column: Column[Any], holds: Holds) -> Leaf:
    return lambda names: holds(column, next(names))


def _child_leaf(column: Column[Any], holds: Holds) -> Leaf:
    """Holds for some row of a child table. A discount's code is a coupon's only on a coupon."""
    table = column.table
    also = (table.c.kind == DiscountKind.COUPON.value,) if table is order_discounts else ()

    def leaf(names: Names) -> Condition:
        held = (holds(column, next(names)), *also)
        return HasRow(
            exists().where(table.c.order_id == orders.c.id, *held).correlate(orders),
            orders.c.id.in_(select(table.c.order_id).where(*held)),
        )

    return leaf


def _range_leaves(prefix: str, ranges: Mapping[str, Column[Any]]) -> dict[str, Leaf]:
    return {
        f"{prefix}{name}.{bound}": _bound_leaf(column, compare)
        for name, column in ranges.items()
        for bound, compare in BOUNDS.items()
    }


def _bound_leaf(column: Column[Any], compare: Callable[[Any, Any], Condition]) -> Leaf:
    return lambda names: compare(column, bindparam(next(names), type_=column.type))


def _search_leaf(names: Names) -> Condition:
    found_by_key = orders.c.search_key_lexemes.bool_op("@@")(_tsquery(next(names)))
    return or_(found_by_key, orders.c.search.bool_op("@@")(_tsquery(next(names))))


def _tsquery(name: str) -> ColumnElement[Any]:
    given: BindParameter[Any] = bindparam(name, type_=Text())
    return cast(given, TSQUERY())


_LEAVES: Final[Mapping[str, Leaf]] = {
    **_list_leaves("scope.", SCOPE_LISTS, orders),
    "scope.member_id": _leaf(orders.c.member_id, is_one),
    **_list_leaves("", LISTS, orders),
    **_range_leaves("", RANGES),
    "currency": _leaf(orders.c.currency, is_one),
    "search": _search_leaf,
    **_list_leaves("fulfillment.", FULFILLMENT_LISTS, fulfillments),
    **_range_leaves("fulfillment.", FULFILLMENT_RANGES),
    **_list_leaves("after_sale.", AFTER_SALE_LISTS, after_sales),
    **_range_leaves("after_sale.", AFTER_SALE_RANGES),
}
