"""LIST and DETAIL of every server, in turn, after their answers were compared with those of `limit`."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.benchmarks import answers, load, variables
from tests.benchmarks.databases import Seeded, connected, write_policies
from tests.benchmarks.measuring import Measured, Measurement, Options, Say, environment, in_turn, warm_up
from tests.benchmarks.operations import DETAIL, DOCUMENTS, LIST
from tests.benchmarks.processes import Cores, Server, serving
from tests.benchmarks.server import LIMIT_JSON, LIMIT_ROWS, OURS, PLAIN

KINDS: Final[Mapping[str, Sequence[str]]] = {
    LIST: (LIMIT_ROWS, LIMIT_JSON, OURS, PLAIN),
    DETAIL: (LIMIT_JSON, OURS, PLAIN),
}
"""The first one's answers are those that the others' are compared with."""

_MAKE: Final = {LIST: variables.lists, DETAIL: variables.details}


def read(operation: str, seeded: Seeded, cores: Cores, options: Options, say: Say) -> list[Measurement]:
    asked = asyncio.run(_sets(operation, seeded))
    bodies = load.write_bodies(seeded.folder / f"{operation}.txt", DOCUMENTS[operation], operation, asked)
    env = environment(seeded.url, seeded.folder, write_policies(seeded.folder / "policies"))
    sample = asked[: options.sample]
    expected: list[Any] = []
    with contextlib.ExitStack() as running:
        ready = []
        for kind in KINDS[operation]:
            server = running.enter_context(serving(kind, cores, env, seeded.folder / f"{kind}.log"))
            found = _answers(operation, server, sample)
            if not expected:
                expected = found
                say(f"{operation}: {sum(map(answers.leaves, found)) / len(found):.0f} leaf fields on average")
            answers.check_equal(operation, sample, expected, found)
            ready.append(Measured(kind, server, bodies))
            warm_up(ready[-1], options)
        return in_turn(operation, ready, options, seeded.postmaster)


def _answers(operation: str, server: Server, sample: Sequence[Any]) -> list[Any]:
    return asyncio.run(answers.asked(server.url, operation, sample))


async def _sets(operation: str, seeded: Seeded) -> list[dict[str, Any]]:
    async with connected(seeded.url) as connection:
        return await _MAKE[operation](connection)
