"""`replace` as of dataclasses, for frozen classes with slots: several times faster, which is what every step of an order pays.

dataclasses.replace calls the class with every field by name. Here the fields are copied slot by slot, so a class with a
`__post_init__`, with a field that is no parameter, or with a single one does not fit.
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar

T = TypeVar("T")
Put = Callable[[Any, Any], None]


class _Slots(NamedTuple):
    read: Callable[[Any], tuple[Any, ...]]
    puts: tuple[Put, ...]
    put_by_name: dict[str, Put]


def replace(value: T, /, **changes: Any) -> T:
    """A copy of it with some fields changed. Raises KeyError for a field that it does not have."""
    cls = type(value)
    slots = _KNOWN.get(cls) or _slots_of(cls)
    copy = object.__new__(cls)
    for put, part in zip(slots.puts, slots.read(value), strict=False):  # as many as there are fields, both
        put(copy, part)
    for name, part in changes.items():
        slots.put_by_name[name](copy, part)
    return copy


_KNOWN: Final[dict[type, _Slots]] = {}


def _slots_of(cls: type[Any]) -> _Slots:
    names = [field.name for field in fields(cls)]
    put_by_name: dict[str, Put] = {name: getattr(cls, name).__set__ for name in names}
    _KNOWN[cls] = slots = _Slots(attrgetter(*names), tuple(put_by_name.values()), put_by_name)
    return slots
