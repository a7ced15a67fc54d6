"""The time of day: the only place where it comes from."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC, to the microsecond."""
        ...
