"""From rows to frozen views, as fast as Python can: one generated function per view and its columns.

A frozen dataclass pays a call of `object.__setattr__` for each field, several times what storing it costs. So a row is stored in an
object of a plain class with the very same slots, and that object then becomes one of the view's class: to the interpreter both
are the same piece of memory. A field whose column was not read stays empty: asking for it is an AttributeError.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

V = TypeVar("V")
Convert = Callable[[Any], Any]
Rows = Iterable[Sequence[Any]]


def filler(
    view: type[V], names: Sequence[str], converters: Mapping[str, Convert], *, has_more: bool = False
) -> Callable[[Rows], list[V]]:
    """A function from rows with the columns `names`, in their order, to views. A converter sees the values that are not None.

    `has_more`: there are other columns behind them.
    """
    unknown = set(names) - set(_slots(view))
    if unknown:
        raise ValueError(f"{view.__name__} has no {sorted(unknown)}")
    known: dict[str, Any] = {"view_class": view, "blank_class": _blank(view), "new": object.__new__}
    known |= {f"convert_{name}": converters[name] for name in names if name in converters}
    exec(source(names, converters, has_more=has_more), known)  # noqa: S102  made of our own classes' field names only
    fill: Callable[[Rows], list[V]] = known["fill"]
    return fill


def source(names: Sequence[str], converters: Iterable[str], *, has_more: bool = False) -> str:
    """The function's text."""
    converted = frozenset(converters)
    columns = [*(f"of_{name}" for name in names), *(["*_"] if has_more else [])]
    return "\n".join(
        (
            "def fill(rows):",
            "    views = []",
            "    for " + "".join(f"{column}, " for column in columns) + "in rows:",
            "        one = new(blank_class)",
            *(f"        one.{name} = {_value(name, is_converted=name in converted)}" for name in names),
            "        one.__class__ = view_class",
            "        views.append(one)",
            "    return views",
        )
    )


def _value(name: str, *, is_converted: bool) -> str:
    return f"None if of_{name} is None else convert_{name}(of_{name})" if is_converted else f"of_{name}"


def _blank(view: type[Any]) -> type[Any]:
    if view not in _BLANKS:
        _BLANKS[view] = type(f"Blank{view.__name__}", (), {"__slots__": _slots(view)})
    return _BLANKS[view]


def _slots(view: type[Any]) -> tuple[str, ...]:
    slots: tuple[str, ...] = view.__dict__["__slots__"]
    return slots


_BLANKS: dict[type[Any], type[Any]] = {}
