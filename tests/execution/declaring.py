"""What the synthetic schemas declare their fields by, and what loads for them: nothing of the order center is in it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

import strawberry
from aiodataloader import DataLoader
from strawberry import Parent

from schema.execution.levels import Asked
from schema.execution.sources import Declarations
from tests.execution.world import World

METADATA: Final = "tests.declared"


@dataclass(frozen=True, slots=True)
class Fetch:
    loader: str
    key: str
    then: Callable[[Any, Any], Any] | None = None
    reads: tuple[str, ...] | None = None
    rows: Any = None


@dataclass(frozen=True, slots=True)
class Pieces:
    reads: tuple[str, ...]
    write: Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Derived:
    of: Callable[[Any], Any]
    parts: Pieces | None = None
    reads: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    of: Callable[[Any, Any], Any]
    reads: tuple[str, ...] | None = None


DECLARATIONS: Final = Declarations(METADATA, load=Fetch, computed=Derived, contextual=Seen)


@dataclass(slots=True)
class Visit:
    """What resolvers of one run are given."""

    world: World
    numbers: dict[str, int] = field(default_factory=dict)
    """What mutations change."""
    loaders: dict[str, DataLoader[Any, Any]] = field(default_factory=dict)
    batches: Counter[str] = field(default_factory=Counter)
    """How often each loader asked."""
    met: Counter[str] = field(default_factory=Counter)
    """What befell the loads."""

    def load(self, name: str, key: Any) -> Awaitable[Any]:
        future = self._loader(name).load(key)
        self.met["known before"] += future.done()
        waiting = asyncio.shield(future)
        for one in (future, waiting):
            one.add_done_callback(_seen)
        return waiting

    async def wave(self, asked: Sequence[Asked]) -> list[list[Any]]:
        """All keys of a loader are asked for in the same turn of the event loop, and so in one batch."""
        return [list(values) for values in await asyncio.gather(*map(self._answered, asked))]

    async def _answered(self, asked: Asked) -> Sequence[Any]:
        self.met["key None"] += asked.keys.count(None)
        waiting = (_nothing() if key is None else self.load(asked.loader, key) for key in asked.keys)
        values = await asyncio.gather(*waiting, return_exceptions=True)
        self.met["failing key"] += sum(isinstance(value, LookupError) for value in values)
        self.met["failing batch"] += sum(isinstance(value, ConnectionError) for value in values)
        return values

    def _loader(self, name: str) -> DataLoader[Any, Any]:
        if name not in self.loaders:

            async def run(keys: list[Any]) -> list[Any]:
                self.batches[name] += 1
                await asyncio.sleep(0)
                return self.world.batch(name, keys)

            self.loaders[name] = DataLoader(run)
        return self.loaders[name]


def _seen(future: asyncio.Future[Any]) -> None:
    """Where graphql-core cancelled whoever waited, nobody looks at what went wrong: asyncio would complain."""
    if not future.cancelled():
        future.exception()


async def _nothing() -> None:
    return None


async def load(visit: Visit, asked: Sequence[Asked]) -> Sequence[Sequence[Any]]:
    return await visit.wave(asked)


def fetched(declared: Fetch, graphql_type: Any) -> Any:
    key_of, then = attrgetter(declared.key), declared.then

    async def made(parent: Any, value: Awaitable[Any], make: Callable[[Any, Any], Any]) -> Any:
        return make(parent, await value)

    def resolve(parent: Parent[Any], info: strawberry.Info[Visit, Any]) -> Any:
        key = key_of(parent)
        if key is None:
            return None
        value = info.context.load(declared.loader, key)
        return value if then is None else made(parent, value, then)

    return _field(resolve, declared, graphql_type)


def derived(of: Callable[[Any], Any], graphql_type: Any, parts: Pieces | None = None) -> Any:
    def resolve(parent: Parent[Any]) -> Any:
        return of(parent)

    return _field(resolve, Derived(of, parts), graphql_type)


def seen(of: Callable[[Any, Visit], Any], graphql_type: Any) -> Any:
    def resolve(parent: Parent[Any], info: strawberry.Info[Visit, Any]) -> Any:
        return of(parent, info.context)

    return _field(resolve, Seen(of), graphql_type)


def called(graphql_type: Any, name: str) -> Any:
    """A resolver that gives what the world has under this name: it may be raised, awaited, or returned as an exception."""

    def resolve(parent: Parent[Any], info: strawberry.Info[Visit, Any]) -> Any:
        return info.context.world.of(parent, name)

    return strawberry.field(resolver=resolve, graphql_type=graphql_type)


def _field(resolve: Callable[..., Any], declared: Any, graphql_type: Any) -> Any:
    return strawberry.field(resolver=resolve, graphql_type=graphql_type, metadata={METADATA: declared})
