"""What one request loads: each key of a service once, and what a level of the answer needs of it at once.

Theory of operation. The values that were loaded lie on a *shelf*, one for each loader: a dictionary from key to value, the
exception in place of a value that could not be had. An executor that goes level by level asks by `wave` for all that a level
needs; no future is made then. A resolver that wants one key asks by `load` and gets a future: those that were asked for in the
same turn of the event loop form one batch (aiodataloader), whose cache is a view on the shelf (`FutureView`), so that neither
way loads what the other one has. The batches themselves are rows of the table in `resolvers/batches.py`. A batch runs under the
request's deadline. When its service does not answer, that is the value of each of its keys: whoever wants one of them gets the
fault, others go on. What was loaded is kept until `clear`, which every mutation calls.

Futures are shared by all who want the same key, and graphql-core cancels what it no longer needs: so each gets a shield of
its own, or one field's cancellation would be another's error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import fields
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from aiodataloader import DataLoader

from domain.access.viewer import Viewer
from domain.ports.bundle import Ports
from domain.ports.order_views import Columns, PartsOf
from domain.values.faults import ServiceRejected, ServiceUnavailable
from resolvers.batches import BATCHES, Batch

TOO_LATE: Final = "the request's deadline has passed"


class Wanted(NamedTuple):
    """Keys of one loader, and the columns of what they stand for; None: all."""

    name: str
    keys: Sequence[Any]
    columns: Columns = None


class Shelf:
    """What one loader has: the values by key, and the futures of those who wait for one."""

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}
        self.futures: dict[Any, asyncio.Future[Any]] = {}
        self.coming: set[Any] = set()
        """Keys that a wave has asked for."""

    def wanted(self, keys: Iterable[Any]) -> dict[Any, None]:
        """Those that nobody has asked for yet, each once."""
        wanted = dict.fromkeys(keys)
        wanted.pop(None, None)
        for known in (self.values, self.coming, self.futures):
            for key in wanted.keys() & known if known else ():
                del wanted[key]
        return wanted

    def put(self, keys: Iterable[Any], values: Iterable[Any]) -> None:
        self.values.update(zip(keys, values, strict=True))

    def take(self, whole: "Shelf", keys: Sequence[Any]) -> None:
        """What is there as a whole need not be loaded in part."""
        self.values.update((key, whole.values[key]) for key in keys if key in whole.values)

    def arrived(self, keys: Sequence[Any]) -> None:
        """Tells those who wait for what a wave has brought."""
        self.coming.difference_update(keys)
        for key in self.futures.keys() & set(keys):
            if not self.futures[key].done():
                _tell(self.futures[key], self.values[key])


class FutureView(MutableMapping[Any, "asyncio.Future[Any]"]):
    """A loader's cache: the futures that are waited for, and what is on the shelf as futures that are done."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __getitem__(self, key: Any) -> "asyncio.Future[Any]":
        shelf = self._shelf
        future = shelf.futures.get(key)
        if future is None:
            if key not in shelf.coming and key not in shelf.values:
                raise KeyError(key)
            future = shelf.futures[key] = asyncio.get_running_loop().create_future()
            if key in shelf.values:
                _tell(future, shelf.values[key])
        return future

    def __setitem__(self, key: Any, future: "asyncio.Future[Any]") -> None:
        self._shelf.futures[key] = future

    def __delitem__(self, key: Any) -> None:
        del self._shelf.futures[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(dict.fromkeys((*self._shelf.values, *self._shelf.coming, *self._shelf.futures)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _tell(future: "asyncio.Future[Any]", value: Any) -> None:
    if isinstance(value, Exception):
        future.set_exception(value)
    else:
        future.set_result(value)


class Shelves:
    """What the loaders of a request have, and the way to more. It knows none of them: in a circle of references all that was read
    would stay in memory until the garbage collector came upon it.
    """

    def __init__(self, ports: Ports, viewer: Viewer, deadline: float) -> None:
        self._ports = ports
        self._viewer = viewer
        self.deadline = deadline
        self._shelves: dict[tuple[str, Columns], Shelf] = {}

    def get(self, name: str, columns: Columns) -> Shelf:
        shelf = self._shelves.get((name, columns))
        if shelf is None:
            shelf = self._shelves[name, columns] = Shelf()
        return shelf

    def wanted(self, one: Wanted) -> dict[Any, None]:
        """The keys that nobody has asked for yet: from now on they are coming."""
        shelf = self.get(one.name, one.columns)
        if one.columns is not None and (one.name, None) in self._shelves:
            shelf.take(self.get(one.name, None), one.keys)
        wanted = shelf.wanted(one.keys)
        shelf.coming.update(wanted)
        return wanted

    def clear(self) -> None:
        self._shelves.clear()

    async def loaded(self, name: str, keys: list[Any]) -> list[Any]:
        """What aiodataloader calls. Raises what the batch raised."""
        one = Wanted(name, keys)
        values = await self._answered(one)
        self._put(one, values)
        return values

    async def fill(self, one: Wanted) -> None:
        """What the batch raises is the value of all its keys."""
        try:
            values = await self._answered(one)
        except Exception as error:  # noqa: BLE001  each field that wants one of them tells it
            values = [error] * len(one.keys)
        self._arrived(one, values)

    async def fill_parts(self, parts: Sequence[Wanted]) -> None:
        asked = [_part_of(one) for one in parts]
        batch = BATCHES[parts[0].name]
        try:
            found = await self._in_time(batch, len(parts), partial(self._ports.order_views.parts, asked))
        except Exception as error:  # noqa: BLE001  as above
            found = [error] * len(parts)
        for one, values in zip(parts, found, strict=True):
            self._arrived(one, [values] * len(one.keys) if isinstance(values, Exception) else values)

    def _arrived(self, one: Wanted, values: Sequence[Any]) -> None:
        self._put(one, values)
        self.get(one.name, one.columns).arrived(one.keys)

    def _put(self, one: Wanted, values: Sequence[Any]) -> None:
        self.get(one.name, one.columns).put(one.keys, values)
        primes = BATCHES[one.name].primes
        if primes is not None:
            known = self.get(primes.loader, one.columns).values
            for value in values:
                for row in () if isinstance(value, BaseException) else primes.rows(value):
                    known.setdefault(row.id, row)

    async def _answered(self, one: Wanted) -> list[Any]:
        batch = BATCHES[one.name]
        run = partial(batch.run, self._ports, self._viewer, list(one.keys), one.columns)
        return await self._in_time(batch, len(one.keys), run)

    async def _in_time(self, batch: Batch, count: int, run: Callable[[], Awaitable[Sequence[Any]]]) -> list[Any]:
        """As many values. Nothing is asked for after the deadline, and nothing waited for."""
        if asyncio.get_running_loop().time() >= self.deadline:
            return _too_late(batch, count)
        try:
            async with asyncio.timeout_at(self.deadline):
                return list(await run())
        except TimeoutError:
            return _too_late(batch, count)
        except (ServiceUnavailable, ServiceRejected) as fault:
            return [fault] * count


class Loaders:
    def __init__(self, ports: Ports, viewer: Viewer, deadline: float) -> None:
        self._shelves = Shelves(ports, viewer, deadline)
        self._loaders: dict[str, DataLoader[Any, Any]] = {}

    async def wave(self, asked: Sequence[Wanted]) -> list[list[Any]]:
        """For each the values in the keys' order: None for the key None, what was raised in place of a value. Each loader runs
        once, all at the same time, and all that are read from tables of an order's parts are one statement.
        """
        shelves = self._shelves
        asked = [one._replace(columns=_columns(one.name, one.columns)) for one in asked]
        missing: dict[tuple[str, Columns], dict[Any, None]] = {}
        for one in asked:
            if wanted := shelves.wanted(one):
                missing.setdefault((one.name, one.columns), {}).update(wanted)
        runs = _runs(shelves, [Wanted(name, list(keys), columns) for (name, columns), keys in missing.items()])
        await (runs[0] if len(runs) == 1 else asyncio.gather(*runs))
        return [await _taken(shelves.get(one.name, one.columns), one.keys) for one in asked]

    def load(self, name: str, key: Any) -> Awaitable[Any]:
        """The value of the key, None where there is none. Raises what the batch raised."""
        return asyncio.shield(self._loader(name).load(key))

    def load_many(self, name: str, keys: Iterable[Any]) -> list[Awaitable[Any]]:
        return [self.load(name, key) for key in keys]

    def postpone(self, seconds: float) -> None:
        """The caller wanted to wait so long: the deadline is that much later."""
        self._shelves.deadline += seconds

    @property
    def deadline(self) -> float:
        """In the event loop's time: nothing is asked for afterwards."""
        return self._shelves.deadline

    def clear(self) -> None:
        """Forget everything: what was read before a mutation may no longer be so."""
        self._shelves.clear()
        self._loaders.clear()

    def _loader(self, name: str) -> DataLoader[Any, Any]:
        """Made on first use: most requests need few of them. Who wants one key gets the whole row."""
        loader = self._loaders.get(name)
        if loader is None:
            view = FutureView(self._shelves.get(name, None))
            run = partial(self._shelves.loaded, name)
            loader = self._loaders[name] = DataLoader(run, loop=asyncio.get_running_loop(), cache_map=view)
        return loader


def _runs(shelves: Shelves, wanted: Sequence[Wanted]) -> list[Coroutine[Any, Any, None]]:
    parts = [one for one in wanted if BATCHES[one.name].parent is not None]
    if len(parts) < 2:
        return [shelves.fill(one) for one in wanted]
    return [shelves.fill_parts(parts), *(shelves.fill(one) for one in wanted if one not in parts)]


def _too_late(batch: Batch, count: int) -> list[Any]:
    return [ServiceUnavailable(batch.service, TOO_LATE)] * count


async def _taken(shelf: Shelf, keys: Sequence[Any]) -> list[Any]:
    """In the order of the keys; what a loader is bringing already is waited for."""
    values = shelf.values
    missing = [shelf.futures[key] for key in keys if key is not None and key not in values]
    if missing:
        await asyncio.wait(set(missing))
        values = values | {key: _outcome(shelf.futures[key]) for key in keys if key is not None and key not in values}
    return [None if key is None else values[key] for key in keys]


def _outcome(future: "asyncio.Future[Any]") -> Any:
    return future.exception() or future.result()


def _part_of(one: Wanted) -> PartsOf:
    batch = BATCHES[one.name]
    if batch.rows is None or batch.parent is None:
        raise TypeError(f"{one.name} does not load parts")
    return PartsOf(batch.rows, batch.parent, tuple(one.keys), one.columns)


@lru_cache(4096)
def _columns(name: str, attributes: Columns) -> Columns:
    """The columns that hold these attributes; all where one of them is reckoned from others."""
    rows = BATCHES[name].rows
    return attributes if attributes is not None and rows and attributes <= {one.name for one in fields(rows)} else None
