"""PLACE by hand: one statement, and so one transaction, that locks the stock and writes the rows that the server writes.

It prices nothing and checks nothing but the stock: the rows come from `recipes`. So it is a limit, not an implementation.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import asyncpg
import orjson
from sqlalchemy import Table

from adapters.db.tables import order_discounts, order_events, order_installments, order_lines, order_timers, orders
from adapters.db.work_tables import idempotency_keys
from adapters.embedded.tables import reservations
from domain.values.ids import IdKind, new_id
from tests.benchmarks.limit_sql import Variables, amount
from tests.benchmarks.recipes import TOKEN, Recipe, key_of


def _columns(table: Table, *but: str) -> list[str]:
    return [column.name for column in table.c if column.computed is None and column.name not in but]


def _insert(table: Table, rows: str, *but: str, **instead: str) -> str:
    """All rows of one table from the document; `instead`: columns that get another value."""
    columns = _columns(table, *but)
    values = [instead.get(name, f"r.{name}") for name in columns]
    return (
        f"INSERT INTO {table.fullname} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM given, number, json_populate_recordset(NULL::{table.fullname}, given.rows->'{rows}') AS r"
    )


_PLACE: Final = f"""
WITH given AS MATERIALIZED (SELECT $1::json AS rows),
number AS MATERIALIZED (
    SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD') || lpad(nextval('order_numbers')::text, 8, '0') AS number
),
wanted AS (
    SELECT r.sku, r.warehouse, sum(r.quantity) AS quantity
    FROM given, json_populate_recordset(NULL::services.reservations, given.rows->'reservations') AS r
    GROUP BY r.sku, r.warehouse
),
locked AS (
    SELECT s.sku, s.warehouse, w.quantity
    FROM services.stock AS s JOIN wanted AS w ON w.sku = s.sku AND w.warehouse = s.warehouse
    ORDER BY s.sku, s.warehouse FOR UPDATE OF s
),
taken AS (
    UPDATE services.stock AS s SET reserved = s.reserved + l.quantity
    FROM locked AS l WHERE s.sku = l.sku AND s.warehouse = l.warehouse
),
key AS ({_insert(idempotency_keys, "keys", key="$2")}),
reserved AS ({_insert(reservations, "reservations")}),
head AS ({
    _insert(
        orders,
        "orders",
        number="number.number",
        search_keys="array_prepend(number.number, r.search_keys)",
    )
}),
lines AS ({_insert(order_lines, "lines")}),
discounts AS ({_insert(order_discounts, "discounts")}),
installments AS ({_insert(order_installments, "installments")}),
events AS ({_insert(order_events, "events", "xid", "position", "feed_xid", "recorded_at")}),
timers AS ({_insert(order_timers, "timers")})
SELECT number FROM number"""


class Template(NamedTuple):
    """A recipe's text cut at its tokens: between the parts stand the values of `names`."""

    parts: list[str]
    names: list[str]
    delays_s: list[float]
    line_count: int
    order: dict[str, Any]
    lines: list[dict[str, Any]]


class Placing:
    """PLACE over the recipes that were kept."""

    def __init__(self, recipes: Iterable[Recipe]) -> None:
        self._templates: Mapping[str, Template] = {recipe.key: _template(recipe) for recipe in recipes}

    async def __call__(self, connection: asyncpg.Connection, variables: Variables) -> bytes:
        wish = variables["input"]
        template = self._templates[key_of(wish)]
        values = _values(template)
        text = "".join(part + values[name] for part, name in zip(template.parts, template.names, strict=False))
        number = await connection.fetchval(_PLACE, text + template.parts[-1], wish["idempotencyKey"])
        return orjson.dumps({"placeOrder": _answer(template, values, number)})


def _template(recipe: Recipe) -> Template:
    rows = orjson.loads(recipe.rows)
    pieces = TOKEN.split(recipe.rows)
    return Template(pieces[::2], pieces[1::2], recipe.delays_s, len(rows["lines"]), rows["orders"][0], rows["lines"])


def _values(template: Template) -> dict[str, str]:
    now = datetime.now(UTC)
    at_ms = int(now.timestamp() * 1000)
    values = {"O": new_id(IdKind.ORDER, at_ms), "E": new_id(IdKind.EVENT, at_ms)}
    for place in range(1, template.line_count + 1):
        values[f"L{place}"] = new_id(IdKind.LINE, at_ms)
    for place, delay_s in enumerate(template.delays_s):
        values[f"T{place}"] = (now + timedelta(seconds=delay_s)).isoformat()
    return values


def _answer(template: Template, values: Mapping[str, str], number: str) -> dict[str, Any]:
    order, currency = template.order, template.order["currency"]
    lines = [
        {
            "id": values[f"L{place}"],
            "sku": line["sku"],
            "quantity": line["quantity"],
            "total": {"amount": amount(line["total_minor"]), "currency": currency},
        }
        for place, line in enumerate(template.lines, 1)
    ]
    return {
        "__typename": "PlaceOrderSuccess",
        "replayed": False,
        "order": {
            "id": values["O"],
            "number": number,
            "status": order["status"],
            "version": order["version"],
            "total": {"amount": amount(order["total_minor"]), "currency": currency},
            "lines": lines,
        },
    }
