"""Texts that can be kept: no database holds a NUL, and UTF-8 has no half of a surrogate pair. Nor is JSON kept that is nested
without end.
"""

from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from functools import cache
from typing import Any, Final

from domain.values.refusals import InputProblem

MAX_DEPTH: Final = 20
SPREAD: Final = {"is_spread": True}
"""Metadata of a field whose parts callers give as if they were its owner's own."""

Path = tuple[str, ...]


def is_text(value: str) -> bool:
    """Without a NUL, and without half of a surrogate pair."""
    return "\0" not in value and (value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value))


def is_sound_json(text: str) -> bool:
    """Of JSON: sure to have no such text in it, nor too many levels. A tenth of the price of looking at each value; where it is
    not sure, `text_problems` is.
    """
    return "\\u0000" not in text and is_text(text) and text.count("{") + text.count("[") <= MAX_DEPTH


def text_problems(asked: Any) -> Iterator[InputProblem]:
    """Anywhere in an input or a command, in its order: each by its path, in the words that callers use."""
    rest: list[tuple[Path, Any]] = [((), asked)]
    while rest:
        path, value = rest.pop()
        if isinstance(value, str):
            if not is_text(value):
                yield InputProblem(path, "INVALID_TEXT", "A text has no NUL and no halves of surrogate pairs.")
        elif len(path) > MAX_DEPTH:
            yield InputProblem(path[:MAX_DEPTH], "TOO_DEEP", f"At most {MAX_DEPTH} levels can be nested.")
        else:
            rest += [((*path, name), part) for name, part in reversed(_parts(value))]


def _parts(value: Any) -> list[tuple[str, Any]]:
    """What the value is made of, by the names that the caller knows; the keys of JSON count as values too."""
    if isinstance(value, dict):
        return [(key if is_text(key) else "", part) for key, part in value.items()] + [("", key) for key in value]
    if isinstance(value, list | tuple):
        return [(str(position), part) for position, part in enumerate(value)]
    if is_dataclass(value):
        own = ((part, getattr(value, part.name)) for part in fields(value))
        return [named for part, inner in own for named in _of_field(part, inner)]
    return []


def _of_field(part: "Field[Any]", value: Any) -> list[tuple[str, Any]]:
    return _parts(value) if "is_spread" in part.metadata else [(_spoken(part.name), value)]


@cache
def _spoken(name: str) -> str:
    """`external_number` is `externalNumber` to callers."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
