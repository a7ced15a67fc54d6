"""From a row to its read model and back. What to convert is read from the class's type hints, once per class.

A row comes from the driver, or out of JSON that the database made of it (`Reading.from_json`). A column needs converting where the driver's value is not the model's: enumerations (text), and what lies in JSONB: a dataclass
is an object without its empty fields, a tuple of them an array, a time its ISO 8601 text.
"""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Generic, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from adapters.view_filling import Convert, Rows, filler
from domain.ports.order_views import Columns

V = TypeVar("V")
READINGS_KEPT: Final = 1024


class Codec(NamedTuple):
    decode: Convert
    encode: Convert


class RowMapper(Generic[V]):
    """`names` are the columns, in the order that `decode` reads and `encode` writes them."""

    def __init__(self, view: type[V]) -> None:
        hints = get_type_hints(view)
        self.view = view
        self.names = tuple(hints)
        codecs = {name: codec for name, hint in hints.items() if (codec := column_codec(hint))}
        self.decode_all = filler(view, self.names, {name: codec.decode for name, codec in codecs.items()})
        self._encoders = tuple((self.names.index(name), codec.encode) for name, codec in codecs.items())
        self._values = attrgetter(*self.names)

    def decode(self, record: Sequence[Any]) -> V:
        """From a row with exactly the columns of `names`."""
        return self.decode_all((record,))[0]

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


@dataclass(frozen=True)
class Reading(Generic[V]):
    """Some columns of a view: how rows of them become views. A function is made when the first row wants it."""

    view: type[V]
    names: tuple[str, ...]
    """In the view's order."""

    @cached_property
    def from_rows(self) -> Callable[[Rows], list[V]]:
        return filler(self.view, self.names, self._decoders(column_codec))

    @cached_property
    def from_longer_rows(self) -> Callable[[Rows], list[V]]:
        """Rows that have other columns behind these."""
        return filler(self.view, self.names, self._decoders(column_codec), has_more=True)

    @cached_property
    def from_json(self) -> Callable[[Rows], list[V]]:
        """Rows that are arrays of JSON."""
        return filler(self.view, self.names, self._decoders(json_codec))

    def _decoders(self, codec_of: "Callable[[Any], Codec | None]") -> dict[str, Convert]:
        hints = get_type_hints(self.view)
        codecs = {name: codec_of(hints[name]) for name in self.names}
        return {name: codec.decode for name, codec in codecs.items() if codec}


def reading_of(view: type[V], columns: Columns = None, *needed: str) -> Reading[V]:
    """The columns, those `needed` besides, and the id where there is one. Raises ValueError for one that the view has not."""
    return _reading(mapper_of(view), columns, needed)


@lru_cache(READINGS_KEPT)
def _reading(mapper: RowMapper[Any], columns: Columns, needed: tuple[str, ...]) -> Reading[Any]:
    if columns is None:
        return Reading(mapper.view, mapper.names)
    if unknown := columns.difference(mapper.names):
        raise ValueError(f"{mapper.view.__name__} has no {sorted(unknown)}")
    wanted = columns.union(needed, ("id",))
    return Reading(mapper.view, tuple(name for name in mapper.names if name in wanted))


def column_codec(hint: Any) -> Codec | None:
    """None: the driver's value is the model's. Times of columns are native; only inside JSONB they are text."""
    hint = _without_none(hint)
    return None if hint is datetime else json_codec(hint)


def json_codec(hint: Any) -> Codec | None:
    """None: what JSON has is the model's value."""
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
    item = json_codec(hint)
    if item is None:
        return Codec(tuple, list)
    return Codec(
        lambda values: tuple(item.decode(value) for value in values),
        lambda values: [item.encode(value) for value in values],
    )


def _object_codec(view: type[Any]) -> Codec:
    """An empty field is left out, and gets its default, or None, when it is read."""
    hints = get_type_hints(view)
    names = [field.name for field in fields(view)]
    empty = {
        part.name: None
        for part in fields(view)
        if part.default is MISSING
        and part.default_factory is MISSING
        and _without_none(hints[part.name]) is not hints[part.name]
    }
    codecs = {name: codec for name in names if (codec := json_codec(hints[name]))}

    def decode(values: dict[str, Any]) -> Any:
        parts = empty | values
        for name in codecs.keys() & values.keys():
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
