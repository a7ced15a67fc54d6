"""Every statement of the adapters compiles, and takes what the rows that are written through it hold."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

import adapters
from adapters.db.aggregate_statements import INSERT_HEAD, ORDER, PARTS
from adapters.db.aggregate_writing import EVENTS, LOST, VERSION_BEFORE, insert_statement, update_statement
from adapters.db.migrate import VERSIONS, head_of
from adapters.db.order_search import Searchable
from adapters.db.revisions import alembic_config
from adapters.sql import Statement


def statements() -> Iterator[tuple[str, Statement]]:
    for found in pkgutil.walk_packages([str(Path(adapters.__file__).parent)], "adapters."):
        if ".migrations" in found.name:
            continue
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, Statement):
                yield f"{found.name}.{name}", value


STATEMENTS = dict(statements())


def test_there_are_statements() -> None:
    assert len(STATEMENTS) > 50


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_compiles(name: str) -> None:
    assert STATEMENTS[name].text


PLACED = ("lines", "discounts", "installments", "timers", EVENTS)
ALL = (*(part.attribute for part in PARTS), EVENTS, *LOST.values())


@pytest.mark.parametrize("rows", [(), PLACED, ALL])
def test_an_order_is_inserted_with_its_columns_and_its_rows(rows: tuple[str, ...]) -> None:
    assert set(insert_statement(rows).parameters) == {*ORDER.names, *Searchable._fields, *rows}


@pytest.mark.parametrize("rows", [(), PLACED, ALL])
@pytest.mark.parametrize("searched", [(), Searchable._fields])
def test_an_order_is_updated_with_its_columns_and_its_rows(rows: tuple[str, ...], searched: tuple[str, ...]) -> None:
    statement = update_statement(rows, has_search=bool(searched))
    assert set(statement.parameters) == {*ORDER.names, VERSION_BEFORE, *searched, *rows}


def test_an_imported_head_is_written_with_its_rows_columns() -> None:
    assert sorted(INSERT_HEAD.parameters) == sorted((*ORDER.names, *Searchable._fields))


def test_the_newest_revision_is_told_by_its_files_name() -> None:
    assert ScriptDirectory.from_config(alembic_config(VERSIONS)).get_current_head() == head_of(VERSIONS)
