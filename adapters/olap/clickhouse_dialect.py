"""ClickHouse's SQL, by its own dialect of SQLAlchemy: for compiling only, nothing is executed through SQLAlchemy.

A copied table is read as far as it is visible at a place (`clickhouse_places.py`): it is a subquery by the table's name.
Exactness: ClickHouse's integers wrap around without a word. So sums and products are 128 bits long, and what is handed out as 64 bits
is converted with a check.
"""

from collections.abc import Mapping
from typing import Any, Final

from clickhouse_connect.cc_sqlalchemy.dialect import ClickHouseDialect as ConnectDialect
from clickhouse_connect.cc_sqlalchemy.sql.compiler import ChStatementCompiler
from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Numeric, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import BinaryExpression, Cast, CollectionAggregate, True_
from sqlalchemy.sql.functions import Function

from adapters.analytics_words import (
    QUOTIENT_DIGITS,
    HasRow,
    HourOf,
    LocalDate,
    Quotient,
    ShareRest,
    WholeShare,
    written,
)
from adapters.olap.bounds import BOUND

NAME: Final = "clickhouse"
TABLE: Final = "table_"
"""Begins the parameter that names a copied table as it is stored."""
_PARAMETERS: Final[tuple[tuple[type, str], ...]] = (
    (ARRAY, "{%s:Array(String)}"),
    (Text, "{%s:String}"),
    (BigInteger, "{%s:Int64}"),
    (Integer, "{%s:Int32}"),
    (DateTime, "fromUnixTimestamp64Micro({%s:Int64}, 'UTC')"),
    (Numeric, f"{{%s:{BOUND}}}"),
)
"""By the type that SQLAlchemy has for the parameter, the narrower first. Instants are given as microseconds."""


def outside_gaps(batch: str) -> str:
    """Whether the column's batch is of no attempt that was given up."""
    return f"NOT arrayExists(gap -> {batch} > gap.1 AND {batch} < gap.2, {{gaps:Array(Tuple(UInt64, UInt64))}})"


COMMITTED: Final = f"batch <= {{place:UInt64}} AND {outside_gaps('batch')}"
_IN_FORCE: Final = f"by_batch <= {{place:UInt64}} AND {outside_gaps('by_batch')}"


def visible(own: str) -> str:
    """The condition on the rows of a table whose column `own` has the order's id."""
    return (
        f'{COMMITTED} AND ("{own}", batch) NOT IN'
        f" (SELECT order_id, batch FROM {{{TABLE}superseded:Identifier}} WHERE {_IN_FORCE})"
    )


class _Compiler(ChStatementCompiler):
    def visit_table(self, table: Any, asfrom: Any = False, *others: Any, **options: Any) -> str:
        written_name: str = super().visit_table(table, asfrom, *others, **options)  # type: ignore[no-untyped-call]
        if not asfrom:
            return written_name
        own = next(iter(table.columns)).name if table.name == "orders" else "order_id"
        condition = COMMITTED if self.dialect.is_settled else visible(own)  # type: ignore[attr-defined]
        return f"(SELECT * FROM {{{TABLE}{table.name}:Identifier}} WHERE {condition}) AS {written_name}"

    def bindparam_string(self, name: str, *_others: Any, **options: Any) -> str:
        kind = options.get("bindparam_type")
        return next(form % name for of, form in _PARAMETERS if isinstance(kind, of))

    def visit_cast(self, cast: Cast[Any], **options: Any) -> str:
        if not isinstance(cast.type, BigInteger):
            raise TypeError("only whole numbers are converted")
        return f"accurateCast({self.process(cast.clause, **options)}, 'Int64')"

    def visit_sum_func(self, function: Function[Any], **options: Any) -> str:
        return f"sum(toInt128{self.function_argspec(function, **options)})"

    def visit_min_func(self, function: Function[Any], **options: Any) -> str:
        """ClickHouse's own `min` of no rows is an empty text."""
        return f"minOrNull{self.function_argspec(function, **options)}"

    def visit_max_func(self, function: Function[Any], **options: Any) -> str:
        return f"maxOrNull{self.function_argspec(function, **options)}"

    def visit_mul_binary(self, binary: BinaryExpression[Any], _operator: Any, **options: Any) -> str:
        left, right = self.process(binary.left, **options), self.process(binary.right, **options)
        return f"{left} * {right}" if isinstance(binary.left.type, Numeric) else f"toInt128({left}) * {right}"

    def visit_eq_binary(self, binary: BinaryExpression[Any], _operator: Any, **options: Any) -> str:
        """`= ANY` of an array is IN."""
        left, is_list = self.process(binary.left, **options), isinstance(binary.right, CollectionAggregate)
        right = self.process(binary.right.element if is_list else binary.right, **options)
        return f"{left} {'IN' if is_list else '='} {right}"

    def visit_is_not_binary(self, binary: BinaryExpression[Any], _operator: Any, **options: Any) -> str:
        left = self.process(binary.left, **options)
        return f"(NOT ifNull({left}, false))" if isinstance(binary.right, True_) else f"{left} IS NOT NULL"


class ClickHouseDialect(ConnectDialect):
    """`is_settled`: nothing is superseded, and the orders' ids need not be read to know what is visible."""

    name = NAME
    supports_statement_cache = False
    statement_compiler = _Compiler

    def __init__(self, *, is_settled: bool) -> None:
        super().__init__(server_side_params=True)
        self.is_settled: Final = is_settled


DIALECTS: Final[Mapping[bool, ClickHouseDialect]] = {
    is_settled: ClickHouseDialect(is_settled=is_settled) for is_settled in (False, True)
}
"""By `is_settled`."""


@compiles(HasRow, NAME)
def _has_row(element: HasRow, compiler: Any, **options: Any) -> str:
    _exists, among = element.clauses
    return f"({compiler.process(among, **options)})"


@compiles(LocalDate, NAME)
def _local_date(element: LocalDate, compiler: Any, **options: Any) -> str:
    instant, zone = written(element, compiler, options)
    day = f"toDate32({instant}, {zone})"
    return day if element.grain == "day" else f"dateTrunc('{element.grain}', {day})"


@compiles(HourOf, NAME)
def _hour_of(element: HourOf, compiler: Any, **options: Any) -> str:
    """By what has gone of the local hour: the hour that comes twice is two."""
    instant, zone = written(element, compiler, options)
    gone = f"toMinute({instant}, {zone}) * 60 + toSecond({instant}, {zone})"
    return f"toDateTime64({instant}, 0, 'UTC') - toIntervalSecond({gone})"


@compiles(WholeShare, NAME)
def _whole_share(element: WholeShare, compiler: Any, **options: Any) -> str:
    amount, weight, whole = written(element, compiler, options)
    return f"accurateCast(intDiv(toInt128({amount}) * {weight}, {whole}), 'Int64')"


@compiles(ShareRest, NAME)
def _share_rest(element: ShareRest, compiler: Any, **options: Any) -> str:
    amount, weight, whole = written(element, compiler, options)
    return f"accurateCast(modulo(toInt128({amount}) * {weight}, {whole}), 'Int64')"


@compiles(Quotient, NAME)
def _quotient(element: Quotient, compiler: Any, **options: Any) -> str:
    """Not a double: groups that differ in the last digits keep their order."""
    whole, divisor = written(element, compiler, options)
    return f"intDiv(toInt128({whole}) * {10**QUOTIENT_DIGITS}, {divisor})"
