"""An OrderFilter as a text: read by the very rules by which an operation's variables are."""

import json
from typing import Any, Final

from graphql import OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values
from strawberry.types.arguments import convert_argument

from domain.ports.order_views import OrderFilter
from domain.values.faults import BadRequest
from resolvers.reads.order_filter import OrderFilterInput
from schema.build import build_schema

_ASKED: Final = "query ($filter: OrderFilter!) { __typename }"


def read_order_filter(text: str) -> OrderFilter:
    """From JSON, like `{"status": ["PAID"]}`. Raises BadRequest."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The filter is no JSON: {error}.", "INVALID_JSON") from error
    schema = build_schema()
    operation = parse(_ASKED).definitions[0]
    if not isinstance(operation, OperationDefinitionNode):
        raise TypeError("an operation was parsed")
    read: Any = get_variable_values(schema._schema, operation.variable_definitions or (), {"filter": given})  # noqa: SLF001  Strawberry shows the schema beneath nowhere else
    if isinstance(read, list):
        raise BadRequest(" ".join(error.message for error in read), "BAD_USER_INPUT")
    coerced = read.coerced if hasattr(read, "coerced") else read
    made: Any = convert_argument(
        coerced["filter"], OrderFilterInput, schema.schema_converter.scalar_registry, schema.config
    )
    filter_: OrderFilter = made.to_domain()
    return filter_
