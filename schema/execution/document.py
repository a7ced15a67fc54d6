"""A document on its way to be executed: read within limits, its operation found, held against the schema.

Each step raises NotExecuted with errors as GraphQL knows them; those of ours have a `code` among their extensions. What is *not* limited here is what a valid operation costs.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    Token,
    TokenKind,
    parse,
    validate,
)

MAX_TOKENS: Final = 4000
"""The largest operation of a real page has some hundreds; validation of this many takes a second at worst."""
MAX_COMMENTS: Final = 1000
MAX_ERRORS: Final = 20
MAX_DIGITS: Final = 19
"""Of a whole number of 64 bits."""
_ABORTED: Final = "Parsing aborted."
"""So ends graphql-core's message whenever one of its limits was passed: of tokens, of comments, of nesting."""


class NotExecuted(Exception):
    """The operation was not executed. `is_over_limit`: because of its size, not of its sense."""

    def __init__(self, errors: list[GraphQLError], *, is_valid: bool = False, is_over_limit: bool = False) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.is_valid = is_valid
        """Whether the document fits the schema: the errors are about what came with it."""
        self.is_over_limit = is_over_limit


@dataclass(slots=True, eq=False)
class Operation:
    document: DocumentNode
    definition: OperationDefinitionNode
    is_checked: bool = False
    """Whether it fits the schema."""
    prepared: Any = None
    """What an executor made of it, as long as the operation is kept."""

    @property
    def is_mutation(self) -> bool:
        return self.definition.operation is OperationType.MUTATION


def read_operation(text: str, name: str | None) -> Operation:
    """The operation of this name, or the only one."""
    try:
        document = parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    except GraphQLSyntaxError as error:
        raise _unread(error) from error
    if not all(is_in_range(number) for number in _numbers(document)):
        raise _not_executed("NUMBER_OUT_OF_RANGE", "A number of the document is too large.", is_over_limit=True)
    return Operation(document, _definition(document, name))


def check(schema: GraphQLSchema, operation: Operation) -> None:
    if operation.is_checked:
        return
    errors = validate(schema, operation.document, max_errors=MAX_ERRORS)
    if errors:
        raise NotExecuted(errors)
    operation.is_checked = True


def is_in_range(number: float) -> bool:
    """Numbers of a request fit into 64 bits: amounts and big integers travel as strings."""
    return -(2**63) <= number < 2**63


def _definition(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
    named = found if name is None else [part for part in found if part.name and part.name.value == name]
    if named and (name is not None or len(named) == 1):
        return named[0]
    raise _not_executed("OPERATION_NOT_FOUND", _why_not_found(found, name))


def _why_not_found(found: list[OperationDefinitionNode], name: str | None) -> str:
    if not found:
        return "The document has no operation."
    if name is None:
        return "The document has several operations: say by `operationName` which one is meant."
    return f"The document has no operation of the name {name!r}."


def _numbers(document: DocumentNode) -> Iterator[float]:
    token: Token | None = document.loc.start_token if document.loc else None
    while token is not None:
        if token.value and token.kind in _NUMBERS:
            yield _NUMBERS[token.kind](token.value)
        token = token.next


def _whole(text: str) -> float:
    """Exact; Python refuses to read thousands of digits."""
    return int(text) if len(text.lstrip("-")) <= MAX_DIGITS else math.inf


def _unread(error: GraphQLSyntaxError) -> NotExecuted:
    if not error.message.endswith(_ABORTED):
        return NotExecuted([error])
    return _not_executed("DOCUMENT_TOO_LARGE", error.message.removeprefix("Syntax Error: "), is_over_limit=True)


def _not_executed(code: str, message: str, *, is_over_limit: bool = False) -> NotExecuted:
    return NotExecuted([GraphQLError(message, extensions={"code": code})], is_over_limit=is_over_limit)


_NUMBERS: Final[Mapping[TokenKind, Callable[[str], float]]] = {TokenKind.INT: _whole, TokenKind.FLOAT: float}
