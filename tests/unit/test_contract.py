"""The schema against the published contract: what bears one of its names has its type, and what is missing is listed."""

import os
from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)
from graphql.language import print_ast
from graphql.utilities import get_default_value_ast

from schema import build

ROOT = Path(__file__).parents[2]
CONTRACT = Path(os.environ.get("ORDER_CENTER_CONTRACT") or ROOT / "docs" / "contract.graphql")
NOT_BUILT_YET = ROOT / "tests" / "fixtures" / "not_built_yet.txt"

Facts = dict[str, str]
"""By coordinate (`Order`, `Order.status`, `Query.node(id:)`, `Role.BUYER`, `PlaceOrderResult|OutOfStock`) what stands there."""


def test_every_name_of_the_contract_has_the_contracts_type() -> None:
    contract, ours = facts(contract_schema()), facts(served_schema())
    differing = {name: (ours[name], wanted) for name, wanted in contract.items() if ours.get(name, wanted) != wanted}
    assert differing == {}


def test_what_the_contract_has_beyond_the_schema_is_listed() -> None:
    missing = topmost(facts(contract_schema()).keys() - facts(served_schema()).keys())
    assert missing == NOT_BUILT_YET.read_text(encoding="utf-8").splitlines()


def test_what_is_added_to_types_of_the_contract_does_not_break_its_clients() -> None:
    contract, ours = contract_schema(), served_schema()
    assert [name for name in added_inputs(contract, ours) if is_required(ours, name)] == []
    assert [member for member in added_members(contract, ours) if not is_user_error(ours, member)] == []


def test_every_type_field_argument_and_value_is_described() -> None:
    undescribed = [name for name, thing in described_things(served_schema()) if not thing]
    assert undescribed == []


def contract_schema() -> GraphQLSchema:
    return build_schema(CONTRACT.read_text(encoding="utf-8"))


def served_schema() -> GraphQLSchema:
    return build.build_schema()._schema


def own_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """Without GraphQL's and Federation's."""
    return [
        named
        for named in schema.type_map.values()
        if not is_introspection_type(named) and not is_specified_scalar_type(named) and "_" not in named.name
    ]


def facts(schema: GraphQLSchema) -> Facts:
    return dict(fact for named in own_types(schema) for fact in facts_of(named))


def facts_of(named: GraphQLNamedType) -> Iterator[tuple[str, str]]:
    yield named.name, kind_of(named)
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        yield from ((f"{named.name}:{interface.name}", "implemented") for interface in named.interfaces)
        for name, field in own_fields(named):
            yield f"{named.name}.{name}", str(field.type)
            for argument_name, argument in field.args.items():
                yield f"{named.name}.{name}({argument_name}:)", with_default(argument)
    if isinstance(named, GraphQLInputObjectType):
        yield from ((f"{named.name}.{name}", with_default(field)) for name, field in named.fields.items())
        if is_one_of(named):
            yield f"{named.name}@oneOf", "one of"
    if isinstance(named, GraphQLEnumType):
        yield from ((f"{named.name}.{value}", "value") for value in named.values)
    if isinstance(named, GraphQLUnionType):
        yield from ((f"{named.name}|{member.name}", "member") for member in named.types)


def is_one_of(named: GraphQLInputObjectType) -> bool:
    """Strawberry keeps it in its own definition."""
    definition = named.extensions.get("strawberry-definition")
    return bool(named.is_one_of or (definition and definition.is_one_of))


def own_fields(named: GraphQLObjectType | GraphQLInterfaceType) -> list[tuple[str, GraphQLField]]:
    return [(name, field) for name, field in named.fields.items() if not name.startswith("_")]


def kind_of(named: GraphQLNamedType) -> str:
    kinds = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType, GraphQLEnumType, GraphQLUnionType)
    return next((kind.__name__ for kind in kinds if isinstance(named, kind)), "scalar")


def with_default(value: GraphQLArgument | GraphQLInputField) -> str:
    default = get_default_value_ast(value)
    return str(value.type) if default is None else f"{value.type} = {print_ast(default)}"


def topmost(coordinates: set[str]) -> list[str]:
    """Without what is missing because its type or its field is."""
    return sorted(name for name in coordinates if not any(owner in coordinates for owner in owners(name)))


def owners(coordinate: str) -> Iterator[str]:
    for end in (index for index, sign in enumerate(coordinate) if sign in ".(|:@"):
        yield coordinate[:end]


def added_inputs(contract: GraphQLSchema, ours: GraphQLSchema) -> list[str]:
    """Arguments and input fields that the contract does not have, of fields and types that it has."""
    known = facts(contract)
    names = (name for name in facts(ours) if name.endswith(":)") or is_input_field(ours, name))
    return [name for name in names if name not in known and all(owner in known for owner in owners(name))]


def is_input_field(schema: GraphQLSchema, coordinate: str) -> bool:
    return "." in coordinate and isinstance(
        schema.type_map[coordinate.split(".", maxsplit=1)[0]], GraphQLInputObjectType
    )


def is_required(schema: GraphQLSchema, coordinate: str) -> bool:
    return facts(schema)[coordinate].endswith("!")


def added_members(contract: GraphQLSchema, ours: GraphQLSchema) -> list[str]:
    known = facts(contract)
    members = (name for name in facts(ours) if "|" in name and name not in known)
    return [name.split("|")[1] for name in members if name.split("|")[0] in known]


def is_user_error(schema: GraphQLSchema, name: str) -> bool:
    member = schema.type_map[name]
    return isinstance(member, GraphQLObjectType) and any(i.name == "UserError" for i in member.interfaces)


def described_things(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for named in own_types(schema):
        yield named.name, named.description
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in own_fields(named):
                yield f"{named.name}.{name}", field.description
                yield from ((f"{named.name}.{name}({a}:)", arg.description) for a, arg in field.args.items())
        if isinstance(named, GraphQLInputObjectType):
            yield from ((f"{named.name}.{name}", field.description) for name, field in named.fields.items())
        if isinstance(named, GraphQLEnumType):
            yield from ((f"{named.name}.{name}", value.description) for name, value in named.values.items())
