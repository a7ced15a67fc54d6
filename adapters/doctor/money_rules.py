"""I4, the money of an order: its lines, discounts, installments and payments add up to its head."""

from typing import Final

from adapters.doctor.rule import rule
from domain.orders.sums import CLOSED_FOR_PAYMENT, IN_FLIGHT
from domain.orders.views import UNPAID_STATUSES
from domain.values.enums import ModificationStatus, OrderStatus, PaymentState, RefundState

_OPEN_AUTHORIZATIONS: Final = [PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED]
_WHOLE_CANCELLED: Final = [OrderStatus.CANCELLED, OrderStatus.REFUNDING, OrderStatus.REFUND_EXCEPTION]

RULES: Final = (
    rule(
        "I4",
        "a line's total = unit price × quantity − discount + tax",
        """
        SELECT id AS name, total_minor = unit_price_minor * quantity - discount_minor + tax_minor AS holds FROM order_lines
        """,
    ),
    rule(
        "I4",
        "an order's sums are those of its lines; total = subtotal − discount + shipping + tax",
        """
        SELECT orders.id AS name,
               orders.subtotal_minor = coalesce(lines.subtotal, 0) AND orders.discount_minor = coalesce(lines.discount, 0)
               AND orders.tax_minor = coalesce(lines.tax, 0) AND orders.line_count = coalesce(lines.count, 0)
               AND orders.unit_count = coalesce(lines.units, 0)
               AND orders.total_minor
                   = orders.subtotal_minor - orders.discount_minor + orders.shipping_minor + orders.tax_minor AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, count(*) AS count, sum(quantity) AS units, sum(unit_price_minor * quantity) AS subtotal,
                   sum(discount_minor) AS discount, sum(tax_minor) AS tax
            FROM order_lines GROUP BY order_id
        ) AS lines ON lines.order_id = orders.id
        """,
    ),
    rule(
        "I4",
        "an order's discount is the sum of its ledger",
        """
        SELECT orders.id AS name, orders.discount_minor = coalesce(ledger.amount, 0) AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, sum(amount_minor) AS amount FROM order_discounts GROUP BY order_id
        ) AS ledger ON ledger.order_id = orders.id
        """,
    ),
    rule(
        "I4",
        "no line's ledger is above its discount",
        """
        SELECT lines.id AS name, coalesce(ledger.amount, 0) <= lines.discount_minor AS holds
        FROM order_lines AS lines
        JOIN (
            SELECT line_id, sum(amount_minor) AS amount FROM order_discounts WHERE line_id IS NOT NULL GROUP BY line_id
        ) AS ledger ON ledger.line_id = lines.id
        """,
    ),
    rule(
        "I4",
        "installments are the total and the difference that is waited for; what is secured fills them; payable is what is left",
        """
        SELECT orders.id AS name,
               part.amount = orders.total_minor + coalesce(waiting.difference, 0)
               AND part.paid = least(part.amount, orders.captured_minor + orders.authorized_minor) AND part.is_within
               AND orders.payable_minor = CASE
                   WHEN orders.status = ANY (CAST(:closed AS text[])) THEN 0
                   WHEN orders.is_imported AND orders.status <> ALL (CAST(:unpaid AS text[])) THEN 0
                   ELSE greatest(0, least(part.open, part.amount - part.paid - orders.cancelled_minor)) END AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, sum(amount_minor) AS amount, sum(paid_minor) AS paid,
                   bool_and(paid_minor <= amount_minor) AS is_within,
                   coalesce(sum(amount_minor - paid_minor) FILTER (WHERE CASE
                       WHEN head.is_imported THEN TRUE
                       WHEN head.status = :deposit THEN position = 1
                       ELSE opens_at <= head.updated_at END), 0) AS open
            FROM order_installments JOIN orders AS head ON head.id = order_id GROUP BY order_id
        ) AS part ON part.order_id = orders.id
        LEFT JOIN (
            SELECT order_id, total_minor - total_before_minor AS difference FROM order_modifications WHERE status = :pending
        ) AS waiting ON waiting.order_id = orders.id
        """,
        closed=sorted(CLOSED_FOR_PAYMENT),
        unpaid=sorted(UNPAID_STATUSES),
        pending=ModificationStatus.PENDING,
        deposit=OrderStatus.PENDING_DEPOSIT,
    ),
    rule(
        "I4",
        "of a payment: refunded ≤ captured ≤ authorized, and refunded is the sum of its refunds",
        """
        SELECT payments.id AS name,
               payments.refunded_minor <= payments.captured_minor AND payments.captured_minor <= payments.authorized_minor
               AND payments.excess_minor <= payments.captured_minor
               AND payments.refunded_minor = coalesce(refund.done, 0)
               AND coalesce(refund.wanted, 0) <= payments.captured_minor AS holds
        FROM payments
        LEFT JOIN (
            SELECT payment_id, sum(amount_minor) FILTER (WHERE status = :succeeded) AS done,
                   sum(amount_minor) FILTER (WHERE status <> :rejected) AS wanted
            FROM refunds GROUP BY payment_id
        ) AS refund ON refund.payment_id = payments.id
        """,
        succeeded=RefundState.SUCCEEDED,
        rejected=RefundState.REJECTED,
    ),
    rule(
        "I4",
        "an order's captured, refunded and authorized money, and its payments in flight, are those of its payments",
        """
        SELECT orders.id AS name,
               orders.captured_minor = coalesce(paid.captured, 0) AND orders.refunded_minor = coalesce(paid.refunded, 0)
               AND orders.authorized_minor = coalesce(paid.authorized, 0)
               AND orders.payments_in_flight = coalesce(paid.in_flight, 0) AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, sum(captured_minor - excess_minor) AS captured,
                   sum(refunded_minor - least(refunded_minor, excess_minor)) AS refunded,
                   sum(authorized_minor - captured_minor) FILTER (WHERE status = ANY (CAST(:authorizations AS text[])))
                       AS authorized,
                   count(*) FILTER (WHERE status = ANY (CAST(:in_flight AS text[]))) AS in_flight
            FROM payments GROUP BY order_id
        ) AS paid ON paid.order_id = orders.id
        """,
        authorizations=_OPEN_AUTHORIZATIONS,
        in_flight=sorted(IN_FLIGHT),
    ),
    rule(
        "I4",
        "the payment status is what the sums say",
        """
        SELECT id AS name,
               payment_status = CASE
                   WHEN captured_minor > 0 AND refunded_minor = captured_minor THEN 'REFUNDED'
                   WHEN refunded_minor > 0 THEN 'PARTIALLY_REFUNDED'
                   WHEN captured_minor >= wanted THEN 'PAID'
                   WHEN captured_minor + authorized_minor >= wanted THEN 'AUTHORIZED'
                   WHEN captured_minor + authorized_minor > 0 THEN 'PARTIALLY_PAID'
                   ELSE 'UNPAID' END AS holds
        FROM (
            SELECT *, total_minor - CASE WHEN status = ANY (CAST(:off AS text[])) THEN 0 ELSE cancelled_minor END AS wanted
            FROM orders
        ) AS head
        """,
        off=_WHOLE_CANCELLED,
    ),
    rule(
        "I4",
        "an order that is off is off as a whole; otherwise no more is cancelled than there is",
        """
        SELECT orders.id AS name,
               CASE WHEN orders.status = ANY (CAST(:off AS text[])) AND NOT orders.is_imported
                    THEN orders.cancelled_minor = orders.total_minor AND lines.cancelled = orders.unit_count
                    ELSE orders.cancelled_minor <= orders.total_minor END AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, sum(cancelled_quantity) AS cancelled FROM order_lines GROUP BY order_id
        ) AS lines ON lines.order_id = orders.id
        """,
        off=_WHOLE_CANCELLED,
    ),
    rule(
        "I4",
        "an order has one currency",
        """
        SELECT orders.id AS name, coalesce(bool_and(part.currency = orders.currency), TRUE) AS holds
        FROM orders
        LEFT JOIN (
            SELECT order_id, currency FROM order_lines
            UNION ALL SELECT order_id, currency FROM order_discounts
            UNION ALL SELECT order_id, currency FROM order_installments
            UNION ALL SELECT order_id, currency FROM payments
            UNION ALL SELECT order_id, currency FROM refunds
            UNION ALL SELECT order_id, currency FROM fulfillments
        ) AS part ON part.order_id = orders.id
        GROUP BY orders.id
        """,
    ),
)
