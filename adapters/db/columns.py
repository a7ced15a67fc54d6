"""How a column of ours is made: one word per kind of value, so that a table reads as a list of names.

Ids, numbers and codes have the collation "C": they are compared as bytes, in every database alike. Enumerations are codes, so
that a new state needs no migration. Amounts are whole minor units; times carry a zone.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


def code(name: str, *rest: Any, nullable: bool = False) -> Column[Any]:
    return Column(name, Text(collation="C"), *rest, nullable=nullable)


def words(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Text(), nullable=nullable)


def whole(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, Integer(), nullable=nullable, server_default=text(default) if default else None)


def minor(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, BigInteger(), nullable=nullable)


def moment(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=text(default) if default else None)


def flag(name: str) -> Column[Any]:
    return Column(name, Boolean(), nullable=False)


def document(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSONB(none_as_null=True), nullable=nullable)


def reference(name: str, target: str, *, nullable: bool = False) -> Column[Any]:
    """A reference to another table's id."""
    return code(name, ForeignKey(f"{target}.id"), nullable=nullable)


def feed_places(*, is_counting: bool) -> tuple[Column[Any], ...]:
    """Where a row stands in the change feed, and since when it is written. One table counts, others take its sequence's numbers.

    `xid` is the transaction that wrote it. `feed_xid` is that, or the one of the order's step before where that is greater: a
    transaction may begin before another one and write to the same order after it. `(feed_xid, position)` is the place.
    """
    own = text("pg_current_xact_id()")
    return (
        Column("xid", Xid8(), nullable=False, server_default=own),
        Column("position", BigInteger(), *((Identity(always=True),) if is_counting else ()), nullable=False),
        Column("feed_xid", Xid8(), nullable=False, server_default=own),
        moment("recorded_at", default="now()"),
    )


def not_negative(*columns: str) -> CheckConstraint:
    return CheckConstraint(" AND ".join(f"{column} >= 0" for column in columns), name="not_negative")


def units(whole: str, *parts: str) -> CheckConstraint:
    """No part of a quantity is below zero or above the whole."""
    tests = (f"{part} >= 0 AND {part} <= {whole}" for part in parts)
    return CheckConstraint(" AND ".join((f"{whole} >= 0", *tests)), name="units")


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id: SQLAlchemy has none."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "xid8"


class PgSnapshot(UserDefinedType[str]):
    """PostgreSQL's own word for which transactions had ended at a moment."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "pg_snapshot"


ischema_names["xid8"] = Xid8  # so that reading a database's columns back knows it too
