"""The executor: operations are read, checked and compiled once, and run level by level; what is not compiled runs on graphql-core.

See docs/execution.md for the theory of operation.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Final, cast

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution import ExecutionResult
from graphql.execution import Executor as CoreExecutor
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.execution import optimized_is_awaitable
from strawberry.schema import Schema

from schema.execution import document
from schema.execution.cache import OperationCache
from schema.execution.compile import Compiler, steering
from schema.execution.document import NotExecuted, Operation, read_operation
from schema.execution.levels import Found, Load, Observer, Request, find
from schema.execution.masking import put_masks
from schema.execution.plan import Part, Plan
from schema.execution.replay import Replay, errors_of
from schema.execution.sources import Declarations, Uncompiled

MAX_PLANS: Final = 16
"""Of one operation: each setting of its steering variables has its own."""
MAX_COERCION_ERRORS: Final = 20


@dataclass(slots=True)
class Counters:
    """Since the start."""

    compiled: int = 0
    """Operations that ran on their plan."""
    replayed: int = 0
    """Parts of these that graphql-core wrote, because something in them was not as it should be."""
    fallbacks: Counter[str] = field(default_factory=Counter)
    """Operations that ran on graphql-core, by reason."""


class Executor:
    """`load` answers the loads of a level; `classes` are the Python classes whose exact instances a type is known to be;
    `kinds` names the loaders whose rows may be loaded in parts, and what kind of rows each of them gives (`reads.py`).
    """

    def __init__(
        self,
        schema: Schema,
        declarations: Declarations,
        load: Load,
        *,
        classes: Mapping[str, type[Any]] | None = None,
        kinds: Mapping[str, Any] | None = None,
        is_compiling: bool = True,
        observer: Observer | None = None,
    ) -> None:
        if schema.extensions:
            raise ValueError("the schema has extensions, which this executor does not run")
        self.core: GraphQLSchema = schema._schema  # noqa: SLF001  Strawberry has no public name for the schema it builds
        put_masks(self.core, declarations)
        self.counters = Counters()
        self.operations = OperationCache()
        self._core_class = schema.execution_context_class
        self._compiler = Compiler(self.core, declarations, classes or {}, kinds or {})
        self._load = load
        self._observer = observer
        self._is_compiling = is_compiling

    def read(self, text: str, name: str | None) -> Operation:
        """The operation of this name, or the only one. Raises NotExecuted."""
        return self.operations.get((text, name)) or read_operation(text, name)

    def check(self, operation: Operation) -> None:
        """Holds it against the schema, once. Raises NotExecuted."""
        document.check(self.core, operation)

    def keep(self, operation: Operation, text: str, name: str | None) -> None:
        """For the next who sends the same text. Only what fits the schema is kept."""
        if operation.is_checked:
            self.operations.put((text, name), operation)

    async def run(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Any, root: Any = None
    ) -> ExecutionResult:
        """The data, null where an error reached the top, and what went wrong. Raises NotExecuted when the variables do not fit."""
        definitions = operation.definition.variable_definitions or ()
        values = get_variable_values(self.core, definitions, dict(variables or {}), max_errors=MAX_COERCION_ERRORS)
        if isinstance(values, list):
            raise NotExecuted(values, is_valid=True)
        core = self._core_executor(operation, values, context, root)
        try:
            return await self._answered(operation, values, core)
        finally:
            # It refers to the executor that refers to it: until the garbage collector found out, all that a request has read
            # would stay, and finding out costs a seventh of a list's time.
            del core.async_helpers

    async def _answered(self, operation: Operation, values: VariableValues, core: CoreExecutor[Any]) -> ExecutionResult:
        try:
            plan = self.plan(operation, values)
        except Uncompiled as reason:
            self.counters.fallbacks[str(reason)] += 1
            result = core.execute_operation()
            return cast("ExecutionResult", await result if isawaitable(result) else result)
        self.counters.compiled += 1
        return await _Run(self.counters, Request(core, self._load, plan.attributes, self._observer)).answered(plan)

    def plan(self, operation: Operation, values: VariableValues) -> Plan:
        """Made once for each setting of what steers the selection. Raises Uncompiled."""
        if not self._is_compiling:
            raise Uncompiled("the setting says so")
        prepared = _prepared(operation)
        key = tuple(values.coerced.get(name) for name in _raised(prepared.steering))
        made = prepared.plans.get(key)
        if made is None:
            made = _made(lambda: self._compiler.plan(operation, prepared.fragments, values))
            if len(prepared.plans) < MAX_PLANS:
                prepared.plans[key] = made
        return cast("Plan", _raised(made))

    def _core_executor(
        self, operation: Operation, values: VariableValues, context: Any, root: Any
    ) -> CoreExecutor[Any]:
        prepared = _prepared(operation)
        return self._core_class(
            self.core,
            prepared.definitions,
            prepared.fragments,
            root,
            context,
            operation.definition,
            values,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=cast("Any", optimized_is_awaitable),
        )


@dataclass(slots=True)
class _Prepared:
    """Of one operation."""

    definitions: dict[str, FragmentDefinitionNode]
    fragments: dict[str, FragmentDetails]
    steering: tuple[str, ...] | Uncompiled
    plans: dict[tuple[Any, ...], Plan | Uncompiled] = field(default_factory=dict)


def _prepared(operation: Operation) -> _Prepared:
    if operation.prepared is None:
        parts = operation.document.definitions
        definitions = {part.name.value: part for part in parts if isinstance(part, FragmentDefinitionNode)}
        fragments = {name: FragmentDetails(definition) for name, definition in definitions.items()}
        operation.prepared = _Prepared(definitions, fragments, _made(lambda: steering(operation)))
    return cast("_Prepared", operation.prepared)


class _Run:
    """Of one plan for one request."""

    def __init__(self, counters: Counters, request: Request) -> None:
        self._counters = counters
        self._request = request
        self._replay: Replay | None = None
        self._errors: list[GraphQLError] = []

    async def answered(self, plan: Plan) -> ExecutionResult:
        """One part after the other: the fields of a mutation see what those before them did."""
        data: dict[str, Any] = {}
        for part in plan.parts:
            try:
                data |= await self._part(part)
            except GraphQLError as error:
                return ExecutionResult(None, [*self._told(), error])
        return ExecutionResult(data, self._told() or None)

    def _told(self) -> list[GraphQLError]:
        return [*self._errors, *self._request.core.collected_errors.errors]

    async def _part(self, part: Part) -> dict[str, Any]:
        """Raises GraphQLError where an error reaches the top."""
        request = self._request
        found = await find(part, request)
        written = self._written(part, found)
        if written is None:
            self._counters.replayed += 1
            self._replay = self._replay or Replay(request.core)
            return await self._replay.write(part, found)
        if found.failures:
            self._errors += errors_of(part, found)
        return written

    def _written(self, part: Part, found: Found) -> dict[str, Any] | None:
        if not found.is_regular:
            return None
        request = self._request
        try:
            return part.write(request.root, request.context, found.values, found.types, request.info)
        except Exception:  # noqa: BLE001  whatever it is, graphql-core comes upon it again, and tells it
            return None


def _made(make: Callable[[], Any]) -> Any:
    """What was made, or why it was not."""
    try:
        return make()
    except Uncompiled as reason:
        return reason


def _raised(made: Any) -> Any:
    if isinstance(made, Uncompiled):
        raise made
    return made
