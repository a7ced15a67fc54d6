"""What an analytical engine beside the database is told of it: which columns it copies, and the statement of every cut, for any dialect."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Table
from sqlalchemy.sql.elements import ClauseElement

from domain.analytics.plan import Cut
from domain.ports.analytics import OrdersAsked


class Question(NamedTuple):
    key: Hashable
    """Questions of one key have the same statement."""
    clause: Callable[[], ClauseElement]
    values: Mapping[str, Any]
    """Of the statement's parameters, by name."""


Questions = Callable[[OrdersAsked, Cut], Question]
"""The orders asked for are those within the scope: it is in the statement's condition."""
CopiedTables = Mapping[Table, tuple[str, ...]]
"""The copied columns' names, the order's id first. The statements read nothing else."""
