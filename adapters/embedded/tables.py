"""The tables of the embedded public services, in a PostgreSQL schema of their own: `services`.

Each service has its own tables, and none has a foreign key into another's: they are separate systems that share a server.
`ANY` in a key column names the row for everything that no other row names.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

ANY: Final = "*"

metadata = MetaData(
    schema="services",
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)

KEY: Final = Text(collation="C")
KEYS: Final = ARRAY(KEY)
MOMENT: Final = DateTime(timezone=True)


def _key(name: str, *constraints: ForeignKey, optional: bool = False) -> Column[str]:
    return Column(name, KEY, *constraints, nullable=optional)


def _keys(name: str) -> Column[list[str]]:
    """One side of a condition; null: it does not matter."""
    return Column(name, KEYS)


def _label(name: str, *, optional: bool = False) -> Column[str]:
    return Column(name, Text, nullable=optional)


def _minor(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


def _count(name: str, default: str | None = "0") -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=None if default is None else text(default))


def _rate(name: str, *, optional: bool = False) -> Column[Decimal]:
    return Column(name, Numeric(9, 6), nullable=optional)


def _at(name: str, *, is_now: bool = False) -> Column[datetime]:
    return Column(name, MOMENT, nullable=not is_now, server_default=func.now() if is_now else None)


def _words(text_expression: str) -> Column[Any]:
    """The text's words for searching, in lower case by Unicode's rules: the database's own locale may know ASCII only.

    Spelled as PostgreSQL gives it back, so that migrations compare equal.
    """
    folded = f"lower(({text_expression} COLLATE pg_c_utf8))"
    split = f"regexp_replace({folded}, '[^[:alnum:]]+'::text, ' '::text, 'g'::text)"
    return Column("words", TSVECTOR, Computed(f"to_tsvector('simple'::regconfig, {split})", persisted=True))


products = Table(
    "products",
    metadata,
    _key("sku"),
    _label("name"),
    _key("category", optional=True),
    _minor("price_minor"),
    _key("currency"),
    Column("is_available", Boolean, nullable=False, server_default=text("true")),
    _key("seller_id", optional=True),
    _label("seller_name", optional=True),
    _key("supply_channel"),
    _key("delivery_mode", optional=True),
    _words("name"),
    PrimaryKeyConstraint("sku"),
    CheckConstraint("price_minor >= 0", "price"),
)
Index("ix_products_words", products.c.words, postgresql_using="gin")
Index("ix_products_sku_lower", func.lower(products.c.sku))
Index("ix_products_category_sku", products.c.category, products.c.sku)

product_content = Table(
    "product_content",
    metadata,
    _key("sku"),
    _label("title"),
    _label("description", optional=True),
    Column("images", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    PrimaryKeyConstraint("sku"),
)

members = Table(
    "members",
    metadata,
    _key("id"),
    _label("name", optional=True),
    _key("level", optional=True),
    _key("email", optional=True),
    _key("phone", optional=True),
    _words("COALESCE(name, ''::text)"),
    PrimaryKeyConstraint("id"),
)
Index("ix_members_words", members.c.words, postgresql_using="gin")
Index("ix_members_email_lower", func.lower(members.c.email))
Index("ix_members_level_id", members.c.level, members.c.id)

warehouses = Table("warehouses", metadata, _key("code"), _label("name"), PrimaryKeyConstraint("code"))

stock = Table(
    "stock",
    metadata,
    _key("sku"),
    _key("warehouse", ForeignKey(warehouses.c.code)),
    _count("initial"),
    _count("received"),
    _count("restocked"),
    _count("deducted"),
    _count("on_hand"),
    _count("reserved"),
    _count("allowance"),
    PrimaryKeyConstraint("sku", "warehouse"),
    CheckConstraint("on_hand = initial + received + restocked - deducted", "balance"),
    CheckConstraint("reserved >= 0", "reserved"),
    CheckConstraint("allowance >= 0", "allowance"),
    CheckConstraint("on_hand - reserved + allowance >= 0", "sellable"),
)
"""`received` came from outside, `restocked` came back from orders. `allowance`: so many more may be sold than are there."""

# No foreign key to `stock`: its row is locked whenever a reservation is written, and the check would cost a look-up per row.
reservations = Table(
    "reservations",
    metadata,
    _key("order_id"),
    _key("line_id"),
    _key("warehouse"),
    _count("attempt", "1"),
    _key("sku"),
    _count("quantity", None),
    _key("state"),
    Column("is_at_once", Boolean, nullable=False, server_default=text("false")),
    _at("expires_at"),
    _at("reserved_at", is_now=True),
    _at("ended_at"),
    _at("returned_at"),
    Column("allocation_id", Text(collation="C")),
    PrimaryKeyConstraint("order_id", "line_id", "warehouse", "attempt"),
    CheckConstraint("quantity > 0", "quantity"),
    CheckConstraint("state IN ('HELD', 'DEDUCTED', 'RELEASED', 'EXPIRED')", "state"),
    CheckConstraint("(state = 'HELD') = (ended_at IS NULL)", "ended"),
    CheckConstraint("state <> 'HELD' OR expires_at IS NOT NULL", "expiry"),
    CheckConstraint("returned_at IS NULL OR state = 'DEDUCTED'", "returned"),
)
"""A row ends once and is never reused: what is reserved again after its end is the next `attempt`. `is_at_once`: deducted when
ordered. What was deducted comes back when the order is released, or its warehouse does not send it (`returned_at`).
`allocation_id`: for which later allocation it was reserved; empty when the order was placed."""
Index(
    "ix_reservations_expires_at",
    reservations.c.expires_at,
    postgresql_where=reservations.c.state == text("'HELD'::text"),
)
Index("ix_reservations_sku_warehouse", reservations.c.sku, reservations.c.warehouse)

_REDUCTION: Final = "(rate IS NULL) <> (amount_minor IS NULL)"
_REDUCTION_RANGE: Final = "COALESCE(rate, 0) BETWEEN 0 AND 1 AND COALESCE(amount_minor, 0) >= 0 AND minimum_minor >= 0"
_AMOUNTS_HAVE_CURRENCY: Final = "currency IS NOT NULL OR (amount_minor IS NULL AND minimum_minor = 0)"
_FUNDER: Final = "funder IN ('PLATFORM', 'MERCHANT', 'PARTNER')"

promotions = Table(
    "promotions",
    metadata,
    _key("code"),
    _label("name"),
    _key("kind"),
    _key("funder"),
    _rate("rate", optional=True),
    _minor("amount_minor", optional=True),
    _key("currency", optional=True),
    Column("minimum_minor", BigInteger, nullable=False, server_default=text("0")),
    _count("minimum_quantity", "1"),
    _keys("skus"),
    _keys("categories"),
    _keys("business_units"),
    _keys("channels"),
    _keys("member_levels"),
    _count("priority"),
    _at("valid_from"),
    _at("valid_until"),
    PrimaryKeyConstraint("code"),
    CheckConstraint("kind IN ('LINE', 'ORDER')", "kind"),
    CheckConstraint(_FUNDER, "funder"),
    CheckConstraint(_REDUCTION, "reduction"),
    CheckConstraint(_REDUCTION_RANGE, "range"),
    CheckConstraint(_AMOUNTS_HAVE_CURRENCY, "currency"),
)
"""They apply by `priority`, then by code. Valid from `valid_from` until just before `valid_until`."""

coupons = Table(
    "coupons",
    metadata,
    _key("code"),
    _label("name"),
    _key("funder"),
    _rate("rate", optional=True),
    _minor("amount_minor", optional=True),
    _key("currency", optional=True),
    Column("minimum_minor", BigInteger, nullable=False, server_default=text("0")),
    _keys("business_units"),
    _keys("channels"),
    _at("valid_from"),
    _at("valid_until"),
    Column("total_limit", Integer),
    Column("member_limit", Integer),
    _count("used"),
    PrimaryKeyConstraint("code"),
    CheckConstraint(_FUNDER, "funder"),
    CheckConstraint(_REDUCTION, "reduction"),
    CheckConstraint(_REDUCTION_RANGE, "range"),
    CheckConstraint(_AMOUNTS_HAVE_CURRENCY, "currency"),
    CheckConstraint("used >= 0 AND (total_limit IS NULL OR used <= total_limit)", "used"),
)

coupon_claims = Table(
    "coupon_claims",
    metadata,
    _key("order_id"),
    _key("code", ForeignKey(coupons.c.code)),
    _key("member_id"),
    _key("state"),
    _at("claimed_at", is_now=True),
    _at("released_at"),
    PrimaryKeyConstraint("order_id", "code"),
    CheckConstraint("state IN ('CLAIMED', 'RELEASED')", "state"),
)
"""`coupons.used` is the number of its CLAIMED rows."""
Index(
    "ix_coupon_claims_code_member_id",
    coupon_claims.c.code,
    coupon_claims.c.member_id,
    postgresql_where=coupon_claims.c.state == text("'CLAIMED'::text"),
)

stock_returns = Table(
    "stock_returns",
    metadata,
    _key("return_id"),
    _key("line_id"),
    _key("warehouse"),
    _key("order_id"),
    _key("sku"),
    _count("quantity", None),
    Column("had_left", Boolean, nullable=False),
    _at("returned_at", is_now=True),
    PrimaryKeyConstraint("return_id", "line_id", "warehouse"),
    CheckConstraint("quantity > 0", "quantity"),
)
"""Units of orders that went back to stock in parts. `had_left`: with a parcel; else their reservations say the same."""
Index("ix_stock_returns_sku_warehouse", stock_returns.c.sku, stock_returns.c.warehouse)

stock_receipts = Table(
    "stock_receipts",
    metadata,
    _key("receipt"),
    _key("sku"),
    _key("warehouse"),
    _count("quantity", None),
    _at("received_at", is_now=True),
    PrimaryKeyConstraint("receipt"),
    CheckConstraint("quantity > 0", "quantity"),
)
"""Arrivals that whoever booked them gave a name, so that none is booked twice."""

presales = Table(
    "presales",
    metadata,
    _key("business_unit"),
    _key("sku"),
    Column("balance_opens_at", MOMENT, nullable=False),
    Column("balance_due_at", MOMENT, nullable=False),
    _at("sold_until"),
    PrimaryKeyConstraint("business_unit", "sku"),
    CheckConstraint("balance_opens_at < balance_due_at", "balance"),
)
"""When the balance of what is sold beforehand is paid. `sold_until`: empty, no end."""

voucher_pools = Table(
    "voucher_pools",
    metadata,
    _key("sku"),
    _count("remaining", None),
    Column("valid_s", BigInteger),
    PrimaryKeyConstraint("sku"),
    CheckConstraint("remaining >= 0", "remaining"),
)
"""How many codes of a SKU can still be had, and for how long each is valid. SKUs without a row have as many as are wanted,
which never expire."""

voucher_codes = Table(
    "voucher_codes",
    metadata,
    _key("code"),
    _key("order_id"),
    _key("line_id"),
    _count("position", None),
    _key("sku"),
    _at("issued_at", is_now=True),
    _at("expires_at"),
    _at("cancelled_at"),
    PrimaryKeyConstraint("code"),
)
Index(
    "ix_voucher_codes_order_id_line_id_position",
    voucher_codes.c.order_id,
    voucher_codes.c.line_id,
    voucher_codes.c.position,
    unique=True,
)

shipping_methods = Table(
    "shipping_methods",
    metadata,
    _key("business_unit"),
    _key("country"),
    _key("currency"),
    _key("method"),
    _label("name"),
    _minor("amount_minor"),
    _minor("free_from_minor", optional=True),
    _count("priority"),
    PrimaryKeyConstraint("business_unit", "country", "currency", "method"),
    CheckConstraint("amount_minor >= 0 AND COALESCE(free_from_minor, 0) >= 0", "amounts"),
)
"""`country` may be ANY. The lowest `priority` is the default."""

tax_rates = Table(
    "tax_rates",
    metadata,
    _key("country"),
    _key("region"),
    _key("category"),
    _rate("rate"),
    PrimaryKeyConstraint("country", "region", "category"),
    CheckConstraint("rate BETWEEN 0 AND 1", "rate"),
)
"""`region` and `category` may be ANY; a rate of the category goes before one of the region."""

provider_payments = Table(
    "provider_payments",
    metadata,
    _key("payment_id"),
    _key("order_id"),
    _key("method"),
    _minor("amount_minor"),
    _key("currency"),
    _key("state"),
    _minor("authorized_minor"),
    _minor("captured_minor"),
    Column("refunded_minor", BigInteger, nullable=False, server_default=text("0")),
    _key("reference", optional=True),
    _key("decline_code", optional=True),
    _label("decline_message", optional=True),
    _at("created_at", is_now=True),
    PrimaryKeyConstraint("payment_id"),
    CheckConstraint("state IN ('PROCESSING', 'AUTHORIZED', 'CAPTURED', 'DECLINED', 'VOIDED')", "state"),
    CheckConstraint(
        "0 <= refunded_minor AND refunded_minor <= captured_minor AND captured_minor <= authorized_minor", "amounts"
    ),
)

provider_operations = Table(
    "provider_operations",
    metadata,
    _key("operation_id"),
    _key("payment_id", ForeignKey(provider_payments.c.payment_id)),
    _key("kind"),
    _minor("amount_minor"),
    _key("decline_code", optional=True),
    _label("decline_message", optional=True),
    _at("at", is_now=True),
    PrimaryKeyConstraint("operation_id"),
    CheckConstraint("kind IN ('CAPTURE', 'VOID', 'REFUND')", "kind"),
)
Index("ix_provider_operations_payment_id", provider_operations.c.payment_id)
