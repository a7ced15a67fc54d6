"""From an operation to its plan. Made once for each operation and each setting of what steers `@skip` and `@include`.

Selections are collected by graphql-core itself, so that fragments, directives and merged fields mean the same in both executors.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from graphql import (
    SKIP,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    VariableNode,
    Visitor,
    get_named_type,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from schema.execution.document import Operation
from schema.execution.plan import Field, Part, Plan, Selection, Shape, has_containers
from schema.execution.reads import attributes_by_loader
from schema.execution.sources import TYPE_NAME, Called, Declarations, Loaded, Source, Uncompiled, source_of
from schema.execution.writer import written

MAX_FIELDS: Final = 20_000
"""Of one plan: fragments within fragments and abstract types within abstract types multiply."""
_STEERING: Final = frozenset(("skip", "include"))


def steering(operation: Operation) -> tuple[str, ...]:
    """The variables that decide what is selected. Raises Uncompiled where other directives say how it is to be executed."""
    seen = _Directives()
    visit(operation.document, seen)
    return tuple(sorted(seen.variables))


class _Directives(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()

    def enter_directive(self, node: Any, *_place: Any) -> None:
        if node.name.value not in _STEERING:
            raise Uncompiled(f"@{node.name.value} is left to graphql-core")
        values = (argument.value for argument in node.arguments or ())
        self.variables.update(value.name.value for value in values if isinstance(value, VariableNode))


class Compiler:
    """`classes` are those of whose exact instances a type is known to be, by the type's name; `kinds` as in `reads.py`."""

    def __init__(
        self,
        schema: GraphQLSchema,
        declarations: Declarations,
        classes: Mapping[str, type[Any]],
        kinds: Mapping[str, Any],
    ) -> None:
        self._kinds = kinds
        self._schema = schema
        self._declarations = declarations
        self._classes = classes
        self._sources: dict[tuple[str, str], Source] = {}

    def plan(self, operation: Operation, fragments: dict[str, FragmentDetails], variables: VariableValues) -> Plan:
        """Raises Uncompiled."""
        root = self._schema.get_root_type(operation.definition.operation)
        if root is None:
            raise Uncompiled("the schema has no such root")
        plan = _Compilation(self, self._schema, operation, fragments, variables).plan(root)
        plan.attributes = attributes_by_loader(plan, self._kinds)
        return plan

    def source(self, parent_type: GraphQLObjectType, name: str, definition: GraphQLField) -> Source:
        if name == "__typename":
            return TYPE_NAME
        key = (parent_type.name, name)
        if key not in self._sources:
            self._sources[key] = source_of(definition, self._declarations)
        return self._sources[key]

    def written(self, part: Part) -> Part:
        return written(part)

    def known_class(self, object_type: GraphQLObjectType) -> type[Any] | None:
        return self._classes.get(object_type.name)


class _Compilation:
    def __init__(
        self,
        compiler: Compiler,
        schema: GraphQLSchema,
        operation: Operation,
        fragments: dict[str, FragmentDetails],
        variables: VariableValues,
    ) -> None:
        self._compiler = compiler
        self._schema = schema
        self._operation = operation
        self._variables = variables
        self._fragments = fragments
        self._left = MAX_FIELDS
        self._slots = count()
        self._selections = count()

    def plan(self, root: GraphQLObjectType) -> Plan:
        try:
            collected = collect_fields(
                self._schema, self._fragments, self._variables, root, self._operation.definition
            ).grouped_field_set
            groups = [{key: one} for key, one in collected.items()] if self._operation.is_mutation else [collected]
            return Plan(tuple(self._part(root, dict(group)) for group in groups))
        except RecursionError:
            raise Uncompiled("it is nested too deeply") from None
        except GraphQLError:
            raise Uncompiled("a condition of @skip or @include is null") from None

    def _part(self, root: GraphQLObjectType, grouped: dict[str, list[FieldDetails]]) -> Part:
        self._slots, self._selections = count(), count()
        selection = self._selection(root, grouped)
        return self._compiler.written(Part(selection, grouped, next(self._slots), next(self._selections)))

    def _selection(self, object_type: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]]) -> Selection:
        number = next(self._selections)
        fields = tuple(self._field(number, object_type, key, details) for key, details in grouped.items())
        inner = [part for one in fields for part in one.selections.values()]
        return Selection(
            number,
            object_type,
            fields,
            slotted=tuple(one for one in fields if one.slot is not None),
            calls=any(isinstance(one.source, Called) for one in fields) or any(part.calls for part in inner),
            known_class=self._compiler.known_class(object_type),
        )

    def _field(self, home: int, parent_type: GraphQLObjectType, key: str, details: list[FieldDetails]) -> Field:
        self._left -= 1
        if self._left < 0:
            raise Uncompiled(f"it selects more than {MAX_FIELDS} fields")
        name = details[0].node.name.value
        definition = self._schema.get_field(parent_type, name)
        if definition is None:
            raise Uncompiled(f"the type {parent_type} has no field {name}")
        source = self._compiler.source(parent_type, name, definition)
        named_type = get_named_type(definition.type)
        selections = self._beneath(named_type, details)
        shape = _shape(definition.type)
        made = Field(key, home, parent_type, definition, details, source, shape, named_type, selections)
        made.slot = next(self._slots) if self._needs_slot(made) else None
        made.arguments = self._fixed_arguments(definition, details[0]) if isinstance(source, Called) else None
        return made

    def _beneath(self, named_type: GraphQLNamedType, details: list[FieldDetails]) -> dict[str, Selection]:
        if is_abstract_type(named_type):
            kinds = self._schema.get_possible_types(named_type)
        else:
            kinds = [named_type] if isinstance(named_type, GraphQLObjectType) else []
        return {kind.name: self._selection(kind, self._subfields(kind, details)) for kind in kinds}

    def _subfields(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> dict[str, list[FieldDetails]]:
        return collect_subfields(
            self._schema, self._fragments, self._variables, self._operation.definition, kind, details
        ).grouped_field_set

    def _needs_slot(self, made: Field) -> bool:
        if isinstance(made.source, Loaded | Called) or is_abstract_type(made.named_type):
            return True
        return any(part.slotted for part in made.selections.values())

    def _fixed_arguments(self, definition: GraphQLField, detail: FieldDetails) -> Mapping[str, Any] | None:
        node = detail.node
        if not definition.args and not node.arguments:
            return {}
        seen = _Variables()
        visit(node, seen)
        if seen.found:
            return None
        try:
            arguments = get_argument_values(definition, node)
        except Exception:  # noqa: BLE001  told anew to each request, under its own path
            return None
        return None if has_containers(arguments) else arguments


class _Variables(Visitor):
    """Whether an argument of the field itself has a variable in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_selection_set(self, *_place: Any) -> Any:
        return SKIP

    def enter_variable(self, *_place: Any) -> None:
        self.found = True


def _shape(of: Any) -> Shape:
    is_required = is_non_null_type(of)
    inner = of.of_type if is_required else of
    return Shape(is_required, _shape(inner.of_type) if is_list_type(inner) else None)
