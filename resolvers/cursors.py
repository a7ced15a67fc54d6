"""Cursors: opaque to clients, and good for one order of one list only.

A cursor is a sealed text (`domain/values/sealing.py`): the kind of list, then the position, times as microseconds since 1970. It is
not held against forgery: a position says nothing that its reader may not see, and the scope is joined to every page anyway.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from domain.values.enums import OrderSort
from domain.values.faults import BadRequest
from domain.values.paging import Position
from domain.values.sealing import sealed, unsealed

_INT64: Final = 2**63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class CursorKind(StrEnum):
    """Which list, in which order: those of the orders are their sorts."""

    PLACED_AT_DESC = OrderSort.PLACED_AT_DESC.value
    PLACED_AT_ASC = OrderSort.PLACED_AT_ASC.value
    UPDATED_AT_DESC = OrderSort.UPDATED_AT_DESC.value
    UPDATED_AT_ASC = OrderSort.UPDATED_AT_ASC.value
    TOTAL_DESC = OrderSort.TOTAL_DESC.value
    TOTAL_ASC = OrderSort.TOTAL_ASC.value
    PRODUCT = "PRODUCT"
    MEMBER = "MEMBER"
    FULFILLMENT = "FULFILLMENT"
    AFTER_SALE = "AFTER_SALE"
    TRANSITION = "TRANSITION"
    EXPORT = "EXPORT"


_KEYS: Final[dict[CursorKind, dict[str, type[str | int | datetime]]]] = {
    CursorKind.PLACED_AT_DESC: {"placed_at": datetime, "id": str},
    CursorKind.PLACED_AT_ASC: {"placed_at": datetime, "id": str},
    CursorKind.UPDATED_AT_DESC: {"updated_at": datetime, "id": str},
    CursorKind.UPDATED_AT_ASC: {"updated_at": datetime, "id": str},
    CursorKind.TOTAL_DESC: {"total_minor": int, "id": str},
    CursorKind.TOTAL_ASC: {"total_minor": int, "id": str},
    CursorKind.PRODUCT: {"sku": str},
    CursorKind.MEMBER: {"id": str},
    CursorKind.FULFILLMENT: {"created_at": datetime, "id": str},
    CursorKind.AFTER_SALE: {"created_at": datetime, "id": str},
    CursorKind.TRANSITION: {"sequence": int},
    CursorKind.EXPORT: {"created_at": datetime, "id": str},
}
"""The attributes of a row that make its position."""


def cursor_of(kind: CursorKind, row: Any) -> str:
    """The cursor of one row of such a list."""
    values = [_written(getattr(row, name)) for name in _KEYS[kind]]
    return sealed([kind, *values])


def position_of(kind: CursorKind, cursor: str) -> Position:
    """The position in such a list. Raises BadRequest, INVALID_CURSOR, for anything that `cursor_of` did not make for it."""
    try:
        written_kind, *values = unsealed(cursor)
        if written_kind != kind:
            raise BadRequest("The cursor belongs to another list, or to another order of it.", "INVALID_CURSOR")
        types = _KEYS[kind].values()
        return tuple(_read(expected, value) for expected, value in zip(types, values, strict=True))
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRequest("The cursor is not one that was given out here.", "INVALID_CURSOR") from error


def _written(value: str | int | datetime) -> str | int:
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value


def _read(expected: type[str | int | datetime], value: Any) -> str | int | datetime:
    if expected is str:
        return _text(value)
    if type(value) is not int or not -_INT64 <= value < _INT64:
        raise ValueError("no number")
    return _EPOCH + timedelta(microseconds=value) if expected is datetime else value


def _text(value: Any) -> str:
    """Only what a database can hold."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    value.encode()
    return value
