"""Runs a checked operation on graphql-core, as Strawberry would: without its error log, since whoever answers logs."""

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any, cast

from graphql.execution import ExecutionResult
from strawberry.execution import optimized_is_awaitable
from strawberry.schema import Schema

from schema.execution.document import NotExecuted, Operation


async def run(
    schema: Schema, operation: Operation, variables: Mapping[str, Any] | None, context: Any
) -> ExecutionResult:
    """The data, null where an error reached the top, and what went wrong. Raises NotExecuted when the variables do not fit."""
    name = operation.definition.name
    executor = schema.execution_context_class.build(
        schema._schema,  # noqa: SLF001  Strawberry has no public name for the schema it builds
        operation.document,
        context_value=context,
        raw_variable_values=dict(variables or {}),
        operation_name=name.value if name else None,
        is_awaitable=cast("Any", optimized_is_awaitable),
    )
    if isinstance(executor, list):
        raise NotExecuted(executor, is_valid=True)
    result = executor.execute_operation()
    return cast("ExecutionResult", await result if isawaitable(result) else result)
