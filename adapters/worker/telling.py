"""What the worker says of a fault that it goes on after."""

import logging

from adapters.sql import is_away
from domain.values.faults import ServiceUnavailable

log = logging.getLogger("order_center.worker")


def tell(error: Exception, sentence: str) -> None:
    """Where it happened is of interest, unless the database or a service is away: that is nobody's mistake here."""
    is_ours = not (is_away(error) or isinstance(error, ServiceUnavailable))
    log.error("%s (%s)", sentence, error, exc_info=error if is_ours else None)
