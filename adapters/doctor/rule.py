"""How a rule is written: a query that looks at rows and says of each whether it holds.

The query has the columns `name` (what an example is named by) and `holds`; what is unknown (NULL) counts as broken. The whole
statement counts the rows and the broken ones and names the first of these, in one pass.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from adapters.sql import Statement, prepare

MAX_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    """The invariant of the order logic that it belongs to."""
    title: str
    statement: Statement


def rule(code: str, title: str, query: str, **constants: Any) -> Rule:
    """`constants` are parameters that are always the same: states and steps of the flows."""
    found = text(
        "SELECT count(*) AS looked_at, count(*) FILTER (WHERE holds IS NOT TRUE) AS violations,"
        " coalesce((array_agg(name::text ORDER BY name) FILTER (WHERE holds IS NOT TRUE))"
        f"[1:{MAX_EXAMPLES}], '{{}}') AS examples FROM ({query}) AS looked"
    )
    return Rule(code, title, prepare(found.bindparams(**constants)))
