"""I4, what is off or came back: no line gives more back than it costs, and what came back had left."""

from typing import Final

from adapters.doctor.rule import rule
from domain.values.enums import FulfillmentState

RULES: Final = (
    rule(
        "I4",
        "the worth of units that are off or came back is a part of their line, and what came back had left",
        """
        SELECT line.id AS name,
               line.refunded_minor <= line.total_minor
               AND (line.refunded_minor = 0 OR line.cancelled_quantity + line.returned_quantity + line.kept_quantity > 0)
               AND line.returned_quantity <= line.shipped_quantity AS holds
        FROM order_lines AS line
        """,
    ),
    rule(
        "I4",
        "parcels come back only of fulfillments that do",
        """
        SELECT shipments.id AS name, fulfillments.status = ANY (CAST(:returning AS text[])) AS holds
        FROM shipments
        JOIN fulfillments ON fulfillments.id = shipments.fulfillment_id
        WHERE shipments.is_returning
        """,
        returning=[FulfillmentState.RETURNING, FulfillmentState.RETURNED],
    ),
)
