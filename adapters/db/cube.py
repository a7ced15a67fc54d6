"""Reading the cube: its cells, brought to the present by what changed since. In one snapshot with `rollups.pending_orders`.

The columns are `hour` (or `day`, both in UTC), the dimensions by the orders' own names (`country` is "" where there is none), and the
parts by `domain/analytics/catalogue.py`. A cell may come in pieces: its own sums, and those of pending orders, some of them negative.
"""

from typing import Any, Final

from sqlalchemy import Select, Subquery, select, union_all

from adapters.db.cube_tables import CUBE_DIMENSIONS, CUBE_PARTS, DAY_DIMENSIONS, rollup_days, rollup_hours
from adapters.db.rollup_statements import day_of, kept_orders, live_orders

PENDING: Final = "pending"
"""The parameter: an array of ids."""


def hours() -> Subquery:
    """Parameters: `pending`."""
    return union_all(select(rollup_hours), *_corrections("hour")).subquery("cube_hours")


def days() -> Subquery:
    """Parameters: `pending`. By days in UTC, and by business unit, channel, order type and currency alone: few cells."""
    return union_all(select(rollup_days), *_corrections("day")).subquery("cube_days")


def _corrections(start: str) -> tuple[Select[Any], Select[Any]]:
    dimensions = CUBE_DIMENSIONS if start == "hour" else DAY_DIMENSIONS
    kept, live = kept_orders(PENDING).subquery("kept"), live_orders(PENDING).subquery("live")

    def cells(of: Subquery, *, is_off: bool) -> Select[Any]:
        first = of.c.hour if start == "hour" else day_of(of.c.hour)
        parts = ((-of.c[name] if is_off else of.c[name]).label(name) for name in CUBE_PARTS)
        return select(first.label(start), *(of.c[name] for name in dimensions), *parts)

    return cells(kept, is_off=True), cells(live, is_off=False)
