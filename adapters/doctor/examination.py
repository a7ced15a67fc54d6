"""The examination: every rule over one moment of the database."""

from datetime import datetime
from typing import Any, Final

from adapters.db.engine import Database
from adapters.doctor import (
    after_sale_rules,
    cube_rules,
    export_rules,
    fulfillment_rules,
    history_rules,
    key_rules,
    money_rules,
    return_rules,
    stock_rules,
    timer_rules,
    type_rules,
)
from adapters.doctor.findings import Finding
from adapters.doctor.rule import Rule

GRACE_S: Final = 60
"""How late time may take a step: a worker's lease and its poll, and some."""

RULES: Final = (
    *stock_rules.RULES,
    *key_rules.RULES,
    *money_rules.RULES,
    *fulfillment_rules.RULES,
    *return_rules.RULES,
    *after_sale_rules.RULES,
    *type_rules.RULES,
    *history_rules.RULES,
    *timer_rules.RULES,
    *cube_rules.RULES,
    *export_rules.RULES,
)


async def examine(database: Database, *, now: datetime, grace_s: int = GRACE_S) -> list[Finding]:
    """One statement per rule. Deadlines are held against `now`."""
    given = {"now": now, "grace_s": grace_s}
    async with database.snapshot() as snapshot:
        return [_finding(each, await snapshot.row(each.statement, **_wanted(each, given))) for each in RULES]


def _wanted(each: Rule, given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in each.statement.parameters}


def _finding(each: Rule, row: Any) -> Finding:
    return Finding(each.code, each.title, row["looked_at"], row["violations"], tuple(row["examples"]))
