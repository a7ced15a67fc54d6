"""LIST in hand-written SQL: from flat rows, or as JSON made by PostgreSQL."""

from functools import lru_cache
from typing import Any, Final, NamedTuple

import asyncpg
import orjson

from resolvers.cursors import CursorKind, cursor_of, position_of
from tests.benchmarks.limit_sql import CENTS, Variables, fields, given, moment, money, rows, where

FIRST: Final = 20
KIND: Final = CursorKind.PLACED_AT_DESC


class Position(NamedTuple):
    placed_at: Any
    id: str


_ORDERS: Final = f"""
SELECT o.id, o.number, o.status, o.payment_status, o.fulfillment_status, o.placed_at, o.updated_at, o.total_minor,
    o.shipping_minor, o.discount_minor, o.currency, m.id, m.name, m.level
FROM orders AS o LEFT JOIN services.members AS m ON m.id = o.member_id
WHERE {{where}} ORDER BY o.placed_at DESC, o.id DESC LIMIT {FIRST + 1}"""

_STOCK: Final = """
LEFT JOIN LATERAL (
    SELECT sum(on_hand) AS on_hand, sum(reserved) AS reserved, sum(greatest(on_hand - reserved, 0)) AS available
    FROM services.stock WHERE sku = l.sku
) AS s ON true"""

_LINES: Final = f"""
SELECT l.order_id, l.id, l.sku, l.name, l.quantity, l.unit_price_minor, l.total_minor, l.currency,
    p.name, p.category, p.is_available, p.price_minor, p.currency, s.on_hand, s.reserved, s.available
FROM order_lines AS l LEFT JOIN services.products AS p ON p.sku = l.sku {_STOCK}
WHERE l.order_id = ANY($1) ORDER BY l.order_id, l.position"""

_LINE: Final = fields(
    id="l.id",
    sku="l.sku",
    name="l.name",
    quantity="l.quantity",
    unitPrice=money("l.unit_price_minor", "l.currency"),
    total=money("l.total_minor", "l.currency"),
    product="CASE WHEN p.sku IS NULL THEN NULL ELSE "
    + fields(
        id="'prd_' || p.sku",
        name="p.name",
        category="p.category",
        isAvailable="p.is_available",
        price=money("p.price_minor", "p.currency"),
    )
    + " END",
    stock="CASE WHEN s.on_hand IS NULL THEN NULL ELSE "
    + fields(onHand="s.on_hand", reserved="s.reserved", available="s.available")
    + " END",
)
_ORDER: Final = fields(
    id="o.id",
    number="o.number",
    status="o.status",
    paymentStatus="o.payment_status",
    fulfillmentStatus="o.fulfillment_status",
    placedAt=moment("o.placed_at"),
    updatedAt=moment("o.updated_at"),
    total=money("o.total_minor", "o.currency"),
    shippingTotal=money("o.shipping_minor", "o.currency"),
    discountTotal=money("o.discount_minor", "o.currency"),
    member=f"(SELECT {fields(id='m.id', name='m.name', level='m.level')} FROM services.members AS m"
    " WHERE m.id = o.member_id)",
    lines=rows(
        _LINE,
        "(SELECT * FROM order_lines WHERE order_id = o.id ORDER BY position) AS l"
        f" LEFT JOIN services.products AS p ON p.sku = l.sku {_STOCK}",
    ),
)
_PAGE_AS_JSON: Final = f"""
WITH page AS (
    SELECT * FROM orders AS o WHERE {{where}} ORDER BY o.placed_at DESC, o.id DESC LIMIT {FIRST + 1}
), shown AS (
    SELECT * FROM page ORDER BY placed_at DESC, id DESC LIMIT {FIRST}
)
SELECT {rows(_ORDER, "(SELECT * FROM shown ORDER BY placed_at DESC, id DESC) AS o")},
    (SELECT count(*) FROM page), last.placed_at, last.id
FROM (SELECT) AS one LEFT JOIN (SELECT * FROM shown ORDER BY placed_at, id LIMIT 1) AS last ON true"""


@lru_cache(256)
def _orders(names: tuple[str, ...]) -> str:
    return _ORDERS.format(where=where(names))


@lru_cache(256)
def _page_as_json(names: tuple[str, ...]) -> str:
    return _PAGE_AS_JSON.format(where=where(names))


async def list_by_rows(connection: asyncpg.Connection, variables: Variables) -> bytes:
    names, values = _asked(variables)
    page = await connection.fetch(_orders(names), *values)
    shown = page[:FIRST]
    lines: dict[str, list[Any]] = {row[0]: [] for row in shown}
    for line in await connection.fetch(_LINES, list(lines)):
        lines[line[0]].append(_line(*line))
    nodes = [_order(lines[row[0]], *row) for row in shown]
    info = {
        "hasNextPage": len(page) > FIRST,
        "endCursor": cursor_of(KIND, Position(shown[-1]["placed_at"], shown[-1][0])) if shown else None,
    }
    return orjson.dumps({"orders": {"nodes": nodes, "pageInfo": info}}, option=orjson.OPT_UTC_Z)


async def list_by_json(connection: asyncpg.Connection, variables: Variables) -> bytes:
    names, values = _asked(variables)
    nodes, count, placed_at, order_id = await connection.fetchrow(_page_as_json(names), *values)
    info = {
        "hasNextPage": count > FIRST,
        "endCursor": cursor_of(KIND, Position(placed_at, order_id)) if order_id else None,
    }
    return b'{"orders":{"nodes":%b,"pageInfo":%b}}' % (nodes.encode(), orjson.dumps(info))


def _asked(variables: Variables) -> tuple[tuple[str, ...], list[Any]]:
    after = variables.get("after")
    return given(variables.get("filter"), position_of(KIND, after) if after else None)


def _order(
    lines: list[Any],
    id_: str,
    number: str,
    status: str,
    paid: str,
    sent: str,
    placed_at: Any,
    updated_at: Any,
    total: int,
    shipping: int,
    discount: int,
    currency: str,
    member: str | None,
    member_name: str | None,
    level: str | None,
) -> dict[str, Any]:
    """Amounts are spelled in place: a call for each would cost as much as the spelling."""
    return {
        "id": id_,
        "number": number,
        "status": status,
        "paymentStatus": paid,
        "fulfillmentStatus": sent,
        "placedAt": placed_at,
        "updatedAt": updated_at,
        "total": {"amount": f"{total // 100}{CENTS[total % 100]}", "currency": currency},
        "shippingTotal": {"amount": f"{shipping // 100}{CENTS[shipping % 100]}", "currency": currency},
        "discountTotal": {"amount": f"{discount // 100}{CENTS[discount % 100]}", "currency": currency},
        "member": None if member is None else {"id": member, "name": member_name, "level": level},
        "lines": lines,
    }


def _line(
    _order_id: str,
    id_: str,
    sku: str,
    name: str,
    quantity: int,
    unit_price: int,
    total: int,
    currency: str,
    product: str | None,
    category: str | None,
    is_available: bool,
    price: int,
    price_currency: str,
    on_hand: int | None,
    reserved: int,
    available: int,
) -> dict[str, Any]:
    return {
        "id": id_,
        "sku": sku,
        "name": name,
        "quantity": quantity,
        "unitPrice": {"amount": f"{unit_price // 100}{CENTS[unit_price % 100]}", "currency": currency},
        "total": {"amount": f"{total // 100}{CENTS[total % 100]}", "currency": currency},
        "product": None
        if product is None
        else {
            "id": f"prd_{sku}",
            "name": product,
            "category": category,
            "isAvailable": is_available,
            "price": {"amount": f"{price // 100}{CENTS[price % 100]}", "currency": price_currency},
        },
        "stock": None if on_hand is None else {"onHand": on_hand, "reserved": reserved, "available": available},
    }
