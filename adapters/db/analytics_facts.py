"""The rows that are summed: a row per order, or per part of an order where a dimension of its lines is asked for.

Columns: the bucket (`bucket`), the dimensions by their names, those of the parts by theirs, and `order_id`, `member_id` and `status`, of
which orders and members are counted.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from adapters.analytics_words import ZONE_TYPE, bucket
from adapters.db.analytics_shares import ZERO, Amount, Shares, shared
from adapters.db.order_filters import Condition, Shape, condition, parameter_names
from adapters.db.tables import fulfillment_lines, fulfillments, order_lines, orders
from domain.analytics.catalogue import Level, Part
from domain.analytics.plan import Clock, Cut
from domain.values.enums import Dimension, FulfillmentKind, TimeField

BUCKET: Final = "bucket"
_COLUMNS: Final[Mapping[Dimension, Column[Any]]] = {
    Dimension.SELLER: order_lines.c.seller_id,
    Dimension.BUSINESS_UNIT: orders.c.business_unit,
    Dimension.CHANNEL: orders.c.channel,
    Dimension.CHANNEL_KIND: orders.c.channel_kind,
    Dimension.ORDER_TYPE: orders.c.order_type,
    Dimension.STATUS: orders.c.status,
    Dimension.PAYMENT_STATUS: orders.c.payment_status,
    Dimension.FULFILLMENT_STATUS: orders.c.fulfillment_status,
    Dimension.CURRENCY: orders.c.currency,
    Dimension.COUNTRY: orders.c.country,
    Dimension.REGION: orders.c.region,
    Dimension.SKU: order_lines.c.sku,
    Dimension.CATEGORY: order_lines.c.category,
    Dimension.MEMBER_LEVEL: orders.c.buyer_level,
    Dimension.WAREHOUSE: fulfillments.c.warehouse,
}
_TIMES: Final[Mapping[TimeField, Column[Any]]] = {
    TimeField.PLACED_AT: orders.c.placed_at,
    TimeField.PAID_AT: orders.c.paid_at,
    TimeField.COMPLETED_AT: orders.c.completed_at,
}
_OF_ORDER: Final[Mapping[Part, Column[Any]]] = {
    Part.UNITS: orders.c.unit_count,
    Part.GROSS: orders.c.subtotal_minor,
    Part.DISCOUNTS: orders.c.discount_minor,
    Part.SHIPPING: orders.c.shipping_minor,
    Part.TAX: orders.c.tax_minor,
    Part.CAPTURED: orders.c.captured_minor,
    Part.REFUNDED: orders.c.refunded_minor,
}
_OF_LINE: Final[Mapping[Part, ColumnElement[Any]]] = {
    Part.UNITS: order_lines.c.quantity,
    Part.GROSS: order_lines.c.unit_price_minor * order_lines.c.quantity,
    Part.DISCOUNTS: order_lines.c.discount_minor,
    Part.TAX: order_lines.c.tax_minor,
}
_BY_LINES: Final = Shares("order_id", ("line_position",), "line_quantity")
_BY_PIECES: Final = Shares("line_id", ("piece_warehouse", "piece_fulfillment"), "piece_quantity")
_SHARED: Final = frozenset((Part.SHIPPING, Part.CAPTURED, Part.REFUNDED))
"""What only the order as a whole has."""
_COUNTED: Final = frozenset((Part.ORDERS, Part.CANCELLED_ORDERS))


def facts(cut: Cut, shape: Shape) -> Select[Any]:
    """Parameters: those of the shape, `start`, `end` and `zone` where the clock has them."""
    if cut.level is Level.ORDER:
        return select(*_keys(cut), *_counted(), *_labelled(_OF_ORDER, cut)).where(_where(cut, shape))
    return _once_per_order(cut, _of_lines(cut, shape))


def _keys(cut: Cut) -> list[ColumnElement[Any]]:
    columns = [_COLUMNS[dimension].label(dimension.value) for dimension in cut.dimensions]
    clock = cut.clock
    if clock is None or clock.grain is None:
        return list(columns)
    zone = bindparam("zone", type_=ZONE_TYPE)
    return [bucket(clock.grain, _TIMES[clock.field], zone).label(BUCKET), *columns]


def _counted() -> list[ColumnElement[Any]]:
    return [orders.c.id.label("order_id"), orders.c.member_id, orders.c.status.label("order_status"), orders.c.currency]


def _labelled(parts: Mapping[Part, ColumnElement[Any]], cut: Cut) -> list[ColumnElement[Any]]:
    return [column.label(part.value) for part, column in parts.items() if part in cut.parts]


def _where(cut: Cut, shape: Shape) -> Condition:
    return and_(condition(shape, parameter_names()), *clock_conditions(cut.clock, None))


def clock_conditions(clock: Clock | None, column: ColumnElement[Any] | None) -> list[Condition]:
    if clock is None:
        return []
    at = _TIMES[clock.field] if column is None else column
    given = DateTime(timezone=True)
    bounds: list[Condition] = [] if clock.field is TimeField.PLACED_AT else [at.is_not(None)]
    if clock.start is not None:
        bounds.append(at >= bindparam("start", type_=given))
    if clock.end is not None:
        bounds.append(at < bindparam("end", type_=given))
    return bounds


def _of_lines(cut: Cut, shape: Shape) -> Subquery:
    """A row per line, or per piece of one, with its own part of every amount."""
    has_pieces = cut.level is Level.PIECE
    needs_shares = bool(_SHARED.intersection(cut.parts))
    own = _OF_LINE if has_pieces or needs_shares else {p: c for p, c in _OF_LINE.items() if p in cut.parts}
    source = orders.join(order_lines, order_lines.c.order_id == orders.c.id)
    more: list[ColumnElement[Any]] = []
    if needs_shares:
        whole = {part: _OF_ORDER[part] for part in _SHARED}
        more += [column.label(f"order_{part}") for part, column in whole.items()]
        refunded = order_lines.c.refunded_minor
        more += [order_lines.c.total_minor.label("line_total"), refunded.label("line_refunded")]
        more += [func.sum(refunded).over(partition_by=orders.c.id).label("lines_refunded")]
    rows = select(
        *_keys_of_lines(cut),
        *_counted(),
        order_lines.c.id.label("line_id"),
        order_lines.c.position.label("line_position"),
        order_lines.c.quantity.label("line_quantity"),
        order_lines.c.unit_price_minor.label("line_price"),
        *(column.label(part.value) for part, column in own.items()),
        *more,
    )
    found = rows.select_from(source).where(_where(cut, shape)).subquery("found_lines")
    if needs_shares:
        found = _with_shares(found, cut)
    return _in_pieces(found, cut) if has_pieces else found


def _keys_of_lines(cut: Cut) -> list[ColumnElement[Any]]:
    return [key for key in _keys(cut) if key.key != Dimension.WAREHOUSE.value]


def _with_shares(lines: Subquery, cut: Cut) -> Subquery:
    goods = lines.c[Part.GROSS.value] - lines.c[Part.DISCOUNTS.value]
    found = shared(lines, _BY_LINES, [Amount(Part.SHIPPING.value, "order_shipping", goods)])
    worth = found.c.line_total + found.c[Part.SHIPPING.value]
    went_back = case((found.c.lines_refunded > ZERO, found.c.line_refunded), else_=worth)
    amounts = {
        Part.CAPTURED: Amount(Part.CAPTURED.value, "order_captured", worth),
        Part.REFUNDED: Amount(Part.REFUNDED.value, "order_refunded", went_back),
    }
    asked = [amount for part, amount in amounts.items() if part in cut.parts]
    return shared(found, _BY_LINES, asked) if asked else found


def _in_pieces(lines: Subquery, cut: Cut) -> Subquery:
    """Each line once for every fulfillment that it is part of; a line that is in none is one piece, of no warehouse."""
    part_of: FromClause = fulfillment_lines.join(fulfillments, fulfillments.c.id == fulfillment_lines.c.fulfillment_id)
    placed = (
        select(
            fulfillment_lines.c.order_id.label("placed_order"),  # it has an index, and the line has none
            fulfillment_lines.c.line_id.label("placed_line"),
            fulfillment_lines.c.quantity.label("placed_quantity"),
            fulfillments.c.warehouse,
            fulfillments.c.id.label("fulfillment_id"),
        )
        .select_from(part_of)
        .where(
            fulfillments.c.kind == literal_column(f"'{FulfillmentKind.ORIGINAL}'"),
            fulfillments.c.superseded_at.is_(None),
        )
        .subquery("placed")
    )
    of_line = and_(placed.c.placed_order == lines.c.order_id, placed.c.placed_line == lines.c.line_id)
    quantity = func.coalesce(placed.c.placed_quantity, lines.c.line_quantity)
    warehouse = placed.c.warehouse
    wholes = {part: lines.c[part.value] for part in Part if part.value in lines.c and part is not Part.UNITS}
    keys = [lines.c[name] for name in _kept(lines)]
    pieces = (
        select(
            *keys,
            warehouse.label(Dimension.WAREHOUSE.value),
            warehouse.label("piece_warehouse"),
            placed.c.fulfillment_id.label("piece_fulfillment"),
            quantity.label("piece_quantity"),
            quantity.label(Part.UNITS.value),
            (lines.c.line_price * quantity).label(Part.GROSS.value),
            *(column.label(f"whole_{part}") for part, column in wholes.items() if part is not Part.GROSS),
        )
        .select_from(lines.outerjoin(placed, of_line))
        .subquery("pieces")
    )
    units = pieces.c.piece_quantity
    amounts = [
        Amount(part.value, f"whole_{part}", units) for part in wholes if part is not Part.GROSS and part in cut.parts
    ]
    return shared(pieces, _BY_PIECES, amounts) if amounts else pieces


def _kept(lines: Subquery) -> list[str]:
    """Of a line's columns, those that its pieces have as they are."""
    parts = {part.value for part in Part}
    return [column.key for column in lines.c if column.key not in parts]


def _once_per_order(cut: Cut, rows: Subquery) -> Select[Any]:
    """Where orders are counted, each is one row of a group: they are counted once, however many lines they have there."""
    sums = [rows.c[part.value] for part in _OF_ORDER if part in cut.parts]
    names = [*((BUCKET,) if cut.has_time else ()), *(dimension.value for dimension in cut.dimensions)]
    keys = [rows.c[name] for name in names]
    if not _COUNTED.intersection(cut.parts):
        return select(*keys, rows.c.member_id, *sums)
    counted = [func.min(rows.c[name]).label(name) for name in ("member_id", "order_status")]
    return select(*keys, *counted, *(func.sum(column).label(column.key) for column in sums)).group_by(
        *keys, rows.c.order_id
    )
