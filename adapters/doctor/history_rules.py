"""I5: the history of an order is whole, legal, and gives the states that are stored.

The parts of an imported order have no history of their own until something happens to them here: their first step may begin in
any state.
"""

from typing import Final

from adapters.doctor.flow_facts import REMEMBERED_STATES, steps
from adapters.doctor.rule import rule

_SUBJECTS: Final = """
    SELECT id, id AS order_id, 'ORDER' AS machine, status, previous_status, is_imported, FALSE AS may_be_silent FROM orders
    UNION ALL
    SELECT payments.id, order_id, 'PAYMENT', payments.status, NULL, is_imported, is_imported
    FROM payments JOIN orders ON orders.id = order_id
    UNION ALL
    SELECT refunds.id, order_id, 'REFUND', refunds.status, NULL, is_imported, is_imported
    FROM refunds JOIN orders ON orders.id = order_id
    UNION ALL
    SELECT fulfillments.id, order_id, 'FULFILLMENT', fulfillments.status, fulfillments.previous_status, is_imported, is_imported
    FROM fulfillments JOIN orders ON orders.id = order_id
    UNION ALL
    SELECT after_sales.id, order_id, 'AFTER_SALE', after_sales.status, NULL, is_imported, FALSE
    FROM after_sales JOIN orders ON orders.id = order_id
"""
_ENTERED_FROM: Final = """
    SELECT entered.from_state FROM order_events AS entered
    WHERE entered.order_id = {order_id} AND entered.subject_id = {subject_id} AND entered.sequence {before}
    AND entered.to_state = {state} AND entered.from_state <> entered.to_state
    ORDER BY entered.sequence DESC LIMIT 1
"""
"""The state from which a subject entered the one that it is in."""
_BEFORE_STEP: Final = _ENTERED_FROM.format(
    order_id="event.order_id", subject_id="event.subject_id", before="< event.sequence", state="event.from_state"
)
_BEFORE_NOW: Final = _ENTERED_FROM.format(
    order_id="subject.order_id", subject_id="subject.id", before="> 0", state="subject.status"
)

RULES: Final = (
    rule(
        "I5",
        "versions are gapless, from 1 to the order's",
        """
        SELECT orders.id AS name, history.first = 1 AND history.last = orders.version AND history.steps = orders.version AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, min(sequence) AS first, max(sequence) AS last, count(*) AS steps
            FROM order_events GROUP BY order_id
        ) AS history ON history.order_id = orders.id
        """,
    ),
    rule(
        "I5",
        "every step is in the tables",
        f"""
        WITH legal AS (
            SELECT * FROM unnest(
                CAST(:types AS text[]), CAST(:versions AS integer[]), CAST(:machines AS text[]), CAST(:sources AS text[]),
                CAST(:actions AS text[]), CAST(:targets AS text[])
            ) AS step(order_type, flow_version, machine, source, action, target)
        )
        SELECT event.order_id || ' #' || event.sequence AS name,
               CASE WHEN step.target IS NOT NULL THEN TRUE
                    WHEN back.target IS NOT NULL THEN event.to_state = ({_BEFORE_STEP})
                    ELSE FALSE END AS holds
        FROM order_events AS event
        JOIN orders ON orders.id = event.order_id
        LEFT JOIN legal AS step
        ON step.order_type = orders.order_type AND step.flow_version = orders.flow_version AND step.machine = event.machine
        AND step.source = coalesce(event.from_state, '') AND step.action = event.action AND step.target = event.to_state
        LEFT JOIN legal AS back
        ON back.order_type = orders.order_type AND back.flow_version = orders.flow_version AND back.machine = event.machine
        AND back.source = event.from_state AND back.action = event.action AND back.target = ''
        """,
        **steps(),
    ),
    rule(
        "I5",
        "every step begins where the one before ended",
        """
        SELECT event.order_id || ' #' || event.sequence AS name,
               event.from_state IS NOT DISTINCT FROM event.before
               OR event.before IS NULL AND orders.is_imported AND event.machine <> 'ORDER' AS holds
        FROM (
            SELECT order_id, sequence, machine, from_state,
                   lag(to_state) OVER (PARTITION BY order_id, subject_id ORDER BY sequence) AS before
            FROM order_events
        ) AS event
        JOIN orders ON orders.id = event.order_id
        """,
    ),
    rule(
        "I5",
        "the last step of an order, or of a part that has steps, gives its state",
        f"""
        SELECT coalesce(subject.id, last.subject_id) AS name,
               subject.status = last.to_state OR subject.may_be_silent AND last.to_state IS NULL AS holds
        FROM ({_SUBJECTS}) AS subject
        FULL JOIN (
            SELECT DISTINCT ON (order_id, subject_id) order_id, subject_id, machine, to_state
            FROM order_events ORDER BY order_id, subject_id, sequence DESC
        ) AS last ON last.order_id = subject.order_id AND last.subject_id = subject.id AND last.machine = subject.machine
        """,
    ),
    rule(
        "I5",
        "what waits to go back remembers where from",
        f"""
        SELECT subject.id AS name,
               CASE WHEN subject.status = ANY (CAST(:remembered AS text[])) AND NOT subject.is_imported
                    THEN subject.previous_status = ({_BEFORE_NOW})
                    ELSE subject.previous_status IS NULL OR subject.is_imported END AS holds
        FROM ({_SUBJECTS}) AS subject
        WHERE subject.machine IN ('ORDER', 'FULFILLMENT')
        """,
        remembered=REMEMBERED_STATES,
    ),
)
