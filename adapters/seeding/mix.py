"""How many of the demo orders lived their life here, were caught in the midst of it, or came from a legacy system.

The oldest orders were placed in part where a legacy system ran, and imported later, so each has one event. In a big seed nearly
all of them were: it is a bulk of history with a busy end, and its orders have six events on average at most.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mix:
    moment_every: int
    """One order in so many is under way at the reference time, whatever its place."""
    legacy_until: float
    """The time of the legacy systems: the oldest part of the other orders."""
    legacy_share: float
    """Of those in that time."""

    def is_moment(self, index: int) -> bool:
        return index % self.moment_every == self.moment_every - 1


MIX: Final = Mix(moment_every=10, legacy_until=0.3, legacy_share=0.46)
BULK_MIX: Final = Mix(moment_every=25, legacy_until=0.93, legacy_share=0.93)
BULK_FROM: Final = 20_001
"""How many orders are a big seed."""


def mix_of(orders: int) -> Mix:
    return BULK_MIX if orders >= BULK_FROM else MIX
