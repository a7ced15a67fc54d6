"""Execution alone: both executors on data in memory, in this process, without SQL and without HTTP.

The times are processor time, the best of several rounds in which the executors take turns: other programs on the machine can only
make a round worse.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, make_dataclass
from typing import Any, Final, NamedTuple

import strawberry
from rich.table import Table

from schema.executing import DECLARATIONS, build_executor
from schema.execution.executor import Executor
from tests.benchmarks.operations import DOCUMENTS, LIST
from tests.fixtures.reading import Shelf, orders_of

ROUNDS: Final = 5
ROUND_S: Final = 0.5
FIELDS: Final = 20
FLAT: Final = 1_000
GROWTH: Final = (50, 500, 5_000)
"""Objects of FIELDS leaves each."""


class Compared(NamedTuple):
    what: str
    leaves: int
    core_ms: float
    compiled_ms: float


@dataclass(frozen=True, slots=True)
class _Case:
    what: str
    text: str
    name: str | None
    executors: tuple[Executor, Executor]
    """graphql-core's, and the compiled one."""
    context: Callable[[], Any]


async def compared() -> list[Compared]:
    return [await _compared(case) for case in _cases()]


def table(found: Sequence[Compared]) -> Table:
    drawn = Table("execution alone", "leaf fields", "graphql-core, ms", "compiled, ms", "× graphql-core", "µs a leaf")
    for one in found:
        ratio, per_leaf = one.core_ms / one.compiled_ms, one.compiled_ms * 1000 / one.leaves
        drawn.add_row(
            one.what,
            f"{one.leaves:,}",
            f"{one.core_ms:.3f}",
            f"{one.compiled_ms:.3f}",
            f"{ratio:.1f}",
            f"{per_leaf:.2f}",
        )
    return drawn


def _cases() -> Iterator[_Case]:
    ours = (build_executor(is_compiling=False), build_executor())
    shelf = Shelf(orders_of(20))
    yield _Case("List", DOCUMENTS[LIST], LIST, ours, shelf.context)
    yield _Case("one field", "{ viewer { id } }", None, ours, shelf.context)
    flat = _flat_schema()
    executors = (_executor(flat, is_compiling=False), _executor(flat, is_compiling=True))
    names = " ".join(f"field{number}" for number in range(FIELDS))
    for count in (FLAT, *GROWTH):
        text = f"{{ things(count: {count}) {{ {names} }} }}"
        yield _Case(f"{count:,} objects × {FIELDS} fields", text, None, executors, lambda: None)


async def _compared(case: _Case) -> Compared:
    core, compiled = case.executors
    answers = [await _answered(executor, case) for executor in case.executors]
    if answers[0] != answers[1]:
        raise AssertionError(f"{case.what}: the executors answer differently")
    times: dict[Executor, list[float]] = {core: [], compiled: []}
    for _ in range(ROUNDS):
        for executor, found in times.items():
            found.append(await _round(executor, case))
    return Compared(case.what, _leaves(answers[0]), min(times[core]) * 1000, min(times[compiled]) * 1000)


async def _round(executor: Executor, case: _Case) -> float:
    """Seconds of processor time for one answer, of as many as fit into the round."""
    count, begin = 0, time.process_time()
    while time.process_time() - begin < ROUND_S:
        await _answered(executor, case)
        count += 1
    return (time.process_time() - begin) / count


async def _answered(executor: Executor, case: _Case) -> Any:
    operation = executor.read(case.text, case.name)
    executor.check(operation)
    executor.keep(operation, case.text, case.name)
    result = await executor.run(operation, {}, case.context())
    if result.errors:
        raise AssertionError(result.errors)
    return result.data


def _leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


def _flat_schema() -> strawberry.Schema:
    """Things of alternating texts and numbers."""
    kinds = [(f"field{number}", (str, int)[number % 2]) for number in range(FIELDS)]
    row = make_dataclass("Row", kinds, frozen=True, slots=True)
    thing = strawberry.type(make_dataclass("Thing", kinds))
    rows = [row(*(f"{n} {m}" if m % 2 == 0 else n + m for m in range(FIELDS))) for n in range(max(GROWTH))]

    def things(count: int) -> Any:
        return rows[:count]

    fields = {"things": strawberry.field(resolver=things, graphql_type=list[thing])}  # type: ignore[valid-type]
    return strawberry.Schema(query=strawberry.type(type("Query", (), fields)))


def _executor(schema: strawberry.Schema, *, is_compiling: bool) -> Executor:
    return Executor(schema, DECLARATIONS, _nothing_is_loaded, is_compiling=is_compiling)


def _nothing_is_loaded(_context: Any, _asked: Sequence[Any]) -> Awaitable[Any]:
    raise AssertionError("nothing is to be loaded")


def main() -> list[Compared]:
    return asyncio.run(compared())
