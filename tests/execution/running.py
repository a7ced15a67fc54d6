"""One operation, run in each way that there is, on the same values: by graphql-core, from its plan, and by the plan's replay."""

from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

from graphql.execution import ExecutionResult
from graphql.execution.values import get_variable_values

from schema.execution.document import NotExecuted, Operation
from schema.execution.executor import Executor
from schema.execution.leaves import Irregular
from schema.execution.plan import Plan
from tests.execution.comparing import Answer, Told, answer_of, differences, told

Fresh = Callable[[], tuple[Any, Any]]
"""Makes a context and a root value of their own for each run."""


class Watched(Executor):
    """That keeps the plan it used last."""

    last: Plan | None = None

    def plan(self, *of: Any) -> Plan:
        self.last = None
        self.last = super().plan(*of)
        return self.last


@dataclass(slots=True)
class Comparison:
    """Of one operation."""

    core: Answer
    every: frozenset[Told]
    """All errors that there are."""
    wrong: list[str]
    """In words."""
    context: Any
    """Of the run from the plan."""
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Executors:
    core: Executor
    compiled: Watched
    batches: Callable[[Any], Counter[str] | None]
    """How often each loader asked, as the context of a run knows it; None where that is not to be compared."""

    async def compared(self, text: str, variables: Mapping[str, Any], fresh: Fresh) -> Comparison:
        """The operation has to be valid."""
        operation = self.core.read(text, None)
        core, _ = await self._run(self.core, operation, variables, fresh)
        compiled, context = await self._run(self.compiled, operation, variables, fresh)
        every, needed = await self._every_error(operation, variables, fresh)
        plan = self.compiled.last
        without_writer(plan)
        replayed, _ = await self._run(self.compiled, operation, variables, fresh)
        wrong = [
            f"{name}: {sentence}"
            for name, answer in (("core", core), ("compiled", compiled), ("replayed", replayed))
            for sentence in (*differences(core, answer, every), *_excess(answer.batches, core.batches, needed))
        ]
        return Comparison(core, every, wrong, context, plan)

    async def _run(
        self, executor: Executor, operation: Operation, variables: Mapping[str, Any], fresh: Fresh
    ) -> tuple[Answer, Any]:
        context, root = fresh()
        answer = await answered(executor, operation, variables, context, root)
        answer.batches = self.batches(context)
        return answer, context

    async def _every_error(
        self, operation: Operation, variables: Mapping[str, Any], fresh: Fresh
    ) -> tuple[frozenset[Told], Counter[str] | None]:
        context, root = fresh()
        return await every_error(self.core, operation, variables, context, root), self.batches(context)


async def answered(
    executor: Executor, operation: Operation, variables: Mapping[str, Any], context: Any, root: Any = None
) -> Answer:
    """The variables are a copy: a resolver may change what it is given."""
    try:
        return answer_of(await executor.run(operation, deepcopy(variables), context, root))
    except NotExecuted as refused:
        return Answer(None, frozenset(map(told, refused.errors)), is_executed=False)


async def every_error(
    core: Executor, operation: Operation, variables: Mapping[str, Any], context: Any, root: Any = None
) -> frozenset[Told]:
    """All errors that there are in the operation's fields, by graphql-core without propagation."""
    definitions = operation.definition.variable_definitions or ()
    values = get_variable_values(core.core, definitions, deepcopy(dict(variables)))
    if isinstance(values, list):
        return frozenset(map(told, values))
    execution = core._core_executor(operation, values, context, root)
    execution.error_propagation = False
    result = execution.execute_operation()
    return answer_of(cast("ExecutionResult", await result if isawaitable(result) else result)).errors


def without_writer(plan: Plan | None) -> None:
    """From now on all that the plan answers goes through the replay."""
    for part in plan.parts if plan else ():
        part.write = _refuse


def _refuse(*_given: Any) -> Any:
    raise Irregular


def _excess(asked: Counter[str] | None, core: Counter[str] | None, needed: Counter[str] | None) -> list[str]:
    """Loads that graphql-core does without. It may leave off early at an error, so it is asked for all that there is, too."""
    if asked is None or core is None or needed is None:
        return []
    most = core | needed
    return [f"{name} asked {asked[name]} times, not {most[name]}" for name in asked if asked[name] > most[name]]
