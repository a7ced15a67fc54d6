"""The header as the default of `input.idempotencyKey`."""

from typing import Any

import pytest
from graphql import build_schema, print_ast

from adapters.entrypoints.graphql_request import Refused
from adapters.entrypoints.idempotency_header import key_of, with_key
from schema.execution.document import check, read_operation

SCHEMA = build_schema(
    """
    type Query { a: Int }
    type Mutation { place(input: Place!): Int  pay(input: Pay!): Int  plain(input: Plain!): Int  bare: Int }
    input Place { idempotencyKey: String!, sku: String, attributes: Pay }
    input Pay { idempotencyKey: String, sku: String }
    input Plain { sku: String }
    """
)


def completed(text: str, variables: dict[str, Any] | None = None, key: str | None = "K") -> tuple[str, Any]:
    """The document without its spaces, and the variables."""
    operation, found = with_key(SCHEMA, read_operation(text, None), variables or {}, key)
    check(SCHEMA, operation)
    assert operation.definition in operation.document.definitions
    return " ".join(print_ast(operation.document).split()), found


@pytest.mark.parametrize("field", ["place", "pay"])
@pytest.mark.parametrize(
    ("given", "completed_"),
    [
        ({"sku": "A"}, {"idempotencyKey": "K", "sku": "A"}),
        ({}, {"idempotencyKey": "K"}),
        ({"idempotencyKey": "mine"}, {"idempotencyKey": "mine"}),
        ({"idempotencyKey": None}, {"idempotencyKey": None}),
    ],
)
def test_it_is_written_into_the_variable(field: str, given: Any, completed_: Any) -> None:
    kind = field.title()
    text = f"mutation ($in: {kind}!) {{ {field}(input: $in) }}"
    assert completed(text, {"in": given})[1] == {"in": completed_}


def test_it_is_written_into_a_literal_even_where_the_schema_requires_it() -> None:
    text, _ = completed('mutation { place(input: {sku: "A", attributes: {sku: "B"}}) }')
    assert text == 'mutation { place(input: { sku: "A", attributes: { sku: "B" }, idempotencyKey: "K" }) }'


@pytest.mark.parametrize(
    "text",
    [
        'mutation { pay(input: { idempotencyKey: "mine" }) }',
        "mutation { pay(input: { idempotencyKey: null }) }",
        'mutation { plain(input: { sku: "A" }) }',
        "mutation { bare }",
        "{ a }",
    ],
)
def test_it_leaves_alone_what_has_a_key_or_takes_none(text: str) -> None:
    assert completed(text)[0] == text


def test_a_literal_that_names_the_field_has_it_also_when_its_variable_is_left_out() -> None:
    text = "mutation ($key: String) { pay(input: { idempotencyKey: $key }) }"
    assert completed(text) == (text, {})


def test_without_the_header_nothing_is_changed() -> None:
    assert completed("mutation ($in: Pay!) { pay(input: $in) }", {"in": {}}, key=None)[1] == {"in": {}}


@pytest.mark.parametrize("variables", [{}, {"in": None}, {"in": []}])
def test_a_variable_that_is_no_object_is_left_to_the_schema(variables: dict[str, Any]) -> None:
    assert completed("mutation ($in: Pay!) { pay(input: $in) }", variables)[1] == variables


def test_it_is_for_the_operation_that_is_meant() -> None:
    text = "mutation A($in: Pay!) { pay(input: $in) } mutation B { a: bare b: bare }"
    operation, variables = with_key(SCHEMA, read_operation(text, "A"), {"in": {}}, "K")
    assert operation.definition.name is not None
    assert (operation.definition.name.value, variables) == ("A", {"in": {"idempotencyKey": "K"}})


@pytest.mark.parametrize(
    "text",
    [
        "mutation { a: bare b: bare }",
        "mutation { bare ...F } fragment F on Mutation { other: bare }",
        "mutation { bare ... on Mutation { other: bare } }",
        "mutation { __typename }",
    ],
)
def test_one_key_does_not_serve_several_mutations_or_none(text: str) -> None:
    with pytest.raises(Refused) as caught:
        completed(text)
    assert (caught.value.status, caught.value.code) == (400, "IDEMPOTENCY_KEY_AMBIGUOUS")


@pytest.mark.parametrize(
    "text",
    [
        "mutation { __typename bare }",
        "mutation { ...F } fragment F on Mutation { bare }",
        "mutation { ... { bare } }",
    ],
)
def test_one_field_is_found_wherever_it_stands(text: str) -> None:
    assert completed(text)[1] == {}


def test_a_fragment_that_contains_itself_is_left_to_the_schema() -> None:
    operation = read_operation("mutation { bare ...F } fragment F on Mutation { ...F }", None)
    assert with_key(SCHEMA, operation, {}, "K") == (operation, {})


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ([], None),
        (["K"], "K"),
        ([' "K" '], "K"),
        (['"'], '"'),
        ([""], ""),
        (['""'], ""),
    ],
)
def test_the_header_is_a_key_with_or_without_quotes(values: list[str], key: str | None) -> None:
    assert key_of(values) == key


def test_the_header_stands_there_once() -> None:
    with pytest.raises(Refused) as caught:
        key_of(["K", "L"])
    assert (caught.value.status, caught.value.code) == (400, "BAD_REQUEST")
