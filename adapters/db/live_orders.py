"""How many orders are where, for a change of the flows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from adapters.db.engine import Database
from adapters.sql import prepare

EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class LiveCount:
    machine: str
    state: str
    orders: int
    examples: tuple[str, ...]
    """The numbers of the newest of them."""


_COUNT: Final = prepare(
    text(
        """
        SELECT place.machine, place.state, count(DISTINCT subject.order_id),
               (array_agg(DISTINCT subject.number ORDER BY subject.number DESC))[1:CAST(:examples AS integer)]
        FROM unnest(CAST(:machines AS text[]), CAST(:states AS text[])) AS place(machine, state)
        JOIN (
            SELECT 'ORDER' AS machine, status, id AS order_id, number, order_type, flow_version FROM orders
            UNION ALL
            SELECT 'PAYMENT', p.status, o.id, o.number, o.order_type, o.flow_version
            FROM payments p JOIN orders o ON o.id = p.order_id
            UNION ALL
            SELECT 'REFUND', r.status, o.id, o.number, o.order_type, o.flow_version
            FROM refunds r JOIN orders o ON o.id = r.order_id
            UNION ALL
            SELECT 'FULFILLMENT', f.status, o.id, o.number, o.order_type, o.flow_version
            FROM fulfillments f JOIN orders o ON o.id = f.order_id
            UNION ALL
            SELECT 'AFTER_SALE', c.status, o.id, o.number, o.order_type, o.flow_version
            FROM after_sales c JOIN orders o ON o.id = c.order_id
        ) AS subject ON subject.machine = place.machine AND subject.status = place.state
        WHERE subject.order_type = CAST(:order_type AS text) AND subject.flow_version = CAST(:version AS integer)
        GROUP BY place.machine, place.state
        ORDER BY place.machine, place.state
        """
    )
)


async def live_counts(
    database: Database, order_type: str, version: int, places: Sequence[tuple[str, str]]
) -> list[LiveCount]:
    """Of orders on this version of the type: those in one of the places (machine and state). Reads the tables as a whole."""
    rows = await database.rows(
        _COUNT,
        machines=[str(machine) for machine, _ in places],
        states=[str(state) for _, state in places],
        order_type=str(order_type),
        version=version,
        examples=EXAMPLES,
    )
    return [LiveCount(machine, state, count, tuple(numbers)) for machine, state, count, numbers in rows]
