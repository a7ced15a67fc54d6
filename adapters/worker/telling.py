"""What the worker says of a fault that it goes on after."""

import logging
from typing import Final

from adapters.sql import is_away
from domain.values.faults import ServiceUnavailable

log = logging.getLogger("order_center.worker")


def tell(error: Exception, sentence: str) -> None:
    """Where it happened is of interest, unless the database or a service is away: that is nobody's mistake here."""
    is_ours = not (is_away(error) or isinstance(error, ServiceUnavailable))
    log.error("%s (%s)", sentence, error, exc_info=error if is_ours else None)


class LastingFault:
    """Of work that is tried again and again: told when it begins, when it changes, and when it is over. `sentence` is what fails."""

    def __init__(self, sentence: str) -> None:
        self.sentence: Final = sentence
        self._told: str | None = None

    def goes_on(self, error: Exception) -> None:
        if str(error) != self._told:
            tell(error, self.sentence)
            self._told = str(error)

    def is_over(self) -> None:
        if self._told is not None:
            log.warning("That is over now: %s", self.sentence)
            self.forget()

    def forget(self) -> None:
        """It is told anew should it come again."""
        self._told = None
