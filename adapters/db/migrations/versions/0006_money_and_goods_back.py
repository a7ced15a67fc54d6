"""Parcels that will not arrive; units of orders that went back to stock in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005a"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The default is for the rows that are there: PostgreSQL keeps it aside and rewrites none of them.
    op.execute("ALTER TABLE shipments ADD COLUMN is_returning boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE shipments ALTER COLUMN is_returning DROP DEFAULT")
    op.create_table(
        "stock_returns",
        sa.Column("return_id", CODE, nullable=False),
        sa.Column("line_id", CODE, nullable=False),
        sa.Column("warehouse", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("sku", CODE, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("had_left", sa.Boolean(), nullable=False),
        sa.Column("returned_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_returns_quantity")),
        sa.PrimaryKeyConstraint("return_id", "line_id", "warehouse", name=op.f("pk_stock_returns")),
        schema="services",
    )
    op.create_index("ix_stock_returns_sku_warehouse", "stock_returns", ["sku", "warehouse"], schema="services")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("stock_returns", schema="services")
    op.drop_column("shipments", "is_returning")
