"""I7: time takes its steps."""

from typing import Final

from adapters.doctor.flow_facts import deadlines
from adapters.doctor.rule import rule

RULES: Final = (
    rule(
        "I7",
        "no timer is due for longer than the grace",
        """
        SELECT subject_id || ' ' || name AS name,
               due_at >= CAST(:now AS timestamptz) - make_interval(secs => CAST(:grace_s AS integer)) AS holds
        FROM order_timers WHERE due_at IS NOT NULL
        """,
    ),
    rule(
        "I7",
        "a state that ends by time has its timer",
        """
        SELECT subject.id AS name, timer.name IS NOT NULL AS holds
        FROM (
            SELECT id, id AS order_id, 'ORDER' AS machine, status, order_type, flow_version FROM orders WHERE NOT is_imported
            UNION ALL
            SELECT payments.id, orders.id, 'PAYMENT', payments.status, orders.order_type, orders.flow_version
            FROM payments JOIN orders ON orders.id = payments.order_id AND NOT orders.is_imported
            UNION ALL
            SELECT fulfillments.id, orders.id, 'FULFILLMENT', fulfillments.status, orders.order_type, orders.flow_version
            FROM fulfillments JOIN orders ON orders.id = fulfillments.order_id AND NOT orders.is_imported
            UNION ALL
            SELECT after_sales.id, orders.id, 'AFTER_SALE', after_sales.status, orders.order_type, orders.flow_version
            FROM after_sales JOIN orders ON orders.id = after_sales.order_id
        ) AS subject
        JOIN unnest(
            CAST(:types AS text[]), CAST(:versions AS integer[]), CAST(:machines AS text[]), CAST(:states AS text[]),
            CAST(:timers AS text[])
        ) AS deadline(order_type, flow_version, machine, status, name)
        ON deadline.order_type = subject.order_type AND deadline.flow_version = subject.flow_version
        AND deadline.machine = subject.machine AND deadline.status = subject.status
        LEFT JOIN order_timers AS timer
        ON timer.order_id = subject.order_id AND timer.subject_id = subject.id AND timer.name = deadline.name
        """,
        **deadlines(),
    ),
)
