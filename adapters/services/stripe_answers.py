"""What Stripe's PaymentIntents mean as answers of a payment provider. Pure: no network, no clock.

A PaymentIntent is one payment of ours. Amounts are in Stripe's smallest units, which for two currencies are not ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from stripe import StripeError

from domain.orders.views import NextAction
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.values.enums import PaymentNextActionKind

Intent = Mapping[str, Any]
"""A PaymentIntent as plain data."""

_HUNDREDTHS: Final = frozenset(("ISK", "UGX"))
"""Without minor units everywhere but at Stripe, which still counts two digits."""
WAIT: Final = NextAction(PaymentNextActionKind.WAIT)


def to_units(amount_minor: int, currency: str) -> int:
    return amount_minor * 100 if currency.upper() in _HUNDREDTHS else amount_minor


def of_units(amount: int, currency: str) -> int:
    return amount // 100 if currency.upper() in _HUNDREDTHS else amount


def answer_of(intent: Intent, refunded_minor: int = 0) -> ProviderAnswer:
    """The intent as it is now. A status that is new to us is one that is not settled yet."""
    given = _BY_STATUS.get(intent["status"], _waiting)(intent)
    return replace(given, reference=intent["id"], refunded_minor=refunded_minor)


def declined_of(error: StripeError) -> OperationDeclined:
    """`decline_code` is the bank's own reason, `code` Stripe's."""
    code = told_of(error).get("decline_code") or error.code or "declined"
    return OperationDeclined(str(code), error.user_message or "The provider declined.")


def told_of(error: StripeError) -> Mapping[str, Any]:
    """The error itself, as plain data."""
    return error.error.to_dict() if error.error else {}


def _authorized(intent: Intent) -> ProviderAnswer:
    amount = of_units(intent.get("amount_capturable", intent["amount"]), intent["currency"])
    return ProviderAnswer(ProviderState.AUTHORIZED, amount, 0)


def _captured(intent: Intent) -> ProviderAnswer:
    """What was not captured with it is free again: Stripe holds no rest."""
    amount = of_units(intent.get("amount_received", intent["amount"]), intent["currency"])
    return ProviderAnswer(ProviderState.CAPTURED, amount, amount)


def _voided(_intent: Intent) -> ProviderAnswer:
    return ProviderAnswer(ProviderState.VOIDED, 0, 0)


def _waiting(_intent: Intent) -> ProviderAnswer:
    return ProviderAnswer(ProviderState.PROCESSING, 0, 0, next_action=WAIT)


def _to_be_paid(intent: Intent) -> ProviderAnswer:
    """It wants a means of payment: for the first time, or because the last one failed."""
    error = intent.get("last_payment_error")
    if not error:
        return _asking(intent)
    code = error.get("decline_code") or error.get("code") or "declined"
    message = error.get("message") or "The payment was declined."
    return ProviderAnswer(ProviderState.DECLINED, 0, 0, decline_code=code, decline_message=message)


def _asking(intent: Intent) -> ProviderAnswer:
    """The buyer's next step: on a page that Stripe names, else with Stripe's script on the shop's own."""
    action: Mapping[str, Any] = intent.get("next_action") or {}
    redirect = action.get("redirect_to_url") or {}
    step = (
        NextAction(PaymentNextActionKind.REDIRECT, url=redirect["url"])
        if redirect.get("url")
        else NextAction(PaymentNextActionKind.CLIENT_SECRET, client_secret=intent["client_secret"])
    )
    return ProviderAnswer(ProviderState.PROCESSING, 0, 0, next_action=step)


_BY_STATUS: Final[Mapping[str, Callable[[Intent], ProviderAnswer]]] = {
    "requires_payment_method": _to_be_paid,
    "requires_action": _asking,
    "requires_capture": _authorized,
    "succeeded": _captured,
    "canceled": _voided,
    "processing": _waiting,
    "requires_confirmation": _waiting,
}
