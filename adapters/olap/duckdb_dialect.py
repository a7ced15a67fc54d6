"""DuckDB's SQL, which is PostgreSQL's but for a few words: for compiling only, nothing is executed through SQLAlchemy.

Exactness: products of amounts are 128 bits long (HUGEINT).
"""

from typing import Any

from sqlalchemy import Numeric
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.ext.compiler import compiles

from adapters.analytics_words import QUOTIENT_DIGITS, HourOf, LocalDate, Quotient, ShareRest, WholeShare, written
from adapters.olap.bounds import BOUND


class _TypeCompiler(PGTypeCompiler):
    def visit_NUMERIC(self, type_: Numeric[Any], **_options: Any) -> str:  # noqa: N802  SQLAlchemy's name
        """Without digits it would have three."""
        if type_.precision is not None:
            raise TypeError("only bounds are numeric, and they are of one precision")
        return BOUND


class DuckDbDialect(PGDialect_asyncpg):
    name = "duckdb"
    supports_statement_cache = True
    type_compiler_cls = _TypeCompiler


@compiles(LocalDate, "duckdb")
def _local_date(element: LocalDate, compiler: Any, **options: Any) -> str:
    instant, zone = written(element, compiler, options)
    return f"CAST(date_trunc('{element.grain}', {instant} AT TIME ZONE {zone}) AS DATE)"


@compiles(HourOf, "duckdb")
def _hour_of(element: HourOf, compiler: Any, **options: Any) -> str:
    """In UTC, without saying so: the hour that comes twice is two. DuckDB itself would truncate to the first of them."""
    instant, zone = written(element, compiler, options)
    local = f"({instant} AT TIME ZONE {zone})"
    return f"(({instant} AT TIME ZONE 'UTC') - ({local} - date_trunc('hour', {local})))"


@compiles(WholeShare, "duckdb")
def _whole_share(element: WholeShare, compiler: Any, **options: Any) -> str:
    amount, weight, whole = written(element, compiler, options)
    return f"CAST((CAST({amount} AS HUGEINT) * {weight}) // {whole} AS BIGINT)"


@compiles(ShareRest, "duckdb")
def _share_rest(element: ShareRest, compiler: Any, **options: Any) -> str:
    amount, weight, whole = written(element, compiler, options)
    return f"CAST((CAST({amount} AS HUGEINT) * {weight}) % {whole} AS BIGINT)"


@compiles(Quotient, "duckdb")
def _quotient(element: Quotient, compiler: Any, **options: Any) -> str:
    """Not a double: groups that differ in the last digits keep their order."""
    whole, divisor = written(element, compiler, options)
    return f"(CAST({whole} AS HUGEINT) * {10**QUOTIENT_DIGITS}) // {divisor}"
