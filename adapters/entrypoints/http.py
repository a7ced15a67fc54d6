"""HTTP: from bytes to bytes. The GraphQL endpoint, the page to try it, the schema, and what an orchestrator asks.

A request is bounded before anything is made of it: its size, its type, its form, its caller. Every answer but the page, the
schema and the assets is JSON, faults included.
"""

import asyncio
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from adapters.bootstrap import OrderCenter
from adapters.console.page import ASSETS, analytics_page
from adapters.entrypoints import bi_endpoint, export_files, payment_callbacks, test_provider
from adapters.entrypoints.answers import PAGE_HEADERS, PLAIN_HEADERS, answer, error_answer
from adapters.entrypoints.auth import Authenticator
from adapters.entrypoints.bi_endpoint import BiEndpoint
from adapters.entrypoints.graphql_endpoint import GraphQLEndpoint
from adapters.entrypoints.guard import Guard, request_id_of
from adapters.entrypoints.metrics import CONTENT_TYPE, FeedLag, metrics_of
from adapters.entrypoints.payment_callbacks import PaymentCallbackEndpoint
from adapters.entrypoints.test_provider import TestProviderPage
from adapters.export.links import PATH as EXPORT_PATH
from adapters.settings import ExecutorKind
from adapters.worker.engine_feed import EngineFeed
from domain.values.faults import ServiceUnavailable
from schema.build import build_schema
from schema.executing import build_executor

REFUSALS: Final = {
    404: ("NOT_FOUND", "There is nothing here."),
    405: ("METHOD_NOT_ALLOWED", "This method is not allowed here."),
}
ENGINE_LIMIT_S: Final = 1.0
"""For so long `/metrics` waits for an analytical engine."""
READ_ONLY: Final = {"allow": "GET, HEAD"}


def application(center: OrderCenter, authenticator: Authenticator) -> Starlette:
    return Starlette(
        routes=routes_of(center, authenticator),
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _refused},
    )


def routes_of(center: OrderCenter, authenticator: Authenticator) -> list[BaseRoute]:
    is_compiling = center.settings.executor is ExecutorKind.COMPILED
    executor = build_executor(is_compiling=is_compiling)
    endpoint = GraphQLEndpoint(center, executor, authenticator)
    printed = build_schema().as_str().encode()

    async def graphql(request: Request) -> Response:
        return await endpoint(request)

    async def schema_text(_request: Request) -> Response:
        return Response(printed, media_type="text/plain; charset=utf-8", headers=PLAIN_HEADERS)

    async def live(_request: Request) -> Response:
        return answer({"status": "live"}, 200)

    async def ready(_request: Request) -> Response:
        is_ready = await center.is_ready()
        return answer({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)

    async def metrics(_request: Request) -> Response:
        return Response(
            metrics_of(executor, await _feed_lag(center)), headers={**PLAIN_HEADERS, "content-type": CONTENT_TYPE}
        )

    async def home(_request: Request) -> Response:
        return Response(status_code=307, headers={"location": "graphql"})

    async def analytics(_request: Request) -> Response:
        return Response(analytics_page(), headers=PAGE_HEADERS, media_type="text/html; charset=utf-8")

    callback = PaymentCallbackEndpoint(center)

    async def payment_callback(request: Request) -> Response:
        return await callback(request)

    return [
        Route("/", home),
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/analytics", analytics),
        Route(payment_callbacks.PATH, payment_callback, methods=["POST"]),
        *_of_test_provider(center, callback),
        *_of_bi(center, authenticator),
        *_of_exports(center),
        Route("/schema.graphql", schema_text),
        Route("/livez", live),
        Route("/readyz", ready),
        Route("/metrics", metrics),
        Mount("/console/assets", _Assets(directory=ASSETS)),
    ]


async def _feed_lag(center: OrderCenter) -> FeedLag | None:
    try:
        return FeedLag(
            await center.feed_lag_seconds(), await center.rollups.lag_seconds(), await _engine_lag(center.engine_feed)
        )
    except Exception:  # noqa: BLE001  any failure means that it is not known
        return None


async def _engine_lag(feed: EngineFeed | None) -> float | None:
    """An engine that is a server may be away, or silent: then the other figures are still known."""
    try:
        async with asyncio.timeout(ENGINE_LIMIT_S):
            return None if feed is None else await feed.lag_seconds()
    except (ServiceUnavailable, TimeoutError):
        return None


def _of_test_provider(center: OrderCenter, callback: PaymentCallbackEndpoint) -> list[BaseRoute]:
    """Only where it is the provider: nobody else's payments are approved on a page of ours."""
    if center.test_provider is None:
        return []
    page = TestProviderPage(*center.test_provider, callback)
    return [
        Route(test_provider.PATH, page.show, methods=["GET"]),
        Route(test_provider.ANSWER_PATH, page.answer, methods=["POST"]),
    ]


def _of_bi(center: OrderCenter, authenticator: Authenticator) -> list[BaseRoute]:
    bi = BiEndpoint(center, authenticator)
    return [
        Route(bi_endpoint.INDEX, bi.index, methods=["GET"]),
        Route(bi_endpoint.FILE, bi.file, methods=["GET"]),
    ]


def _of_exports(center: OrderCenter) -> list[BaseRoute]:
    if center.exports is None:
        return []
    return [Route(EXPORT_PATH, export_files.ExportFileEndpoint(center.exports, center.ports.clock).answer)]


class _Assets(StaticFiles):
    """Their names carry no hash: browsers ask each time whether they have the current ones."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update({"cache-control": "no-cache", **PLAIN_HEADERS})
        return response


async def _refused(request: Request, error: Exception) -> Response:
    """What the router refuses: no such path, or no such method there."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, message = REFUSALS.get(status, ("BAD_REQUEST", "This cannot be answered."))
    headers = getattr(error, "headers", None) or (READ_ONLY if status == 405 else None)
    return error_answer(status, code, message, request_id_of(request.scope), headers=headers)
