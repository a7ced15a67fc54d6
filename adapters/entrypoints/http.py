"""HTTP: from bytes to bytes. The GraphQL endpoint, the page to try it, the schema, and what an orchestrator asks.

A request is bounded before anything is made of it: its size, its type, its form, its caller. Every answer that is about
GraphQL is a GraphQL answer, faults included.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from strawberry.federation import Schema
from strawberry.types.execution import ExecutionResult, PreExecutionError

from adapters.bootstrap import OrderCenter
from adapters.console.page import ASSETS, CONTENT_SECURITY_POLICY, console_page
from adapters.entrypoints.auth import Authenticator
from resolvers.context import RequestContext
from resolvers.faults import catalogued, is_masked
from schema.build import build_schema

log = logging.getLogger("order_center.http")

JSON: Final = "application/json"
REQUEST_ID_HEADER: Final = "x-request-id"
PLAIN_HEADERS: Final = {"x-content-type-options": "nosniff"}
PAGE_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    **PLAIN_HEADERS,
}


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class Refused(Exception):
    """The request is refused before it is executed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class GraphQLEndpoint:
    def __init__(self, center: OrderCenter, schema: Schema, authenticator: Authenticator) -> None:
        self._center = center
        self._schema = schema
        self._authenticator = authenticator

    async def __call__(self, request: Request) -> Response:
        request_id = secrets.token_hex(8)
        try:
            answer = await self._answered(request, request_id)
        except Refused as refused:
            error = {"message": str(refused), "extensions": {"code": refused.code, "requestId": request_id}}
            answer = _json({"errors": [error]}, refused.status)
        answer.headers[REQUEST_ID_HEADER] = request_id
        return answer

    async def _answered(self, request: Request, request_id: str) -> Response:
        if request.method == "GET":
            return _page(request)
        viewer = self._authenticator.viewer(request.headers)
        if viewer is None:
            raise Refused(401, "UNAUTHENTICATED", "The key is not known here.")
        wanted = parsed(await _body(request, self._center.settings.max_body_bytes))
        deadline = asyncio.get_running_loop().time() + self._center.settings.request_deadline_ms / 1000
        context = RequestContext.of(viewer, self._center.ports, deadline=deadline, request_id=request_id)
        result = await self._schema.execute(
            wanted.query,
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
        )
        return _json(_content(result, request_id), 200)


def parsed(body: bytes) -> GraphQLRequest:
    """The GraphQL request in a JSON body. Raises Refused with what is wrong with it."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, "BAD_REQUEST", f"The body is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise Refused(400, "BAD_REQUEST", "The body must be a JSON object.")
    query, variables, name = content.get("query"), content.get("variables"), content.get("operationName")
    if not isinstance(query, str):
        raise Refused(400, "BAD_REQUEST", "`query` must be a string with a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise Refused(400, "BAD_REQUEST", "`variables` must be a JSON object.")
    if name is not None and not isinstance(name, str):
        raise Refused(400, "BAD_REQUEST", "`operationName` must be a string.")
    return GraphQLRequest(query, variables, name)


def routes_of(center: OrderCenter, authenticator: Authenticator) -> list[BaseRoute]:
    schema = build_schema()
    sdl = schema.as_str().encode()
    endpoint = GraphQLEndpoint(center, schema, authenticator)

    async def graphql(request: Request) -> Response:
        return await endpoint(request)

    async def schema_text(_request: Request) -> Response:
        return Response(sdl, media_type="text/plain; charset=utf-8", headers=PLAIN_HEADERS)

    async def live(_request: Request) -> Response:
        return _json({"status": "live"}, 200)

    async def ready(_request: Request) -> Response:
        is_ready = await center.is_ready()
        return _json({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)

    async def home(_request: Request) -> Response:
        return Response(status_code=307, headers={"location": "graphql"})

    return [
        Route("/", home),
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/schema.graphql", schema_text),
        Route("/livez", live),
        Route("/readyz", ready),
        Mount("/console/assets", StaticFiles(directory=ASSETS)),
    ]


def application(center: OrderCenter, authenticator: Authenticator) -> Starlette:
    return Starlette(routes=routes_of(center, authenticator), exception_handlers={404: _not_found, 405: _not_allowed})


async def _not_found(_request: Request, _error: Exception) -> Response:
    return _json({"errors": [{"message": "There is nothing here.", "extensions": {"code": "NOT_FOUND"}}]}, 404)


async def _not_allowed(_request: Request, _error: Exception) -> Response:
    message = "This method is not allowed here."
    return _json({"errors": [{"message": message, "extensions": {"code": "METHOD_NOT_ALLOWED"}}]}, 405)


def _page(request: Request) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        raise Refused(405, "METHOD_NOT_ALLOWED", "Send operations by POST; a browser gets a page to try them.")
    return Response(console_page(), media_type="text/html; charset=utf-8", headers=PAGE_HEADERS)


async def _body(request: Request, limit: int) -> bytes:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the request as {JSON}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused(413, "BODY_TOO_LARGE", f"A request has at most {limit} bytes.")
    return bytes(body)


def _content(result: ExecutionResult, request_id: str) -> Mapping[str, Any]:
    content: dict[str, Any] = {}
    is_executed = not isinstance(result, PreExecutionError)
    if result.errors:
        content["errors"] = [_told(error, request_id, is_executed=is_executed) for error in result.errors]
    if is_executed:
        content["data"] = result.data
    return content


def _told(error: GraphQLError, request_id: str, *, is_executed: bool) -> Any:
    if is_executed and is_masked(error):
        log.error("Request %s failed at %s", request_id, error.path, exc_info=error.original_error)
    return catalogued(error, request_id, is_executed=is_executed).formatted


def _json(content: Mapping[str, Any], status: int) -> Response:
    return Response(orjson.dumps(content), status, PLAIN_HEADERS, media_type=JSON)
