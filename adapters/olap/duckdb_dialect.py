"""DuckDB's SQL, which is PostgreSQL's but for a few words: for compiling only, nothing is executed through SQLAlchemy.

Exactness: products of amounts are 128 bits long (HUGEINT); a bound of a condition has nine digits after the point and 29 before it.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, Final

from sqlalchemy import Numeric
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.ext.compiler import compiles

from adapters.analytics_words import HourOf, LocalDate, Quotient, ShareRest, WholeShare, written
from domain.analytics.catalogue import MEASURES
from domain.analytics.plan import Cut
from domain.values.enums import Measure

BOUND_DIGITS: Final = 9
QUOTIENT_DIGITS: Final = 15
_BOUND: Final = f"DECIMAL(38, {BOUND_DIGITS})"
_STEP: Final = Decimal(1).scaleb(-BOUND_DIGITS)
_EXACT: Final = 60
_ROUNDINGS: Final[Mapping[str, Context]] = {
    "gte": Context(prec=_EXACT, rounding=ROUND_CEILING),
    "lte": Context(prec=_EXACT, rounding=ROUND_FLOOR),
}
_RATES_END: Final = Decimal(1000)
_AVERAGES_END: Final = Decimal(10) ** 16
_SUMS_END: Final = Decimal(10) ** 19


class _TypeCompiler(PGTypeCompiler):
    def visit_NUMERIC(self, type_: Numeric[Any], **_options: Any) -> str:  # noqa: N802  SQLAlchemy's name
        """Without digits it would have three."""
        if type_.precision is not None:
            raise TypeError("only bounds are numeric, and they are of one precision")
        return _BOUND


class DuckDbDialect(PGDialect_asyncpg):
    name = "duckdb"
    supports_statement_cache = True
    type_compiler_cls = _TypeCompiler


def bounds_of(cut: Cut) -> dict[str, Decimal]:
    """The values of a cut's conditions, as DuckDB's columns can have them: a bound that no figure reaches is as good as its end, and
    the digits beyond the last are rounded to the side where nothing is let in.
    """
    return {
        f"having_{number}_{end}": _held(bound, _end(one.measure), rounding)
        for number, one in enumerate(cut.having)
        for end, rounding in _ROUNDINGS.items()
        if (bound := getattr(one, end)) is not None
    }


def _end(measure: Measure) -> Decimal:
    """So that what a bound is multiplied with leaves it within 38 digits."""
    entry = MEASURES[measure]
    if not entry.formula.divisor:
        return _SUMS_END
    return _AVERAGES_END if entry.is_money else _RATES_END


def _held(bound: Decimal, end: Decimal, rounding: Context) -> Decimal:
    return max(-end, min(bound, end)).quantize(_STEP, context=rounding)


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
