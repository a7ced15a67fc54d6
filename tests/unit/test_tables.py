from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import Table

from adapters.db.rows import mapper_of
from adapters.db.tables import TABLE_OF
from domain.orders.views import OrderView, TimerView, TransitionView
from tests.fixtures.all_tables import METADATA

OWN_COLUMNS = {
    OrderView: ["search_keys", "search_text", "search_key_lexemes", "search"],
    TransitionView: ["xid", "position", "feed_xid", "recorded_at"],
    TimerView: ["locked_until", "attempts"],
}
LATER_FIELDS = {OrderView: ["kept_minor", "group_id", "group_deadline"]}
"""Those that were added when there were own columns already: a migration can only append."""
VIEWS = [pytest.param(view, table, id=view.__name__) for view, table in TABLE_OF.items()]


@pytest.mark.parametrize(("view", "table"), VIEWS)
def test_a_table_has_its_views_fields_in_order_and_then_its_own_columns(view: type[Any], table: Table) -> None:
    later = LATER_FIELDS.get(view, [])
    names = [field.name for field in fields(view) if field.name not in later]
    assert list(table.columns.keys()) == names + OWN_COLUMNS.get(view, []) + later


@pytest.mark.parametrize(("view", "table"), VIEWS)
def test_a_column_may_be_empty_where_its_field_may(view: type[Any], table: Table) -> None:
    names = mapper_of(view).names
    optional = {field.name for field in fields(view) if "None" in str(field.type)}
    assert {name for name in names if table.columns[name].nullable} == optional


def test_every_view_has_one_table_and_every_other_table_is_the_databases_own() -> None:
    others = set(METADATA.tables) - {table.name for table in TABLE_OF.values()}
    assert len(set(TABLE_OF.values())) == 17
    assert others == {
        "export_jobs", "group_seats", "idempotency_keys", "jobs", "order_tombstones", "rollup_days", "rollup_hours", "rollup_orders",
        "rollup_state",
    }  # fmt: skip


def test_what_hangs_on_an_order_refers_to_it_so_that_it_is_erased_with_it() -> None:
    """The others are no part of it: seats and tombstones stay, the cube lets go by itself, and jobs hold it."""
    of_orders = [table for table in METADATA.tables.values() if "order_id" in table.columns]
    apart = {table.name for table in of_orders if not table.columns["order_id"].foreign_keys}
    assert apart == {"group_seats", "jobs", "order_tombstones", "rollup_orders"}


def test_every_constraint_and_index_has_a_name_that_fits() -> None:
    tables = METADATA.tables.values()
    names = [str(part.name) for table in tables for part in table.constraints]
    names += [str(index.name) for table in tables for index in table.indexes]
    assert [name for name in names if name == "None" or len(name) > 63] == []
    assert len(set(names)) == len(names)
