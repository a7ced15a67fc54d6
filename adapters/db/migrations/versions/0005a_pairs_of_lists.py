"""Indexes for the pairs of lists that orders are looked through by: few of a channel's orders have a given status."""

from alembic import op

revision = "0005a"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_orders_channel_status_placed_at_id": ["channel", "status", "placed_at", "id"],
    "ix_orders_business_unit_payment_status_placed_at_id": ["business_unit", "payment_status", "placed_at", "id"],
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, columns in INDEXES.items():
        op.create_index(name, "orders", columns)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in reversed(INDEXES):
        op.drop_index(name)
