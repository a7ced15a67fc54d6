"""One operation on a schema of a test's own: both executors and the replay have to agree, and it is seen what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import strawberry

from schema.execution.executor import Executor
from tests.execution.comparing import Told
from tests.execution.declaring import DECLARATIONS, Visit, load
from tests.execution.running import Executors, Watched, answered
from tests.execution.world import World


@dataclass(frozen=True, slots=True)
class Said:
    data: Any
    errors: list[Told]


async def said(
    schema: strawberry.Schema, text: str, variables: Mapping[str, Any] | None = None, root: Any = None
) -> Said:
    """The root, where it is a function, is made anew for each run."""
    core = Executor(schema, DECLARATIONS, load, is_compiling=False)
    executors = Executors(core, Watched(schema, DECLARATIONS, load), lambda visit: visit.batches)
    operation = core.read(text, None)
    core.check(operation)

    def fresh() -> tuple[Any, Any]:
        return visit(), root() if callable(root) else root

    comparison = await executors.compared(text, variables or {}, fresh)
    assert comparison.wrong == []
    assert executors.compiled.counters.fallbacks == {}
    context, value = fresh()
    answer = await answered(core, operation, variables or {}, context, value)
    return Said(answer.data, sorted(answer.errors, key=str))


def visit() -> Visit:
    return Visit(World(0, 0, {}))
