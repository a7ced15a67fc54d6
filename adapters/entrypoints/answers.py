"""What is sent back: GraphQL answers, faults included, and the headers that go with each."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.responses import Response

from adapters.console.page import CONTENT_SECURITY_POLICY
from adapters.entrypoints.negotiation import JSON
from adapters.sql import is_away
from domain.values.faults import ServiceUnavailable
from resolvers.faults import INTERNAL, MASKED, catalogued, collapsed, is_masked

log = logging.getLogger("order_center.http")

REQUEST_ID_HEADER: Final = "x-request-id"
PLAIN_HEADERS: Final = {"x-content-type-options": "nosniff"}
ANSWER_HEADERS: Final = {"cache-control": "no-store", "vary": "accept", **PLAIN_HEADERS}
PAGE_HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "vary": "accept",
    "x-frame-options": "DENY",
    **PLAIN_HEADERS,
}


def answer(
    content: Mapping[str, Any], status: int, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """Our own bytes: whatever the content, they are UTF-8."""
    return Response(
        orjson.dumps(content), status, {**ANSWER_HEADERS, **(headers or {})}, media_type=f"{media_type}; charset=utf-8"
    )


def error_answer(
    status: int,
    code: str,
    message: str,
    request_id: str,
    *,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
    is_retryable: bool = False,
) -> Response:
    error = {"message": message, "extensions": {"code": code, "retryable": is_retryable, "requestId": request_id}}
    return answer({"errors": [error]}, status, media_type, headers)


def internal(request_id: str) -> Response:
    return error_answer(500, INTERNAL, MASKED, request_id)


def is_held(if_none_match: str | None, tag: str) -> bool:
    """Whether the caller has what the tag is of."""
    tags = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return tag in tags or "*" in tags


def told(errors: Sequence[GraphQLError], request_id: str, *, is_valid: bool) -> list[Any]:
    """The errors as they may be shown. What is masked is logged: the first in full, how many more in a number."""
    errors = [_of_absent_database(error) for error in errors]
    masked = [error for error in errors if is_valid and is_masked(error)]
    if masked:
        more = f" (and at {len(masked) - 1} more)" if len(masked) > 1 else ""
        log.error("Request %s failed at %s%s", request_id, masked[0].path, more, exc_info=masked[0].original_error)
    return [
        catalogued(error, request_id, is_executed=is_valid, count=count).formatted for error, count in collapsed(errors)
    ]


def _of_absent_database(error: GraphQLError) -> GraphQLError:
    """A database that is away is nobody's secret: the caller may try again."""
    if not is_away(error.original_error):
        return error
    fault = ServiceUnavailable("database", "it cannot be reached")
    return GraphQLError(str(fault), error.nodes, error.source, error.positions, error.path, fault)
