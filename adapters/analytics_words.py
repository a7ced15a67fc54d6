"""What analytical statements need beyond plain SQL, each with its form in PostgreSQL: another engine adds its own (`@compiles`)."""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, DateTime, Numeric, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from domain.values.enums import TimeGrain

QUOTIENT_DIGITS: Final = 15
"""After the point, where an engine's quotients are whole numbers."""
_ROOT: Final = 3_000_000_000
"""Its square is below 2^63."""


class LocalDate(FunctionElement[Any]):
    """`(instant, zone)`: the first local date of the day, week, … that the instant lies in."""

    inherit_cache = True
    type = Date()

    def __init__(self, grain: TimeGrain, *clauses: Any) -> None:
        super().__init__(*clauses)
        self.grain: Final = grain.value.lower()


class HourOf(FunctionElement[Any]):
    """`(instant, zone)`: the instant at which the local hour began that it lies in."""

    inherit_cache = True
    type = DateTime(timezone=True)


class WholeShare(FunctionElement[Any]):
    """`(amount, weight, whole)`: `amount × weight ÷ whole`, rounded down. The product may have more than 64 bits."""

    inherit_cache = True
    type = BigInteger()


class ShareRest(FunctionElement[Any]):
    """`(amount, weight, whole)`: what that division leaves."""

    inherit_cache = True
    type = BigInteger()


class Quotient(FunctionElement[Any]):
    """`(whole, divisor)`: what rows are ordered by, never shown; unknown where the divisor is."""

    inherit_cache = True
    type = Numeric()


class GroupsSortedBy(FunctionElement[Any]):
    """`(key)`: the key of groups, as what they are sorted by once they are found.

    A planner that takes every instant for a group of its own would sort all rows by the key, had the groups the same order; where it
    sees another one it finds them by hashes.
    """

    inherit_cache = True


class HasRow(FunctionElement[Any]):
    """`(exists, among)`: whether some row of another table belongs to this one: an EXISTS that looks at the row outside of it, and the
    same as an IN that does not, for engines whose subqueries stand alone.
    """

    inherit_cache = True
    type = Boolean()


def bucket(grain: TimeGrain, instant: ColumnElement[Any], zone: ColumnElement[Any]) -> ColumnElement[Any]:
    return HourOf(instant, zone) if grain is TimeGrain.HOUR else LocalDate(grain, instant, zone)


@compiles(LocalDate, "postgresql")
def _local_date(element: LocalDate, compiler: Any, **options: Any) -> str:
    instant, zone = written(element, compiler, options)
    return f"CAST(date_trunc('{element.grain}', {instant} AT TIME ZONE {zone}) AS DATE)"


@compiles(HourOf, "postgresql")
def _hour_of(element: HourOf, compiler: Any, **options: Any) -> str:
    instant, zone = written(element, compiler, options)
    return f"date_trunc('hour', {instant}, {zone})"


@compiles(WholeShare, "postgresql")
def _whole_share(element: WholeShare, compiler: Any, **options: Any) -> str:
    amount, weight, whole = written(element, compiler, options)
    exact = f"CAST(div(CAST({amount} AS NUMERIC) * {weight}, {whole}) AS BIGINT)"
    return f"CASE WHEN {_is_small(amount, weight)} THEN {amount} * {weight} / {whole} ELSE {exact} END"


@compiles(ShareRest, "postgresql")
def _share_rest(element: ShareRest, compiler: Any, **options: Any) -> str:
    amount, weight, whole = written(element, compiler, options)
    exact = f"CAST(mod(CAST({amount} AS NUMERIC) * {weight}, {whole}) AS BIGINT)"
    return f"CASE WHEN {_is_small(amount, weight)} THEN {amount} * {weight} % {whole} ELSE {exact} END"


def _is_small(amount: str, weight: str) -> str:
    """Whether the product has 64 bits at most: then it costs a tenth."""
    return f"{amount} < {_ROOT} AND {weight} < {_ROOT}"


@compiles(GroupsSortedBy)
def _groups_sorted_by(element: GroupsSortedBy, compiler: Any, **options: Any) -> str:
    (key,) = written(element, compiler, options)
    return key


@compiles(GroupsSortedBy, "postgresql")
def _groups_sorted_by_another(element: GroupsSortedBy, compiler: Any, **options: Any) -> str:
    (key,) = written(element, compiler, options)
    return f"greatest({key})"


@compiles(Quotient, "postgresql")
def _quotient(element: Quotient, compiler: Any, **options: Any) -> str:
    whole, divisor = written(element, compiler, options)
    return f"CAST({whole} AS NUMERIC) / {divisor}"


@compiles(HasRow)
def _has_row(element: HasRow, compiler: Any, **options: Any) -> str:
    exists, _among = element.clauses
    return f"({compiler.process(exists, **options)})"


def written(element: FunctionElement[Any], compiler: Any, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


ZONE_TYPE: Final = Text()
