"""Keyset pages: a page starts beside a position, never at a row number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")

Position = tuple[str | int | datetime, ...]
"""The sort key of one row, its id last: what a cursor carries."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most `limit` rows strictly after `after` and strictly before `before`, in the list's order.

    `is_backward` takes them from the end of that range (`last`); they come in the list's order all the same.
    """

    limit: int
    after: Position | None = None
    before: Position | None = None
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page. The flags tell whether the list goes on beyond it on either side, as far as one query can know:
    forward, `has_previous` is whether a start position was given; backward, `has_next` is whether an end position was.
    """

    items: tuple[T, ...]
    has_next: bool
    has_previous: bool
