"""I3: exactly once."""

from typing import Final

from adapters.doctor.rule import rule

RULES: Final = (
    rule(
        "I3",
        "an external number names at most one order of its channel",
        """
        SELECT channel || ' ' || external_number AS name, count(*) = 1 AS holds
        FROM orders WHERE external_number IS NOT NULL GROUP BY channel, external_number
        """,
    ),
    rule(
        "I3",
        "a key stands for at most one order, and an order that was acknowledged is there",
        """
        SELECT kept.caller || ' ' || kept.operation || ' ' || kept.key AS name,
               orders.id IS NOT NULL
               AND (kept.outcome ->> 'type' <> 'OrderPlaced'
                    OR count(*) OVER (PARTITION BY kept.outcome ->> 'type', kept.outcome ->> 'order_id') = 1) AS holds
        FROM idempotency_keys AS kept
        LEFT JOIN orders ON orders.id = kept.outcome ->> 'order_id'
        WHERE kept.state = 'DONE' AND kept.outcome ->> 'order_id' IS NOT NULL
        """,
    ),
)
