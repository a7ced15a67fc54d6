"""Questions to `orderAnalytics`, each with the statement that somebody would write by hand for it: same rows, same figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.benchmarks.databases import REFERENCE

QUERY: Final = "query Asked($input: AnalyticsInput!) { orderAnalytics(input: $input) { rows } }"
BEGIN: Final = REFERENCE.replace(year=REFERENCE.year - 2)
"""The seeded orders are those of two years."""
LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """The statement's parameters are the two ends of the range."""

    name: str
    input: Mapping[str, Any]
    statement: str
    is_of_cube: bool = False
    """Whether the hourly cube answers it: the statement reads the orders themselves."""


def _input(measures: str, dimensions: str, grain: str | None) -> Mapping[str, Any]:
    span = {"gte": BEGIN.isoformat(), "lt": REFERENCE.isoformat()}
    time = {"range": span, "timezone": "UTC", **({"grain": grain} if grain else {})}
    return {"measures": measures.split(), "dimensions": dimensions.split(), "time": time, "limit": LIMIT}


_RANGE: Final = "o.placed_at >= $1 AND o.placed_at < $2"
_NET: Final = "bi.major(sum({net})::bigint, o.currency)::text"
_OF_ORDERS: Final = _NET.format(net="o.subtotal_minor - o.discount_minor")
_OF_LINES: Final = _NET.format(net="l.unit_price_minor * l.quantity - l.discount_minor")

OF_CUBE: Final = Question(
    "day × channel, two years",
    _input("ORDERS NET", "CHANNEL CURRENCY", "DAY"),
    f"""
SELECT to_char(date_trunc('day', o.placed_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD'), o.channel, o.currency,
    count(*)::text, {_OF_ORDERS}
FROM orders AS o WHERE {_RANGE}
GROUP BY date_trunc('day', o.placed_at, 'UTC'), o.channel, o.currency ORDER BY 1, 2, 3 LIMIT {LIMIT}""",
    is_of_cube=True,
)
OF_ROWS: Final = (
    Question(
        "month × member level",
        _input("ORDERS UNITS NET", "MEMBER_LEVEL CURRENCY", "MONTH"),
        f"""
SELECT to_char(date_trunc('month', o.placed_at, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD'), o.buyer_level, o.currency,
    count(*)::text, sum(o.unit_count)::text, {_OF_ORDERS}
FROM orders AS o WHERE {_RANGE}
GROUP BY date_trunc('month', o.placed_at, 'UTC'), o.buyer_level, o.currency ORDER BY 1, 2, 3 LIMIT {LIMIT}""",
    ),
    Question(
        "members by channel",
        _input("MEMBERS", "CHANNEL", None),
        f"SELECT o.channel, count(DISTINCT o.member_id)::text FROM orders AS o WHERE {_RANGE} GROUP BY 1 ORDER BY 1",
    ),
    Question(
        "lines by category",
        _input("UNITS NET", "CATEGORY CURRENCY", None),
        f"""
SELECT l.category, o.currency, sum(l.quantity)::text, {_OF_LINES}
FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id WHERE {_RANGE}
GROUP BY l.category, o.currency ORDER BY 1, 2 LIMIT {LIMIT}""",
    ),
)
