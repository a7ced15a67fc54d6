"""One set of loaders per request: what a level of the answer needs of one service is asked for at once.

Theory of operation. `load` gives a future for one key; the keys that were asked for in the same turn of the event loop form
one batch, each of them once. The batches themselves are rows of the table in `resolvers/batches.py`. A batch runs under the
request's deadline. When its service does not answer, that is the value of each of its keys: whoever waits for one of them gets
the fault, others go on. What was loaded is kept until `clear`, which every mutation calls.

Futures are shared by all who want the same key, and graphql-core cancels what it no longer needs: so each gets a shield of
its own, or one field's cancellation would be another's error.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from functools import partial
from typing import Any

from aiodataloader import DataLoader

from domain.access.viewer import Viewer
from domain.ports.bundle import Ports
from domain.values.faults import ServiceRejected, ServiceUnavailable
from resolvers.batches import BATCHES, Batch, Primes


class Loaders:
    def __init__(self, ports: Ports, viewer: Viewer, deadline: float) -> None:
        self._ports = ports
        self._viewer = viewer
        self._deadline = deadline
        self._loaders: dict[str, DataLoader[Any, Any]] = {}

    def load(self, name: str, key: Any) -> Awaitable[Any]:
        """The value of the key, None where there is none. Raises what the batch raised."""
        return asyncio.shield(self._loader(name).load(key))

    def load_many(self, name: str, keys: Iterable[Any]) -> list[Awaitable[Any]]:
        return [self.load(name, key) for key in keys]

    def clear(self) -> None:
        """Forget everything: what was read before a mutation may no longer be so."""
        self._loaders.clear()

    def _loader(self, name: str) -> DataLoader[Any, Any]:
        """Made on first use: most requests need few of them."""
        loader = self._loaders.get(name)
        if loader is None:
            run = partial(self._run, BATCHES[name])
            loader = self._loaders[name] = DataLoader(run, loop=asyncio.get_running_loop())
        return loader

    async def _run(self, batch: Batch, keys: list[Any]) -> list[Any]:
        if asyncio.get_running_loop().time() >= self._deadline:
            return _too_late(batch, keys)
        try:
            async with asyncio.timeout_at(self._deadline):
                values = await batch.run(self._ports, self._viewer, keys)
        except TimeoutError:
            return _too_late(batch, keys)
        except (ServiceUnavailable, ServiceRejected) as fault:
            return [fault] * len(keys)
        if batch.primes is not None:
            self._prime(batch.primes, values)
        return list(values)

    def _prime(self, primes: Primes, values: Sequence[Any]) -> None:
        loader = self._loader(primes.loader)
        for value in values:
            for row in () if isinstance(value, BaseException) else primes.rows(value):
                loader.prime(row.id, row)


def _too_late(batch: Batch, keys: list[Any]) -> list[Any]:
    return [ServiceUnavailable(batch.service, "the request's deadline has passed")] * len(keys)
