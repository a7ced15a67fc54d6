"""The answer by graphql-core, from values that were found already: where something in them is an error, or not as it should be.

So null propagation, paths, messages and coercion are those of graphql-core because it does them; nothing is loaded, and no
resolver is called, a second time.
"""

from collections.abc import Awaitable, Callable, Iterator
from inspect import isawaitable
from typing import Any, Final

from graphql import GraphQLError, GraphQLResolveInfo, located_error
from graphql.execution import Executor, MiddlewareManager
from graphql.pyutils import Path

from schema.execution.levels import Failure, Found
from schema.execution.plan import Part, Selection

Place = tuple[str | int, ...]
_NOT_FOUND: Final = object()


class Replay:
    """A middleware of graphql-core that gives found values instead of calling resolvers."""

    def __init__(self, core: Executor[Any]) -> None:
        self._values: dict[Place, Any] = {}
        self._core = core
        core.middleware_manager = MiddlewareManager(self)

    async def write(self, part: Part, found: Found) -> dict[str, Any]:
        """The errors of fields that may be null are collected by the executor. Raises GraphQLError where one reaches the top."""
        self._values = values_by_path(part, found)
        core = self._core
        written: dict[str, Any] | Awaitable[dict[str, Any]] = core.execute_fields(
            part.selection.object_type, core.root_value, None, part.grouped, None
        )
        return await written if isawaitable(written) else written

    def resolve(self, next_: Callable[..., Any], parent: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = self._values.get(tuple(info.path.as_list()), _NOT_FOUND)
        return next_(parent, info, **arguments) if value is _NOT_FOUND else value


def values_by_path(part: Part, found: Found) -> dict[Place, Any]:
    """All values that were found, with the errors in their places."""
    failures = _failures(found)
    return {
        place: failure.error if (failure := failures.get((slot, position))) else found.values[slot][position]
        for place, slot, position in _places(part.selection, found, [None])
    }


def errors_of(part: Part, found: Found) -> list[GraphQLError]:
    """Those of fields that may be null, each under its path."""
    failures = _failures(found)
    return [
        located_error(failure.error, failure.field.nodes, list(place))
        for place, slot, position in _places(part.selection, found, [None])
        if (failure := failures.get((slot, position)))
    ]


def _failures(found: Found) -> dict[tuple[int, int], Failure]:
    return {(failure.field.known_slot, failure.position): failure for failure in found.failures}


def _places(selection: Selection, found: Found, paths: list[Path | None]) -> Iterator[tuple[Place, int, int]]:
    """Of each slot's values: the path in the answer, the slot and the position in it."""
    for one in selection.slotted:
        slot = one.known_slot
        for position, path in enumerate(paths[: len(found.values[slot])]):
            yield tuple(Path(path, one.key, None).as_list()), slot, position
        for name, inner in one.selections.items():
            beneath = found.paths_beneath(one, name, paths)
            if beneath:
                yield from _places(inner, found, beneath)
