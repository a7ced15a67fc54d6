"""Texts that PostgreSQL cannot hold: with a NUL, or with half a surrogate pair. Asking for one would be an error of the statement;
as nothing stored is equal to it, it is left out instead.
"""

from collections.abc import Iterable


def is_storable(value: str) -> bool:
    if value.isascii():
        return "\0" not in value
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def storable(values: Iterable[str]) -> list[str]:
    return [value for value in values if is_storable(value)]
