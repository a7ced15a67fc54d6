"""I4, the after-sale cases: what an order says of them, their units, and the money that goes back for them."""

from typing import Final

from adapters.doctor.rule import rule
from domain.orders.views import ENDED_CASES
from domain.values.enums import RefundState

RULES: Final = (
    rule(
        "I4",
        "the after-sale status is what the cases say",
        """
        SELECT orders.id AS name,
               orders.after_sale_status = CASE
                   WHEN cases.order_id IS NULL THEN 'NONE' WHEN cases.any_open THEN 'OPEN' ELSE 'CLOSED' END AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, bool_or(status <> ALL (CAST(:ended AS text[]))) AS any_open FROM after_sales GROUP BY order_id
        ) AS cases ON cases.order_id = orders.id
        """,
        ended=sorted(ENDED_CASES),
    ),
    rule(
        "I4",
        "a case's units are those of its lines, and of lines of its own order",
        """
        SELECT cases.id AS name,
               cases.sent_units = sum(lines.quantity - lines.cancelled)
               AND bool_and(lines.order_id = cases.order_id AND sold.order_id = cases.order_id) AS holds
        FROM after_sales AS cases
        LEFT JOIN after_sale_lines AS lines ON lines.after_sale_id = cases.id
        LEFT JOIN order_lines AS sold ON sold.id = lines.line_id
        GROUP BY cases.id
        """,
    ),
    rule(
        "I4",
        "of a line's units none is settled twice",
        """
        SELECT id AS name, cancelled_quantity + returned_quantity + kept_quantity <= quantity AS holds FROM order_lines
        """,
    ),
    rule(
        "I4",
        "no more goes back for units that had left than was agreed to",
        """
        SELECT cases.id AS name, coalesce(back.amount, 0) <= coalesce(cases.amount_minor, 0) AS holds
        FROM after_sales AS cases
        JOIN (
            SELECT after_sale_id FROM after_sale_lines GROUP BY after_sale_id HAVING sum(cancelled) = 0
        ) AS whole ON whole.after_sale_id = cases.id
        LEFT JOIN (
            SELECT after_sale_id, sum(amount_minor) AS amount FROM refunds WHERE status <> :rejected GROUP BY after_sale_id
        ) AS back ON back.after_sale_id = cases.id
        """,
        rejected=RefundState.REJECTED,
    ),
)
