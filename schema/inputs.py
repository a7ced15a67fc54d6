"""How inputs are made of what a caller sent: by the names that were sent.

Strawberry goes through all fields of an input's type each time, and a filter has thirty of which one or two are given. Its own hook
for inputs that make their own value (`from_input`) is used, with the same results.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, NamedTuple

import strawberry
from strawberry.schema.name_converter import NameConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition


class _Field(NamedTuple):
    name: str
    of: Any


class _Fields(NamedTuple):
    defaults: dict[str, None]
    """Of the fields that have none of their own."""
    by_name: dict[str, _Field]
    """By the name in GraphQL."""


def register_inputs(schema: strawberry.Schema) -> None:
    """Once the schema is built, for every input type that does not make its own value already."""
    for concrete in schema.schema_converter.type_map.values():
        definition = concrete.definition
        if isinstance(definition, StrawberryObjectDefinition) and definition.is_input and definition.from_input is None:
            definition.from_input = _maker(definition, schema.config.name_converter)


def _maker(definition: StrawberryObjectDefinition, names: NameConverter) -> Callable[..., Any]:
    @cache
    def fields() -> _Fields:
        lacking = (
            field for field in definition.fields if field.default_value is MISSING and field.default_factory is MISSING
        )
        return _Fields(
            {field.python_name: None for field in lacking},
            {
                names.from_field(field): _Field(field.python_name, field.resolve_type(type_definition=definition))
                for field in definition.fields
            },
        )

    def make(kind: type[Any], value: Mapping[str, Any], context: InputContext) -> Any:
        defaults, by_name = fields()
        given: dict[str, Any] = dict(defaults)
        for shown, part in value.items():
            name, of = by_name[shown]
            given[name] = context.convert(part, of, shown)
        return kind(**given)

    return make
