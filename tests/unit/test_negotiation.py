import pytest

from adapters.entrypoints.negotiation import (
    ANSWERS,
    ANSWERS_AND_PAGE,
    GRAPHQL_RESPONSE,
    HTML,
    JSON,
    chosen,
    media_type_of,
)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("APPLICATION/JSON", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE),
        ("application/json;q=0.9, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json;charset=utf-8, application/json;charset=utf-8", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", JSON),
        ("application/json;q=0, */*", GRAPHQL_RESPONSE),
        ("application/json;q=0.1, */*;q=0.2", GRAPHQL_RESPONSE),
        ("application/json, multipart/mixed", JSON),
        ('application/json; charset="UTF-8"', JSON),
        ("application/json;q=high, application/graphql-response+json;q=0.1", GRAPHQL_RESPONSE),
        ("application/json;q=nan, application/graphql-response+json;q=0.1", GRAPHQL_RESPONSE),
        ("application/json; charset=iso-8859-1", None),
        ("text/html", None),
        ("text/plain", None),
        ("*/*;q=0", None),
        (",", None),
    ],
)
def test_the_answer_of_an_operation_has_the_type_that_is_wanted_most(
    accept: str | None, media_type: str | None
) -> None:
    assert chosen(accept, ANSWERS) == media_type


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (BROWSER, HTML),
        ("text/html", HTML),
        ("text/*", HTML),
        ("*/*", JSON),
        (None, JSON),
        ("text/html;q=0.5, application/json", JSON),
        ("application/json, text/html", JSON),
    ],
)
def test_the_page_is_for_those_who_prefer_it(accept: str | None, media_type: str) -> None:
    assert chosen(accept, ANSWERS_AND_PAGE) == media_type


@pytest.mark.parametrize(
    ("content_type", "parts"),
    [
        ("", ("", {})),
        ("application/json", ("application/json", {})),
        ('Application/JSON ; Charset="UTF-8"', ("application/json", {"charset": "utf-8"})),
        ("a/b; x=1; y", ("a/b", {"x": "1", "y": ""})),
        ("a/b;", ("a/b", {})),
    ],
)
def test_a_media_type_has_parameters(content_type: str, parts: tuple[str, dict[str, str]]) -> None:
    assert media_type_of(content_type) == parts
