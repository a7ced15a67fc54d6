"""Optional inputs: left out is UNSET, which is not null. Where that makes no difference, both are None."""

from typing import Any, TypeVar

import strawberry

T = TypeVar("T")


def given(value: T | None) -> T | None:
    return None if value is strawberry.UNSET else value


def optional(description: str) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def required(description: str) -> Any:
    """An input field that must be there."""
    return strawberry.field(description=description)
