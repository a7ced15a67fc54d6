"""The values of all slots, level by level: what is not an attribute away is asked for once for all parents of its selection.

A *wave* is all that can be asked for at the same time: the loads of the selections that were reached, as one list for the
application to answer at once, and the awaitables of resolvers. What the wave brought are the parents of the next one. A value
that is an exception is its field's error. Where nulls, exceptions and lists are not as the plan wants them, the found values are
marked as irregular, and nothing beneath them is asked for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import iscoroutine
from types import NoneType
from typing import Any, NamedTuple, Protocol, cast

from graphql import GraphQLResolveInfo, Undefined, default_type_resolver
from graphql import is_abstract_type as is_abstract
from graphql.execution import Executor
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, UndefinedType

from schema.execution.leaves import is_awaited, is_odd
from schema.execution.plan import Field, Part, Selection, Shape, has_containers
from schema.execution.sources import Attribute, Called, Computed, Contextual, Loaded
from schema.execution.waiting import Values, attempted, await_all, has_awaitables, listed


class Asked(NamedTuple):
    """Keys of one loader, as often as they are wanted; None where nothing is."""

    field: Field
    loader: str
    keys: Sequence[Any]
    parents: Values
    attributes: frozenset[str] | None
    """Those of the loaded rows that are read; None: any."""


Load = Callable[[Any, Sequence[Asked]], Awaitable[Sequence[Sequence[Any]]]]
"""Answers the loads of a wave, given the request's context: for each of them the values in the order of its keys, an exception
where there is none for its sake."""


class Observer(Protocol):
    """Sees each step of an execution: what was asked for, of how many parents."""

    def asked(self, field: Field, parents: int, /) -> None: ...

    def answered(self, field: Field, /) -> None: ...


@dataclass(slots=True)
class Request:
    """What is executed, for whom: graphql-core's executor has it all, and makes what resolvers are told."""

    core: Executor[Any]
    load: Load
    attributes: Mapping[str, frozenset[str] | None]
    observer: Observer | None = None

    @property
    def context(self) -> Any:
        return self.core.context_value

    @property
    def root(self) -> Any:
        return self.core.root_value

    def info(self, of: Field, path: Path | None = None) -> GraphQLResolveInfo[Any]:
        at = path or Path(None, of.key, of.parent_type.name)
        return self.core.build_resolve_info(of.definition, of.nodes, of.parent_type, at)

    def arguments(self, of: Field) -> Mapping[str, Any]:
        return get_argument_values(of.definition, of.details[0].node, self.core.variable_values)


class Failure(NamedTuple):
    """An error of a field that may be null: where its selection has it, by number."""

    field: Field
    position: int
    error: Exception


@dataclass(slots=True)
class Found:
    """By slot: a value for each parent of the field's selection, and the types of what is in them: none where all are of the one
    type that there is.
    """

    values: list[Values]
    types: list[list[str | None]]
    parents: list[Values]
    """By number of selection."""
    failures: list[Failure] = field(default_factory=list)
    is_regular: bool = True
    paths: dict[int, list[Path | None]] = field(default_factory=dict)
    """By number of selection, where a resolver beneath may ask."""

    def paths_beneath(self, of: Field, kind: str, parents: Sequence[Path | None]) -> list[Path | None]:
        """Where the objects of this type are that the field has beneath these parents."""
        key, name = of.key, of.parent_type.name
        values = self.values[of.known_slot]
        paths = (
            place
            for path, value in zip(parents, values, strict=False)
            for place in _places(of.shape, value, Path(path, key, name))
        )
        types = self.types[of.known_slot]
        if not types:
            return list(paths)
        return [path for path, found in zip(paths, types, strict=False) if found == kind]


def _places(shape: Shape, value: Any, path: Path) -> Iterator[Path]:
    """Of what is in a value's lists, in order, without nulls."""
    if _is_nothing(value):
        return
    if shape.item is None:
        yield path
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            yield from _places(shape.item, item, path.add_key(position, None))


async def find(part: Part, request: Request) -> Found:
    found = Found(
        [[] for _ in range(part.slots)], [[] for _ in range(part.slots)], [[] for _ in range(part.selections)]
    )
    found.paths[part.selection.number] = [None]
    reached: list[tuple[Selection, Values]] = [(part.selection, [request.root])]
    while reached:
        wave = _Wave(found, request, reached)
        for selection, parents in reached:  # grows: what is there at once is walked in the same wave
            wave.enter(selection, parents)
        reached = await wave.answered()
    return found


class _Wave:
    def __init__(self, found: Found, request: Request, reached: list[tuple[Selection, Values]]) -> None:
        self._found = found
        self._request = request
        self._reached = reached
        self._loads: list[Asked] = []
        self._calls: list[tuple[Field, Values]] = []
        """Fields whose values, or what is in them, have to be waited for."""
        self._failed: dict[Field, dict[int, Exception]] = {}
        """Of loading fields: why there is no key, by the parent's position."""

    def enter(self, selection: Selection, parents: Values) -> None:
        self._found.parents[selection.number] = parents
        for one in selection.slotted:
            source = one.source
            if isinstance(source, Loaded):
                self._observed(one, parents)
                self._loads.append(self._asked(one, source, parents))
            elif isinstance(source, Called):
                self._observed(one, parents)
                self._settle(one, self._called(one, source, selection, parents))
            else:
                self._settle(one, self._read(one, parents))

    def _asked(self, one: Field, source: Loaded, parents: Values) -> Asked:
        """Where a parent has no key because reading it failed, nothing is asked for, and that is the field's error."""
        keys = _mapped(source.get, parents)
        if _has(_is_error, keys):
            self._failed[one] = {position: key for position, key in enumerate(keys) if isinstance(key, Exception)}
            keys = [None if isinstance(key, Exception) else key for key in keys]
        return Asked(one, source.loader, keys, parents, self._request.attributes.get(source.loader))

    async def answered(self) -> list[tuple[Selection, Values]]:
        """What was reached through all that had to be waited for."""
        self._reached = []
        if self._loads and self._calls:
            loaded, _ = await asyncio.gather(self._load(), self._await_calls())
        elif self._loads:
            loaded = await self._load()
        else:
            loaded = ()
            await self._await_calls()
        for asked, values in zip(self._loads, loaded, strict=True):
            self._arrived(asked.field, _listed(asked.field, self._finished(asked, values)))
        for one, values in self._calls:
            self._arrived(one, values)
        return self._reached

    async def _load(self) -> Sequence[Sequence[Any]]:
        return await self._request.load(self._request.context, self._loads)

    async def _await_calls(self) -> None:
        await await_all([(one.shape, values) for one, values in self._calls])

    def _settle(self, one: Field, values: Values) -> None:
        """Takes the values in when they are there, else remembers to wait for them."""
        values = _listed(one, values)
        if has_awaitables(one.shape, values):
            self._calls.append((one, values))
        else:
            self._arrived(one, values)

    def _finished(self, asked: Asked, values: Sequence[Any]) -> Values:
        source = asked.field.source
        then = source.then if isinstance(source, Loaded) else None
        made = list(values) if then is None else _made(then, asked, values)
        for position, error in self._failed.get(asked.field, {}).items():
            made[position] = error
        return made

    def _read(self, one: Field, parents: Values) -> Values:
        source = one.source
        if isinstance(source, Attribute):
            return _mapped(source.get, parents)
        if isinstance(source, Contextual):
            return [attempted(source.of, parent, self._request.context) for parent in parents]
        if isinstance(source, Computed):
            return _mapped(source.of, parents)
        raise TypeError(f"{source!r} is not read")

    def _called(self, one: Field, source: Called, selection: Selection, parents: Values) -> Values:
        request, resolve, name = self._request, source.resolve, one.parent_type.name
        values: Values = []
        arguments = one.arguments
        for parent, path in zip(parents, self._found.paths[selection.number], strict=True):
            info = request.info(one, Path(path, one.key, name))
            try:
                if arguments is None or has_containers(arguments):
                    arguments = request.arguments(one)
                values.append(resolve(parent, info, **arguments))
            except Exception as error:  # noqa: BLE001  whatever a resolver raises is its field's error
                values.append(error)
        return values

    def _arrived(self, one: Field, values: Values) -> None:
        if self._request.observer is not None and isinstance(one.source, Loaded | Called):
            self._request.observer.answered(one)
        values = self._without_failures(one, values)
        self._found.values[one.known_slot] = values
        if one.selections:
            self._reach(one, self._items(one.shape, values))

    def _without_failures(self, one: Field, values: Values) -> Values:
        """Errors of a field that may be null are told apart from the answer, which has a null there."""
        if not _has(_is_error, values):
            return values
        if one.shape.is_required:
            self._found.is_regular = False
            return values
        failed = [(position, value) for position, value in enumerate(values) if isinstance(value, Exception)]
        self._found.failures += (Failure(one, position, error) for position, error in failed)
        return [None if isinstance(value, Exception) else value for value in values]

    def _items(self, shape: Shape, values: Values) -> Values:
        """What is in the values' lists, in order, without nulls."""
        inner = shape.item
        if inner is None:
            if not _has(_is_odd_or_none, values):
                return values
            items = [value for value in values if not _is_nothing(value)]
            self._expect(len(items) == len(values) or not (shape.is_required or any(map(is_odd, values))))
            return items
        flat: Values = []
        for value in values:
            if type(value) is list or type(value) is tuple:
                flat += value
            else:
                self._expect(value is None and not shape.is_required)
        return self._items(inner, flat)

    def _reach(self, one: Field, items: Values) -> None:
        names = self._types(one, items)
        self._found.types[one.known_slot] = names or []
        for name, selection in one.selections.items():
            of_type = [item for item, kind in zip(items, names, strict=True) if kind == name] if names else items
            self._go(one, selection, of_type, name)

    def _types(self, one: Field, items: Values) -> list[str | None] | None:
        """Of each item its type, None where graphql-core shall say what is wrong with it; None where all are of the only one."""
        kind = one.named_type
        if not is_abstract(kind) and all(_are_of(selection, items) for selection in one.selections.values()):
            return None
        info = self._request.info(one)
        resolve = (kind.resolve_type or default_type_resolver) if is_abstract(kind) else lambda *_given: kind.name
        names = [_type_of(one, resolve, item, info) for item in items]
        self._expect(None not in names)
        return names

    def _go(self, one: Field, selection: Selection, items: Values, name: str) -> None:
        if selection.slotted and items:
            if selection.calls:
                self._found.paths[selection.number] = self._found.paths_beneath(one, name, self._found.paths[one.home])
            self._reached.append((selection, items))

    def _expect(self, is_regular: bool) -> None:
        self._found.is_regular &= is_regular

    def _observed(self, one: Field, parents: Values) -> None:
        if self._request.observer is not None:
            self._request.observer.asked(one, len(parents))


def _are_of(selection: Selection, items: Values) -> bool:
    """Whether all are surely of the type, or nobody beneath asks for anything: then it is looked at where they are written."""
    known = selection.known_class
    return not selection.slotted or selection.object_type.is_type_of is None or set(map(type, items)) <= {known}


def _type_of(one: Field, resolve: Callable[..., Any], item: Any, info: GraphQLResolveInfo[Any]) -> str | None:
    name = attempted(resolve, item, info, one.named_type)
    if iscoroutine(name):
        name.close()  # graphql-core will call it again, and wait for it
    selection = one.selections.get(name) if isinstance(name, str) else None
    if selection is None or _are_of(selection, [item]):
        return None if selection is None else selection.object_type.name
    is_type_of = cast("Callable[..., Any]", selection.object_type.is_type_of)
    answer = attempted(is_type_of, item, info)
    return None if not answer or is_odd(answer) else name


def _mapped(of: Callable[[Any], Any], parents: Values) -> Values:
    try:
        return list(map(of, parents))
    except Exception:  # noqa: BLE001  one of them failed: each for itself
        return [attempted(of, parent) for parent in parents]


def _made(then: Callable[[Any, Any], Any], asked: Asked, values: Sequence[Any]) -> Values:
    return [
        None if key is None else value if isinstance(value, Exception) else attempted(then, parent, value)
        for key, value, parent in zip(asked.keys, values, asked.parents, strict=True)
    ]


def _listed(one: Field, values: Values) -> Values:
    return values if one.shape.item is None else [listed(one.shape, value) for value in values]


def _has(is_such: Callable[[Any], bool], values: Values) -> bool:
    """Values are looked at by their types: they are many, and their types are few."""
    return any(map(is_such, set(map(type, values))))


@lru_cache(1024)
def _is_error(kind: Any) -> bool:
    return issubclass(kind, Exception)


@lru_cache(1024)
def _is_odd_or_none(kind: Any) -> bool:
    return kind is NoneType or kind is UndefinedType or _is_error(kind) or is_awaited(kind)


def _is_nothing(value: Any) -> bool:
    return value is None or value is Undefined or isinstance(value, Exception)
