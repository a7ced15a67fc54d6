"""The ways in which a field gets its value, as declarations that any executor can run.

    attribute   the parent's attribute of the field's own (or another) name: a plain `strawberry.field`
    computed    a pure function of the parent
    contextual  a function of the parent and the request's context, without waiting for anything
    loaded      a loader's value for one attribute of the parent

What a field does besides is a resolver of its own, with arguments.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

import strawberry
from strawberry import Parent

from resolvers.context import Info, RequestContext

DECLARATION: Final = "resolvers.loaded"
"""The key in a field's metadata under which its Load, Computed or Contextual stands."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which attributes of what was loaded are read: those selected where the rows are shown, and some more."""

    at: tuple[str, ...] | None = ()
    """The fields that lead from the loading one to the rows, itself where there are none; None: they are not shown."""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """The value of the loader `loader` for the parent's attribute `key`; an attribute of None gives None without loading.
    `then` makes the field's value from the parent and what was loaded; it says which attributes it reads, or all are loaded.
    """

    loader: str
    key: str
    then: Callable[[Any, Any], Any] | None = None
    reads: tuple[str, ...] | None = None
    """The attributes of the parent that `then` reads; None: any."""
    rows: Rows | None = None
    """What `then` lets be seen of the rows that were loaded; None: any attribute."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A computed object's leaves, each straight from the parent: functions of the attributes `reads`, which give what is
    written. The object is null where the first of them is None.
    """

    reads: tuple[str, ...]
    write: Mapping[str, Callable[..., Any]]
    """By the leaf's name in GraphQL."""


@dataclass(frozen=True, slots=True)
class Computed:
    of: Callable[[Any], Any]
    parts: Parts | None = None
    reads: tuple[str, ...] | None = None
    """The attributes of the parent that are read, also by what is selected of the value; None: any."""


@dataclass(frozen=True, slots=True)
class Contextual:
    of: Callable[[Any, RequestContext], Any]
    reads: tuple[str, ...] | None = None


def loaded(load: Load, *, graphql_type: Any, description: str, name: str | None = None) -> Any:
    key_of, loader, then = attrgetter(load.key), load.loader, load.then

    async def made(parent: Any, value: Awaitable[Any], make: Callable[[Any, Any], Any]) -> Any:
        return make(parent, await value)

    def resolve(parent: Parent[Any], info: Info) -> Any:
        key = key_of(parent)
        if key is None:
            return None
        value = info.context.loaders.load(loader, key)
        return value if then is None else made(parent, value, then)

    return _field(resolve, load, graphql_type, description, name)


def computed(
    of: Callable[[Any], Any],
    *,
    graphql_type: Any,
    description: str,
    name: str | None = None,
    parts: Parts | None = None,
    reads: tuple[str, ...] | None = None,
) -> Any:
    def resolve(parent: Parent[Any]) -> Any:
        return of(parent)

    return _field(resolve, Computed(of, parts, reads), graphql_type, description, name)


def contextual(
    of: Callable[[Any, RequestContext], Any],
    *,
    graphql_type: Any,
    description: str,
    name: str | None = None,
    reads: tuple[str, ...] | None = None,
) -> Any:
    def resolve(parent: Parent[Any], info: Info) -> Any:
        return of(parent, info.context)

    return _field(resolve, Contextual(of, reads), graphql_type, description, name)


def _field(resolve: Callable[..., Any], declaration: Any, graphql_type: Any, description: str, name: str | None) -> Any:
    return strawberry.field(
        resolver=resolve,
        graphql_type=graphql_type,
        description=description,
        name=name,
        metadata={DECLARATION: declaration},
    )
