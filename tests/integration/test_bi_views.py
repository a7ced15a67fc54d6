"""The views of `bi`: those of the code, over true rows, for a role that sees nothing else."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg
import pytest

from adapters.db.bi_grant import Granted, GrantRefused, grant
from adapters.db.bi_views import DATASETS, VIEWS, definitions
from adapters.db.connection import connect, dsn
from adapters.db.engine import Database
from domain.values.money import currencies_of
from tests.fixtures.shop import Shop

pytestmark = pytest.mark.anyio

ROLE = 'bi "reader"'
PERSONAL = ("name", "phone", "recipient", "line1", "postal", "note", "reason", "address", "email")
MADE = """
    SELECT viewname, pg_get_viewdef(format('bi.%I', viewname)::regclass) FROM pg_views WHERE schemaname = 'bi'
    UNION ALL SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'bi'::regnamespace
    UNION ALL SELECT 'schema', obj_description('bi'::regnamespace, 'pg_namespace')
    UNION ALL SELECT 'function', obj_description(oid, 'pg_proc') FROM pg_proc WHERE pronamespace = 'bi'::regnamespace
    UNION ALL SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class AS c WHERE relnamespace = 'bi'::regnamespace
    UNION ALL SELECT format('%s.%s', c.relname, a.attname), col_description(c.oid, a.attnum)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE relnamespace = 'bi'::regnamespace
"""


@pytest.fixture
async def own(database_url: str, database: Database) -> AsyncIterator[asyncpg.Connection]:  # noqa: ARG001  empties the tables
    connection = await connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def granted(database_url: str, own: asyncpg.Connection) -> AsyncIterator[Granted]:
    yield await grant(database_url, ROLE)
    await own.execute('DROP OWNED BY "bi ""reader"""; DROP ROLE "bi ""reader"""')


async def connected(url: str, password: str) -> asyncpg.Connection:
    """As a BI tool connects: by the role's name and password."""
    parts = urlsplit(dsn(url))
    host = parts.netloc.rpartition("@")[2]
    return await asyncpg.connect(parts._replace(netloc=f"{quote(ROLE)}:{quote(password)}@{host}").geturl())


async def test_the_views_of_the_migrations_are_those_of_the_code(own: asyncpg.Connection) -> None:
    migrated = sorted(tuple(row) for row in await own.fetch(MADE))
    transaction = own.transaction()
    await transaction.start()
    await own.execute("DROP SCHEMA bi CASCADE")
    for statement in definitions():
        await own.execute(statement)
    assert sorted(tuple(row) for row in await own.fetch(MADE)) == migrated
    await transaction.rollback()


async def test_every_column_is_there_in_its_order_with_its_kind(own: asyncpg.Connection) -> None:
    kinds = {
        "text": "TEXT",
        "integer": "WHOLE",
        "bigint": "WHOLE",
        "numeric": "MONEY",
        "boolean": "FLAG",
        "timestamp with time zone": "TIME",
    }
    query = (
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'bi' AND table_name = $1 ORDER BY ordinal_position"
    )
    for name, dataset in DATASETS.items():
        found = [(row["column_name"], kinds[row["data_type"]]) for row in await own.fetch(query, name)]
        assert found == [(column.name, column.kind.value) for column in dataset.columns]


def test_no_column_says_who_a_person_is_or_where_one_lives() -> None:
    names = [column.name for dataset in DATASETS.values() for column in dataset.columns]
    assert {name for name in names if any(part in name for part in PERSONAL)} == {"name"}
    expressions = " ".join(text for view in VIEWS.values() for text in view.expressions.values())
    assert "buyer_name" not in expressions
    assert expressions.count("shipping_address") == 1


async def test_amounts_are_whole_units_with_the_digits_of_their_currency(own: asyncpg.Connection) -> None:
    for digits, amount in ((0, "1234567"), (2, "12345.67"), (3, "1234.567")):
        for currency in currencies_of(digits):
            found: Any = await own.fetchval("SELECT bi.major(1234567, $1)", currency)
            assert str(found) == amount
    assert await own.fetchval("SELECT bi.major(NULL, 'EUR')") is None


async def test_the_views_show_a_placed_and_paid_order_in_their_grain(shop: Shop, own: asyncpg.Connection) -> None:
    await shop.paid()
    counts = {name: await own.fetchval(f"SELECT count(*) FROM bi.{name}") for name in DATASETS}
    assert (counts["orders"], counts["payments"], counts["daily_sales"]) == (1, 1, 1)
    order = await own.fetchrow("SELECT * FROM bi.orders")
    stored = await own.fetchrow("SELECT * FROM orders")
    assert order["total"] == Decimal(stored["total_minor"]).scaleb(-2)
    assert order["captured_total"] == order["total"]
    assert order["city"] == "Berlin"
    assert (
        sum(row["total"] for row in await own.fetch("SELECT total FROM bi.order_lines")) + order["shipping_total"]
        == order["total"]
    )
    day = await own.fetchrow("SELECT * FROM bi.daily_sales")
    assert [day[name] for name in ("orders", "units", "gross", "discounts", "paid", "refunded")] == [
        1, order["unit_count"], order["subtotal"], order["discount_total"], order["captured_total"], 0,
    ]  # fmt: skip
    assert counts["transitions"] == await own.fetchval("SELECT count(*) FROM order_events")


async def test_the_role_reads_the_views_and_nothing_else(
    database_url: str, own: asyncpg.Connection, granted: Granted
) -> None:
    assert granted.is_new
    assert granted.password is not None
    reader = await connected(database_url, granted.password)
    try:
        assert await reader.fetchval("SELECT current_user") == ROLE
        for name in DATASETS:
            assert await reader.fetchval(f"SELECT count(*) FROM bi.{name}") == 0
        await reader.execute(
            "SET default_transaction_read_only = off"
        )  # it is a guard rail, not what keeps the role out
        tables = await own.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'services')"
        )
        assert len(tables) > 20
        for name in [row["name"] for row in tables]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.fetch(f"SELECT * FROM {name}")
        for statement in (
            "DELETE FROM bi.orders",
            "INSERT INTO bi.payments (payment_id) VALUES ('x')",
            "UPDATE bi.orders SET status = 'PAID'",
            "CREATE TABLE public.mine (id int)",
            "CREATE TABLE bi.mine (id int)",
            "CREATE ROLE friend",
        ):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError)):
                await reader.execute(statement)
    finally:
        await reader.close()


async def test_granting_again_changes_nothing(database_url: str, granted: Granted) -> None:
    assert granted.is_new
    assert await grant(database_url, ROLE) == Granted(is_new=False, password=None)


@pytest.mark.parametrize("role", ["", "x" * 64, "pg_reader", "public", "a\0b"])
async def test_a_name_that_is_none_is_refused(database_url: str, role: str) -> None:
    with pytest.raises(GrantRefused):
        await grant(database_url, role)


async def test_our_own_role_is_refused(database_url: str, own: asyncpg.Connection) -> None:
    with pytest.raises(GrantRefused, match="reads everything"):
        await grant(database_url, await own.fetchval("SELECT current_user"))
