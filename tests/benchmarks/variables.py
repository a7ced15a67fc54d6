"""The variable sets: made from the data that is there, with a fixed random number, so that every run asks the same."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any, Final

import asyncpg
import orjson

from resolvers.cursors import CursorKind, cursor_of
from tests.benchmarks.limit_list import Position
from tests.benchmarks.load import KEY
from tests.benchmarks.recipes import key_of

SETS: Final = 1000
SEED: Final = 20_261
RANGE_DAYS: Final = 120
LINES: Final = 3
Variables = dict[str, Any]

_SOME_ORDERS: Final = """
SELECT id, placed_at, status, payment_status, channel, business_unit, country, member_id
FROM orders WHERE hashtext(id || $1) % $2 = 0 ORDER BY id LIMIT $3"""

_BUYERS: Final = """
SELECT business_unit, channel, member_id, currency, shipping_address AS address
FROM orders
WHERE NOT is_imported AND shipping_address IS NOT NULL AND order_type = 'PHYSICAL' AND hashtext(id || $1) % $2 = 0
ORDER BY id LIMIT $3"""

_GOODS: Final = """
SELECT DISTINCT l.business_unit, p.sku
FROM (SELECT DISTINCT o.business_unit, l.sku FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id) AS l
JOIN services.products AS p USING (sku) JOIN services.stock AS s USING (sku)
WHERE p.is_available AND p.supply_channel = 'OWN' ORDER BY 1, 2"""

_ADDRESS: Final = {
    "recipient": "recipient",
    "phone": "phone",
    "country": "country",
    "region": "region",
    "city": "city",
    "line1": "line1",
    "line2": "line2",
    "postalCode": "postal_code",
}


async def lists(connection: asyncpg.Connection, count: int = SETS) -> list[Variables]:
    """A filter of one or two values of some order; every second one begins behind some order's position."""
    dice = Random(SEED)
    found = await _some(connection, _SOME_ORDERS, "list", count)
    places = await _some(connection, _SOME_ORDERS, "place", count)
    made: list[Variables] = []
    for number in range(count):
        variables: Variables = {"filter": _filter(dice, number, dice.choice(found), dice.choice(found))}
        if number % 2:
            place = dice.choice(places)
            variables["after"] = cursor_of(CursorKind.PLACED_AT_DESC, Position(place["placed_at"], place["id"]))
        made.append(variables)
    return made


async def details(connection: asyncpg.Connection, count: int = SETS) -> list[Variables]:
    found = await _some(connection, _SOME_ORDERS, "detail", count)
    return [{"id": found[number % len(found)]["id"]} for number in range(count)]


async def placements(connection: asyncpg.Connection, count: int = SETS) -> list[Variables]:
    """Baskets of three products of the buyer's unit, no two alike; the idempotency key is left to the load."""
    dice = Random(SEED)
    buyers = await _some(connection, _BUYERS, "buyer", count)
    goods: dict[str, list[str]] = {}
    for row in await connection.fetch(_GOODS):
        goods.setdefault(row["business_unit"], []).append(row["sku"])
    made: dict[str, Variables] = {}
    for _ in range(20 * count):
        buyer = dice.choice(buyers)
        skus = goods.get(buyer["business_unit"], [])
        if len(skus) >= LINES and len(made) < count:
            wish = _wish(dice, buyer, dice.sample(skus, LINES))
            made.setdefault(key_of(wish), {"input": wish})
    return list(made.values())


async def _some(connection: asyncpg.Connection, statement: str, salt: str, count: int) -> Sequence[Any]:
    """About five times as many rows as there will be sets, spread over the table, always the same."""
    total = await connection.fetchval("SELECT count(*) FROM orders")
    return await connection.fetch(statement, salt, max(1, total // (5 * count)), 5 * count)  # type: ignore[no-any-return]


def _filter(dice: Random, number: int, one: Any, other: Any) -> Variables:
    begin = one["placed_at"] - timedelta(days=dice.randint(0, RANGE_DAYS))
    filters: tuple[Variables, ...] = (
        {},
        {"status": [one["status"]]},
        {"status": sorted({one["status"], other["status"]})},
        {"channel": [one["channel"]]},
        {"businessUnit": [one["business_unit"]]},
        {"paymentStatus": [one["payment_status"]], "businessUnit": [one["business_unit"]]},
        {"country": [one["country"]]} if one["country"] else {},
        {"memberId": [one["member_id"], other["member_id"]]},
        {"placedAt": {"gte": begin.isoformat(), "lt": (begin + timedelta(days=RANGE_DAYS)).isoformat()}},
        {"status": [one["status"]], "channel": [one["channel"]]},
    )
    return filters[number // 2 % len(filters)]


def _wish(dice: Random, buyer: Any, skus: Sequence[str]) -> Variables:
    stored = buyer["address"]
    address = orjson.loads(stored) if isinstance(stored, str) else stored
    given = {name: address[key] for name, key in _ADDRESS.items() if address.get(key) is not None}
    return {
        "idempotencyKey": KEY,
        "businessUnit": buyer["business_unit"],
        "channel": buyer["channel"],
        "memberId": buyer["member_id"],
        "lines": [{"sku": sku, "quantity": dice.randint(1, 2)} for sku in skus],
        "shippingAddress": given,
    }
