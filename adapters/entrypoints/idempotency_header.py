"""The `Idempotency-Key` header: the default of `input.idempotencyKey` where the request is one mutation field.

It is written into the variable that carries the input, or into the input's literal, before the operation is held against the
schema: so it serves inputs that require a key too. A key in the input wins. Not handled: a literal that names the field,
though by a variable that was left out; it counts as given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from adapters.entrypoints.graphql_request import Refused
from schema.execution.document import Operation

HEADER: Final = "idempotency-key"
ARGUMENT: Final = "input"
FIELD: Final = "idempotencyKey"


def key_of(values: list[str]) -> str | None:
    """The header's value; the quotes of a structured field (RFC 8941 string) are not part of the key."""
    if not values:
        return None
    if len(values) > 1:
        raise Refused(400, "BAD_REQUEST", "The Idempotency-Key header is given twice.")
    value = values[0].strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if is_quoted else value


def with_key(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, Any], key: str | None
) -> tuple[Operation, Mapping[str, Any]]:
    """The operation and its variables, with the key in one of them."""
    if key is None or not operation.is_mutation:
        return operation, variables
    fields = list(_root_fields(operation))
    if len(fields) != 1:
        message = (
            "One Idempotency-Key cannot serve several mutations: send them apart, or give each its own in its input."
        )
        raise Refused(400, "IDEMPOTENCY_KEY_AMBIGUOUS", message)
    arguments = fields[0].arguments or ()
    asked = next((part.value for part in arguments if part.name.value == ARGUMENT), None)
    if asked is None or not _takes_key(schema, fields[0]):
        return operation, variables
    return _completed(operation, asked, variables, key)


def _completed(
    operation: Operation, asked: ValueNode, variables: Mapping[str, Any], key: str
) -> tuple[Operation, Mapping[str, Any]]:
    match asked:
        case VariableNode(name=name) if isinstance(given := variables.get(name.value), dict):
            return operation, {**variables, name.value: {FIELD: key, **given}}
        case ObjectValueNode(fields=fields) if all(part.name.value != FIELD for part in fields):
            return _rewritten(operation, asked, key), variables
    return operation, variables


def _rewritten(operation: Operation, literal: ObjectValueNode, key: str) -> Operation:
    position = operation.document.definitions.index(operation.definition)
    document = visit(operation.document, _WithField(literal, key))
    return Operation(document, document.definitions[position])


class _WithField(Visitor):
    """Puts the key into one literal."""

    def __init__(self, literal: ObjectValueNode, key: str) -> None:
        super().__init__()
        self._literal = literal
        self._field = ObjectFieldNode(name=NameNode(value=FIELD), value=StringValueNode(value=key))

    def enter_object_value(self, node: ObjectValueNode, *_place: Any) -> ObjectValueNode | None:
        if node is not self._literal:
            return None
        return ObjectValueNode(fields=(*node.fields, self._field), loc=node.loc)


@dataclass(slots=True)
class _Roots:
    """The fields at the top, also those in fragments; a fragment that contains itself is followed once."""

    fragments: dict[str, FragmentDefinitionNode]
    seen: set[str]

    def within(self, selections: SelectionSetNode) -> Iterator[FieldNode]:
        for part in selections.selections:
            match part:
                case FieldNode() if not part.name.value.startswith("__"):
                    yield part
                case InlineFragmentNode():
                    yield from self.within(part.selection_set)
                case FragmentSpreadNode(name=name) if name.value in self.fragments and name.value not in self.seen:
                    self.seen.add(name.value)
                    yield from self.within(self.fragments[name.value].selection_set)


def _root_fields(operation: Operation) -> Iterator[FieldNode]:
    definitions = operation.document.definitions
    fragments = {part.name.value: part for part in definitions if isinstance(part, FragmentDefinitionNode)}
    return _Roots(fragments, set()).within(operation.definition.selection_set)


def _takes_key(schema: GraphQLSchema, field: FieldNode) -> bool:
    known = schema.mutation_type.fields.get(field.name.value) if schema.mutation_type else None
    argument = known.args.get(ARGUMENT) if known else None
    asked = get_named_type(argument.type) if argument else None
    return isinstance(asked, GraphQLInputObjectType) and FIELD in asked.fields
