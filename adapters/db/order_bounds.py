"""Where a page begins and ends, when its list is a range of what it is sorted by: two bounds of one side, of which one is enough.

PostgreSQL begins an index walk at one of the two, and not at the nearer one: from there it reads and drops all that is between them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from adapters.db.order_filters import BOUNDS, Shape
from domain.values.paging import PageRequest, Position

_UPPER: Final = ("lt", "lte")
_LOWER: Final = ("gt", "gte")


class Bounded(NamedTuple):
    shape: Shape
    values: list[Any]
    page: PageRequest


def bounded(shape: Shape, values: Sequence[Any], page: PageRequest, key: str, *, falls: bool) -> Bounded:
    """The same page, with the narrower bound of each side only; `falls`: the list begins with its upper end."""
    left = Bounded(shape, list(values), page)
    for name, side in (("after", _UPPER if falls else _LOWER), ("before", _LOWER if falls else _UPPER)):
        position: Position | None = getattr(page, name)
        if position is not None:
            left = _one_of(left, name, position, [f"{key}.{bound}" for bound in side])
    return left


def _one_of(given: Bounded, name: str, position: Position, leaves: Sequence[str]) -> Bounded:
    """A leaf of the shape's own range has its value where it is itself: leaves come before branches, and have one value each."""
    places = [place for place, part in enumerate(given.shape) if part in leaves]
    if not places:
        return given
    if not all(_holds_at(position, str(given.shape[place]), given.values[place]) for place in places):
        open_end = replace(given.page, after=None) if name == "after" else replace(given.page, before=None)
        return given._replace(page=open_end)
    shape = tuple(part for place, part in enumerate(given.shape) if place not in places)
    return given._replace(shape=shape, values=[v for place, v in enumerate(given.values) if place not in places])


def _holds_at(position: Position, leaf: str, value: Any) -> bool:
    """Then it holds for all that lies beyond the position."""
    _, _, bound = leaf.rpartition(".")
    return bool(BOUNDS[bound](position[0], value))
