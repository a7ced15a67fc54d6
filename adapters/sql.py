"""What every room that speaks SQL shares: statements, the surface that reads are run on, and the fault of an absent server.

Statements are SQLAlchemy Core clauses, compiled once to text with `$1` parameters for asyncpg.

SQLAlchemy builds the text only: values go to asyncpg as they are, so its bind processors, Python-side column defaults and expanding
`IN` have no part here. Lists are arrays: `column == any_(bindparam("ids", type_=ARRAY(Text)))`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from adapters.faults import OperatorFault


class DatabaseUnavailable(OperatorFault):
    """The server does not answer, or refuses us. One sentence, never with the password."""

    code = "DATABASE_UNAVAILABLE"


UNREACHABLE: Final = (
    DatabaseUnavailable,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # between the server's farewell and the socket's end
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server shuts down, or starts
    asyncpg.InsufficientResourcesError,  # too many connections
)
"""What asyncpg raises when the server is away, refuses us or goes while we talk."""


def is_away(error: BaseException | None) -> bool:
    """Whether the error says that the database is away; asyncpg's word for a parameter that does not fit does not."""
    return isinstance(error, UNREACHABLE) and not isinstance(error, ValueError)


@dataclass(frozen=True, slots=True)
class Compiled:
    """`parameters` are in the order of `$1, $2, …`; `constants` are the values that the clause brought along."""

    text: str
    parameters: tuple[str, ...]
    constants: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the parameters' order; a missing or unknown name is a TypeError, as in a function call."""
        values = {**self.constants, **given} if self.constants else given
        if len(values) == len(self.parameters):
            try:
                return [values[name] for name in self.parameters]
            except KeyError:
                pass
        raise TypeError(self._mismatch(set(given)))

    def _mismatch(self, given: set[str]) -> str:
        missing = sorted(set(self.parameters) - set(self.constants) - given)
        unknown = sorted(given - set(self.parameters))
        return f"missing parameters {missing}, unknown parameters {unknown} of: {self.text}"


class Statement:
    """A clause that is compiled once, on its first use: a process does not pay at its start for what it may never run."""

    __slots__ = ("_clause", "_compiled")

    def __init__(self, clause: ClauseElement) -> None:
        self._clause: ClauseElement | None = clause
        self._compiled: Compiled | None = None

    @property
    def compiled(self) -> Compiled:
        """The clause is let go then: its objects are many times the text's size, and statements are kept."""
        if self._clause is not None:
            self._compiled, self._clause = compiled_for(self._clause), None
        if self._compiled is None:
            raise AssertionError("a statement has a clause, or is compiled")
        return self._compiled

    @property
    def text(self) -> str:
        return self.compiled.text

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.compiled.parameters

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        return self.compiled.arguments(given)


class Reader(Protocol):
    """What a statement that reads is run on. Parameters are given by name."""

    async def rows(self, statement: Statement, /, **parameters: Any) -> list[Any]: ...

    async def row(self, statement: Statement, /, **parameters: Any) -> Any | None:
        """The first row."""

    async def value(self, statement: Statement, /, **parameters: Any) -> Any:
        """The first column of the first row; None without a row."""


_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


def prepare(clause: ClauseElement) -> Statement:
    """A select, insert, update, delete or text as a statement; meant to be called once for each, at import."""
    return Statement(clause)


def compiled_for(clause: ClauseElement, dialect: Dialect = _DIALECT) -> Compiled:
    """In whatever dialect: with `$1` parameters, or with named ones where it has these."""
    compiled = clause.compile(dialect=dialect)
    if not isinstance(compiled, SQLCompiler):
        raise TypeError(f"only statements with parameters are prepared, not {type(clause).__name__}")
    _refuse_what_sqlalchemy_would_do_at_execution(compiled)
    names = tuple(dict.fromkeys(compiled.positiontup or compiled.bind_names.values()))
    constants = {name: compiled.binds[name].effective_value for name in names if not compiled.binds[name].required}
    return Compiled(compiled.string, names, constants)


def _refuse_what_sqlalchemy_would_do_at_execution(compiled: SQLCompiler) -> None:
    if compiled.post_compile_params or compiled.literal_execute_params:
        raise ValueError(f"expanding parameters need SQLAlchemy's own execution, use = ANY: {compiled.string}")
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise ValueError(f"Python-side column defaults are not run, use server defaults or values: {compiled.string}")
