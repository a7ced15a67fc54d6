"""The kinds of things that hang on an order, and how it is read as a whole."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Label,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql.selectable import FromClause

from adapters.db.rows import RowMapper, mapper_of
from adapters.db.tables import (
    TABLE_OF,
    after_sale_lines,
    after_sales,
    fulfillment_lines,
    fulfillments,
    order_lines,
    orders,
)
from adapters.sql import Statement, prepare
from domain.orders.views import (
    AfterSaleLineView,
    AfterSaleView,
    CheckpointView,
    DiscountView,
    FulfillmentLineView,
    FulfillmentView,
    InstallmentView,
    ModificationView,
    OrderLineView,
    OrderView,
    PaymentView,
    RefundView,
    ShipmentView,
    TimerView,
    TransitionView,
    VoucherView,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing that hangs on an order: a field of the aggregate, a table."""

    attribute: str
    table: Table
    mapper: RowMapper[Any]
    key: Callable[[Any], Any]


def columns_of(view: type[Any]) -> list[Column[Any]]:
    return [TABLE_OF[view].c[name] for name in mapper_of(view).names]


def _head() -> Statement:
    def open_or_among(column: Column[Any], name: str) -> ColumnElement[bool]:
        given: ColumnElement[Any] = bindparam(name, type_=ARRAY(Text()))
        return or_(given.is_(None), column == any_(given))

    member: ColumnElement[Any] = bindparam("member_id", type_=Text())
    where = and_(
        orders.c.id == bindparam("order_id", type_=Text()),
        open_or_among(orders.c.business_unit, "business_units"),
        open_or_among(orders.c.channel, "channels"),
        or_(member.is_(None), orders.c.member_id == member),
    )
    return prepare(select(*columns_of(OrderView)).where(where).with_for_update())


def _rows_of(
    attribute: str, view: type[Any], order: Iterable[ColumnElement[Any]], source: FromClause | None = None
) -> Label[Any]:
    table = TABLE_OF[view]
    rows = (
        select(func.row(*columns_of(view)))
        .select_from(table if source is None else source)
        .where(table.c.order_id == bindparam("order_id", type_=Text()))
        .order_by(*order)
    )
    return func.array(rows.scalar_subquery()).label(attribute)


def _by(view: type[Any], *names: str) -> list[Column[Any]]:
    return [TABLE_OF[view].c[name] for name in names]


def _all_parts() -> Statement:
    # Numbers of one order differ in their last digits only: the shorter one is the smaller.
    number = fulfillments.c.number
    by_number = [fulfillments.c.created_at, func.length(number), number]
    lines = fulfillment_lines.join(fulfillments, fulfillments.c.id == fulfillment_lines.c.fulfillment_id).join(
        order_lines, order_lines.c.id == fulfillment_lines.c.line_id
    )
    by_case_number = [after_sales.c.created_at, func.length(after_sales.c.number), after_sales.c.number]
    case_lines = after_sale_lines.join(order_lines, order_lines.c.id == after_sale_lines.c.line_id)
    return prepare(
        select(
            _rows_of("lines", OrderLineView, _by(OrderLineView, "position")),
            _rows_of("discounts", DiscountView, _by(DiscountView, "position")),
            _rows_of("installments", InstallmentView, _by(InstallmentView, "position")),
            _rows_of("payments", PaymentView, _by(PaymentView, "created_at", "id")),
            _rows_of("refunds", RefundView, _by(RefundView, "created_at", "id")),
            _rows_of("fulfillments", FulfillmentView, by_number),
            _rows_of("fulfillment_lines", FulfillmentLineView, [*by_number, order_lines.c.position], lines),
            _rows_of("after_sales", AfterSaleView, by_case_number),
            _rows_of(
                "after_sale_lines",
                AfterSaleLineView,
                [after_sale_lines.c.after_sale_id, order_lines.c.position],
                case_lines,
            ),
            _rows_of("shipments", ShipmentView, _by(ShipmentView, "shipped_at", "id")),
            _rows_of(
                "checkpoints", CheckpointView, _by(CheckpointView, "shipment_id", "at", "recorded_at", "event_id")
            ),
            _rows_of("modifications", ModificationView, _by(ModificationView, "position")),
            _rows_of("vouchers", VoucherView, _by(VoucherView, "position")),
            _rows_of("timers", TimerView, _by(TimerView, "subject_id", "name")),
        )
    )


def insert_head() -> Insert:
    """Nothing is inserted where the external number is taken on the channel."""
    columns = [*columns_of(OrderView), *(orders.c[name] for name in SEARCH)]
    values = {column.name: bindparam(column.name, type_=column.type) for column in columns}
    return insert(orders).values(values).on_conflict_do_nothing(index_elements=["external_number", "channel"])


def _part(attribute: str, view: type[Any]) -> Part:
    table = TABLE_OF[view]
    return Part(attribute, table, mapper_of(view), attrgetter(*(column.name for column in table.primary_key)))


SEARCH: Final = ("search_keys", "search_text")
ORDER: Final = mapper_of(OrderView)
EVENT: Final = mapper_of(TransitionView)

PARTS: Final = (
    _part("lines", OrderLineView),
    _part("discounts", DiscountView),
    _part("installments", InstallmentView),
    _part("payments", PaymentView),
    _part("refunds", RefundView),
    _part("fulfillments", FulfillmentView),
    _part("fulfillment_lines", FulfillmentLineView),
    _part("after_sales", AfterSaleView),
    _part("after_sale_lines", AfterSaleLineView),
    _part("shipments", ShipmentView),
    _part("checkpoints", CheckpointView),
    _part("modifications", ModificationView),
    _part("vouchers", VoucherView),
    _part("timers", TimerView),
)
"""In the order in which they refer to each other."""

HEAD: Final = _head()
ALL_PARTS: Final = _all_parts()
INSERT_HEAD: Final = prepare(insert_head())
HOLDER: Final = prepare(
    select(orders.c.id).where(
        orders.c.external_number == bindparam("external_number", type_=Text()),
        orders.c.channel == bindparam("channel", type_=Text()),
    )
)
