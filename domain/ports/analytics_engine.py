"""Analytical engines beside the database: a copy of what analytics reads, kept from the change feed, that answers the same cuts.

Theory of operation
    An engine holds tables of the same names and columns as the database's, without what analytics does not read. A *batch* names
    orders, and has all rows of those that are still there: the engine drops what it has of all of them and adds the rows, in one
    step with its new position. So a batch that comes twice changes nothing, and an engine that was killed goes on where it was.

    Batches are each read in one snapshot. The last one of a run (`watermark` is given) takes in everything that its snapshot holds:
    from then on, until the next batch, the copy is exactly the database as of that watermark, and answers name it. Before the first
    such batch, and within a run of several, the copy is of no single moment: it must not answer.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.ports.analytics import Analytics
from domain.values.faults import ServiceUnavailable
from domain.values.feed_positions import FeedPosition


class CopyOfNoMoment(ServiceUnavailable):
    """The copy is being loaded, or catches up in parts."""

    def __init__(self) -> None:
        super().__init__("analytics", "its copy of the orders is being brought up to date")


@dataclass(frozen=True, slots=True)
class TableRows:
    name: str
    columns: tuple[str, ...]
    """The first is the order's id, in every table."""
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class EngineBatch:
    order_ids: tuple[str, ...]
    """Whose rows are all dropped first: orders that are new, changed or gone."""
    tables: tuple[TableRows, ...]
    after: FeedPosition | None
    """The position that it follows; None: it is the first."""
    position: FeedPosition
    watermark: str | None
    """The cursor of the change feed that the copy is as of, once it has this batch; None: there is more to take in."""

    as_of: datetime
    """When it was read; in UTC."""

    @property
    def has_more(self) -> bool:
        return self.watermark is None


class EngineSource(Protocol):
    async def batch(self, after: FeedPosition | None) -> EngineBatch:
        """What comes after a position; None: from the beginning."""
        ...

    async def lag_seconds(self, after: FeedPosition | None) -> float:
        """The age of the oldest step that a copy at the position does not have; 0: there is none."""
        ...

    async def order_count(self) -> int:
        """How many orders there are: the whole of a progress bar."""
        ...


class EngineCopy(Protocol):
    """What an engine lets be done to its copy. One feeder at a time; of a copy that several share, by a `FeederLease`."""

    async def position(self) -> FeedPosition | None:
        """None: it has nothing yet."""
        ...

    async def take_in(self, batch: EngineBatch) -> None:
        """All of it, or nothing: rows and position together."""
        ...

    async def order_count(self) -> int: ...

    async def reset(self) -> None:
        """Drops everything; the position is None again."""
        ...


class HeldLease(Protocol):
    async def check(self) -> None:
        """Raises where it may be lost; then another feeds."""
        ...


class FeederLease(Protocol):
    """Which of the processes that share a copy feeds it."""

    def taken(self) -> AbstractAsyncContextManager[HeldLease | None]:
        """Held while the block runs; None: another has it."""
        ...


class AnalyticsEngine(Analytics, EngineCopy, Protocol):
    """An engine that can be chosen in place of PostgreSQL. `moment` raises CopyOfNoMoment, and ServiceUnavailable where the engine is a
    server and does not answer; its `as_of` and `watermark` are those of the last batch.
    """

    async def watermark(self) -> str | None:
        """What the copy is as of; None: of no single moment."""
        ...
