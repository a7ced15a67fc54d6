"""Errors as they are shown."""

from typing import Any

import pytest
from graphql import GraphQLError

from domain.values.faults import BadRequest, DomainFault, ServiceUnavailable
from resolvers.faults import MASKED, catalogued, collapsed, is_masked
from tests.fixtures.executing import executed
from tests.fixtures.reading import SCHEMA, Shelf, orders_of, refused

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("error", "is_executed", "message", "extensions"),
    [
        (GraphQLError("no"), False, "no", {"code": "GRAPHQL_VALIDATION_FAILED", "retryable": False}),
        (GraphQLError("no"), True, "no", {"code": "BAD_USER_INPUT", "retryable": False}),
        (GraphQLError("x", original_error=KeyError("secret")), True, MASKED, {"code": "INTERNAL", "retryable": False}),
        (
            GraphQLError("x", original_error=DomainFault("secret")),
            True,
            MASKED,
            {"code": "INTERNAL", "retryable": False},
        ),
        (GraphQLError("x", original_error=BadRequest("so")), True, "so", {"code": "BAD_REQUEST", "retryable": False}),
        (
            GraphQLError("x", original_error=ServiceUnavailable("tax", "it sleeps", 250)),
            True,
            "The tax service does not answer: it sleeps.",
            {"code": "SERVICE_UNAVAILABLE", "retryable": True, "service": "tax", "retryAfterMs": 250},
        ),
    ],
)
def test_an_error_has_a_code_and_tells_no_secrets(
    error: GraphQLError, is_executed: bool, message: str, extensions: dict[str, Any]
) -> None:
    shown = catalogued(error, "req-1", is_executed=is_executed)
    assert (shown.message, shown.extensions) == (message, extensions | {"requestId": "req-1"})
    assert is_masked(error) is (message == MASKED)


async def test_a_document_that_is_no_graphql_and_one_that_does_not_fit_have_codes_of_their_own() -> None:
    codes = []
    for document in ("{", "{ nonsense }"):
        result = await SCHEMA.execute(document, context_value=Shelf().context())
        (error,) = list(result.errors or ())
        codes.append((catalogued(error, "req-1", is_executed=False).extensions or {})["code"])
    assert codes == ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"]


async def test_a_variable_that_cannot_be_what_it_should_is_bad_input() -> None:
    query = "query($at: DateTime) { orders(filter: {placedAt: {gte: $at}}) { totalCount } }"
    _, errors = await refused(Shelf(), query, at="2024-01-01T00:00:00")
    assert [extensions["code"] for _, extensions in errors] == ["BAD_USER_INPUT"]


async def test_when_a_service_is_down_each_field_that_needs_it_is_told_once_with_how_many_there_are() -> None:
    shelf = Shelf(orders_of(3), down={"product"})
    query = "{ orders { nodes { lines { product { name } priceDrift { amount } } member { name } } } }"
    result = await executed(query, context=shelf.context())
    assert result.data is not None
    lines = sum(len(node["lines"]) for node in result.data["orders"]["nodes"])
    assert len(result.errors or ()) == 2 * lines
    shown = [
        (error.path, (catalogued(error, "req-1", is_executed=True, count=count).extensions or {}).get("count"))
        for error, count in collapsed(result.errors or ())
    ]
    assert sorted(shown, key=str) == [
        (["orders", "nodes", 0, "lines", 0, "priceDrift"], lines),
        (["orders", "nodes", 0, "lines", 0, "product"], lines),
    ]


async def test_other_errors_are_told_one_by_one() -> None:
    errors = [GraphQLError("no", path=["a", n], original_error=BadRequest("no")) for n in range(3)]
    unavailable = [
        GraphQLError("no", path=["a", n, field], original_error=ServiceUnavailable(service, "it is down"))
        for n in range(2)
        for field, service in (("b", "product"), ("c", "product"), ("b", "member"))
    ]
    assert [count for _, count in collapsed([*errors, *unavailable])] == [1, 1, 1, 2, 2, 2]
