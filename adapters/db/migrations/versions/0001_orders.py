"""The tables of the orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from adapters.db.columns import Xid8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
WORDS = sa.Text()
WHOLE = sa.Integer()
WHOLE_64 = sa.BigInteger()
FLAG = sa.Boolean()
TIME = sa.DateTime(timezone=True)
JSON = JSONB(none_as_null=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _create_idempotency_keys()
    _create_jobs()
    _create_orders()
    _create_fulfillments()
    _create_order_events()
    _create_order_installments()
    _create_order_lines()
    _create_order_timers()
    _create_payments()
    _create_fulfillment_lines()
    _create_order_discounts()
    _create_refunds()
    _create_shipments()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in (
        "shipments",
        "refunds",
        "order_discounts",
        "fulfillment_lines",
        "payments",
        "order_timers",
        "order_lines",
        "order_installments",
        "order_events",
        "fulfillments",
        "orders",
        "jobs",
        "idempotency_keys",
    ):
        op.drop_table(table)


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", CODE, nullable=False),
        sa.Column("operation", CODE, nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("request_hash", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("outcome", JSON),
        sa.Column("locked_until", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("caller", "operation", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_expires_at"), "idempotency_keys", ["expires_at"])


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", WHOLE_64, sa.Identity(always=True), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", TIME),
        sa.Column("last_error", WORDS),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_jobs_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("key", name=op.f("uq_jobs_key")),
    )
    op.create_index(op.f("ix_jobs_due_at"), "jobs", ["due_at"])
    op.create_index(op.f("ix_jobs_order_id"), "jobs", ["order_id"])


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", CODE, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("external_number", CODE),
        sa.Column("business_unit", CODE, nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("channel_kind", CODE, nullable=False),
        sa.Column("order_type", CODE, nullable=False),
        sa.Column("flow_version", WHOLE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("previous_status", CODE),
        sa.Column("payment_status", CODE, nullable=False),
        sa.Column("fulfillment_status", CODE, nullable=False),
        sa.Column("after_sale_status", CODE, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("placed_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("paid_at", TIME),
        sa.Column("completed_at", TIME),
        sa.Column("cancelled_at", TIME),
        sa.Column("member_id", CODE, nullable=False),
        sa.Column("buyer_name", WORDS),
        sa.Column("buyer_level", CODE),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("subtotal_minor", WHOLE_64, nullable=False),
        sa.Column("discount_minor", WHOLE_64, nullable=False),
        sa.Column("shipping_minor", WHOLE_64, nullable=False),
        sa.Column("tax_minor", WHOLE_64, nullable=False),
        sa.Column("total_minor", WHOLE_64, nullable=False),
        sa.Column("captured_minor", WHOLE_64, nullable=False),
        sa.Column("authorized_minor", WHOLE_64, nullable=False),
        sa.Column("refunded_minor", WHOLE_64, nullable=False),
        sa.Column("cancelled_minor", WHOLE_64, nullable=False),
        sa.Column("payable_minor", WHOLE_64, nullable=False),
        sa.Column("import_difference_minor", WHOLE_64),
        sa.Column("line_count", WHOLE, nullable=False),
        sa.Column("unit_count", WHOLE, nullable=False),
        sa.Column("shipped_units", WHOLE, nullable=False),
        sa.Column("payments_in_flight", WHOLE, nullable=False),
        sa.Column("receipt_extensions", WHOLE, nullable=False),
        sa.Column("shipping_address", JSON),
        sa.Column("country", CODE),
        sa.Column("region", CODE),
        sa.Column("shipping_method", CODE),
        sa.Column("note", WORDS),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("is_imported", FLAG, nullable=False),
        sa.Column("search_keys", ARRAY(WORDS), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("search_text", WORDS, server_default=sa.text("''"), nullable=False),
        sa.Column(
            "search_key_lexemes",
            TSVECTOR(),
            sa.Computed("array_to_tsvector(search_keys)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "search",
            TSVECTOR(),
            sa.Computed(
                "array_to_tsvector(array_remove(string_to_array(search_text, ' '::text), ''::text))", persisted=True
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "subtotal_minor >= 0 AND discount_minor >= 0 AND shipping_minor >= 0 AND tax_minor >= 0 AND total_minor >= 0 AND captured_minor >= 0 AND authorized_minor >= 0 AND refunded_minor >= 0 AND cancelled_minor >= 0 AND payable_minor >= 0 AND line_count >= 0 AND payments_in_flight >= 0 AND receipt_extensions >= 0",
            name=op.f("ck_orders_not_negative"),
        ),
        sa.CheckConstraint(
            "unit_count >= 0 AND shipped_units >= 0 AND shipped_units <= unit_count", name=op.f("ck_orders_units")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_orders_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("external_number", "channel", name=op.f("uq_orders_external_number_channel")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index(op.f("ix_orders_business_unit_placed_at_id"), "orders", ["business_unit", "placed_at", "id"])
    op.create_index(op.f("ix_orders_channel_placed_at_id"), "orders", ["channel", "placed_at", "id"])
    op.create_index(op.f("ix_orders_member_id_placed_at_id"), "orders", ["member_id", "placed_at", "id"])
    op.create_index(op.f("ix_orders_placed_at_id"), "orders", ["placed_at", "id"])
    op.create_index(
        op.f("ix_orders_search_key_lexemes_search"), "orders", ["search_key_lexemes", "search"], postgresql_using="gin"
    )
    op.create_index(op.f("ix_orders_status_placed_at_id"), "orders", ["status", "placed_at", "id"])
    op.create_index(op.f("ix_orders_total_minor_id"), "orders", ["total_minor", "id"])
    op.create_index(op.f("ix_orders_updated_at_id"), "orders", ["updated_at", "id"])


def _create_fulfillments() -> None:
    op.create_table(
        "fulfillments",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("previous_status", CODE),
        sa.Column("warehouse", CODE),
        sa.Column("seller_id", CODE),
        sa.Column("seller_name", WORDS),
        sa.Column("split_by", JSON, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("subtotal_minor", WHOLE_64, nullable=False),
        sa.Column("discount_minor", WHOLE_64, nullable=False),
        sa.Column("shipping_minor", WHOLE_64, nullable=False),
        sa.Column("tax_minor", WHOLE_64, nullable=False),
        sa.Column("total_minor", WHOLE_64, nullable=False),
        sa.Column("unit_count", WHOLE, nullable=False),
        sa.Column("shipped_units", WHOLE, nullable=False),
        sa.Column("cancelled_units", WHOLE, nullable=False),
        sa.Column("promised_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "subtotal_minor >= 0 AND discount_minor >= 0 AND shipping_minor >= 0 AND tax_minor >= 0 AND total_minor >= 0",
            name=op.f("ck_fulfillments_not_negative"),
        ),
        sa.CheckConstraint(
            "unit_count >= 0 AND shipped_units >= 0 AND shipped_units <= unit_count AND cancelled_units >= 0 AND cancelled_units <= unit_count",
            name=op.f("ck_fulfillments_units"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fulfillments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillments")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_fulfillments_order_id_number")),
    )
    op.create_index(op.f("ix_fulfillments_created_at_id"), "fulfillments", ["created_at", "id"])
    op.create_index(op.f("ix_fulfillments_seller_id_created_at_id"), "fulfillments", ["seller_id", "created_at", "id"])
    op.create_index(op.f("ix_fulfillments_status_created_at_id"), "fulfillments", ["status", "created_at", "id"])
    op.create_index(op.f("ix_fulfillments_warehouse_created_at_id"), "fulfillments", ["warehouse", "created_at", "id"])


def _create_order_events() -> None:
    op.create_table(
        "order_events",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("sequence", WHOLE, nullable=False),
        sa.Column("machine", CODE, nullable=False),
        sa.Column("subject_id", CODE, nullable=False),
        sa.Column("from_state", CODE),
        sa.Column("to_state", CODE, nullable=False),
        sa.Column("action", CODE, nullable=False),
        sa.Column("actor_kind", CODE, nullable=False),
        sa.Column("actor_id", CODE, nullable=False),
        sa.Column("actor_name", WORDS),
        sa.Column("at", TIME, nullable=False),
        sa.Column("note", WORDS),
        sa.Column("details", JSON, nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("position", WHOLE_64, sa.Identity(always=True), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_order_events_sequence")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
        sa.UniqueConstraint("order_id", "sequence", name=op.f("uq_order_events_order_id_sequence")),
    )
    op.create_index(op.f("ix_order_events_xid_position"), "order_events", ["xid", "position"])


def _create_order_installments() -> None:
    op.create_table(
        "order_installments",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("amount_minor", WHOLE_64, nullable=False),
        sa.Column("paid_minor", WHOLE_64, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("opens_at", TIME),
        sa.Column("due_at", TIME),
        sa.CheckConstraint("amount_minor >= 0 AND paid_minor >= 0", name=op.f("ck_order_installments_not_negative")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_installments_order_id")),
        sa.PrimaryKeyConstraint("order_id", "position", name=op.f("pk_order_installments")),
    )


def _create_order_lines() -> None:
    op.create_table(
        "order_lines",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("sku", CODE, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("category", CODE),
        sa.Column("seller_id", CODE),
        sa.Column("seller_name", WORDS),
        sa.Column("supply_channel", CODE, nullable=False),
        sa.Column("delivery_mode", CODE),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("unit_price_minor", WHOLE_64, nullable=False),
        sa.Column("discount_minor", WHOLE_64, nullable=False),
        sa.Column("tax_minor", WHOLE_64, nullable=False),
        sa.Column("total_minor", WHOLE_64, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("stock_policy", CODE, nullable=False),
        sa.Column("allocations", JSON, nullable=False),
        sa.Column("shipped_quantity", WHOLE, nullable=False),
        sa.Column("cancelled_quantity", WHOLE, nullable=False),
        sa.Column("returned_quantity", WHOLE, nullable=False),
        sa.Column("refunded_minor", WHOLE_64, nullable=False),
        sa.CheckConstraint(
            "quantity >= 0 AND shipped_quantity >= 0 AND shipped_quantity <= quantity AND cancelled_quantity >= 0 AND cancelled_quantity <= quantity AND returned_quantity >= 0 AND returned_quantity <= quantity",
            name=op.f("ck_order_lines_units"),
        ),
        sa.CheckConstraint(
            "unit_price_minor >= 0 AND discount_minor >= 0 AND tax_minor >= 0 AND total_minor >= 0 AND refunded_minor >= 0",
            name=op.f("ck_order_lines_not_negative"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_lines_order_id_position")),
    )
    op.create_index(op.f("ix_order_lines_category_order_id"), "order_lines", ["category", "order_id"])
    op.create_index(op.f("ix_order_lines_seller_id_order_id"), "order_lines", ["seller_id", "order_id"])
    op.create_index(op.f("ix_order_lines_sku_order_id"), "order_lines", ["sku", "order_id"])


def _create_order_timers() -> None:
    op.create_table(
        "order_timers",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("subject_id", CODE, nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("action", CODE, nullable=False),
        sa.Column("machine", CODE, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("remaining_s", WHOLE),
        sa.Column("locked_until", TIME),
        sa.Column("attempts", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("num_nonnulls(due_at, remaining_s) = 1", name=op.f("ck_order_timers_runs_or_rests")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_timers_order_id")),
        sa.PrimaryKeyConstraint("order_id", "subject_id", "name", name=op.f("pk_order_timers")),
    )
    op.create_index(
        op.f("ix_order_timers_due_at"), "order_timers", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("method", CODE, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("amount_minor", WHOLE_64, nullable=False),
        sa.Column("authorized_minor", WHOLE_64, nullable=False),
        sa.Column("captured_minor", WHOLE_64, nullable=False),
        sa.Column("refunded_minor", WHOLE_64, nullable=False),
        sa.Column("excess_minor", WHOLE_64, nullable=False),
        sa.Column("is_captured_at_once", FLAG, nullable=False),
        sa.Column("provider_reference", CODE),
        sa.Column("external_reference", CODE),
        sa.Column("next_action", JSON),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "amount_minor >= 0 AND authorized_minor >= 0 AND captured_minor >= 0 AND refunded_minor >= 0 AND excess_minor >= 0",
            name=op.f("ck_payments_not_negative"),
        ),
        sa.CheckConstraint(
            "refunded_minor <= captured_minor AND captured_minor <= authorized_minor", name=op.f("ck_payments_sums")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_order_id_created_at"), "payments", ["order_id", "created_at"])


def _create_fulfillment_lines() -> None:
    op.create_table(
        "fulfillment_lines",
        sa.Column("fulfillment_id", CODE, nullable=False),
        sa.Column("line_id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("sku", CODE, nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("shipped_quantity", WHOLE, nullable=False),
        sa.Column("cancelled_quantity", WHOLE, nullable=False),
        sa.Column("returned_quantity", WHOLE, nullable=False),
        sa.CheckConstraint(
            "quantity >= 0 AND shipped_quantity >= 0 AND shipped_quantity <= quantity AND cancelled_quantity >= 0 AND cancelled_quantity <= quantity AND returned_quantity >= 0 AND returned_quantity <= quantity",
            name=op.f("ck_fulfillment_lines_units"),
        ),
        sa.ForeignKeyConstraint(
            ["fulfillment_id"], ["fulfillments.id"], name=op.f("fk_fulfillment_lines_fulfillment_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_fulfillment_lines_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fulfillment_lines_order_id")),
        sa.PrimaryKeyConstraint("fulfillment_id", "line_id", name=op.f("pk_fulfillment_lines")),
    )
    op.create_index(op.f("ix_fulfillment_lines_order_id"), "fulfillment_lines", ["order_id"])


def _create_order_discounts() -> None:
    op.create_table(
        "order_discounts",
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("position", WHOLE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("code", CODE),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("amount_minor", WHOLE_64, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("funder", CODE, nullable=False),
        sa.Column("line_id", CODE),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_order_discounts_not_negative")),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_order_discounts_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_discounts_order_id")),
        sa.PrimaryKeyConstraint("order_id", "position", name=op.f("pk_order_discounts")),
    )
    op.create_index(op.f("ix_order_discounts_code_order_id"), "order_discounts", ["code", "order_id"])


def _create_refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("payment_id", CODE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("currency", CODE, nullable=False),
        sa.Column("amount_minor", WHOLE_64, nullable=False),
        sa.Column("reason", WORDS),
        sa.Column("after_sale_id", CODE),
        sa.Column("is_excess", FLAG, nullable=False),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("amount_minor >= 0 AND attempts >= 0", name=op.f("ck_refunds_not_negative")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_order_id_created_at"), "refunds", ["order_id", "created_at"])
    op.create_index(op.f("ix_refunds_payment_id_created_at"), "refunds", ["payment_id", "created_at"])


def _create_shipments() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", CODE, nullable=False),
        sa.Column("order_id", CODE, nullable=False),
        sa.Column("fulfillment_id", CODE, nullable=False),
        sa.Column("carrier", CODE, nullable=False),
        sa.Column("tracking_number", CODE),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("shipped_at", TIME, nullable=False),
        sa.Column("delivered_at", TIME),
        sa.ForeignKeyConstraint(["fulfillment_id"], ["fulfillments.id"], name=op.f("fk_shipments_fulfillment_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
    )
    op.create_index(op.f("ix_shipments_fulfillment_id_shipped_at"), "shipments", ["fulfillment_id", "shipped_at"])
    op.create_index(op.f("ix_shipments_order_id_shipped_at"), "shipments", ["order_id", "shipped_at"])
    op.create_index(
        op.f("ix_shipments_tracking_number_carrier"),
        "shipments",
        ["tracking_number", "carrier"],
        unique=True,
        postgresql_where=sa.text("tracking_number IS NOT NULL"),
    )
