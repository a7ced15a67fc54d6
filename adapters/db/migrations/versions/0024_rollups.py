"""The cube of the orders, kept from the change feed: what each order put into it, its hours and its days."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import UserDefinedType

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DIMENSIONS = (
    "business_unit",
    "channel",
    "order_type",
    "status",
    "payment_status",
    "fulfillment_status",
    "currency",
    "country",
)
DAY_DIMENSIONS = ("business_unit", "channel", "order_type", "currency")
PARTS = ("orders", "cancelled_orders", "units", "gross", "discounts", "shipping", "tax", "captured", "refunded")


class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        return "xid8"


def code(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def moment(name: str, default: str | None = None) -> sa.Column[datetime]:
    return sa.Column(name, TIME, nullable=False, server_default=sa.text(default) if default else None)


def sums() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in PARTS]


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "rollup_state",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("feed_xid", Xid8(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.Text()),
        code("listed", nullable=True),
        moment("begun_at", "now()"),
        sa.CheckConstraint("id = 1", name="ck_rollup_state_one"),
        sa.PrimaryKeyConstraint("id", name="pk_rollup_state"),
    )
    op.create_table(
        "rollup_orders",
        code("order_id"),
        moment("hour"),
        *(code(name) for name in DIMENSIONS),
        *sums(),
        sa.PrimaryKeyConstraint("order_id", name="pk_rollup_orders"),
    )
    op.create_table(
        "rollup_hours",
        moment("hour"),
        *(code(name) for name in DIMENSIONS),
        *sums(),
        sa.PrimaryKeyConstraint("hour", *DIMENSIONS, name="pk_rollup_hours"),
    )
    op.create_table(
        "rollup_days",
        moment("day"),
        *(code(name) for name in DAY_DIMENSIONS),
        *sums(),
        sa.PrimaryKeyConstraint("day", *DAY_DIMENSIONS, name="pk_rollup_days"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("rollup_days", "rollup_hours", "rollup_orders", "rollup_state"):
        op.drop_table(table)
