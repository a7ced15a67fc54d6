"""What a GraphQL request may look like, and what is refused: both sides of every rule."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from adapters.entrypoints.graphql_request import (
    MAX_DEPTH,
    MAX_PARAMETERS,
    MAX_QUERY_STRING_BYTES,
    GraphQLRequest,
    Refused,
    check_body_headers,
    request_of_body,
    request_of_url,
)
from schema.execution.document import MAX_COMMENTS, MAX_ERRORS, MAX_TOKENS

LIMIT = 100
JSON = {"content-type": "application/json"}
PLAIN = GraphQLRequest("{a}")
RUNNER = '{ a(b: "🏃") }'


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def refused(parse: Any, *given: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        parse(*given)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    ("content", "request_"),
    [
        ({"query": "{a}"}, PLAIN),
        ({"query": ""}, GraphQLRequest("")),
        ({"query": "{a}", "variables": None, "operationName": None, "extensions": None}, PLAIN),
        ({"query": "{a}", "operationName": ""}, PLAIN),
        ({"query": "{a}", "operationName": "A"}, GraphQLRequest("{a}", {}, "A")),
        ({"query": "{a}", "variables": {"x": 1}}, GraphQLRequest("{a}", {"x": 1})),
        ({"query": "{a}", "extensions": {"x": 1}}, PLAIN),
        ({"query": "{a}", "other": [1]}, PLAIN),
        ({"query": "{a}", "variables": {"x": 2**63 - 1, "y": -(2**63), "z": 1e18, "w": True}},
         GraphQLRequest("{a}", {"x": 2**63 - 1, "y": -(2**63), "z": 1e18, "w": True})),
        ({"query": "{a}", "variables": {"x": nested(MAX_DEPTH - 1)}}, GraphQLRequest("{a}", {"x": nested(MAX_DEPTH - 1)})),
    ],
)  # fmt: skip
def test_a_body_is_a_request(content: Any, request_: GraphQLRequest) -> None:
    assert request_of_body(orjson.dumps(content)) == request_


def test_a_body_may_hold_any_sign_of_unicode() -> None:
    assert request_of_body('{"query": "{ a(b: \\"🏃\\") }"}'.encode()).query == '{ a(b: "🏃") }'
    assert request_of_body(b'{"query": "\\ud83c\\udfc3\\u0000"}').query == "🏃\0"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "INVALID_JSON"),
        (b'{ "not JSON', "INVALID_JSON"),
        (b"NaN", "INVALID_JSON"),
        (b"\xef\xbb\xbf{}", "INVALID_JSON"),
        (b'{"query": "\xff"}', "INVALID_JSON"),
        (b'{"query": "\xed\xa0\x80"}', "INVALID_JSON"),
        (b'{"query": "\\ud800"}', "INVALID_JSON"),
        (b'{"query": "{a}", "variables": {"x": 1e999}}', "INVALID_JSON"),
        (b'{"query": "{a}", "variables": {"x": ' + b"9" * 400 + b"}}", "INVALID_JSON"),
        (b"[" * 5000 + b"]" * 5000, "INVALID_JSON"),
        (b'[{"query": "{a}"}]', "BATCHING_NOT_SUPPORTED"),
        (b"[]", "BATCHING_NOT_SUPPORTED"),
        (b"null", "BAD_REQUEST"),
        (b'"{a}"', "BAD_REQUEST"),
        (b"1", "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b'{"query": null}', "BAD_REQUEST"),
        (b'{"query": ["{a}"]}', "BAD_REQUEST"),
        (b'{"query": "{a}", "operationName": 0}', "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": "{}"}', "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": []}', "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": false}', "BAD_REQUEST"),
        (b'{"query": "{a}", "extensions": 0}', "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": {"x": 9223372036854775808}}', "NUMBER_OUT_OF_RANGE"),
        (b'{"query": "{a}", "variables": {"x": [{"y": -9223372036854777856}]}}', "NUMBER_OUT_OF_RANGE"),
        (b'{"query": "{a}", "variables": {"x": 123456789012345678901234567890}}', "NUMBER_OUT_OF_RANGE"),
        (b'{"query": "{a}", "variables": {"x": 1e19}}', "NUMBER_OUT_OF_RANGE"),
        (orjson.dumps({"query": "{a}", "variables": {"x": nested(MAX_DEPTH)}}), "TOO_DEEP"),
        (orjson.dumps({"query": "{a}", "variables": {"x": nested(200)}}), "TOO_DEEP"),
    ],
)
def test_a_body_is_refused(body: bytes, code: str) -> None:
    assert refused(request_of_body, body) == (400, code)


@pytest.mark.parametrize(
    ("query_string", "request_"),
    [
        (b"query={a}", PLAIN),
        (b"query=%7Ba%7D", PLAIN),
        (b"query={a%20b}", GraphQLRequest("{a b}")),
        (b"query={a+b}", GraphQLRequest("{a b}")),
        (b"query={a}&operationName=&variables=&extensions=", PLAIN),
        (b"query={a}&operationName=A", GraphQLRequest("{a}", {}, "A")),
        (b"query={a}&variables=%7B%22x%22:1%7D", GraphQLRequest("{a}", {"x": 1})),
        (b"query={a}&variables=null&extensions=%7B%7D", PLAIN),
        (b"query={a}&other=1&other=2", PLAIN),
        (b"query=" + quote(RUNNER).encode(), GraphQLRequest(RUNNER)),
    ],
)
def test_a_url_is_a_request(query_string: bytes, request_: GraphQLRequest) -> None:
    assert request_of_url(query_string) == request_


@pytest.mark.parametrize(
    ("query_string", "status", "code"),
    [
        (b"", 400, "BAD_REQUEST"),
        (b"operationName=A", 400, "BAD_REQUEST"),
        (b"query={a}&query={b}", 400, "BAD_REQUEST"),
        (b"query={a}&variables=1", 400, "BAD_REQUEST"),
        (b"query={a}&variables=[]", 400, "BAD_REQUEST"),
        (b"query={a}&extensions=true", 400, "BAD_REQUEST"),
        (b"query=%ff", 400, "BAD_REQUEST"),
        (b"query=%ed%a0%80", 400, "BAD_REQUEST"),
        (b"query=\xff", 400, "BAD_REQUEST"),
        (b"&".join(b"a=1" for _ in range(51)), 400, "BAD_REQUEST"),
        (b"query={a}&variables={x", 400, "INVALID_JSON"),
        (b"query={a}&variables=%7B%22x%22:1e999%7D", 400, "INVALID_JSON"),
        (b"query={a}&variables=%7B%22x%22:1e19%7D", 400, "NUMBER_OUT_OF_RANGE"),
        (b"query=" + b"a" * (MAX_QUERY_STRING_BYTES - 5), 414, "URL_TOO_LONG"),
    ],
)
def test_a_url_is_refused(query_string: bytes, status: int, code: str) -> None:
    assert refused(request_of_url, query_string) == (status, code)


def test_a_url_is_as_long_as_it_may_be() -> None:
    assert len(request_of_url(b"query=" + b"a" * (MAX_QUERY_STRING_BYTES - 6)).query) == MAX_QUERY_STRING_BYTES - 6


@pytest.mark.parametrize(
    "headers",
    [
        JSON,
        {"content-type": "application/json; charset=utf-8"},
        {"content-type": 'Application/JSON;charset="UTF-8"'},
        {**JSON, "content-encoding": "identity"},
        {**JSON, "content-length": "100"},
    ],
)
def test_the_headers_let_the_body_be_read(headers: dict[str, str]) -> None:
    check_body_headers(headers, LIMIT)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "multipart/form-data; boundary=x"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/graphql"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "text/plain; application/json"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/json; charset=utf-16"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({**JSON, "content-encoding": "gzip"}, 415, "UNSUPPORTED_ENCODING"),
        ({**JSON, "content-encoding": "identity, br"}, 415, "UNSUPPORTED_ENCODING"),
        ({**JSON, "content-length": "101"}, 413, "BODY_TOO_LARGE"),
        ({**JSON, "content-length": "9" * 30}, 413, "BODY_TOO_LARGE"),
    ],
)
def test_the_headers_refuse_the_body_unread(headers: dict[str, str], status: int, code: str) -> None:
    assert refused(check_body_headers, headers, LIMIT) == (status, code)


def test_the_page_about_http_names_the_limits() -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
    of_document = f"{MAX_TOKENS} tokens, {MAX_COMMENTS} comments"
    of_url = f"{MAX_QUERY_STRING_BYTES} bytes, {MAX_PARAMETERS} of them"
    for limit in (of_document, of_url, f"{MAX_DEPTH} levels", f"{MAX_ERRORS}, and a last one"):
        assert f"| {limit}" in page
