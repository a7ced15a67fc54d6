"""What a run found, as a table and as JSON. Ratios come first in importance: they mean the same on every machine."""

import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, Final

from rich.table import Table

from tests.benchmarks import load
from tests.benchmarks.measuring import Measurement, Options
from tests.benchmarks.server import LIMIT_JSON, LIMIT_ROWS, PLAIN

LIMITS: Final = (LIMIT_JSON, LIMIT_ROWS)
COLUMNS: Final = (
    "operation",
    "server",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU ms/request",
    "PostgreSQL CPU ms",
    "memory MB",
    "× limit",
    "× plain",
)
PACKAGES: Final = ("asyncpg", "graphql-core", "orjson", "starlette", "strawberry-graphql", "uvicorn", "uvloop")


def fastest_limits(found: Iterable[Measurement]) -> list[Measurement]:
    """Of the forms of `limit` the fastest one only, for each operation."""
    kept: dict[tuple[str, str], Measurement] = {}
    for one in found:
        key = (one.operation, "limit" if one.server in LIMITS else one.server)
        if key not in kept or kept[key].per_second < one.per_second:
            kept[key] = one
    return list(kept.values())


def ratio(of: Measurement, found: Sequence[Measurement], *servers: str) -> float | None:
    """How many times as many requests as a yardstick of the same operation; None: it was not measured."""
    same = (one for one in found if one.operation == of.operation and one.server in servers)
    yardstick = next(same, None)
    return None if yardstick is None else of.per_second / yardstick.per_second


def table(found: Sequence[Measurement]) -> Table:
    drawn = Table(*COLUMNS)
    shown = fastest_limits(found)
    for one in shown:
        values = (one.per_second, one.p50_ms, one.p99_ms, one.cpu_ms, one.database_cpu_ms, one.resident_mb)
        ratios = (ratio(one, shown, *LIMITS), ratio(one, shown, PLAIN))
        drawn.add_row(one.operation, one.server, *map(_digits, values), *map(_digits, ratios))
    return drawn


def document(found: Sequence[Measurement], options: Options, notes: Sequence[str]) -> dict[str, Any]:
    shown = fastest_limits(found)
    return {
        "versions": versions(),
        "options": asdict(options),
        "notes": list(notes),
        "measurements": [
            {
                **one.as_json(),
                "of_limit": _rounded(ratio(one, shown, *LIMITS)),
                "of_plain": _rounded(ratio(one, shown, PLAIN)),
            }
            for one in found
        ],
    }


def versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "wrk": load.version(),
        **{name: version(name) for name in PACKAGES},
    }


def _digits(value: float | None) -> str:
    """Three that count."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
