"""How many units beyond what is there may be sold of a SKU in a warehouse, of the embedded inventory."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE services.stock ADD COLUMN allowance integer NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE services.stock ADD CONSTRAINT ck_stock_allowance CHECK (allowance >= 0) NOT VALID")
    op.execute("ALTER TABLE services.stock VALIDATE CONSTRAINT ck_stock_allowance")
    op.execute("ALTER TABLE services.stock DROP CONSTRAINT ck_stock_sellable")
    op.execute(
        "ALTER TABLE services.stock ADD CONSTRAINT ck_stock_sellable CHECK (on_hand - reserved + allowance >= 0) NOT VALID"
    )
    op.execute("ALTER TABLE services.stock VALIDATE CONSTRAINT ck_stock_sellable")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE services.stock DROP CONSTRAINT ck_stock_sellable")
    op.execute("ALTER TABLE services.stock ADD CONSTRAINT ck_stock_sellable CHECK (on_hand >= reserved)")
    op.execute("ALTER TABLE services.stock DROP COLUMN allowance")
