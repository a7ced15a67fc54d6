"""The change feed: every version of every order, each once, in an order that keeps each order's own; gap-free under concurrent writers."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from domain.access.viewer import OrderScope
from domain.ports.order_views import OrderFilter
from domain.values.enums import ChangeKind
from domain.values.feed_positions import FeedPosition

EVERY_ORDER: Final = OrderFilter()


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """The changes after a position, of orders that are in the scope and pass the filter *now*; None: from the beginning, which is the
    orders as they are, each at its version.
    """

    scope: OrderScope
    limit: int
    after: FeedPosition | None = None
    filter: OrderFilter = EVERY_ORDER


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order came to a version; or it is gone (DELETE), which counts as its last version."""

    order_id: str
    version: int
    kind: ChangeKind
    at: datetime
    position: FeedPosition


@dataclass(frozen=True, slots=True)
class ChangePage:
    changes: tuple[OrderChange, ...]
    position: FeedPosition
    """Where the reader stands now; further on than the last change where nothing after it was wanted."""
    has_more: bool
    """Whether there may be more to read at once: a page may have few changes, or none, because little of what was looked at passes
    the filter.
    """
    lag_seconds: float
    """The age of the oldest step that is written but cannot be read yet, as an older transaction is still running; 0: there is none."""


class Watch(Protocol):
    async def news(self, seconds: float) -> bool:
        """Returns when something was written since the watch began or since it last returned, when the time is over, or when it is
        good to look again. False: nobody is to wait any longer.
        """
        ...


class OrderChanges(Protocol):
    async def page(self, query: ChangeQuery) -> ChangePage:
        """One statement; two where the orders of a snapshot end and the steps begin. Raises BadRequest, INVALID_CURSOR, for a position
        that this database cannot have given out.
        """
        ...

    def watch(self) -> AbstractAsyncContextManager[Watch]:
        """Notices what is written from now on: whoever begins it before reading misses nothing."""
        ...


class Tombstones(Protocol):
    """What is left of orders that are erased, so that copies of them can be. Bound to the transaction that erases."""

    async def bury(self, order_ids: Sequence[str], at: datetime) -> int:
        """Before the orders' rows go, under their locks. How many there were; an order has one tombstone."""
        ...
