"""Where payment providers call back: `POST /callbacks/payments/{provider}`.

No key of ours comes with it: the signature says who calls. The answer's status is what a provider goes by: with one below
300 it is done with the event, after any other it sends the event again.
"""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.answers import answer, error_answer
from adapters.entrypoints.graphql_request import Refused, too_large
from adapters.entrypoints.guard import request_id_of
from domain.actions.take_payment_event import take_payment_event
from domain.ports.payments import CallbackProblem, CallbackRefused
from domain.ports.unit_of_work import TransientConflict
from domain.values.outcomes import Outcome, Success
from domain.values.refusals import NotFound, RequestInProgress, ServiceDown

PATH: Final = "/callbacks/payments/{provider}"
MAX_BODY_BYTES: Final = 262_144
"""Events of providers are some kilobytes; nobody unsigned may make us read more."""
_STATUS: Final = {CallbackProblem.INVALID_CALLBACK: 400}
"""Of a callback that is not taken; 401 for whatever is wrong with its signature."""


class PaymentCallbackEndpoint:
    def __init__(self, center: OrderCenter) -> None:
        self._center = center

    async def __call__(self, request: Request) -> Response:
        request_id, provider = request_id_of(request.scope), request.path_params["provider"]
        try:
            body = await _body(request)
        except Refused as refused:
            return error_answer(refused.status, refused.code, str(refused), request_id, headers=refused.headers)
        return await self.take(provider, request.headers, body, request_id)

    async def take(self, provider: str, headers: Mapping[str, str], body: bytes, request_id: str) -> Response:
        """What came, whoever brought it. `headers` by their names in lower case."""
        callbacks = self._center.callbacks.get(provider)
        if callbacks is None:
            return error_answer(404, "NOT_FOUND", "No such payment provider calls here.", request_id)
        try:
            event = callbacks.read(headers, body)
        except CallbackRefused as refused:
            status = _STATUS.get(refused.problem, 401)
            return error_answer(status, refused.problem, str(refused), request_id)
        if event.payment_id is None:
            return answer({"status": "ignored"}, 200)
        try:
            outcome = await take_payment_event(self._center.ports, provider, event.id, event.payment_id)
        except TransientConflict:
            outcome = RequestInProgress(retry_after_ms=0)
        return _told(outcome, request_id)


def _told(outcome: Outcome, request_id: str) -> Response:
    match outcome:
        case Success():
            return answer({"status": "known" if outcome.is_replayed else "taken"}, 200)
        case NotFound():
            return error_answer(404, "UNKNOWN_PAYMENT", "There is no such payment here.", request_id)
        case ServiceDown():
            return error_answer(503, "SERVICE_UNAVAILABLE", outcome.message, request_id, is_retryable=True)
        case RequestInProgress():
            message = "Others were in the way; send it again."
            return error_answer(409, "CONFLICT", message, request_id, is_retryable=True)
        case _:
            return error_answer(400, "INVALID_CALLBACK", outcome.message, request_id)


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_large(MAX_BODY_BYTES)
    return bytes(body)
