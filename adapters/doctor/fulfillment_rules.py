"""I4, the shares of the fulfillments: together they are the order, in money and in units. I2, where their units come from."""

from typing import Final

from adapters.doctor.rule import rule
from domain.orders.sums import ARRIVED, SENT, WORKED_ON
from domain.values.enums import FulfillmentKind, FulfillmentState

RULES: Final = (
    rule(
        "I2",
        "a line's units are allocated where its fulfillments are",
        """
        SELECT line.id AS name, allotted.places IS NOT DISTINCT FROM part.places AS holds
        FROM order_lines AS line
        JOIN orders ON orders.id = line.order_id AND NOT orders.is_imported
        JOIN (
            SELECT line_id, jsonb_object_agg(warehouse, units) FILTER (WHERE warehouse IS NOT NULL AND units > 0) AS places
            FROM (
                SELECT lines.line_id, fulfillments.warehouse,
                       sum(greatest(lines.quantity - lines.cancelled_quantity, lines.shipped_quantity)) AS units
                FROM fulfillment_lines AS lines
                JOIN fulfillments ON fulfillments.id = lines.fulfillment_id AND fulfillments.kind = :original
                     AND fulfillments.superseded_at IS NULL
                GROUP BY lines.line_id, fulfillments.warehouse
            ) AS placed
            GROUP BY line_id
        ) AS part ON part.line_id = line.id
        LEFT JOIN LATERAL (
            SELECT jsonb_object_agg(found.warehouse, found.quantity) AS places
            FROM jsonb_to_recordset(line.allocations) AS found(warehouse text, quantity integer)
        ) AS allotted ON TRUE
        WHERE line.cancelled_quantity < line.quantity OR line.shipped_quantity > 0
        """,
        original=FulfillmentKind.ORIGINAL,
    ),
    rule(
        "I2",
        "what waits for stock has a place in the queue and no warehouse; nothing else has a place",
        """
        SELECT id AS name,
               (status = :backordered) = (backordered_at IS NOT NULL)
               AND (status <> :backordered OR warehouse IS NULL) AS holds
        FROM fulfillments
        """,
        backordered=FulfillmentState.BACKORDERED,
    ),
    rule(
        "I4",
        "a fulfillment's total = subtotal − discount + shipping + tax, and its units are those of its lines",
        """
        SELECT fulfillments.id AS name,
               total_minor = subtotal_minor - discount_minor + shipping_minor + tax_minor
               AND unit_count = coalesce(lines.units, 0) AND shipped_units = coalesce(lines.shipped, 0)
               AND cancelled_units = coalesce(lines.cancelled, 0) AS holds
        FROM fulfillments
        LEFT JOIN (
            SELECT fulfillment_id, sum(quantity) AS units, sum(shipped_quantity) AS shipped,
                   sum(cancelled_quantity) AS cancelled
            FROM fulfillment_lines GROUP BY fulfillment_id
        ) AS lines ON lines.fulfillment_id = fulfillments.id
        """,
    ),
    rule(
        "I4",
        "the fulfillments of an order are the order, in every money column and in units",
        """
        SELECT orders.id AS name,
               part.subtotal = orders.subtotal_minor AND part.discount = orders.discount_minor
               AND part.shipping = orders.shipping_minor AND part.tax = orders.tax_minor
               AND part.total = orders.total_minor AND part.units = orders.unit_count
               AND part.shipped = orders.shipped_units AS holds
        FROM orders
        JOIN (
            SELECT order_id, sum(subtotal_minor) AS subtotal, sum(discount_minor) AS discount, sum(shipping_minor) AS shipping,
                   sum(tax_minor) AS tax, sum(total_minor) AS total, sum(unit_count) AS units, sum(shipped_units) AS shipped
            FROM fulfillments WHERE kind = :original AND superseded_at IS NULL GROUP BY order_id
        ) AS part ON part.order_id = orders.id
        """,
        original=FulfillmentKind.ORIGINAL,
    ),
    rule(
        "I4",
        "a line's units are those of its fulfillments",
        """
        SELECT line.id AS name,
               part.units = line.quantity AND part.shipped = line.shipped_quantity
               AND part.cancelled = line.cancelled_quantity AND part.returned = line.returned_quantity AS holds
        FROM order_lines AS line
        JOIN (
            SELECT lines.line_id, sum(lines.quantity) AS units, sum(lines.shipped_quantity) AS shipped,
                   sum(lines.cancelled_quantity) AS cancelled, sum(lines.returned_quantity) AS returned
            FROM fulfillment_lines AS lines
            JOIN fulfillments ON fulfillments.id = lines.fulfillment_id AND fulfillments.kind = :original
                 AND fulfillments.superseded_at IS NULL
            GROUP BY lines.line_id
        ) AS part ON part.line_id = line.id
        """,
        original=FulfillmentKind.ORIGINAL,
    ),
    rule(
        "I4",
        "shipped units are those of the parcels",
        """
        SELECT coalesce(line.fulfillment_id, parcel.fulfillment_id) || ' ' || coalesce(line.line_id, parcel.line_id) AS name,
               line.shipped_quantity = coalesce(parcel.units, 0) AS holds
        FROM (
            SELECT lines.fulfillment_id, lines.line_id, lines.shipped_quantity
            FROM fulfillment_lines AS lines JOIN orders ON orders.id = lines.order_id AND NOT orders.is_imported
        ) AS line
        FULL JOIN (
            SELECT shipments.fulfillment_id, part.line_id, sum(part.quantity) AS units
            FROM shipments
            JOIN orders ON orders.id = shipments.order_id AND NOT orders.is_imported AND shipments.fulfillment_id IS NOT NULL,
            jsonb_to_recordset(shipments.lines) AS part(line_id text, quantity integer)
            GROUP BY shipments.fulfillment_id, part.line_id
        ) AS parcel ON parcel.fulfillment_id = line.fulfillment_id AND parcel.line_id = line.line_id
        """,
    ),
    rule(
        "I4",
        "the fulfillment status is what the fulfillments say",
        """
        SELECT orders.id AS name,
               orders.fulfillment_status = CASE
                   WHEN orders.unit_count = lines.cancelled THEN 'CANCELLED'
                   WHEN EXISTS (SELECT FROM vouchers WHERE vouchers.order_id = orders.id) THEN 'DELIVERED'
                   WHEN part.order_id IS NULL THEN 'UNFULFILLED'
                   WHEN orders.unit_count - lines.cancelled = lines.returned THEN 'RETURNED'
                   WHEN part.all_arrived THEN 'DELIVERED'
                   WHEN part.all_sent THEN 'SHIPPED'
                   WHEN part.any_sent THEN 'PARTIALLY_SHIPPED'
                   WHEN part.any_worked_on THEN 'IN_PROGRESS'
                   ELSE 'UNFULFILLED' END AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, sum(cancelled_quantity) AS cancelled, sum(returned_quantity) AS returned
            FROM order_lines GROUP BY order_id
        ) AS lines ON lines.order_id = orders.id
        LEFT JOIN (
            SELECT order_id, bool_and(status = ANY (CAST(:arrived AS text[]))) AS all_arrived,
                   bool_and(status = ANY (CAST(:sent AS text[]))) AS all_sent, bool_or(shipped_units > 0) AS any_sent,
                   bool_or(status = ANY (CAST(:worked_on AS text[]))) AS any_worked_on
            FROM fulfillments
            WHERE kind = :original AND status <> :cancelled AND cancelled_units < unit_count GROUP BY order_id
        ) AS part ON part.order_id = orders.id
        """,
        cancelled=FulfillmentState.CANCELLED,
        original=FulfillmentKind.ORIGINAL,
        arrived=sorted(ARRIVED),
        sent=sorted(SENT),
        worked_on=sorted(WORKED_ON),
    ),
)
