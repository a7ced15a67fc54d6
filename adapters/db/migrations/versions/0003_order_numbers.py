"""The sequence of the order numbers. It belongs to their column: whoever empties the table begins again at 1."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE SEQUENCE order_numbers AS bigint OWNED BY orders.number")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP SEQUENCE order_numbers")
