"""How the hand-written statements of the yardstick `limit` spell the values of an answer, and which orders a filter means."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

Variables = dict[str, Any]

COLUMNS: Final[Mapping[str, str]] = {
    "status": "status",
    "paymentStatus": "payment_status",
    "channel": "channel",
    "businessUnit": "business_unit",
    "country": "country",
    "memberId": "member_id",
}
ONE: Final = " is one"
"""Behind the name of a list of one value: compared for equality, its rows come from an index in the page's order."""
FILTERS: Final[Mapping[str, str]] = {
    **{name: f"o.{column} = ANY(${{}}::text[])" for name, column in COLUMNS.items()},
    **{f"{name}{ONE}": f"o.{column} = ${{}}::text" for name, column in COLUMNS.items()},
}
RANGE: Final[Mapping[str, str]] = {"gte": "o.placed_at >= ${}::timestamptz", "lt": "o.placed_at < ${}::timestamptz"}
AFTER: Final = "(o.placed_at, o.id) < (${}::timestamptz, ${}::text)"


def given(asked: Variables | None, after: tuple[Any, ...] | None) -> tuple[tuple[str, ...], list[Any]]:
    """The names of what is asked, and its values in their order."""
    names, values = [], []
    for name, value in (asked or {}).items():
        if name == "placedAt":
            for bound, at in value.items():
                names.append(bound)
                values.append(datetime.fromisoformat(at))
        elif len(value) == 1:
            names.append(f"{name}{ONE}")
            values += value
        else:
            names.append(name)
            values.append(value)
    if after is not None:
        names.append("after")
        values += after
    return tuple(names), values


@lru_cache(256)
def where(names: tuple[str, ...]) -> str:
    conditions, place = ["true"], 0
    for name in names:
        template = AFTER if name == "after" else {**FILTERS, **RANGE}[name]
        count = template.count("{}")
        conditions.append(template.format(*range(place + 1, place + 1 + count)))
        place += count
    return " AND ".join(conditions)


def fields(**expressions: str) -> str:
    return "json_build_object(" + ", ".join(f"'{name}', {sql}" for name, sql in expressions.items()) + ")"


def rows(item: str, source: str) -> str:
    """A JSON array of one object per row of `source`, which is sorted; empty without rows."""
    return f"(SELECT COALESCE(json_agg({item}), '[]') FROM {source})"


def money(minor: str, currency: str) -> str:
    """All currencies of the demo data have two digits."""
    return fields(amount=f"round({minor} / 100.0, 2)::text", currency=currency)


def moment(column: str) -> str:
    """RFC 3339 in UTC: with six digits of the second, or none."""
    local = f"{column} AT TIME ZONE 'UTC'"
    return (
        f"CASE WHEN extract(microseconds FROM {column})::int % 1000000 = 0"
        f' THEN to_char({local}, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
        f' ELSE to_char({local}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') END'
    )


CENTS: Final = tuple(f".{cents:02d}" for cents in range(100))


def amount(minor: int) -> str:
    """Of sums that are never below zero."""
    return f"{minor // 100}{CENTS[minor % 100]}"
