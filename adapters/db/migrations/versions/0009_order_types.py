"""Groups and their seats, vouchers, and what is kept of an order that is off; presales and the codes of vouchers, of the embedded services."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
SERVICES = "services"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # The default is for the rows that are there: PostgreSQL keeps it aside and rewrites none of them.
    op.execute("ALTER TABLE orders ADD COLUMN kept_minor bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE orders ALTER COLUMN kept_minor DROP DEFAULT")
    op.execute("ALTER TABLE orders ADD CONSTRAINT ck_orders_kept CHECK (kept_minor >= 0) NOT VALID")
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_kept")
    _groups()
    _vouchers()
    _presales()
    _voucher_codes()


def _groups() -> None:
    op.create_table(
        "order_groups",
        sa.Column("id", CODE, nullable=False),
        sa.Column("business_unit", CODE, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("deadline", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("size >= 0 AND joined >= 0 AND joined <= size", name="ck_order_groups_units"),
        sa.PrimaryKeyConstraint("id", name="pk_order_groups"),
    )
    op.create_table(
        "group_seats",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("group_id", CODE, nullable=False),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.Column("released_at", TIME),
        sa.ForeignKeyConstraint(["group_id"], ["order_groups.id"], name="fk_group_seats_group_id"),
        sa.PrimaryKeyConstraint("order_id", name="pk_group_seats"),
    )
    op.create_index(
        "ix_group_seats_group_id_order_id",
        "group_seats",
        ["group_id", "order_id"],
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.add_column("orders", sa.Column("group_id", CODE))
    op.add_column("orders", sa.Column("group_deadline", TIME))
    op.create_foreign_key("fk_orders_group_id", "orders", "order_groups", ["group_id"], ["id"])
    op.create_index("ix_orders_group_id", "orders", ["group_id"], postgresql_where=sa.text("group_id IS NOT NULL"))


def _vouchers() -> None:
    op.create_table(
        "vouchers",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("line_id", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("redeemed_at", TIME),
        sa.CheckConstraint("(status = 'REDEEMED') = (redeemed_at IS NOT NULL)", name="ck_vouchers_redeemed"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_vouchers_order_id"),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name="fk_vouchers_line_id"),
        sa.PrimaryKeyConstraint("id", name="pk_vouchers"),
    )
    op.create_index("ix_vouchers_order_id_position", "vouchers", ["order_id", "position"])
    op.create_index("ix_vouchers_line_id_position", "vouchers", ["line_id", "position"])


def _presales() -> None:
    op.create_table(
        "presales",
        sa.Column("business_unit", CODE, nullable=False),
        sa.Column("sku", CODE, nullable=False),
        sa.Column("balance_opens_at", TIME, nullable=False),
        sa.Column("balance_due_at", TIME, nullable=False),
        sa.Column("sold_until", TIME),
        sa.CheckConstraint("balance_opens_at < balance_due_at", name="ck_presales_balance"),
        sa.PrimaryKeyConstraint("business_unit", "sku", name="pk_presales"),
        schema=SERVICES,
    )


def _voucher_codes() -> None:
    op.create_table(
        "voucher_pools",
        sa.Column("sku", CODE, nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("valid_s", sa.BigInteger()),
        sa.CheckConstraint("remaining >= 0", name="ck_voucher_pools_remaining"),
        sa.PrimaryKeyConstraint("sku", name="pk_voucher_pools"),
        schema=SERVICES,
    )
    op.create_table(
        "voucher_codes",
        sa.Column("code", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("line_id", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", CODE, nullable=False),
        sa.Column("issued_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("cancelled_at", TIME),
        sa.PrimaryKeyConstraint("code", name="pk_voucher_codes"),
        schema=SERVICES,
    )
    op.create_index(
        "ix_voucher_codes_order_id_line_id_position",
        "voucher_codes",
        ["order_id", "line_id", "position"],
        unique=True,
        schema=SERVICES,
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("voucher_codes", "voucher_pools", "presales"):
        op.drop_table(table, schema=SERVICES)
    op.drop_table("vouchers")
    op.drop_index("ix_orders_group_id", "orders")
    for column in ("group_deadline", "group_id", "kept_minor"):
        op.drop_column("orders", column)
    op.drop_table("group_seats")
    op.drop_table("order_groups")
