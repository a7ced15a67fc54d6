"""The tables of the cube: what each order put into it, its cells, and how far its upkeep has come."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Integer, PrimaryKeyConstraint, Table

from adapters.db.columns import Xid8, code, minor, moment, words
from adapters.db.tables import metadata

CUBE_DIMENSIONS: Final = (
    "business_unit", "channel", "order_type", "status", "payment_status", "fulfillment_status", "currency", "country",
)  # fmt: skip
"""Of an order, as in its table; an order without a country has "" here."""
DAY_DIMENSIONS: Final = ("business_unit", "channel", "order_type", "currency")
CUBE_PARTS: Final = (
    "orders", "cancelled_orders", "units", "gross", "discounts", "shipping", "tax", "captured", "refunded",
)  # fmt: skip
"""What is summed; amounts in minor units."""

rollup_state: Final = Table(
    "rollup_state",
    metadata,
    Column("id", Integer(), autoincrement=False, nullable=False),
    # Where the upkeep stands in the change feed, as `FeedPosition` says it.
    Column("feed_xid", Xid8(), nullable=False),
    minor("position"),
    words("snapshot", nullable=True),
    code("listed", nullable=True),
    moment("begun_at", default="now()"),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id = 1", name="one"),
)

rollup_orders: Final = Table(
    "rollup_orders",
    metadata,
    code("order_id"),  # no foreign key: an order that is erased is taken out of the cube afterwards
    moment("hour"),
    *(code(name) for name in CUBE_DIMENSIONS),
    *(minor(name) for name in CUBE_PARTS),
    PrimaryKeyConstraint("order_id"),
)
"""What each order has put into the cube: exactly that is taken out again when the order has changed."""

rollup_hours: Final = Table(
    "rollup_hours",
    metadata,
    moment("hour"),
    *(code(name) for name in CUBE_DIMENSIONS),
    *(minor(name) for name in CUBE_PARTS),
    PrimaryKeyConstraint("hour", *CUBE_DIMENSIONS),
)
"""The cube: orders by the hour (UTC) they were placed in."""

rollup_days: Final = Table(
    "rollup_days",
    metadata,
    moment("day"),
    *(code(name) for name in DAY_DIMENSIONS),
    *(minor(name) for name in CUBE_PARTS),
    PrimaryKeyConstraint("day", *DAY_DIMENSIONS),
)
"""A small part of the cube: by days in UTC, and by few dimensions. Most hours have about as many cells as orders; days have few."""
