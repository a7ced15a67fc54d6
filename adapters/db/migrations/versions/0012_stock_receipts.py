"""Arrivals of stock that have a name, so that none is booked twice, of the embedded inventory."""

from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE TABLE services.stock_receipts (
            receipt text COLLATE "C" NOT NULL,
            sku text COLLATE "C" NOT NULL,
            warehouse text COLLATE "C" NOT NULL,
            quantity integer NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_stock_receipts PRIMARY KEY (receipt),
            CONSTRAINT ck_stock_receipts_quantity CHECK (quantity > 0)
        )
        """
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP TABLE services.stock_receipts")
