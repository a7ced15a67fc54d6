"""The statement of a cut where the cube is read instead of the orders: the same groups, conditions and order, of fewer rows."""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, Text, and_, bindparam, func, literal_column, select
from sqlalchemy.sql.visitors import ExternallyTraversible, replacement_traverse

from adapters.analytics_words import ZONE_TYPE, bucket
from adapters.db.analytics_facts import BUCKET, clock_conditions
from adapters.db.analytics_statements import SHAPES_KEPT, aggregated
from adapters.db.cube import days, hours
from adapters.db.cube_tables import CUBE_PARTS
from adapters.db.order_filters import Condition, Shape, condition, parameter_names
from adapters.db.tables import orders
from adapters.sql import Statement, prepare
from domain.analytics.plan import Cube, Cut
from domain.values.enums import Dimension

_NO_COUNTRY: Final[ColumnElement[str]] = literal_column("''", Text())


@lru_cache(SHAPES_KEPT)
def cube_statement(cut: Cut, shape: Shape) -> Statement:
    """As `cut_statement`, with the parameter `pending` besides."""
    cells = hours() if cut.cube is Cube.HOURS else days()
    return prepare(aggregated(cut, _facts(cut, shape, cells).subquery("facts"), is_summed=True))


def _facts(cut: Cut, shape: Shape, cells: Subquery) -> Select[Any]:
    """A row per cell. Of pending orders there are cells with opposite sums: what they leave empty is left out."""
    start = cells.c.hour if cut.cube is Cube.HOURS else cells.c.day
    keys: list[ColumnElement[Any]] = []
    if cut.clock is not None and cut.clock.grain is not None:
        zone = bindparam("zone", type_=ZONE_TYPE)
        keys.append(bucket(cut.clock.grain, start, zone).label(BUCKET))
    keys += [_dimension(cells, dimension.value.lower()).label(dimension.value) for dimension in cut.dimensions]
    where = and_(_of_cells(condition(shape, parameter_names()), cells, start), *clock_conditions(cut.clock, start))
    if not cut.has_currencies:
        return select(*keys, *(cells.c[name] for name in CUBE_PARTS)).where(where)
    sums = {name: func.sum(cells.c[name]) for name in CUBE_PARTS}
    shown = (column.label(name) for name, column in sums.items())
    return (
        select(cells.c.currency, *shown)
        .where(where)
        .group_by(cells.c.currency)
        .having(sums["orders"] > literal_column("0"))
    )


def _dimension(cells: Subquery, name: str) -> ColumnElement[Any]:
    """A cell has "" where its orders have no country."""
    column = cells.c[name]
    return func.nullif(column, _NO_COUNTRY, type_=column.type) if name == Dimension.COUNTRY.value.lower() else column


def _of_cells(where: Condition, cells: Subquery, start: ColumnElement[Any]) -> Condition:
    """The condition on orders as one on cells."""

    def replaced(element: ExternallyTraversible, **_options: Any) -> ColumnElement[Any] | None:
        if getattr(element, "table", None) is not orders:
            return None
        name = str(getattr(element, "name", ""))
        return start if name == "placed_at" else _dimension(cells, name)

    found: Condition = replacement_traverse(where, {}, replaced)
    return found
