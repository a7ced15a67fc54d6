"""The rows that the server wrote for each placement, with everything that is new each time taken out: what `limit` writes.

A recipe is JSON: the rows by table, with `@O@` for the order's id, `@L1@` … for its lines', `@E@` for its event's, and `@T0@`,
`@T1@`, … for times, whose distances from the placement are beside it.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import orjson

TOKEN: Final = re.compile(r"@([OELT]\d*)@")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")

_CREATE: Final = """
CREATE SCHEMA IF NOT EXISTS yardstick;
CREATE TABLE IF NOT EXISTS yardstick.recipes (key text PRIMARY KEY, rows text NOT NULL, delays_s float8[] NOT NULL)"""

_ROWS: Final = """
SELECT json_build_object(
    'orders', json_build_array(to_jsonb(o) - '{number,search,search_key_lexemes}'::text[]),
    'lines', (SELECT json_agg(to_jsonb(l) ORDER BY position) FROM order_lines AS l WHERE order_id = o.id),
    'discounts', COALESCE((SELECT json_agg(to_jsonb(d) ORDER BY position) FROM order_discounts AS d WHERE order_id = o.id), '[]'),
    'installments', (SELECT json_agg(to_jsonb(i)) FROM order_installments AS i WHERE order_id = o.id),
    'events', (SELECT json_agg(to_jsonb(e) - '{xid,position,feed_xid,recorded_at}'::text[]) FROM order_events AS e WHERE order_id = o.id),
    'timers', (SELECT json_agg(to_jsonb(t)) FROM order_timers AS t WHERE order_id = o.id),
    'reservations', (SELECT json_agg(to_jsonb(r)) FROM services.reservations AS r WHERE order_id = o.id),
    'keys', (SELECT json_agg(to_jsonb(k)) FROM idempotency_keys AS k WHERE outcome->>'order_id' = o.id))::text
FROM orders AS o WHERE o.id = $1"""


class Recipe(NamedTuple):
    key: str
    rows: str
    delays_s: list[float]


def key_of(wish: Mapping[str, Any]) -> str:
    """What tells the variable sets of PLACE apart: the buyer and the basket."""
    basket = " ".join(f"{line['sku']}*{line['quantity']}" for line in wish["lines"])
    return f"{wish['memberId']} {basket}"


async def recipe_of(connection: asyncpg.Connection, wish: Mapping[str, Any], order_id: str) -> Recipe | None:
    """None: the placement reserved nothing for some line, or took stock at once, so that `limit` would have to do more."""
    text: str = await connection.fetchval(_ROWS, order_id)
    rows = orjson.loads(text)
    reservations = rows["reservations"] or []
    if len(reservations) != len(rows["lines"]) or any(row["state"] != "HELD" for row in reservations):
        return None
    head = rows["orders"][0]
    head["search_keys"] = head["search_keys"][1:]  # the number, which is new each time
    names = {order_id: "O", rows["events"][0]["id"]: "E"}
    names |= {line["id"]: f"L{place}" for place, line in enumerate(rows["lines"], 1)}
    return _taken_out(key_of(wish), orjson.dumps(rows).decode(), names, head["placed_at"])


async def keep(connection: asyncpg.Connection, recipes: list[Recipe]) -> None:
    await connection.execute(_CREATE)
    await connection.copy_records_to_table("recipes", schema_name="yardstick", records=recipes)


async def kept(connection: asyncpg.Connection) -> list[Recipe]:
    if await connection.fetchval("SELECT to_regclass('yardstick.recipes')") is None:
        return []
    return [Recipe(*row) for row in await connection.fetch("SELECT key, rows, delays_s FROM yardstick.recipes")]


def _taken_out(key: str, text: str, names: Mapping[str, str], placed_at: str) -> Recipe:
    for id_, name in names.items():
        text = text.replace(id_, f"@{name}@")
    times = [placed_at, *sorted(set(_TIME.findall(text)) - {placed_at})]
    begin = datetime.fromisoformat(placed_at)
    delays_s = []
    for place, time in enumerate(times):
        text = text.replace(time, f"@T{place}@")
        delays_s.append((datetime.fromisoformat(time) - begin).total_seconds())
    return Recipe(key, text, delays_s)
