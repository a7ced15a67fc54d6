"""The test provider's own page, where a buyer approves a payment or refuses it (3-D Secure, as it were).

It stands in for another company's site: what is decided there comes back as a signed callback, by the way that every
provider's takes.
"""

from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adapters.bootstrap import TEST_PROVIDER
from adapters.embedded.callbacks import TestProviderCallbacks
from adapters.embedded.payments import EmbeddedPayments
from adapters.embedded.provider_rules import STEP_PATH
from adapters.entrypoints.answers import PLAIN_HEADERS, error_answer
from adapters.entrypoints.guard import request_id_of
from adapters.entrypoints.payment_callbacks import PaymentCallbackEndpoint
from domain.payments.answers import ProviderAnswer, ProviderState

PATH: Final = f"{STEP_PATH}/{{payment_id}}"
ANSWER_PATH: Final = f"{PATH}/{{word}}"
_WORDS: Final = {"approve": True, "refuse": False}
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    **PLAIN_HEADERS,
}


class TestProviderPage:
    __test__ = False  # its name begins as those of tests do

    def __init__(
        self, payments: EmbeddedPayments, callbacks: TestProviderCallbacks, endpoint: PaymentCallbackEndpoint
    ) -> None:
        self._payments = payments
        self._callbacks = callbacks
        self._endpoint = endpoint

    async def show(self, request: Request) -> Response:
        payment_id = request.path_params["payment_id"]
        payment = await self._payments.ask(payment_id)
        return _unknown(request) if payment is None else _page(payment_id, payment)

    async def answer(self, request: Request) -> Response:
        """The buyer's word. The page says afterwards how the payment stands."""
        payment_id, word = request.path_params["payment_id"], request.path_params["word"]
        if word not in _WORDS:
            return _unknown(request)
        payment = await self._payments.finish_step(payment_id, is_approved=_WORDS[word])
        if payment is None:
            return _unknown(request)
        headers, body = self._callbacks.signed(f"{payment_id}:{payment.state}", payment_id)
        called = await self._endpoint.take(TEST_PROVIDER, headers, body, request_id_of(request.scope))
        return _page(payment_id, payment) if called.status_code == 200 else called


def _unknown(request: Request) -> Response:
    return error_answer(404, "NOT_FOUND", "There is no such payment.", request_id_of(request.scope))


def _page(payment_id: str, payment: ProviderAnswer) -> Response:
    path = f"{STEP_PATH}/{escape(payment_id)}"
    forms = "".join(
        f'<form method="post" action="{path}/{word}"><button>{word.title()}</button></form>' for word in _WORDS
    )
    is_open = payment.state is ProviderState.PROCESSING
    content = f"<p>Approve this payment?</p>{forms}" if is_open else f"<p>The payment is {payment.state}.</p>"
    html = f"<!doctype html><html lang=en><title>Test provider</title><h1>Test provider</h1><p>{escape(payment_id)}</p>{content}"
    return Response(html, media_type="text/html; charset=utf-8", headers=_HEADERS)
