"""A GraphQL request out of bytes: pure, and bounded. What is wrong with it is raised as Refused: a status, a code, a sentence.

By GraphQL over HTTP a request has `query`, `operationName`, `variables` and `extensions`: as a JSON object in the body of a
POST, or as parameters in the URL of a GET. Other members are ignored, as the specification wants.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from adapters.entrypoints.negotiation import JSON, UTF_8, media_type_of
from schema.execution.document import is_in_range

MAX_DEPTH: Final = 128
"""Levels of lists and objects in variables. Fifty filters, nested, are a hundred."""
MAX_QUERY_STRING_BYTES: Final = 16_384
MAX_PARAMETERS: Final = 50
_OF_URL: Final = ("query", "operationName", "variables", "extensions")


class Refused(Exception):
    """The request is refused before it is executed, by the same status whatever the answer's media type."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


def check_body_headers(headers: Mapping[str, str], limit: int) -> None:
    """What can be refused before a body is read. A type other than JSON is also what keeps other sites' forms out."""
    media_type, parameters = media_type_of(headers.get("content-type", ""))
    if media_type != JSON or parameters.get("charset", "utf-8") not in UTF_8:
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the request as {JSON}, in UTF-8.")
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(
            415, "UNSUPPORTED_ENCODING", "Send the body as it is, not compressed.", {"accept-encoding": "identity"}
        )
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Refused:
    message = f"A request has at most {limit} bytes."
    return Refused(413, "BODY_TOO_LARGE", message, {"connection": "close"})


def request_of_body(body: bytes) -> GraphQLRequest:
    content = _json(body, "The body")
    if isinstance(content, list):
        raise Refused(400, "BATCHING_NOT_SUPPORTED", "Send one operation per request.")
    if not isinstance(content, dict):
        raise Refused(400, "BAD_REQUEST", "The body must be a JSON object.")
    return _request(content)


def request_of_url(query_string: bytes) -> GraphQLRequest:
    parameters = _parameters(query_string)
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _json(parameters[name].encode(), f"`{name}`") if parameters[name] else None
    return _request(parameters)


def _request(content: Mapping[str, Any]) -> GraphQLRequest:
    query, variables, name = (content.get(part) for part in ("query", "variables", "operationName"))
    if not isinstance(query, str):
        raise Refused(400, "BAD_REQUEST", "`query` must be a string with a GraphQL document.")
    if name is not None and not isinstance(name, str):
        raise Refused(400, "BAD_REQUEST", "`operationName` must be a string.")
    for part in ("variables", "extensions"):
        if content.get(part) is not None and not isinstance(content[part], dict):
            raise Refused(400, "BAD_REQUEST", f"`{part}` must be a JSON object.")
    _check_values(variables)
    return GraphQLRequest(query, variables or {}, name or None)


def _parameters(query_string: bytes) -> dict[str, Any]:
    if len(query_string) > MAX_QUERY_STRING_BYTES:
        raise Refused(414, "URL_TOO_LONG", f"A URL has at most {MAX_QUERY_STRING_BYTES} bytes of parameters; use POST.")
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise Refused(400, "BAD_REQUEST", "The URL's parameters are not UTF-8, or too many.") from error
    found = [name for name, _ in pairs if name in _OF_URL]
    if len(found) != len(set(found)):
        raise Refused(400, "BAD_REQUEST", "A parameter is given twice.")
    return dict(pairs)


def _json(text: bytes, what: str) -> Any:
    """What is read is bounded: orjson refuses invalid UTF-8, halves of surrogate pairs, infinite numbers, and more than 1,024 levels."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "INVALID_JSON", f"{what} cannot be read as JSON: {error}.") from error


def _check_values(variables: Any) -> None:
    for depth, value in _values(variables):
        if depth > MAX_DEPTH:
            raise Refused(400, "TOO_DEEP", f"Variables are nested at most {MAX_DEPTH} levels deep.")
        if isinstance(value, int | float) and not is_in_range(value):
            raise Refused(400, "NUMBER_OUT_OF_RANGE", "A number of the variables is too large.")


def _values(variables: Any) -> Iterator[tuple[int, Any]]:
    """Every value within, and how deep it lies. Beyond the limit it goes no further."""
    rest: list[tuple[int, Any]] = [(0, variables)]
    while rest:
        depth, value = rest.pop()
        yield depth, value
        if isinstance(value, dict | list):
            parts = value.values() if isinstance(value, dict) else value
            rest += [(depth + 1, part) for part in parts]
