"""What order types add: a group's seats are its orders (I2), and what is kept of an order that is off was taken (I4)."""

from typing import Final

from adapters.doctor.rule import rule
from domain.values.enums import GroupStatus, OrderStatus, VoucherStatus

RULES: Final = (
    rule(
        "I2",
        "a group's seats are those that orders hold, and no more than it has",
        """
        SELECT order_groups.id AS name,
               joined = coalesce(seats.taken, 0) AND joined <= size
               AND (status <> :formed OR joined = size) AS holds
        FROM order_groups
        LEFT JOIN (
            SELECT group_id, count(*) AS taken FROM group_seats WHERE released_at IS NULL GROUP BY group_id
        ) AS seats ON seats.group_id = order_groups.id
        """,
        formed=GroupStatus.FORMED,
    ),
    rule(
        "I2",
        "a seat is held by an order of its group; in an open group by none that is off",
        """
        SELECT group_seats.order_id AS name,
               orders.group_id = group_seats.group_id
               AND (order_groups.status <> :open OR orders.status <> ALL (CAST(:off AS text[]))) AS holds
        FROM group_seats
        JOIN order_groups ON order_groups.id = group_seats.group_id
        LEFT JOIN orders ON orders.id = group_seats.order_id
        WHERE group_seats.released_at IS NULL
        AND NOT EXISTS (SELECT FROM order_tombstones WHERE order_tombstones.order_id = group_seats.order_id)
        """,
        open=GroupStatus.OPEN,
        off=[OrderStatus.CANCELLED, OrderStatus.REFUNDING, OrderStatus.REFUND_EXCEPTION],
    ),
    rule(
        "I4",
        "what is kept of an order that is off was taken, and not given back",
        """
        SELECT id AS name, kept_minor = 0 OR kept_minor <= captured_minor - refunded_minor AS holds FROM orders
        """,
    ),
    rule(
        "I4",
        "an order has no more vouchers than units, and none for units that are cancelled",
        """
        SELECT line.id AS name, count(*) FILTER (WHERE vouchers.status <> :cancelled) <= line.quantity - line.cancelled_quantity
               AS holds
        FROM vouchers JOIN order_lines AS line ON line.id = vouchers.line_id
        GROUP BY line.id, line.quantity, line.cancelled_quantity
        """,
        cancelled=VoucherStatus.CANCELLED,
    ),
)
