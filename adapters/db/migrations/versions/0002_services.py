"""The tables of the embedded public services, in the schema `services`."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "services"
CODE = sa.Text(collation="C")
CODES = ARRAY(CODE)
WORDS = sa.Text()
WHOLE = sa.Integer()
WHOLE_64 = sa.BigInteger()
RATE = sa.Numeric(9, 6)
FLAG = sa.Boolean()
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("CREATE SCHEMA services")
    _create_products()
    _create_product_content()
    _create_members()
    _create_warehouses()
    _create_stock()
    _create_reservations()
    _create_promotions()
    _create_coupons()
    _create_coupon_claims()
    _create_shipping_methods()
    _create_tax_rates()
    _create_provider_payments()
    _create_provider_operations()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DROP SCHEMA services CASCADE")


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("sku", CODE, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("category", CODE),
        sa.Column("price_minor", WHOLE_64, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("is_available", FLAG, server_default=sa.text("true"), nullable=False),
        sa.Column("seller_id", CODE),
        sa.Column("seller_name", WORDS),
        sa.Column("supply_channel", CODE, nullable=False),
        sa.Column("delivery_mode", CODE),
        sa.Column(
            "words",
            TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, regexp_replace(lower((name COLLATE pg_c_utf8)), '[^[:alnum:]]+'::text, ' '::text, 'g'::text))",
                persisted=True,
            ),
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_products_price")),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_products")),
        schema=SCHEMA,
    )
    op.create_index("ix_products_category_sku", "products", ["category", "sku"], schema=SCHEMA)
    op.create_index("ix_products_sku_lower", "products", [sa.literal_column("lower(sku)")], schema=SCHEMA)
    op.create_index("ix_products_words", "products", ["words"], schema=SCHEMA, postgresql_using="gin")


def _create_product_content() -> None:
    op.create_table(
        "product_content",
        sa.Column("sku", CODE, nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("description", WORDS),
        sa.Column("images", ARRAY(WORDS), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("attributes", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_product_content")),
        schema=SCHEMA,
    )


def _create_members() -> None:
    op.create_table(
        "members",
        sa.Column("id", CODE, nullable=False),
        sa.Column("name", WORDS),
        sa.Column("level", CODE),
        sa.Column("email", CODE),
        sa.Column("phone", CODE),
        sa.Column(
            "words",
            TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple'::regconfig, regexp_replace(lower((COALESCE(name, ''::text) COLLATE pg_c_utf8)), '[^[:alnum:]]+'::text, ' '::text, 'g'::text))",
                persisted=True,
            ),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        schema=SCHEMA,
    )
    op.create_index("ix_members_email_lower", "members", [sa.literal_column("lower(email)")], schema=SCHEMA)
    op.create_index("ix_members_level_id", "members", ["level", "id"], schema=SCHEMA)
    op.create_index("ix_members_words", "members", ["words"], schema=SCHEMA, postgresql_using="gin")


def _create_warehouses() -> None:
    op.create_table(
        "warehouses",
        sa.Column("code", CODE, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_warehouses")),
        schema=SCHEMA,
    )


def _create_stock() -> None:
    op.create_table(
        "stock",
        sa.Column("sku", CODE, nullable=False),
        sa.Column("warehouse", CODE, nullable=False),
        sa.Column("initial", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("received", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("restocked", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("deducted", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("on_hand", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("reserved", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("on_hand = initial + received + restocked - deducted", name=op.f("ck_stock_balance")),
        sa.CheckConstraint("on_hand >= reserved", name=op.f("ck_stock_sellable")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_reserved")),
        sa.ForeignKeyConstraint(["warehouse"], ["services.warehouses.code"], name=op.f("fk_stock_warehouse")),
        sa.PrimaryKeyConstraint("sku", "warehouse", name=op.f("pk_stock")),
        schema=SCHEMA,
    )


def _create_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("line_id", CODE, nullable=False),
        sa.Column("warehouse", CODE, nullable=False),
        sa.Column("attempt", WHOLE, server_default=sa.text("1"), nullable=False),
        sa.Column("sku", CODE, nullable=False),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("is_at_once", FLAG, server_default=sa.text("false"), nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("reserved_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("returned_at", TIME),
        sa.CheckConstraint("(state = 'HELD') = (ended_at IS NULL)", name=op.f("ck_reservations_ended")),
        sa.CheckConstraint("returned_at IS NULL OR state = 'DEDUCTED'", name=op.f("ck_reservations_returned")),
        sa.CheckConstraint("state <> 'HELD' OR expires_at IS NOT NULL", name=op.f("ck_reservations_expiry")),
        sa.CheckConstraint("state IN ('HELD', 'DEDUCTED', 'RELEASED', 'EXPIRED')", name=op.f("ck_reservations_state")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservations_quantity")),
        sa.PrimaryKeyConstraint("order_id", "line_id", "warehouse", "attempt", name=op.f("pk_reservations")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_reservations_expires_at",
        "reservations",
        ["expires_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'HELD'::text"),
    )
    op.create_index("ix_reservations_sku_warehouse", "reservations", ["sku", "warehouse"], schema=SCHEMA)


def _create_promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("code", CODE, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("funder", CODE, nullable=False),
        sa.Column("rate", RATE),
        sa.Column("amount_minor", WHOLE_64),
        sa.Column("currency", CODE),
        sa.Column("minimum_minor", WHOLE_64, server_default=sa.text("0"), nullable=False),
        sa.Column("minimum_quantity", WHOLE, server_default=sa.text("1"), nullable=False),
        sa.Column("skus", CODES),
        sa.Column("categories", CODES),
        sa.Column("business_units", CODES),
        sa.Column("channels", CODES),
        sa.Column("member_levels", CODES),
        sa.Column("priority", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("valid_from", TIME),
        sa.Column("valid_until", TIME),
        sa.CheckConstraint("funder IN ('PLATFORM', 'MERCHANT', 'PARTNER')", name=op.f("ck_promotions_funder")),
        sa.CheckConstraint("kind IN ('LINE', 'ORDER')", name=op.f("ck_promotions_kind")),
        sa.CheckConstraint("(rate IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_promotions_reduction")),
        sa.CheckConstraint(
            "COALESCE(rate, 0) BETWEEN 0 AND 1 AND COALESCE(amount_minor, 0) >= 0 AND minimum_minor >= 0",
            name=op.f("ck_promotions_range"),
        ),
        sa.CheckConstraint(
            "currency IS NOT NULL OR (amount_minor IS NULL AND minimum_minor = 0)", name=op.f("ck_promotions_currency")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_promotions")),
        schema=SCHEMA,
    )


def _create_coupons() -> None:
    op.create_table(
        "coupons",
        sa.Column("code", CODE, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("funder", CODE, nullable=False),
        sa.Column("rate", RATE),
        sa.Column("amount_minor", WHOLE_64),
        sa.Column("currency", CODE),
        sa.Column("minimum_minor", WHOLE_64, server_default=sa.text("0"), nullable=False),
        sa.Column("business_units", CODES),
        sa.Column("channels", CODES),
        sa.Column("valid_from", TIME),
        sa.Column("valid_until", TIME),
        sa.Column("total_limit", WHOLE),
        sa.Column("member_limit", WHOLE),
        sa.Column("used", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("funder IN ('PLATFORM', 'MERCHANT', 'PARTNER')", name=op.f("ck_coupons_funder")),
        sa.CheckConstraint("(rate IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_coupons_reduction")),
        sa.CheckConstraint(
            "COALESCE(rate, 0) BETWEEN 0 AND 1 AND COALESCE(amount_minor, 0) >= 0 AND minimum_minor >= 0",
            name=op.f("ck_coupons_range"),
        ),
        sa.CheckConstraint(
            "currency IS NOT NULL OR (amount_minor IS NULL AND minimum_minor = 0)", name=op.f("ck_coupons_currency")
        ),
        sa.CheckConstraint("used >= 0 AND (total_limit IS NULL OR used <= total_limit)", name=op.f("ck_coupons_used")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_coupons")),
        schema=SCHEMA,
    )


def _create_coupon_claims() -> None:
    op.create_table(
        "coupon_claims",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("member_id", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("claimed_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("released_at", TIME),
        sa.CheckConstraint("state IN ('CLAIMED', 'RELEASED')", name=op.f("ck_coupon_claims_state")),
        sa.ForeignKeyConstraint(["code"], ["services.coupons.code"], name=op.f("fk_coupon_claims_code")),
        sa.PrimaryKeyConstraint("order_id", "code", name=op.f("pk_coupon_claims")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_coupon_claims_code_member_id",
        "coupon_claims",
        ["code", "member_id"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'CLAIMED'::text"),
    )


def _create_shipping_methods() -> None:
    op.create_table(
        "shipping_methods",
        sa.Column("business_unit", CODE, nullable=False),
        sa.Column("country", CODE, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("method", CODE, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("amount_minor", WHOLE_64, nullable=False),
        sa.Column("free_from_minor", WHOLE_64),
        sa.Column("priority", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "amount_minor >= 0 AND COALESCE(free_from_minor, 0) >= 0", name=op.f("ck_shipping_methods_amounts")
        ),
        sa.PrimaryKeyConstraint("business_unit", "country", "currency", "method", name=op.f("pk_shipping_methods")),
        schema=SCHEMA,
    )


def _create_tax_rates() -> None:
    op.create_table(
        "tax_rates",
        sa.Column("country", CODE, nullable=False),
        sa.Column("region", CODE, nullable=False),
        sa.Column("category", CODE, nullable=False),
        sa.Column("rate", RATE, nullable=False),
        sa.CheckConstraint("rate BETWEEN 0 AND 1", name=op.f("ck_tax_rates_rate")),
        sa.PrimaryKeyConstraint("country", "region", "category", name=op.f("pk_tax_rates")),
        schema=SCHEMA,
    )


def _create_provider_payments() -> None:
    op.create_table(
        "provider_payments",
        sa.Column("payment_id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("method", CODE, nullable=False),
        sa.Column("amount_minor", WHOLE_64, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("authorized_minor", WHOLE_64, nullable=False),
        sa.Column("captured_minor", WHOLE_64, nullable=False),
        sa.Column("refunded_minor", WHOLE_64, server_default=sa.text("0"), nullable=False),
        sa.Column("reference", CODE),
        sa.Column("decline_code", CODE),
        sa.Column("decline_message", WORDS),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('PROCESSING', 'AUTHORIZED', 'CAPTURED', 'DECLINED', 'VOIDED')",
            name=op.f("ck_provider_payments_state"),
        ),
        sa.CheckConstraint(
            "0 <= refunded_minor AND refunded_minor <= captured_minor AND captured_minor <= authorized_minor",
            name=op.f("ck_provider_payments_amounts"),
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_provider_payments")),
        schema=SCHEMA,
    )


def _create_provider_operations() -> None:
    op.create_table(
        "provider_operations",
        sa.Column("operation_id", CODE, nullable=False),
        sa.Column("payment_id", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("amount_minor", WHOLE_64, nullable=False),
        sa.Column("decline_code", CODE),
        sa.Column("decline_message", WORDS),
        sa.Column("at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('CAPTURE', 'VOID', 'REFUND')", name=op.f("ck_provider_operations_kind")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["services.provider_payments.payment_id"], name=op.f("fk_provider_operations_payment_id")
        ),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_provider_operations")),
        schema=SCHEMA,
    )
    op.create_index("ix_provider_operations_payment_id", "provider_operations", ["payment_id"], schema=SCHEMA)
