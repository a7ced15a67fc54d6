"""After-sale cases, their lines, and the parcels that come back for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB(none_as_null=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The default is for the rows that are there: PostgreSQL keeps it aside and rewrites none of them.
    op.execute("ALTER TABLE order_lines ADD COLUMN kept_quantity integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE order_lines ALTER COLUMN kept_quantity DROP DEFAULT")
    op.create_check_constraint("ck_order_lines_kept", "order_lines", "kept_quantity >= 0 AND kept_quantity <= quantity")
    _cases()
    _lines()
    op.create_index(
        "ix_refunds_after_sale_id", "refunds", ["after_sale_id"], postgresql_where=sa.text("after_sale_id IS NOT NULL")
    )
    op.alter_column("shipments", "fulfillment_id", nullable=True)
    op.add_column("shipments", sa.Column("after_sale_id", CODE))
    op.create_foreign_key("fk_shipments_after_sale_id", "shipments", "after_sales", ["after_sale_id"], ["id"])
    op.create_check_constraint(
        "ck_shipments_out_or_back", "shipments", "num_nonnulls(fulfillment_id, after_sale_id) = 1"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint("ck_shipments_out_or_back", "shipments")
    op.drop_column("shipments", "after_sale_id")
    op.alter_column("shipments", "fulfillment_id", nullable=False)
    op.drop_index("ix_refunds_after_sale_id", "refunds")
    op.drop_table("after_sale_lines")
    op.drop_table("after_sales")
    op.drop_column("order_lines", "kept_quantity")


def _cases() -> None:
    op.create_table(
        "after_sales",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attachments", JSONB, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("sent_units", sa.Integer(), nullable=False),
        sa.Column("asked_minor", sa.BigInteger()),
        sa.Column("amount_minor", sa.BigInteger()),
        sa.Column("quote", JSONB, nullable=False),
        sa.Column("return_shipment_id", CODE),
        sa.Column("replacement_id", CODE),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "sent_units >= 0 AND asked_minor >= 0 AND amount_minor >= 0", name="ck_after_sales_not_negative"
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_after_sales_order_id"),
        sa.ForeignKeyConstraint(["replacement_id"], ["fulfillments.id"], name="fk_after_sales_replacement_id"),
        sa.PrimaryKeyConstraint("id", name="pk_after_sales"),
        sa.UniqueConstraint("order_id", "number", name="uq_after_sales_order_id_number"),
    )
    op.create_index("ix_after_sales_created_at_id", "after_sales", ["created_at", "id"])
    op.create_index("ix_after_sales_status_created_at_id", "after_sales", ["status", "created_at", "id"])


def _lines() -> None:
    op.create_table(
        "after_sale_lines",
        sa.Column("after_sale_id", CODE, nullable=False),
        sa.Column("line_id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("damaged", sa.Integer(), nullable=False),
        sa.Column("exchange_sku", CODE),
        sa.Column("exchange_options", JSONB),
        sa.CheckConstraint(
            "quantity >= 0 AND cancelled >= 0 AND cancelled <= quantity AND received >= 0 AND received <= quantity"
            " AND accepted >= 0 AND accepted <= quantity AND damaged >= 0 AND damaged <= quantity",
            name="ck_after_sale_lines_units",
        ),
        sa.CheckConstraint(
            "received = accepted + damaged AND received + cancelled <= quantity", name="ck_after_sale_lines_received"
        ),
        sa.ForeignKeyConstraint(["after_sale_id"], ["after_sales.id"], name="fk_after_sale_lines_after_sale_id"),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name="fk_after_sale_lines_line_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_after_sale_lines_order_id"),
        sa.PrimaryKeyConstraint("after_sale_id", "line_id", name="pk_after_sale_lines"),
    )
    op.create_index("ix_after_sale_lines_order_id", "after_sale_lines", ["order_id"])
