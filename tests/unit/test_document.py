"""A document is read within limits, and its operation found."""

import pytest
from graphql import build_schema

from schema.execution.document import MAX_COMMENTS, MAX_TOKENS, NotExecuted, check, read_operation

SCHEMA = build_schema("type Query { a(x: Float): Query b: Int }")


def not_executed(text: str, name: str | None = None) -> NotExecuted:
    with pytest.raises(NotExecuted) as caught:
        check(SCHEMA, read_operation(text, name))
    return caught.value


def code_of(failed: NotExecuted) -> str | None:
    return (failed.errors[0].extensions or {}).get("code")


def fields(tokens: int) -> str:
    return "{" + " b" * (tokens - 2) + "}"


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("{ b }", None, None),
        ("query A { b }", None, "A"),
        ("query A { b }", "A", "A"),
        ("query A { b } query B { b }", "B", "B"),
        ("fragment F on Query { b } query A { ...F }", None, "A"),
        (fields(MAX_TOKENS), None, None),
        ("#\n" * MAX_COMMENTS + "{ b }", None, None),
        ("{ a(x: 9223372036854775807) { b } }", None, None),
        ("{ a(x: -9223372036854775808) { b } }", None, None),
        ("{ a(x: 9.2e18) { b } }", None, None),
    ],
)
def test_the_operation_is_found(text: str, name: str | None, found: str | None) -> None:
    definition = read_operation(text, name).definition
    assert (definition.name.value if definition.name else None) == found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("query A { b } query B { b }", None),
        ("{ b } query B { b }", None),
        ("query A { b }", "B"),
        ("{ b }", "B"),
        ("fragment F on Query { b }", None),
    ],
)
def test_the_operation_is_not_found(text: str, name: str | None) -> None:
    failed = not_executed(text, name)
    assert (code_of(failed), failed.is_over_limit, failed.is_valid) == ("OPERATION_NOT_FOUND", False, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (fields(MAX_TOKENS + 1), "DOCUMENT_TOO_LARGE"),
        ("#\n" * (MAX_COMMENTS + 1) + "{ b }", "DOCUMENT_TOO_LARGE"),
        ("{ a" * 1000 + " b" + "}" * 1000, "DOCUMENT_TOO_LARGE"),
        ("{ a(x: " + "[" * 1000 + "]" * 1000 + ") { b } }", "DOCUMENT_TOO_LARGE"),
        ("{ a(x: 9223372036854775808) { b } }", "NUMBER_OUT_OF_RANGE"),
        ("{ a(x: -9223372036854775809) { b } }", "NUMBER_OUT_OF_RANGE"),
        ("{ a(x: -1e19) { b } }", "NUMBER_OUT_OF_RANGE"),
        ("{ a(x: 1e999) { b } }", "NUMBER_OUT_OF_RANGE"),
        ("{ a(x: " + "9" * 5000 + ") { b } }", "NUMBER_OUT_OF_RANGE"),
    ],
)
def test_what_is_absurd_is_over_a_limit(text: str, code: str) -> None:
    failed = not_executed(text)
    assert (code_of(failed), failed.is_over_limit) == (code, True)


@pytest.mark.parametrize("text", ["", "{", "{ b", '{ a(x: "\\ud800") }', "query {}}", "\ufffe"])
def test_what_is_no_graphql_is_told_with_its_place(text: str) -> None:
    failed = not_executed(text)
    assert (code_of(failed), failed.is_over_limit) == (None, False)
    assert failed.errors[0].locations


@pytest.mark.parametrize(
    "text", ["{ c }", "mutation { a }", "subscription { a }", "{ a(x: 1) }", "{ ...F } fragment F on Query { ...F }"]
)
def test_what_does_not_fit_the_schema_is_told(text: str) -> None:
    failed = not_executed(text)
    assert (code_of(failed), failed.is_valid) == (None, False)


def test_of_many_errors_some_are_told() -> None:
    assert len(not_executed("{" + " ".join(f"x{number}" for number in range(100)) + "}").errors) == 21
