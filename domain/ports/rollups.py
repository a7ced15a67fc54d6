"""The cube of the orders: sums that are kept current from the change feed, so that not every question reads every order."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RollupAdvance:
    orders: int
    """How many orders were put in, or taken out and put in anew."""
    has_more: bool
    """Whether to go on at once."""


@dataclass(frozen=True, slots=True)
class RollupStatus:
    orders: int
    """In the cube."""
    all_orders: int
    cells: int
    """Of the hours."""
    is_complete: bool
    """Whether every order was put in once; until then nothing is read from the cube."""
    lag_seconds: float
    """The age of the oldest step that is written and not in the cube yet; 0: there is none."""


class Rollups(Protocol):
    async def advance(self) -> RollupAdvance | None:
        """Takes the next part of the change feed in, in one transaction. The same part again changes nothing. None: somebody else is at
        it.
        """
        ...

    async def reset(self) -> None:
        """Empties the cube: `advance` makes it anew. Waits for whoever is at it."""
        ...

    async def lag_seconds(self) -> float: ...

    async def status(self) -> RollupStatus: ...
