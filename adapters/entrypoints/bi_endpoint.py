"""`GET /bi/`: the datasets; `GET /bi/{dataset}.csv` and `.parquet`: their rows, for tools that only know URLs.

The key comes as `Authorization: Bearer KEY`, or as `?key=` where a tool cannot send headers: a URL with a key is a secret.
Rows are sent while they are read, so a fault in the middle ends the connection without the end of the file: an answer that is
whole has all rows. A few at a time: each holds one of the process's connections to the database.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adapters.bootstrap import OrderCenter
from adapters.db.bi_views import DATASETS
from adapters.entrypoints.answers import PLAIN_HEADERS, answer, error_answer, is_held
from adapters.entrypoints.auth import Authenticator, key_of
from adapters.entrypoints.bi_query import KEY, Parameters, filters_of, parameters_of, query_of
from adapters.entrypoints.graphql_request import Refused
from adapters.entrypoints.guard import request_id_of
from adapters.entrypoints.loading import STREAMS, part
from adapters.sql import is_away
from domain.access.viewer import Viewer
from domain.actions.start_export import MAY_EXPORT
from domain.ports.bi_datasets import BiDataset, BiQuery
from domain.values.enums import ActorKind

log = logging.getLogger("order_center.http")

INDEX: Final = "/bi/"
FILE: Final = "/bi/{name}.{suffix}"
MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
AT_ONCE: Final = 3
"""Downloads of one process; the pool has more connections than that, and others need them."""
_HEADERS: Final = {
    **PLAIN_HEADERS,
    "cache-control": "private, no-cache",
    "cross-origin-resource-policy": "same-origin",
    "vary": "authorization",
}


class BiEndpoint:
    def __init__(self, center: OrderCenter, authenticator: Authenticator) -> None:
        self._center = center
        self._authenticator = authenticator
        self._places = asyncio.Semaphore(AT_ONCE)

    async def index(self, request: Request) -> Response:
        try:
            self._viewer(request, parameters_of(request.scope["query_string"]))
        except Refused as refused:
            return _refusal(request, refused)
        return answer({"datasets": [_described(dataset) for dataset in DATASETS.values()]}, 200)

    async def file(self, request: Request) -> Response:
        try:
            return await self._file(request)
        except Refused as refused:
            return _refusal(request, refused)
        except Exception as error:
            if not is_away(error):
                raise
            unreachable = Refused(503, "SERVICE_UNAVAILABLE", "The database cannot be reached.", {"retry-after": "5"})
            return _refusal(request, unreachable, is_retryable=True)

    async def _file(self, request: Request) -> Response:
        parameters = parameters_of(request.scope["query_string"])
        viewer = self._viewer(request, parameters)
        dataset, suffix = DATASETS.get(request.path_params["name"]), request.path_params["suffix"]
        if dataset is None or suffix not in MEDIA_TYPES:
            raise Refused(404, "NOT_FOUND", f"There is no such file; {INDEX} lists what there is.")
        query = query_of(dataset, parameters)
        headers = {**_HEADERS, "content-disposition": f'attachment; filename="{dataset.name}.{suffix}"'}
        if request.method == "HEAD":
            return Response(headers=headers, media_type=MEDIA_TYPES[suffix])
        if self._places.locked():
            return _refusal(request, _full(), is_retryable=True)
        pieces = self._pieces(viewer, query, suffix)
        tag = (await anext(pieces)).decode()  # the snapshot is taken: what fails from now on ends the connection
        headers["etag"] = tag
        if is_held(request.headers.get("if-none-match"), tag):
            await pieces.aclose()
            return Response(status_code=304, headers=headers)
        return StreamingResponse(_closing(pieces), headers=headers, media_type=MEDIA_TYPES[suffix])

    async def _pieces(self, viewer: Viewer, query: BiQuery, suffix: str) -> Any:
        """First the rows' tag, then their file, piece by piece."""
        streams = await asyncio.to_thread(part, STREAMS, "STREAMS")
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._places)
            reading = await stack.enter_async_context(self._center.bi_rows.read(viewer.scope, query))
            yield _tag(reading.moment, viewer, query, suffix)
            encoder = streams[suffix](query.columns)
            yield encoder.begin()
            async with aclosing(reading.batches()) as batches:
                async for rows in batches:
                    yield await asyncio.to_thread(encoder.encode, rows)
            yield encoder.end()

    def _viewer(self, request: Request, parameters: Parameters) -> Viewer:
        """Raises Refused for a caller to whom no dataset is open."""
        viewer = self._authenticator.viewer(_with_key(request.headers, parameters))
        if viewer is None or viewer.kind is ActorKind.ANONYMOUS:
            raise Refused(
                401,
                "UNAUTHENTICATED",
                f"Send a key: `Authorization: Bearer KEY`, or `?{KEY}=KEY`.",
                {"www-authenticate": "Bearer"},
            )
        if not viewer.roles & MAY_EXPORT:
            roles = ", ".join(sorted(MAY_EXPORT))
            raise Refused(403, "FORBIDDEN", f"Datasets are for the roles {roles}.")
        return viewer


def _with_key(headers: Mapping[str, str], parameters: Parameters) -> Mapping[str, str]:
    """The header wins: it is what the caller chose for this request."""
    keys = parameters.get(KEY, ())
    if key_of(headers) is not None or not keys:
        return headers
    return {"authorization": f"Bearer {keys[0]}"}


def _tag(moment: str, viewer: Viewer, query: BiQuery, suffix: str) -> bytes:
    """The same tag, the same bytes: the snapshot says what the database holds, the rest what is made of it."""
    scope = viewer.scope
    seen = [sorted(allowed) if allowed is not None else None for allowed in (scope.business_units, scope.channels)]
    names = [column.name for column in query.columns]
    asked = [query.dataset.name, names, query.begins_at, query.ends_at, query.among, suffix]
    digest = hashlib.sha256(orjson.dumps([moment, seen, asked], option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f'"{digest[:32]}"'.encode()


async def _closing(pieces: Any) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        async for piece in pieces:
            if piece:
                yield piece


def _full() -> Refused:
    message = f"{AT_ONCE} downloads are under way in this process; try again, or start an export."
    return Refused(503, "SERVICE_UNAVAILABLE", message, {"retry-after": "5"})


def _refusal(request: Request, refused: Refused, *, is_retryable: bool = False) -> Response:
    request_id = request_id_of(request.scope)
    return error_answer(
        refused.status, refused.code, str(refused), request_id, headers=refused.headers, is_retryable=is_retryable
    )


def _described(dataset: BiDataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "grain": dataset.grain,
        "key": list(dataset.key),
        "time": dataset.time,
        "files": [f"{dataset.name}.{suffix}" for suffix in MEDIA_TYPES],
        "filters": filters_of(dataset),
        "columns": [
            {
                "name": column.name,
                "type": column.kind,
                "nullable": column.is_nullable,
                "description": column.description,
            }
            for column in dataset.columns
        ],
    }
