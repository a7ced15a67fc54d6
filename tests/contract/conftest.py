"""What the suites of the ports share: the data that a service knows, written into the tables behind it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Table, bindparam, insert

from adapters.db.engine import Database, prepare


@pytest.fixture
def given(database: Database) -> Callable[..., Awaitable[None]]:
    """`await given(table, {column: value, …}, …)`: each row has the columns of the first."""

    async def write(table: Table, *rows: dict[str, Any]) -> None:
        values = {name: bindparam(name, type_=table.c[name].type) for name in rows[0]}
        async with database.transaction() as transaction:
            await transaction.execute_many(prepare(insert(table).values(values)), rows)
            await transaction.commit()

    return write
