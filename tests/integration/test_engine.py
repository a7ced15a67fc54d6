import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import (
    ARRAY,
    Column,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    any_,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from adapters.db.connection import shown
from adapters.db.engine import Database, DatabaseUnavailable, Reader, Transaction, prepare, retryable
from adapters.sql import Compiled

pytestmark = pytest.mark.anyio

METADATA = MetaData(schema="engine_test")
ITEMS = Table(
    "items",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("price", Numeric(12, 2)),
    Column("at", TIMESTAMP(timezone=True)),
    Column("attributes", JSONB),
    Column("key", PG_UUID(as_uuid=True)),
)
SET_UP = (
    "DROP SCHEMA IF EXISTS engine_test CASCADE",
    "CREATE SCHEMA engine_test",
    "CREATE TABLE engine_test.items (id int PRIMARY KEY, name text, price numeric(12,2), at timestamptz, attributes jsonb, key uuid)",
    "INSERT INTO engine_test.items (id, name) SELECT n, 'item ' || n FROM generate_series(1, 5) n",
)
NAME = prepare(select(ITEMS.c.name).where(ITEMS.c.id == bindparam("item_id")))
COUNT = prepare(select(func.count()).select_from(ITEMS))
RENAME = prepare(update(ITEMS).where(ITEMS.c.id == bindparam("item_id")).values(name=bindparam("new_name")))
INSERT = prepare(insert(ITEMS).values(id=bindparam("id"), name=bindparam("name")))


@pytest.fixture
async def items(database_url: str) -> AsyncIterator[Database]:
    """Five items in a schema of this file's own."""
    database = await Database.open(database_url, pool_size=3)
    async with database.transaction() as transaction:
        for statement in SET_UP:
            await transaction.execute(prepare(text(statement)))
        await transaction.commit()
    database.statement_count = 0
    yield database
    async with database.transaction() as transaction:
        await transaction.execute(prepare(text(SET_UP[0])))
        await transaction.commit()
    await database.close()


def test_a_clause_is_compiled_to_numbered_parameters() -> None:
    statement = prepare(
        select(ITEMS.c.id).where(ITEMS.c.name == bindparam("name"), ITEMS.c.price > 5).limit(bindparam("first"))
    )
    assert " ".join(statement.text.split()) == (
        "SELECT engine_test.items.id FROM engine_test.items"
        " WHERE engine_test.items.name = $1::VARCHAR AND engine_test.items.price > $2::INTEGER LIMIT $3"
    )
    assert statement.parameters == ("name", "price_1", "first")
    assert statement.compiled.constants == {"price_1": 5}
    assert statement.arguments({"first": 10, "name": "x"}) == ["x", 5, 10]


def test_a_parameter_used_twice_is_given_once() -> None:
    statement = prepare(text("SELECT CAST(:n AS int) + CAST(:n AS int)"))
    assert statement.compiled == Compiled("SELECT CAST($1 AS int) + CAST($1 AS int)", ("n",))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "missing parameters ['b'], unknown parameters []"),
        ({"b": 1, "c": 2}, "missing parameters [], unknown parameters ['c']"),
        ({"c": 2}, "missing parameters ['b'], unknown parameters ['c']"),
    ],
)
@pytest.mark.parametrize("constants", [{}, {"a": 0}])
def test_wrong_names_of_parameters_are_a_type_error(
    given: dict[str, int], sentence: str, constants: dict[str, int]
) -> None:
    statement = Compiled("S", (*constants, "b"), constants)
    with pytest.raises(TypeError) as raised:
        statement.arguments(given)
    assert str(raised.value) == f"{sentence} of: S"


def test_expanding_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^expanding parameters need SQLAlchemy's own execution, use = ANY: SELECT"):
        _ = prepare(select(ITEMS.c.id).where(ITEMS.c.id.in_([1, 2]))).text


def test_python_side_defaults_are_refused() -> None:
    table = Table("t", MetaData(), Column("id", Integer), Column("n", Integer, default=1))
    with pytest.raises(
        ValueError, match=r"^Python-side column defaults are not run, use server defaults or values: INSERT"
    ):
        _ = prepare(insert(table).values(id=bindparam("id"))).text


async def test_rows_row_and_value(items: Database) -> None:
    by_ids = prepare(
        select(ITEMS.c.id, ITEMS.c.name)
        .where(ITEMS.c.id == any_(bindparam("ids", type_=ARRAY(Integer))))
        .order_by(ITEMS.c.id)
    )
    assert [tuple(row) for row in await items.rows(by_ids, ids=[4, 2])] == [(2, "item 2"), (4, "item 4")]
    assert await items.rows(by_ids, ids=[]) == []
    row = await items.row(NAME, item_id=3)
    assert row is not None
    assert row["name"] == "item 3"
    assert await items.row(NAME, item_id=9) is None
    assert (await items.value(NAME, item_id=1), await items.value(NAME, item_id=9)) == ("item 1", None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("price", Decimal("12.30")),
        ("at", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("attributes", {"a": [1, None, "ü"], "b": {"c": True}}),
        ("attributes", "text"),
        ("attributes", None),
        ("key", UUID(int=7)),
    ],
)
async def test_values_come_back_as_they_were_given(items: Database, column: str, value: Any) -> None:
    read = prepare(select(ITEMS.c[column]).where(ITEMS.c.id == bindparam("item_id")))
    write = prepare(update(ITEMS).where(ITEMS.c.id == 1).values({column: bindparam("new")}))
    async with items.transaction() as transaction:
        assert await transaction.execute(write, new=value) == 1
        assert await transaction.copy(ITEMS, ["id", column], [(6, value)]) == 1
        assert [await transaction.value(read, item_id=item_id) for item_id in (1, 6)] == [value, value]


async def test_times_are_utc(items: Database) -> None:
    assert await items.value(prepare(text("SHOW timezone"))) == "UTC"
    assert await items.value(prepare(text("SHOW application_name"))) == "order-center"


async def test_execute_counts_the_rows_affected(items: Database) -> None:
    async with items.transaction() as transaction:
        assert await transaction.execute(RENAME, item_id=1, new_name="x") == 1
        assert await transaction.execute(RENAME, item_id=9, new_name="x") == 0
        assert await transaction.execute(INSERT, id=6, name="six") == 1
        assert await transaction.execute(prepare(ITEMS.delete())) == 6
        assert await transaction.execute(prepare(text("SET LOCAL work_mem = '8MB'"))) == 0


async def test_many_by_name_and_by_position(items: Database) -> None:
    async with items.transaction() as transaction:
        await transaction.execute_many(INSERT, [{"name": "six", "id": 6}, {"name": "seven", "id": 7}])
        await transaction.execute_many(INSERT, [(8, "eight")])
        await transaction.commit()
    assert [await items.value(NAME, item_id=item_id) for item_id in (6, 7, 8)] == ["six", "seven", "eight"]


async def test_a_forgotten_commit_changes_nothing(items: Database) -> None:
    async with items.transaction() as transaction:
        await transaction.execute(RENAME, item_id=1, new_name="x")
    assert await items.value(NAME, item_id=1) == "item 1"


async def test_an_exception_changes_nothing(items: Database) -> None:
    async def fail() -> None:
        async with items.transaction() as transaction:
            await transaction.execute(RENAME, item_id=1, new_name="x")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await items.value(NAME, item_id=1) == "item 1"


async def test_a_cancelled_transaction_changes_nothing_and_gives_its_connection_back(items: Database) -> None:
    started = asyncio.Event()

    async def wait_inside() -> None:
        async with items.transaction() as transaction:
            await transaction.execute(RENAME, item_id=1, new_name="x")
            started.set()
            await transaction.value(prepare(text("SELECT pg_sleep(1000)")))

    for _ in range(4):
        started.clear()
        task = asyncio.create_task(wait_inside())
        await started.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    assert await items.value(NAME, item_id=1) == "item 1"


async def test_what_was_committed_stays_and_ends_the_transaction(items: Database) -> None:
    async with items.transaction() as transaction:
        await transaction.execute(RENAME, item_id=1, new_name="x")
        await transaction.commit()
        for attempt in (
            transaction.execute(RENAME, item_id=1, new_name="y"),
            transaction.value(COUNT),
            transaction.commit(),
        ):
            with pytest.raises(RuntimeError, match=r"^the transaction has ended$"):
                await attempt
        await transaction.rollback()
    assert await items.value(NAME, item_id=1) == "x"


async def test_a_savepoint_undoes_its_own_block_only(items: Database) -> None:
    async with items.transaction() as transaction:
        await transaction.execute(INSERT, id=6, name="six")
        with pytest.raises(asyncpg.UniqueViolationError):
            await _insert_in_savepoint(transaction, [(7, "seven"), (6, "six")])
        async with transaction.savepoint():
            await transaction.execute(INSERT, id=8, name="eight")
        await transaction.commit()
    assert [row["id"] for row in await items.rows(prepare(select(ITEMS.c.id).order_by(ITEMS.c.id)))] == [
        1,
        2,
        3,
        4,
        5,
        6,
        8,
    ]


async def _insert_in_savepoint(transaction: Transaction, items: list[tuple[int, str]]) -> None:
    async with transaction.savepoint():
        for item_id, name in items:
            await transaction.execute(INSERT, id=item_id, name=name)


async def test_a_snapshot_sees_one_moment_and_cannot_write(items: Database) -> None:
    async with items.snapshot() as snapshot:
        assert await snapshot.value(COUNT) == 5
        async with items.transaction() as transaction:
            await transaction.execute(INSERT, id=6, name="six")
            await transaction.commit()
        assert await snapshot.value(COUNT) == 5
    assert await items.value(COUNT) == 6
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with items.snapshot() as snapshot:
            await snapshot.rows(RENAME, item_id=1, new_name="x")


async def test_every_statement_is_counted(items: Database) -> None:
    await items.value(COUNT)
    await items.rows(NAME, item_id=1)
    async with items.snapshot() as snapshot:
        await snapshot.row(NAME, item_id=1)
    async with items.transaction() as transaction, transaction.savepoint():
        await transaction.value(COUNT)
        await transaction.execute(RENAME, item_id=1, new_name="x")
        await transaction.execute_many(RENAME, [{"item_id": 1, "new_name": "x"}, {"item_id": 2, "new_name": "y"}])
        await transaction.copy(ITEMS, ["id"], [(6,), (7,)])
    assert items.statement_count == 7


async def test_database_snapshot_and_transaction_are_readers(items: Database) -> None:
    async with items.snapshot() as snapshot, items.transaction() as transaction:
        readers: list[Reader] = [items, snapshot, transaction]
        assert [await reader.value(COUNT) for reader in readers] == [5, 5, 5]


async def test_notifications_arrive_after_the_commit_and_outlive_a_lost_connection(items: Database) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    notify = prepare(text("SELECT pg_notify('engine_test', :payload)"))

    async def send(payload: str) -> None:
        async with items.transaction() as transaction:
            await transaction.value(notify, payload=payload)
            assert heard.empty()
            await transaction.commit()

    async with items.listen("engine_test", heard.put_nowait):
        await send("one")
        assert await heard.get() == "one"
        listeners = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        assert await items.value(prepare(text(listeners))) == 1
        assert await heard.get() == ""
        await send("two")
        assert await heard.get() == "two"
    await items.value(notify, payload="three")
    assert heard.empty()


async def test_a_lost_connection_is_replaced(items: Database) -> None:
    terminate = prepare(text("SELECT pg_terminate_backend(:pid)"))
    pid = prepare(text("SELECT pg_backend_pid()"))
    async with items.transaction() as doomed:
        assert await items.value(terminate, pid=await doomed.value(pid)) is True
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
            await _count_until_it_fails(doomed)
    assert await items.value(COUNT) == 5


async def test_serialization_failures_and_deadlocks_are_retryable(items: Database) -> None:
    with pytest.raises(asyncpg.SerializationError) as raised:
        await _write_what_another_read(items)
    assert retryable(raised.value)
    assert retryable(asyncpg.DeadlockDetectedError())
    assert not retryable(asyncpg.UniqueViolationError())


async def _count_until_it_fails(reader: Reader) -> None:
    """The other backend ends a moment after it was told to."""
    while True:
        await reader.value(COUNT)


async def _write_what_another_read(items: Database) -> None:
    serializable = prepare(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
    async with items.transaction() as first, items.transaction() as second:
        for transaction in (first, second):
            await transaction.execute(serializable)
            await transaction.value(COUNT)
        await first.execute(RENAME, item_id=1, new_name="x")
        await first.commit()
        await second.execute(RENAME, item_id=1, new_name="y")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "postgresql://user:hidden@127.0.0.1:1/name",
            "The database user@127.0.0.1:1/name cannot be reached: {refused}.",
        ),
        (
            "postgresql+asyncpg://user:hidden@127.0.0.1:1/name",
            "The database user@127.0.0.1:1/name cannot be reached: {refused}.",
        ),
        (
            "postgresql://user:hidden@host:port/name",
            "The database of the given URL cannot be reached: its URL is not understood.",
        ),
        (
            "mysql://user:hidden@host/name",
            "The database user@host/name cannot be reached: its URL is not understood.",
        ),
        (
            "postgresql://user:hidden@/name?host=/nowhere",
            "The database user@/nowhere/name cannot be reached: No such file or directory.",
        ),
    ],
)
async def test_an_unreachable_database_is_one_sentence_without_the_password(url: str, sentence: str) -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        await Database.open(url)
    refused = "Connect call failed ('127.0.0.1', 1)"
    assert str(raised.value) == sentence.format(refused=refused)


async def test_a_database_that_is_not_there_is_named(database_url: str) -> None:
    url = urlsplit(database_url)._replace(path="/absent").geturl()
    with pytest.raises(DatabaseUnavailable) as raised:
        await Database.open(url)
    assert str(raised.value) == f'The database {shown(url)} cannot be reached: database "absent" does not exist.'
