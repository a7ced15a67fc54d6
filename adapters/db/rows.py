"""From a row to its read model and back. What to convert is read from the class's type hints, once per class.

A column needs converting where the driver's value is not the model's: enumerations (text), and what lies in JSONB: a dataclass
is an object without its empty fields, a tuple of them an array, a time its ISO 8601 text.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

V = TypeVar("V")
Convert = Callable[[Any], Any]


class Codec(NamedTuple):
    decode: Convert
    encode: Convert


class RowMapper(Generic[V]):
    """`names` are the columns, in the order that `decode` reads and `encode` writes them."""

    def __init__(self, view: type[V]) -> None:
        hints = get_type_hints(view)
        self.view = view
        self.names = tuple(hints)
        codecs = [(index, column_codec(hint)) for index, hint in enumerate(hints.values())]
        self._decoders = tuple((index, codec.decode) for index, codec in codecs if codec)
        self._encoders = tuple((index, codec.encode) for index, codec in codecs if codec)
        self._values = attrgetter(*self.names)

    def decode(self, record: Sequence[Any]) -> V:
        """From a row with exactly the columns of `names`."""
        values = list(record)
        for index, decode in self._decoders:
            value = values[index]
            if value is not None:
                values[index] = decode(value)
        return self.view(*values)

    def encode(self, view: V) -> tuple[Any, ...]:
        values = list(self._values(view))
        for index, encode in self._encoders:
            value = values[index]
            if value is not None:
                values[index] = encode(value)
        return tuple(values)


def mapper_of(view: type[V]) -> RowMapper[V]:
    if view not in _MAPPERS:
        _MAPPERS[view] = RowMapper(view)
    return _MAPPERS[view]


_MAPPERS: dict[Any, RowMapper[Any]] = {}


def column_codec(hint: Any) -> Codec | None:
    """None: the driver's value is the model's. Times of columns are native; only inside JSONB they are text."""
    hint = _without_none(hint)
    return None if hint is datetime else _json_codec(hint)


def _json_codec(hint: Any) -> Codec | None:
    hint = _without_none(hint)
    if get_origin(hint) is tuple:
        return _array_codec(get_args(hint)[0])
    if not isinstance(hint, type):
        return None
    if issubclass(hint, StrEnum):
        return Codec({member.value: member for member in hint}.__getitem__, str)
    if issubclass(hint, datetime):
        return Codec(hint.fromisoformat, hint.isoformat)
    return _object_codec(hint) if is_dataclass(hint) else None


def _array_codec(hint: Any) -> Codec | None:
    item = _json_codec(hint)
    if item is None:
        return Codec(tuple, list)
    return Codec(
        lambda values: tuple(item.decode(value) for value in values),
        lambda values: [item.encode(value) for value in values],
    )


def _object_codec(view: type[Any]) -> Codec:
    """An empty field is left out, and gets its default when it is read."""
    hints = get_type_hints(view)
    names = [field.name for field in fields(view)]
    codecs = {name: codec for name in names if (codec := _json_codec(hints[name]))}

    def decode(values: dict[str, Any]) -> Any:
        parts = dict(values)
        for name in codecs.keys() & parts.keys():
            parts[name] = codecs[name].decode(parts[name])
        return view(**parts)

    def encode(value: Any) -> dict[str, Any]:
        parts = {name: part for name in names if (part := getattr(value, name)) is not None}
        for name in codecs.keys() & parts.keys():
            parts[name] = codecs[name].encode(parts[name])
        return parts

    return Codec(decode, encode)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in {UnionType, Union}:
        return hint
    (kind,) = (part for part in get_args(hint) if part is not NoneType)
    return kind
