"""The sorts of the list of orders: what each is sorted by, and in which direction."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Column

from adapters.db.tables import orders
from domain.values.enums import OrderSort


class Sorted(NamedTuple):
    column: Column[Any]
    range: str
    """The filter's name of the column's range."""
    falls: bool


SORTS: Final[Mapping[OrderSort, Sorted]] = {
    OrderSort.PLACED_AT_DESC: Sorted(orders.c.placed_at, "placed_at", falls=True),
    OrderSort.PLACED_AT_ASC: Sorted(orders.c.placed_at, "placed_at", falls=False),
    OrderSort.UPDATED_AT_DESC: Sorted(orders.c.updated_at, "updated_at", falls=True),
    OrderSort.UPDATED_AT_ASC: Sorted(orders.c.updated_at, "updated_at", falls=False),
    OrderSort.TOTAL_DESC: Sorted(orders.c.total_minor, "total", falls=True),
    OrderSort.TOTAL_ASC: Sorted(orders.c.total_minor, "total", falls=False),
}
