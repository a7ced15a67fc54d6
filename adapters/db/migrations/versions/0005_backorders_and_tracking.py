"""Who declined a fulfillment and since when it waits for stock; what carriers say of parcels; allocations after the first."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The default is for the rows that are there: PostgreSQL keeps it aside and rewrites none of them.
    op.execute("ALTER TABLE fulfillments ADD COLUMN declined_by jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE fulfillments ALTER COLUMN declined_by DROP DEFAULT")
    op.add_column("fulfillments", sa.Column("backordered_at", TIME))
    op.create_index(
        "ix_fulfillments_backordered_at_id",
        "fulfillments",
        ["backordered_at", "id"],
        postgresql_where=sa.text("backordered_at IS NOT NULL"),
    )
    op.create_table(
        "shipment_checkpoints",
        sa.Column("shipment_id", CODE, nullable=False),
        sa.Column("event_id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("location", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipments.id"], name="fk_shipment_checkpoints_shipment_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_shipment_checkpoints_order_id"),
        sa.PrimaryKeyConstraint("shipment_id", "event_id", name="pk_shipment_checkpoints"),
    )
    op.create_index("ix_shipment_checkpoints_order_id", "shipment_checkpoints", ["order_id"])
    op.add_column("reservations", sa.Column("allocation_id", CODE), schema="services")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("reservations", "allocation_id", schema="services")
    op.drop_table("shipment_checkpoints")
    op.drop_index("ix_fulfillments_backordered_at_id", "fulfillments")
    op.drop_column("fulfillments", "backordered_at")
    op.drop_column("fulfillments", "declined_by")
