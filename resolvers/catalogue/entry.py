"""A row of the catalogue."""

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """Where a caller meets the code. The same code may stand in two places."""

    ERRORS = "ERRORS"
    """`errors[].extensions.code`"""
    REFUSALS = "REFUSALS"
    """`code` of a UserError"""
    PROBLEMS = "PROBLEMS"
    """`code` of an InputProblem, and of an order that was not imported"""
    BLOCKS = "BLOCKS"
    """`code` of a BlockedReason"""


@dataclass(frozen=True, slots=True)
class Entry:
    """`is_retryable`: whether the very same request may succeed later."""

    code: str
    meaning: str
    remedy: str
    is_retryable: bool = False
