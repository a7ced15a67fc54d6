"""Cursors: opaque to clients, and good for one order of one list only.

A cursor is the base64url of a version byte, a CRC-32 and a JSON array: the kind of list, then the position, times as
microseconds since 1970. The checksum is against accidents (cut off, mistyped), not against forgery: a position says nothing
that its reader may not see, and the scope is joined to every page anyway.
"""

import base64
import binascii
import json
import zlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from domain.values.enums import OrderSort
from domain.values.faults import BadRequest
from domain.values.paging import Position

_VERSION: Final = 1
_PREFIX_BYTES: Final = 5
_MAX_LENGTH: Final = 1000
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
}
"""The attributes of a row that make its position."""


def cursor_of(kind: CursorKind, row: Any) -> str:
    """The cursor of one row of such a list."""
    values = [_written(getattr(row, name)) for name in _KEYS[kind]]
    payload = json.dumps([kind, *values], ensure_ascii=False, separators=(",", ":")).encode()
    prefix = bytes((_VERSION,)) + zlib.crc32(payload).to_bytes(4, "big")
    return base64.urlsafe_b64encode(prefix + payload).rstrip(b"=").decode("ascii")


def position_of(kind: CursorKind, cursor: str) -> Position:
    """The position in such a list. Raises BadRequest, INVALID_CURSOR, for anything that `cursor_of` did not make for it."""
    try:
        written_kind, *values = _payload(cursor)
        if written_kind != kind:
            raise BadRequest("The cursor belongs to another list, or to another order of it.", "INVALID_CURSOR")
        types = _KEYS[kind].values()
        return tuple(_read(expected, value) for expected, value in zip(types, values, strict=True))
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError) as error:
        raise BadRequest("The cursor is not one that was given out here.", "INVALID_CURSOR") from error


def _payload(cursor: str) -> list[Any]:
    if len(cursor) > _MAX_LENGTH:
        raise ValueError("too long")
    ascii_cursor = cursor.encode("ascii")
    content = base64.b64decode(ascii_cursor + b"=" * (-len(ascii_cursor) % 4), altchars=b"-_", validate=True)
    prefix, payload = content[:_PREFIX_BYTES], content[_PREFIX_BYTES:]
    if prefix != bytes((_VERSION,)) + zlib.crc32(payload).to_bytes(4, "big"):
        raise ValueError("another version, or damaged")
    parts = json.loads(payload)
    if not isinstance(parts, list) or not parts:
        raise TypeError("no position")
    return parts


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
