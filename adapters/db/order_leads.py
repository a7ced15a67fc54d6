"""Conditions that lead: a page sorted by the time of placing walks the parts of an index that its values name, and no more.

Each value of such a list (of two lists: each pair of their values) has its part of an index, sorted by time already. The first rows of
every part are the page's candidates, at most as many as there are values times the page's size, whatever the table's size. PostgreSQL finds no
such plan by itself: for several values it walks the whole list and drops what has others, or reads all their rows and sorts them.

What else is asked is checked on the way, so conditions lead only where nothing else is asked that could drop many rows: beside a range of
the same time, which the index holds as well. A member leads beside anything, having few orders. Many values do not lead: that many walks
cost more than the whole list's.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final, NamedTuple

from adapters.db.order_filters import ONE, Shape

MOST_WALKS: Final = 50
SHAPES_KEPT: Final = 1024
SORTED_BY: Final = "placed_at"
"""What the parts of the indexes are sorted by."""

_LISTS: Final = {
    "scope.business_units": "business_unit",
    "scope.channels": "channel",
    "business_unit": "business_unit",
    "channel": "channel",
    "member_id": "member_id",
    "payment_status": "payment_status",
    "status": "status",
}
_COLUMN_OF: Final = _LISTS | {f"{leaf}{ONE}": name for leaf, name in _LISTS.items()} | {"scope.member_id": "member_id"}
_MEMBER: Final = ("member_id",)
_LEADING: Final[tuple[tuple[str, ...], ...]] = (
    _MEMBER,
    ("channel", "status"),
    ("business_unit", "payment_status"),
    ("status",),
    ("channel",),
    ("business_unit",),
)
"""The columns that an index begins with before the time and the id; the first that fit lead."""


class Lead(NamedTuple):
    """The columns, and how many combinations of their values there are: a power of two, so that few statements serve all."""

    columns: tuple[str, ...]
    walks: int

    def name(self, row: int, column: str) -> str:
        """Of the parameter with a combination's value."""
        return f"lead_{column}_{row}"


class Led(NamedTuple):
    """What is left of a request, and what leads it."""

    shape: Shape
    values: list[Any]
    lead: Lead
    lead_values: dict[str, Any]


class _Split(NamedTuple):
    columns: tuple[str, ...]
    leaves: tuple[tuple[int, ...], ...]
    """By column: where its leaves are in the shape, and their values among the values."""
    rest: Shape
    taken: frozenset[int]


def led(shape: Shape, values: Sequence[Any]) -> Led | None:
    """None: nothing leads."""
    split = _split(shape)
    if split is None:
        return None
    choices = [_common([values[leaf] for leaf in leaves]) for leaves in split.leaves]
    count = prod(map(len, choices))
    if count > MOST_WALKS:
        return None
    lead = Lead(split.columns, 1 << max(0, count - 1).bit_length())
    # Filled up with NULL, which nothing equals.
    rows = [*product(*choices), *[(None,) * len(choices)] * (lead.walks - count)]
    given = {
        lead.name(row, column): value
        for row, combination in enumerate(rows)
        for column, value in zip(lead.columns, combination, strict=True)
    }
    return Led(split.rest, [value for at, value in enumerate(values) if at not in split.taken], lead, given)


def is_sorted(shape: Shape, key: str) -> bool:
    """Whether the shape asks for nothing but a range of `key`."""
    return all(isinstance(part, str) and part.startswith(f"{key}.") for part in shape)


@lru_cache(SHAPES_KEPT)
def _split(shape: Shape) -> _Split | None:
    """Leaves come before branches in a shape, and each has one value: their places are those of their values."""
    columns = [_COLUMN_OF.get(part) if isinstance(part, str) else None for part in shape]
    for leading in _LEADING:
        leaves = tuple(tuple(at for at, name in enumerate(columns) if name == column) for column in leading)
        taken = frozenset(at for found in leaves for at in found)
        rest = tuple(part for at, part in enumerate(shape) if at not in taken)
        if all(leaves) and (leading == _MEMBER or is_sorted(rest, SORTED_BY)):
            return _Split(leading, leaves, rest, taken)
    return None


def _common(given: Sequence[Any]) -> list[str]:
    """The values that all conditions of one column let pass: a viewer's scope and a filter may name the same."""
    first, *others = (_listed(values) for values in given)
    return [value for value in first if all(value in other for other in others)]


def _listed(values: Iterable[str] | None) -> list[str]:
    return [] if values is None else [values] if isinstance(values, str) else list(values)
