"""The yardstick `limit`: a bare Starlette and asyncpg endpoint that looks an operation up by its name and answers it by hand."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.db.connection import connect_options
from adapters.settings import Settings
from tests.benchmarks.limit_detail import detail_by_json
from tests.benchmarks.limit_list import list_by_json, list_by_rows
from tests.benchmarks.limit_place import Placing
from tests.benchmarks.operations import DETAIL, LIST, PLACE
from tests.benchmarks.recipes import kept

Answer = Callable[[asyncpg.Connection, dict[str, Any]], Awaitable[bytes]]
Form = Mapping[str, Answer]

JSON_FORM: Final[Form] = {LIST: list_by_json, DETAIL: detail_by_json}
ROW_FORM: Final[Form] = {LIST: list_by_rows, DETAIL: detail_by_json}


@contextlib.asynccontextmanager
async def limit_application(settings: Settings, url: str, form: Form) -> AsyncIterator[Starlette]:
    size = settings.pool_size
    options = connect_options(url)
    # Each statement is written for one plan: planning it anew for every request would cost a third of it.
    options["server_settings"] = {**options["server_settings"], "plan_cache_mode": "force_generic_plan"}
    async with asyncpg.create_pool(**options, min_size=size, max_size=size) as pool:
        answers: dict[str, Answer] = {**form, PLACE: Placing(await kept(pool))}

        async def graphql(request: Request) -> Response:
            wanted = orjson.loads(await request.body())
            async with pool.acquire() as connection:
                data = await answers[wanted["operationName"]](connection, wanted["variables"])
            return Response(b'{"data":%b}' % data, media_type="application/json")

        yield Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])
