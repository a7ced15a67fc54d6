"""Stripe as the payment provider, through its own library.

Theory of operation
    Each payment of ours is one PaymentIntent, which carries our id in its metadata. Our ids are Stripe's idempotency keys,
    so that whatever is asked twice is done once. Its id is our payment's reference; until we have heard it (an answer was
    lost) an intent is searched by its metadata. The search is behind by up to a minute: for a young payment its silence
    says nothing, and the caller is told to try again.

    A payment with a token is confirmed at once; one without gives out a client secret, with which the shop's page lets the
    buyer pay. Stripe captures an authorization once: what is left is free again.

    Nothing is tried again here: every call is an errand, which comes again by itself, with a growing pause.

What is not handled: disputes, payouts, refunds made by hand on Stripe's own pages.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import stripe
from stripe import CardError, HTTPXClient, InvalidRequestError, StripeClient, StripeError

from adapters.services.stripe_answers import answer_of, declined_of, of_units, to_units, told_of
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.ports.clock import Clock
from domain.ports.payments import PaymentRequest
from domain.values.faults import ServiceRejected, ServiceUnavailable

METHODS: Final = frozenset(("card", "sepa_debit"))
TIMEOUT_S: Final = 8.0
SEARCH_LAG_S: Final = 300
MOST_REFUNDS: Final = 100
"""Of one payment, as many as a page has."""
_SERVICE: Final = "payment"
_OURS: Final = (stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError)
"""What no second try puts right: our key, or our own mistake."""
_REFUSED: Final = (CardError, InvalidRequestError)
_UNKNOWN: Final = OperationDeclined("unknown_payment", "The provider has no such payment.")
_NOT_AUTHORIZED: Final = OperationDeclined("not_authorized", "Nothing is authorized.")
_FAILED: Final = frozenset(("failed", "canceled"))


class StripePayments:
    """`url`: where Stripe is, when not at its own place."""

    def __init__(self, key: str, clock: Clock, *, url: str | None = None, http: Any = None) -> None:
        self._http = http or HTTPXClient(timeout=TIMEOUT_S)
        addresses: Any = {"api": url} if url else None
        self._client = StripeClient(key, base_addresses=addresses, max_network_retries=0, http_client=self._http)
        self._clock = clock

    async def close(self) -> None:
        await self._http.close_async()

    def takes(self, method: str) -> bool:
        return method in METHODS

    async def pay(self, request: PaymentRequest) -> ProviderAnswer:
        async with _speaking():
            try:
                intent = await self._client.v1.payment_intents.create_async(
                    _intent_of(request), {"idempotency_key": request.payment_id}
                )
            except _REFUSED as error:
                return _not_paid(error)
            return answer_of(intent.to_dict())

    async def ask(self, payment_id: str, reference: str | None = None) -> ProviderAnswer | None:
        async with _speaking():
            intent = await self._intent(payment_id, reference)
            return None if intent is None else answer_of(intent, await self._refunded(intent))

    async def capture(
        self, payment_id: str, operation_id: str, amount_minor: int, reference: str | None = None
    ) -> ProviderAnswer | OperationDeclined:
        async with _speaking():
            intent = await self._intent(payment_id, reference)
            if intent is None:
                return _UNKNOWN
            amount: Any = {"amount_to_capture": to_units(amount_minor, intent["currency"])}
            key: Any = {"idempotency_key": operation_id}
            try:
                intent_now = await self._client.v1.payment_intents.capture_async(intent["id"], amount, key)
            except _REFUSED as error:
                return await self._as_it_is(intent["id"], ProviderState.CAPTURED) or declined_of(error)
            return answer_of(intent_now.to_dict())

    async def void(self, payment_id: str, reference: str | None = None) -> ProviderAnswer | OperationDeclined:
        async with _speaking():
            intent = await self._intent(payment_id, reference)
            if intent is None:
                return _UNKNOWN
            try:
                intent_now = await self._client.v1.payment_intents.cancel_async(intent["id"])
            except _REFUSED:
                return await self._as_it_is(intent["id"], ProviderState.VOIDED) or _NOT_AUTHORIZED
            return answer_of(intent_now.to_dict())

    async def refund(
        self, payment_id: str, refund_id: str, amount_minor: int, reference: str | None = None
    ) -> ProviderAnswer | OperationDeclined:
        async with _speaking():
            intent = await self._intent(payment_id, reference)
            if intent is None:
                return _UNKNOWN
            tried = [refund for refund in await self._refunds(intent) if _name_of(refund) == refund_id]
            underway = next((refund for refund in tried if refund["status"] not in _FAILED), None)
            try:
                refund = underway or await self._refund(intent, refund_id, amount_minor, len(tried))
            except _REFUSED as error:
                return declined_of(error)
            return await self._settled(intent, refund)

    async def _refund(self, intent: Any, refund_id: str, amount_minor: int, tried: int) -> Any:
        """One that failed is made anew: the key tells the tries apart."""
        wanted: Any = {
            "payment_intent": intent["id"],
            "amount": to_units(amount_minor, intent["currency"]),
            "metadata": {"refund_id": refund_id},
        }
        key: Any = {"idempotency_key": f"{refund_id}:{tried}"}
        return (await self._client.v1.refunds.create_async(wanted, key)).to_dict()

    async def _settled(self, intent: Any, refund: Any) -> ProviderAnswer | OperationDeclined:
        """One that is pending is asked about again: by whoever asked for it."""
        if refund["status"] in _FAILED:
            reason = refund.get("failure_reason") or refund["status"]
            return OperationDeclined(reason, "The provider could not give the money back.")
        if refund["status"] != "succeeded":
            raise ServiceUnavailable(_SERVICE, f"the refund is {refund['status']}")
        return answer_of(intent, await self._refunded(intent))

    async def _intent(self, payment_id: str, reference: str | None) -> Any:
        if reference is not None:
            return await self._retrieved(reference)
        query: Any = {"query": f"metadata['payment_id']:'{payment_id}'", "limit": 1}
        found = await self._client.v1.payment_intents.search_async(query)
        if not found.data and self._is_young(payment_id):
            raise ServiceUnavailable(_SERVICE, "it may not have filed the payment yet", SEARCH_LAG_S * 1000)
        return found.data[0].to_dict() if found.data else None

    async def _retrieved(self, reference: str) -> Any:
        try:
            return (await self._client.v1.payment_intents.retrieve_async(reference)).to_dict()
        except InvalidRequestError as error:
            if error.http_status == 404:
                return None
            raise

    async def _as_it_is(self, reference: str, wanted: ProviderState) -> ProviderAnswer | None:
        """What was refused may be done already."""
        intent = await self._retrieved(reference)
        answer = answer_of(intent) if intent is not None else None
        return answer if answer is not None and answer.state is wanted else None

    async def _refunded(self, intent: Any) -> int:
        """Of ours, in minor units."""
        if intent["status"] != "succeeded":
            return 0
        given = [r for r in await self._refunds(intent) if _name_of(r) is not None and r["status"] == "succeeded"]
        return of_units(sum(int(refund["amount"]) for refund in given), intent["currency"])

    async def _refunds(self, intent: Any) -> list[Any]:
        wanted: Any = {"payment_intent": intent["id"], "limit": MOST_REFUNDS}
        if not intent["latest_charge"]:
            return []
        return [refund.to_dict() for refund in (await self._client.v1.refunds.list_async(wanted)).data]

    def _is_young(self, payment_id: str) -> bool:
        """Our ids begin with the milliseconds at which they were made."""
        made_at_s = int(payment_id[4:16], 16) / 1000
        return self._clock.now().timestamp() - made_at_s < SEARCH_LAG_S


@asynccontextmanager
async def _speaking() -> AsyncIterator[None]:
    """Stripe's errors as faults. What it refuses is looked at before, where that is an answer."""
    try:
        yield
    except (*_OURS, *_REFUSED) as error:
        raise ServiceRejected(_SERVICE, type(error).__name__) from error
    except StripeError as error:
        raise ServiceUnavailable(_SERVICE, type(error).__name__) from error


def _intent_of(request: PaymentRequest) -> Any:
    params: dict[str, Any] = {
        "amount": to_units(request.amount_minor, request.currency),
        "currency": request.currency.lower(),
        "payment_method_types": [request.method],
        "capture_method": "automatic" if request.is_captured_at_once else "manual",
        "metadata": {"payment_id": request.payment_id, "order_id": request.order_id},
    }
    if request.token:
        params |= {"payment_method": request.token, "confirm": True}
        params |= {"return_url": request.return_url} if request.return_url else {}
    return params


def _not_paid(error: StripeError) -> ProviderAnswer:
    declined, intent = declined_of(error), told_of(error).get("payment_intent") or {}
    return ProviderAnswer(
        ProviderState.DECLINED,
        0,
        0,
        reference=intent.get("id"),
        decline_code=declined.code,
        decline_message=declined.message,
    )


def _name_of(refund: Any) -> str | None:
    """Our id of a refund; None: somebody else made it."""
    name: str | None = (refund.get("metadata") or {}).get("refund_id")
    return name
