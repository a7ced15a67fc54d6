"""What seeding asks the database."""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Column,
    Integer,
    Text,
    bindparam,
    case,
    column,
    func,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.embedded.tables import (
    coupons,
    members,
    presales,
    product_content,
    products,
    promotions,
    shipping_methods,
    stock,
    tax_rates,
    voucher_pools,
    warehouses,
)
from adapters.sql import Statement, prepare

_SPELLED_OUT: Final = frozenset(("words", "used"))
"""Columns that are computed, or that only orders change."""


def _new_rows(table: Any) -> Statement:
    """A row that is there already stays as it is."""
    columns: list[Column[Any]] = [column for column in table.c if column.name not in _SPELLED_OUT]
    values = {column.name: bindparam(column.name, type_=column.type) for column in columns}
    return prepare(insert(table).values(values).on_conflict_do_nothing())


NEW_ROWS: Final = {
    table.name: _new_rows(table)
    for table in (
        products,
        product_content,
        members,
        warehouses,
        stock,
        promotions,
        coupons,
        shipping_methods,
        tax_rates,
        presales,
        voucher_pools,
    )
}

_moved = (
    func.unnest(
        *(bindparam(name, type_=ARRAY(Text())) for name in ("skus", "warehouses")),
        *(bindparam(name, type_=ARRAY(Integer())) for name in ("reserved", "deducted", "restocked")),
    )
    .table_valued(*(column(name) for name in ("sku", "warehouse", "reserved", "deducted", "restocked")))
    .render_derived("moved")
)
STOCK_MOVED: Final = prepare(
    update(stock)
    .where(stock.c.sku == _moved.c.sku, stock.c.warehouse == _moved.c.warehouse)
    .values(
        received=stock.c.received + _moved.c.deducted + _moved.c.reserved,
        restocked=stock.c.restocked + _moved.c.restocked,
        deducted=stock.c.deducted + _moved.c.deducted,
        on_hand=stock.c.on_hand + _moved.c.reserved + _moved.c.restocked,
        reserved=stock.c.reserved + _moved.c.reserved,
    )
)
"""What the orders took had come in before: so what nobody wants stays as it is."""

_used = (
    func.unnest(bindparam("codes", type_=ARRAY(Text())), bindparam("counts", type_=ARRAY(Integer())))
    .table_valued(column("code"), column("count"))
    .render_derived("used")
)
COUPONS_USED: Final = prepare(
    update(coupons)
    .where(coupons.c.code == _used.c.code)
    .values(
        used=coupons.c.used + _used.c.count,
        # A limit was never passed: it is at least what was used. NULL stays NULL.
        total_limit=case(
            (coupons.c.total_limit.is_not(None), func.greatest(coupons.c.total_limit, coupons.c.used + _used.c.count))
        ),
    )
)
VACUUM: Final = prepare(text("VACUUM ANALYZE"))
"""So that the first queries are planned for what is there now, and searches find their index in order."""
