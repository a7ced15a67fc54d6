"""Places in the change feed that keep each order's own order, since when a step is written, and tombstones.

Steps that are there already get one transaction's number for their place, this one's: among themselves they go by their position.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import UserDefinedType

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
OWN = sa.text("pg_current_xact_id()")


class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        return "xid8"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("order_events", sa.Column("feed_xid", Xid8(), nullable=False, server_default=OWN))
    op.add_column("order_events", sa.Column("recorded_at", TIME, nullable=False, server_default=sa.text("now()")))
    op.drop_index("ix_order_events_xid_position", "order_events")
    op.create_index("ix_order_events_feed_xid_position", "order_events", ["feed_xid", "position"])
    op.create_table(
        "order_tombstones",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("business_unit", CODE, nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("xid", Xid8(), nullable=False, server_default=OWN),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("feed_xid", Xid8(), nullable=False, server_default=OWN),
        sa.Column("recorded_at", TIME, nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("version >= 2", name="ck_order_tombstones_version"),
        sa.PrimaryKeyConstraint("order_id", name="pk_order_tombstones"),
    )
    op.create_index("ix_order_tombstones_feed_xid_position", "order_tombstones", ["feed_xid", "position"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("order_tombstones")
    op.drop_index("ix_order_events_feed_xid_position", "order_events")
    op.create_index("ix_order_events_xid_position", "order_events", ["xid", "position"])
    op.drop_column("order_events", "recorded_at")
    op.drop_column("order_events", "feed_xid")
