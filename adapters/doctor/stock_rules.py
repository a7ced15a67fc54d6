"""I1 and I2: stock adds up, and a reservation ends exactly once. Both look at the embedded inventory only."""

from typing import Final

from adapters.doctor.flow_facts import TERMINAL_STATUSES
from adapters.doctor.rule import rule

RULES: Final = (
    rule(
        "I1",
        "on hand = initial + received + restocked − deducted; sellable ≥ 0",
        """
        SELECT sku || ' @ ' || warehouse AS name,
               on_hand = initial + received + restocked - deducted AND reserved >= 0
               AND on_hand - reserved + allowance >= 0 AS holds
        FROM services.stock
        """,
    ),
    rule(
        "I1",
        "reserved, deducted and restocked units are those of the reservations, and of what came back",
        """
        SELECT coalesce(stock.sku, moved.sku) || ' @ ' || coalesce(stock.warehouse, moved.warehouse) AS name,
               stock.reserved = coalesce(moved.held, 0) AND stock.deducted = coalesce(moved.deducted, 0)
               AND stock.restocked = coalesce(moved.returned, 0) + coalesce(back.quantity, 0) AS holds
        FROM services.stock
        LEFT JOIN (
            SELECT sku, warehouse, sum(quantity) AS quantity FROM services.stock_returns WHERE had_left GROUP BY sku, warehouse
        ) AS back ON back.sku = stock.sku AND back.warehouse = stock.warehouse
        FULL JOIN (
            SELECT sku, warehouse, sum(quantity) FILTER (WHERE state = 'HELD') AS held,
                   sum(quantity) FILTER (WHERE state = 'DEDUCTED') AS deducted,
                   sum(quantity) FILTER (WHERE returned_at IS NOT NULL) AS returned
            FROM services.reservations GROUP BY sku, warehouse
        ) AS moved ON moved.sku = stock.sku AND moved.warehouse = stock.warehouse
        """,
    ),
    rule(
        "I2",
        "a reservation ends exactly once",
        """
        SELECT order_id || ' ' || line_id || ' @ ' || warehouse || coalesce(' for ' || allocation_id, '') AS name,
               count(*) FILTER (WHERE state = 'HELD' OR state = 'DEDUCTED' AND returned_at IS NULL) <= 1
               AND bool_and((state = 'HELD') = (ended_at IS NULL))
               AND bool_and(returned_at IS NULL OR state = 'DEDUCTED') AS holds
        FROM services.reservations GROUP BY order_id, line_id, warehouse, allocation_id
        """,
    ),
    rule(
        "I2",
        "what is held or was given for a line is what it was allocated",
        """
        SELECT coalesce(given.line_id, allotted.line_id) || ' @ ' || coalesce(given.warehouse, allotted.warehouse) AS name,
               given.quantity = allotted.quantity AS holds
        FROM (
            SELECT line_id, warehouse, sum(quantity) AS quantity
            FROM services.reservations WHERE state = 'HELD' OR state = 'DEDUCTED' AND returned_at IS NULL
            GROUP BY line_id, warehouse
        ) AS given
        FULL JOIN (
            SELECT line.id AS line_id, part.warehouse, sum(part.quantity) AS quantity
            FROM order_lines AS line, jsonb_to_recordset(line.allocations) AS part(warehouse text, quantity integer)
            WHERE line.id IN (
                SELECT line_id FROM services.reservations
                WHERE state = 'HELD' OR state = 'DEDUCTED' AND returned_at IS NULL
            )
            GROUP BY line.id, part.warehouse
        ) AS allotted ON allotted.line_id = given.line_id AND allotted.warehouse = given.warehouse
        WHERE EXISTS (SELECT FROM order_lines WHERE id = coalesce(given.line_id, allotted.line_id))
        """,
    ),
    rule(
        "I2",
        "no reservation is held past its time to live and the grace",
        """
        SELECT order_id || ' ' || line_id AS name,
               expires_at >= CAST(:now AS timestamptz) - make_interval(secs => CAST(:grace_s AS integer)) AS holds
        FROM services.reservations WHERE state = 'HELD'
        """,
    ),
    rule(
        "I2",
        "no reservation is held for an order that is over",
        """
        SELECT reservation.order_id || ' ' || reservation.line_id AS name,
               ended.id IS NULL AS holds
        FROM services.reservations AS reservation
        LEFT JOIN orders AS ended
        ON ended.id = reservation.order_id AND ended.status = ANY (CAST(:terminal AS text[]))
        WHERE reservation.state = 'HELD'
        """,
        terminal=TERMINAL_STATUSES,
    ),
)
