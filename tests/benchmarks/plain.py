"""The yardstick `plain`: the same schema, run by the stock graphql-core executor, whatever executor the server itself has."""

import asyncio
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.auth import Authenticator
from resolvers.context import RequestContext
from schema.build import build_schema

JSON: Final = "application/json"


def plain_application(center: OrderCenter, authenticator: Authenticator) -> Starlette:
    schema = build_schema()
    deadline_s = center.settings.request_deadline_ms / 1000

    async def graphql(request: Request) -> Response:
        wanted = orjson.loads(await request.body())
        viewer = authenticator.viewer(request.headers)
        if viewer is None:
            return Response(status_code=401)
        deadline = asyncio.get_running_loop().time() + deadline_s
        result = await schema.execute(
            wanted["query"],
            variable_values=wanted["variables"],
            context_value=RequestContext.of(viewer, center.ports, deadline=deadline, request_id="plain"),
            operation_name=wanted["operationName"],
        )
        content: dict[str, Any] = {"data": getattr(result, "data", None)}
        if result.errors:
            content["errors"] = [error.formatted for error in result.errors]
        return Response(orjson.dumps(content), media_type=JSON)

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])
