"""In what an answer is not the one of graphql-core.

Where several errors are beneath one nulled path, which of them is told is a matter of which came first. So each error is put
under the path at which the answer is null for its sake, and what may stand there is asked of graphql-core once more, without
propagation (`running.py`): it then tells every error that there is, each once. Of the errors under one nulled path an answer has
to tell one that there is; where there is only one, that one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import GraphQLError
from graphql.execution import ExecutionResult

Path = tuple[str | int, ...]


class Told(NamedTuple):
    """An error, as far as both executors have to tell the same."""

    path: Path
    message: str
    code: str | None


@dataclass(slots=True)
class Answer:
    data: Any
    errors: frozenset[Told]
    is_executed: bool = True
    batches: Counter[str] | None = None


def answer_of(result: ExecutionResult) -> Answer:
    return Answer(result.data, frozenset(map(told, result.errors or ())))


def told(error: GraphQLError) -> Told:
    return Told(tuple(error.path or ()), error.message, (error.extensions or {}).get("code"))


def nulled_at(data: Any, path: Path) -> Path | None:
    """The outermost null on the way to the path; None where the answer has a value there, or no such place."""
    for depth, step in enumerate(path):
        if data is None:
            return path[:depth]
        try:
            data = data[step]
        except (LookupError, TypeError):
            return None
    return path if data is None else None


def by_nulled_path(data: Any, errors: Iterable[Told]) -> dict[Path | None, set[Told]]:
    grouped: dict[Path | None, set[Told]] = {}
    for error in errors:
        grouped.setdefault(nulled_at(data, error.path), set()).add(error)
    return grouped


def differences(core: Answer, other: Answer, every: frozenset[Told]) -> list[str]:
    """In what another answer is not the one of graphql-core, in words; nothing where it is."""
    if not (core.is_executed and other.is_executed):
        same = (core.is_executed, core.errors) == (other.is_executed, other.errors)
        return [] if same else [f"refused otherwise: {core} and {other}"]
    found = [] if is_same(core.data, other.data) else [f"data {core.data!r} and {other.data!r}"]
    found += [f"there is no such error: {error}" for error in other.errors - every]
    possible, told_of = by_nulled_path(core.data, every), by_nulled_path(other.data, other.errors)
    found += [f"nothing is null for {error}" for error in told_of.pop(None, ())]
    found += [f"one of {possible[path]} is not told" for path in possible.keys() - told_of.keys()]
    found += [f"not told as graphql-core does: {told_of[path]}" for path in told_of.keys() - possible.keys()]
    return found


def is_same(one: Any, other: Any) -> bool:
    """Equal, of the same types where JSON would show another, and with the keys in the same order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float) and isinstance(other, float) and one != one:  # noqa: PLR0124  no number is itself
        return other != other  # noqa: PLR0124
    is_same_kind = all(isinstance(one, kind) is isinstance(other, kind) for kind in (bool, int, float))
    return is_same_kind and bool(one == other)
