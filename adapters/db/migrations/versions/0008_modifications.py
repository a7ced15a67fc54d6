"""Fulfillments that others replaced, and changes of paid orders that wait for their difference."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("fulfillments", sa.Column("superseded_at", TIME))
    op.create_table(
        "order_modifications",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("total_before_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("discounts", postgresql.JSONB(), nullable=False),
        sa.Column("shipping_address", postgresql.JSONB()),
        sa.Column("note", sa.Text()),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.CheckConstraint(
            "total_before_minor >= 0 AND total_minor >= 0 AND shipping_minor >= 0",
            name="ck_order_modifications_not_negative",
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_modifications_order_id"),
        sa.PrimaryKeyConstraint("order_id", "position", name="pk_order_modifications"),
    )
    op.create_index(
        "ix_order_modifications_order_id",
        "order_modifications",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status = 'PENDING'"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("order_modifications")
    op.drop_column("fulfillments", "superseded_at")
