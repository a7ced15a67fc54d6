"""GraphQL over HTTP: POST with JSON for every operation, GET for queries alone, and the page for whoever prefers HTML.

An answer of `application/graphql-response+json` says by its status whether the operation was executed; one of
`application/json` is 200 also for a document or variables that do not fit, as clients of old expect.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from adapters.bootstrap import OrderCenter
from adapters.console.page import console_page
from adapters.entrypoints.answers import PAGE_HEADERS, answer, error_answer, told
from adapters.entrypoints.auth import Authenticator
from adapters.entrypoints.graphql_request import (
    GraphQLRequest,
    Refused,
    check_body_headers,
    request_of_body,
    request_of_url,
    too_large,
)
from adapters.entrypoints.guard import request_id_of
from adapters.entrypoints.idempotency_header import HEADER, key_of, with_key
from adapters.entrypoints.negotiation import ANSWERS, ANSWERS_AND_PAGE, HTML, JSON, chosen
from domain.access.viewer import Viewer
from resolvers.context import RequestContext
from schema.execution.document import NotExecuted, Operation
from schema.execution.executor import Executor

ELSEWHERE: Final = frozenset(("cross-site", "same-site"))
"""`Sec-Fetch-Site` of a request that another site's page made its visitor's browser send."""
ASKED_BEFORE: Final = ("authorization", "x-requested-with", "graphql-require-preflight")
"""Headers that a browser sends elsewhere only when the server agreed to it beforehand. This one never does."""


class GraphQLEndpoint:
    def __init__(self, center: OrderCenter, executor: Executor, authenticator: Authenticator) -> None:
        self._center = center
        self._executor = executor
        self._authenticator = authenticator

    async def __call__(self, request: Request) -> Response:
        is_read = request.method in {"GET", "HEAD"}
        media_type = chosen(request.headers.get("accept"), ANSWERS_AND_PAGE if is_read else ANSWERS)
        if media_type == HTML:
            return Response(console_page(), headers=PAGE_HEADERS, media_type="text/html; charset=utf-8")
        request_id = request_id_of(request.scope)
        if media_type is None:
            return error_answer(406, "NOT_ACCEPTABLE", f"Answers are {' or '.join(ANSWERS)}.", request_id)
        try:
            return await self._answered(request, request_id, media_type, is_read=is_read)
        except Refused as refused:
            return error_answer(
                refused.status,
                refused.code,
                str(refused),
                request_id,
                media_type=media_type,
                headers=refused.headers,
            )

    async def _answered(self, request: Request, request_id: str, media_type: str, *, is_read: bool) -> Response:
        viewer = self._viewer(request)
        wanted = _of_url(request) if is_read else await self._of_body(request)
        try:
            operation, variables = self._ready(request, wanted, is_read=is_read)
            result = await self._executor.run(operation, variables, self._context(viewer, request_id, request))
        except NotExecuted as failed:
            status = 200 if media_type == JSON and not failed.is_over_limit else 400
            content: dict[str, Any] = {"errors": told(failed.errors, request_id, is_valid=failed.is_valid)}
            return answer(content, status, media_type)
        content = {"errors": told(result.errors, request_id, is_valid=True)} if result.errors else {}
        return answer({**content, "data": result.data}, 200, media_type)

    def _ready(self, request: Request, wanted: GraphQLRequest, *, is_read: bool) -> tuple[Operation, Mapping[str, Any]]:
        """The operation as it will be executed, and its variables."""
        executor = self._executor
        operation = known = executor.read(wanted.query, wanted.operation_name)
        if is_read and operation.is_mutation:
            raise Refused(405, "METHOD_NOT_ALLOWED", "Send mutations by POST.", {"allow": "POST"})
        key = key_of(request.headers.getlist(HEADER))
        operation, variables = with_key(executor.core, operation, wanted.variables, key)
        executor.check(operation)
        if operation is known:
            executor.keep(operation, wanted.query, wanted.operation_name)
        return operation, variables

    def _viewer(self, request: Request) -> Viewer:
        viewer = self._authenticator.viewer(request.headers)
        if viewer is None:
            raise Refused(401, "UNAUTHENTICATED", "The key is not known here.", {"www-authenticate": "Bearer"})
        return viewer

    def _context(self, viewer: Viewer, request_id: str, request: Request) -> RequestContext:
        deadline = asyncio.get_running_loop().time() + self._center.settings.request_deadline_ms / 1000
        gone = partial(_gone, request)
        return RequestContext.of(viewer, self._center.ports, deadline=deadline, request_id=request_id, gone=gone)

    async def _of_body(self, request: Request) -> GraphQLRequest:
        limit = self._center.settings.max_body_bytes
        check_body_headers(request.headers, limit)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise too_large(limit)
        return request_of_body(bytes(body))


async def _gone(request: Request) -> None:
    """Returns when the caller has hung up; the body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _of_url(request: Request) -> GraphQLRequest:
    is_elsewhere = request.headers.get("sec-fetch-site", "") in ELSEWHERE
    if is_elsewhere and not any(name in request.headers for name in ASKED_BEFORE):
        message = f"Another site's page asks: send one of the headers {', '.join(ASKED_BEFORE)}."
        raise Refused(403, "CROSS_SITE_REQUEST", message)
    return request_of_url(request.scope["query_string"])
