"""explain."""

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from graphql.execution.values import VariableValues, get_variable_values

from adapters.entrypoints.faults import UsageFault
from schema.executing import build_executor
from schema.execution.compile import steering
from schema.execution.document import NotExecuted, Operation
from schema.execution.executor import Executor
from schema.execution.explain import explained
from schema.execution.sources import Uncompiled

app = typer.Typer()


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A file with a GraphQL document; `-` reads the standard input.")],
    operation: Annotated[str | None, typer.Option(help="Which operation, where the document has several.")] = None,
    variables: Annotated[
        str, typer.Option(help="A JSON object; only variables of @skip and @include change the plan.")
    ] = "{}",
) -> None:
    """Show how an operation is executed: what is asked for at once, where each field comes from, and the code that writes it.

    Nothing is executed, and no database is needed.
    """
    executor = build_executor()
    try:
        text = _explained(executor, _read(file), operation, _object(variables))
    except NotExecuted as refused:
        raise UsageFault(" ".join(error.message for error in refused.errors)) from refused
    sys.stdout.write(text + "\n")


def _explained(executor: Executor, text: str, name: str | None, variables: dict[str, Any]) -> str:
    operation = executor.read(text, name)
    executor.check(operation)
    try:
        return explained(executor.plan(operation, _steering_values(executor, operation, variables)))
    except Uncompiled as reason:
        return f"Left to graphql-core: {reason}."


def _steering_values(executor: Executor, operation: Operation, variables: dict[str, Any]) -> VariableValues:
    """Of the variables that change the plan; no others need to be given."""
    names = steering(operation)
    definitions = operation.definition.variable_definitions or ()
    asked = [definition for definition in definitions if definition.variable.name.value in names]
    values = get_variable_values(executor.core, asked, variables)
    if isinstance(values, list):
        raise NotExecuted(values, is_valid=True)
    return values


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}.") from error


def _object(text: str) -> dict[str, Any]:
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageFault(f"--variables is not JSON: {error}.") from error
    if not isinstance(read, dict):
        raise UsageFault("--variables must be a JSON object.")
    return read
