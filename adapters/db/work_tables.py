"""The tables of the work beside orders: what callers sent before, what the worker has to do, exports."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from adapters.db.columns import code, document, minor, moment, not_negative, whole, words
from adapters.db.tables import metadata

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    code("caller"),
    code("operation"),
    code("key"),
    code("request_hash"),
    code("state"),
    document("outcome", nullable=True),
    moment("locked_until"),
    moment("created_at"),
    moment("expires_at"),
    PrimaryKeyConstraint("caller", "operation", "key"),
    Index(None, "expires_at"),
)

jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", BigInteger(), Identity(always=True), nullable=False),
    code("kind"),
    code("order_id"),  # no foreign key: a placement's job is written before its order
    document("payload"),
    moment("due_at"),
    whole("attempts", default="0"),
    moment("locked_until", nullable=True),
    words("last_error", nullable=True),
    moment("created_at", default="now()"),
    code("key"),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("key"),
    not_negative("attempts"),
    Index(None, "due_at"),
    Index(None, "order_id"),
)

export_jobs: Final = Table(
    "export_jobs",
    metadata,
    code("id"),
    code("owner"),
    document("scope"),
    code("status"),
    code("format"),
    code("dataset"),
    document("filter"),
    code("since", nullable=True),
    Column("progress", Double(), nullable=True),
    minor("row_count"),
    minor("byte_count"),
    code("sha256", nullable=True),
    code("watermark", nullable=True),
    words("error", nullable=True),
    moment("created_at"),
    moment("finished_at", nullable=True),
    moment("expires_at", nullable=True),
    moment("due_at", nullable=True),
    moment("locked_until", nullable=True),
    whole("attempts", default="0"),
    PrimaryKeyConstraint("id"),
    not_negative("row_count", "byte_count", "attempts"),
    CheckConstraint("(due_at IS NULL) = (finished_at IS NOT NULL)", name="due_or_finished"),
    Index(None, "owner", "created_at", "id"),
    Index(None, "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index(None, "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
)
