"""Indexes for the filters of lists that no index served: without them a rare value is looked for in the whole table."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_orders_statuses_placed_at": (
        "orders",
        ["after_sale_status", "payment_status", "fulfillment_status", "placed_at"],
    ),
    "ix_orders_kinds_placed_at": ("orders", ["order_type", "channel_kind", "buyer_level", "placed_at"]),
    "ix_orders_country_region_placed_at": ("orders", ["country", "region", "placed_at"]),
}
PARTIAL = {
    "ix_orders_paid_at": ("orders", "paid_at"),
    "ix_orders_completed_at": ("orders", "completed_at"),
    "ix_orders_cancelled_at": ("orders", "cancelled_at"),
    "ix_fulfillments_promised_at": ("fulfillments", "promised_at"),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)
    for name, (table, column) in PARTIAL.items():
        op.create_index(name, table, [column], postgresql_where=sa.text(f"{column} IS NOT NULL"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in reversed((*INDEXES, *PARTIAL)):
        op.drop_index(name)
