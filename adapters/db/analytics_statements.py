"""The statement of a cut: facts are grouped, conditions on sums are checked, and groups are ordered so that pages of them agree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from adapters.analytics_words import GroupsSortedBy, Quotient
from adapters.db.analytics_facts import BUCKET, facts
from adapters.db.order_filters import Shape
from adapters.sql import Statement, prepare
from domain.analytics.catalogue import MEASURES, Formula, Part
from domain.analytics.plan import Cube, Cut, Having, OrderKey
from domain.values.enums import Dimension, OrderStatus
from domain.values.money import currencies_of, minor_digits

SHAPES_KEPT: Final = 512
FINEST_DIGITS: Final = 3
"""No currency has more minor digits."""
_ONE: Final = Decimal(1)
_SOME_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
Sums = Mapping[Part, ColumnElement[Any]]
Facts = Callable[[Cut, Shape], Select[Any]]


@lru_cache(SHAPES_KEPT)
def cut_statement(cut: Cut, shape: Shape) -> Statement:
    """For all cuts that `shape_of` makes alike. Parameters: those of the shape and `cut_values`."""
    return prepare(aggregated(cut, facts(cut, shape).subquery("facts")))


def shape_of(cut: Cut, cube: Cube | None = None) -> Cut:
    """The cut without its values."""
    clock = cut.clock
    if clock is not None:
        start, end = (_SOME_TIME if at is not None else None for at in (clock.start, clock.end))
        clock = replace(clock, start=start, end=end, zone="")
    having = tuple(
        Having(one.measure, None if one.gte is None else _ONE, None if one.lte is None else _ONE) for one in cut.having
    )
    return replace(cut, clock=clock, having=having, limit=None if cut.limit is None else 0, offset=0, cube=cube)


def cut_values(cut: Cut) -> dict[str, Any]:
    clock = cut.clock
    values: dict[str, Any] = {} if cut.limit is None else {"limit": cut.limit, "offset": cut.offset}
    if clock is not None:
        bounds = {"start": clock.start, "end": clock.end, "zone": clock.zone if clock.grain else None}
        values |= {name: value for name, value in bounds.items() if value is not None}
    given = {f"having_{n}_{end}": getattr(one, end) for n, one in enumerate(cut.having) for end in ("gte", "lte")}
    return values | {name: value for name, value in given.items() if value is not None}


def aggregated(cut: Cut, rows: Subquery, *, is_summed: bool = False) -> Select[Any]:
    """`is_summed`: the rows are sums already; groups of no orders are none."""
    dimensions: list[ColumnElement[Any]] = [rows.c[dimension.value] for dimension in cut.dimensions]
    keys = [rows.c[BUCKET], *dimensions] if cut.has_time else dimensions
    by_keys = [_bucket_order(rows), *dimensions] if cut.has_time else dimensions
    counts = {} if is_summed else _AGGREGATES
    sums = {part: counts.get(part, _sum(part))(rows) for part in cut.parts}
    # A sum of 64-bit numbers is a decimal to PostgreSQL, which takes ten times as long to read as a number.
    shown = [cast(sums[part], BigInteger()).label(part.value) for part in cut.parts]
    if cut.has_currencies:
        shown += [
            func.min(rows.c.currency).label("least_currency"),
            func.max(rows.c.currency).label("greatest_currency"),
        ]
    scale = _scale(cut, rows)
    ordered = [*(_order(key, rows, sums, scale) for key in cut.order), *(key.asc().nulls_last() for key in by_keys)]
    statement = select(*keys, *shown).select_from(rows).group_by(*keys).having(*_having(cut, sums, scale))
    if is_summed and keys:
        statement = statement.having(_sum(Part.ORDERS)(rows) > literal_column("0"))
    statement = statement.order_by(*ordered)
    if cut.limit is None:
        return statement
    return statement.limit(bindparam("limit", type_=BigInteger())).offset(bindparam("offset", type_=BigInteger()))


def _sum(part: Part) -> Callable[[Subquery], ColumnElement[Any]]:
    return lambda rows: _or_nothing(func.sum(rows.c[part.value]))


def _or_nothing(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    """Of no orders, too."""
    return func.coalesce(amount, literal_column("0"))


_AGGREGATES: Final[Mapping[Part, Callable[[Subquery], ColumnElement[Any]]]] = {
    Part.ORDERS: lambda _rows: func.count(),
    Part.CANCELLED_ORDERS: lambda rows: _or_nothing(
        func.sum(
            case(
                (rows.c.order_status == literal_column(f"'{OrderStatus.CANCELLED}'"), literal_column("1")),
                else_=literal_column("0"),
            )
        )
    ),
    Part.MEMBERS: lambda rows: func.count(rows.c.member_id.distinct()),
}


def _having(cut: Cut, sums: Sums, scale: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """`whole ≥ bound × divisor`: nothing is divided, and so nothing rounded; without a divisor's amount nothing holds."""
    conditions = []
    for number, one in enumerate(cut.having):
        entry = MEASURES[one.measure]
        whole, divisor = _sides(entry.formula, sums)
        if entry.is_money:
            whole = whole * scale
        for end, compare in (("gte", ColumnElement.__ge__), ("lte", ColumnElement.__le__)):
            if getattr(one, end) is None:
                continue
            bound: ColumnElement[Any] = bindparam(f"having_{number}_{end}", type_=Numeric())
            if entry.is_money:
                bound = bound * literal_column(str(10**FINEST_DIGITS))
            if divisor is None:
                conditions.append(compare(whole, bound))
            else:
                conditions.append(and_(divisor > literal_column("0"), compare(whole, bound * divisor)))
    return conditions


def _order(key: OrderKey, rows: Subquery, sums: Sums, scale: ColumnElement[Any]) -> ColumnElement[Any]:
    by = _ordering(key, rows, sums, scale)
    return (by.desc() if key.is_descending else by.asc()).nulls_last()


def _ordering(key: OrderKey, rows: Subquery, sums: Sums, scale: ColumnElement[Any]) -> ColumnElement[Any]:
    if key.measure is None:
        return _bucket_order(rows) if key.dimension is None else rows.c[key.dimension.value]
    entry = MEASURES[key.measure]
    whole, divisor = _sides(entry.formula, sums)
    if entry.is_money:
        whole = whole * scale
    return whole if divisor is None else Quotient(whole, func.nullif(divisor, literal_column("0")))


def _bucket_order(rows: Subquery) -> ColumnElement[Any]:
    return GroupsSortedBy(rows.c[BUCKET])


def _sides(formula: Formula, sums: Sums) -> tuple[ColumnElement[Any], ColumnElement[Any] | None]:
    whole = _total(sums, formula.plus)
    if formula.minus:
        whole = whole - _total(sums, formula.minus)
    return whole, _total(sums, formula.divisor) if formula.divisor else None


def _total(sums: Sums, parts: Sequence[Part]) -> ColumnElement[Any]:
    first, *others = (sums[part] for part in parts)
    for other in others:
        first = first + other
    return first


def _scale(cut: Cut, rows: Subquery) -> ColumnElement[Any]:
    """What makes minor units of any currency comparable."""
    if Dimension.CURRENCY not in cut.dimensions:
        return literal_column(str(_factor(2 if cut.currency is None else minor_digits(cut.currency))))
    currency = rows.c[Dimension.CURRENCY.value]
    others = ((digits, currencies_of(digits)) for digits in range(FINEST_DIGITS + 1) if digits != 2)
    rare: list[tuple[ColumnElement[Any], ColumnElement[Any]]] = [
        (or_(*(currency == literal_column(f"'{one}'") for one in of)), literal_column(str(_factor(digits))))
        for digits, of in others
        if of
    ]
    return case(*rare, else_=literal_column(str(_factor(2))))


def _factor(digits: int) -> int:
    return int(10 ** (FINEST_DIGITS - digits))
