"""An order's amounts over its lines, and a line's over the pieces that leave from one warehouse: exactly, by largest remainder.

The rules are those of placement and of splitting (`domain/orders/splitting.py`), in SQL: shipping by the lines' value, a line's amounts
over its pieces by their units. What was captured is shared by what each line costs with its share of the shipping, so that a line
of a paid order has paid what it costs; what went back, by what each line is worth that went back, or else by the same.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Subquery, case, cast, func, literal_column, select

from adapters.analytics_words import ShareRest, WholeShare

ONE: ColumnElement[int] = literal_column("1")
ZERO: ColumnElement[int] = literal_column("0")


class Shares(NamedTuple):
    """Of what amounts are shared over what. All are names of columns."""

    whole: str
    """The rows with one value of it share one amount."""
    among: tuple[str, ...]
    """In which order rows of equal remainders take what is left; what is nothing comes last."""
    units: str


class Amount(NamedTuple):
    """Becomes the column `name`: each row's part of the column `of`, by its weight, which is of the source and not negative."""

    name: str
    of: str
    weight: ColumnElement[Any]


def shared(source: Subquery, over: Shares, amounts: Sequence[Amount]) -> Subquery:
    """The source with a column more for each amount. Where all weights are zero, rows that have units share alike.

    All at once, as every step is a pass over all rows: one sums the weights, one what was given, one for each amount ranks the rest.
    """
    weights = {id(amount.weight): amount.weight for amount in amounts}
    number = {amount.name: list(weights).index(id(amount.weight)) for amount in amounts}
    weighed = _weighed(source, over, list(weights.values()), f"{amounts[0].name}_weighed")
    sides = {amount.name: (weighed.c[amount.of], *_weights(weighed, number[amount.name])) for amount in amounts}
    divided = select(
        *weighed.c,
        *(WholeShare(*side).label(f"{name}_base") for name, side in sides.items()),
        *(ShareRest(*side).label(f"{name}_rest") for name, side in sides.items()),
    ).subquery(f"{amounts[0].name}_divided")
    ranked = select(*divided.c, *(column for amount in amounts for column in _ranked(divided, over, amount))).subquery(
        f"{amounts[0].name}_ranked"
    )
    parts = (_part(ranked, amount.name).label(amount.name) for amount in amounts)
    return select(*_named(ranked, source), *parts).subquery(f"{amounts[0].name}_shared")


def _weighed(source: Subquery, over: Shares, weights: Sequence[ColumnElement[Any]], name: str) -> Subquery:
    whole = source.c[over.whole]
    counts = case((source.c[over.units] > ZERO, ONE), else_=ZERO)
    sums = (func.sum(weight).over(partition_by=whole) for weight in weights)
    return select(
        *source.c,
        counts.label("counted"),
        func.sum(counts).over(partition_by=whole).label("counts"),
        func.count().over(partition_by=whole).label("rows_of_it"),
        *(cast(weight, BigInteger()).label(f"weight_{n}") for n, weight in enumerate(weights)),
        *(cast(weight, BigInteger()).label(f"weights_{n}") for n, weight in enumerate(sums)),
    ).subquery(name)


def _weights(rows: Subquery, number: int) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """A row's, and all of them together."""
    one, all_ = rows.c[f"weight_{number}"], rows.c[f"weights_{number}"]
    own = case((all_ > ZERO, one), (rows.c.counts > ZERO, rows.c.counted), else_=ONE)
    whole = case((all_ > ZERO, all_), (rows.c.counts > ZERO, rows.c.counts), else_=rows.c.rows_of_it)
    return own, whole


def _ranked(divided: Subquery, over: Shares, amount: Amount) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What the rounding down has left over, and the row's place among those that take one of it."""
    whole = divided.c[over.whole]
    given = func.sum(divided.c[f"{amount.name}_base"]).over(partition_by=whole)
    order = [
        divided.c[f"{amount.name}_rest"].desc(),
        *(divided.c[among].asc().nulls_last() for among in over.among),
    ]
    place = func.row_number().over(partition_by=whole, order_by=order)
    return (divided.c[amount.of] - given).label(f"{amount.name}_left"), place.label(f"{amount.name}_place")


def _part(ranked: Subquery, name: str) -> ColumnElement[Any]:
    takes_one = ranked.c[f"{name}_place"] <= ranked.c[f"{name}_left"]
    return ranked.c[f"{name}_base"] + case((takes_one, ONE), else_=ZERO)


def _named(rows: Subquery, source: Subquery) -> Sequence[ColumnElement[Any]]:
    return [rows.c[column.key] for column in source.c]
