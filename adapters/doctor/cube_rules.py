"""I10: the cube is a recount of the orders, as of its own place in the change feed.

A cube that is still being made is not looked at. What changed after its place is pending: readers of the cube correct it.
"""

from typing import Final

from adapters.db.cube_tables import CUBE_DIMENSIONS, CUBE_PARTS, DAY_DIMENSIONS
from adapters.doctor.rule import Rule, rule
from domain.values.enums import OrderStatus

_PENDING: Final = " UNION ALL ".join(
    f"""
    SELECT written.order_id FROM rollup_state AS state JOIN {table} AS written
    ON (written.feed_xid, written.position) > (state.feed_xid, state.position)
    AND (state.snapshot IS NULL OR NOT pg_visible_in_snapshot(written.xid, CAST(state.snapshot AS pg_snapshot)))
    """
    for table in ("order_events", "order_tombstones")
)
_COMPLETE: Final = "EXISTS (SELECT FROM rollup_state WHERE listed IS NULL)"


def _sums(table: str, start: str, hour: str, dimensions: tuple[str, ...]) -> Rule:
    keys = ", ".join((start, *dimensions))
    parts = ", ".join(CUBE_PARTS)
    added = ", ".join(f"sum({part}) AS {part}" for part in CUBE_PARTS)
    return rule(
        "I10",
        f"the {start}s of the cube are the sums of what orders put in",
        f"""
        SELECT coalesce(kept.{start}, counted.{start}) AS name,
               ({", ".join(f"kept.{part}" for part in CUBE_PARTS)})
               IS NOT DISTINCT FROM ({", ".join(f"counted.{part}" for part in CUBE_PARTS)}) AS holds
        FROM (SELECT {keys}, {parts} FROM {table}) AS kept
        FULL JOIN (
            SELECT {hour} AS {start}, {", ".join(dimensions)}, {added} FROM rollup_orders GROUP BY {keys}
        ) AS counted USING ({keys})
        """,
    )


def _put_in() -> Rule:
    given = ", ".join(f"put.{name}" for name in ("hour", *CUBE_DIMENSIONS, *CUBE_PARTS))
    return rule(
        "I10",
        "what an order put into the cube is what it is",
        f"""
        SELECT coalesce(put.order_id, o.id) AS name,
               ({given}) IS NOT DISTINCT FROM (
                   date_trunc('hour', o.placed_at, 'UTC'), o.business_unit, o.channel, o.order_type, o.status, o.payment_status,
                   o.fulfillment_status, o.currency, coalesce(o.country, ''), 1,
                   CASE WHEN o.status = CAST(:cancelled AS text) THEN 1 ELSE 0 END,
                   o.unit_count, o.subtotal_minor, o.discount_minor, o.shipping_minor, o.tax_minor, o.captured_minor, o.refunded_minor
               ) AS holds
        FROM orders AS o FULL JOIN rollup_orders AS put ON put.order_id = o.id
        WHERE {_COMPLETE} AND coalesce(put.order_id, o.id) NOT IN ({_PENDING})
        """,
        cancelled=OrderStatus.CANCELLED.value,
    )


RULES: Final = (
    _sums("rollup_hours", "hour", "hour", CUBE_DIMENSIONS),
    _sums("rollup_days", "day", "date_trunc('day', hour, 'UTC')", DAY_DIMENSIONS),
    _put_in(),
)
