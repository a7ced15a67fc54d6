"""Around every request: its id, and an answer of ours where nothing else answered. Written for ASGI: no request is copied.

The id is made here and echoed in `X-Request-Id`; a caller's own is not taken over, so that no two requests share one.
"""

import secrets
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.entrypoints.answers import REQUEST_ID_HEADER, internal, log

REQUEST_ID: Final = "request_id"


class Guard:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})[REQUEST_ID] = request_id
        has_started = False

        async def tell(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, tell)
        except ClientDisconnect:
            return
        except Exception:
            if has_started:
                raise
            log.exception("Request %s failed", request_id)
            await internal(request_id)(scope, receive, tell)


def request_id_of(scope: Scope) -> str:
    request_id: str = scope["state"][REQUEST_ID]
    return request_id
