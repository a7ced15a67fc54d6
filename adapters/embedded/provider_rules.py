"""How the embedded payment provider behaves: what each method does, and what an operation makes of a payment. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from domain.orders.views import NextAction
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.ports.payments import PaymentRequest
from domain.values.enums import PaymentNextActionKind

STEP_PATH: Final = "/test-provider"
"""Where a buyer of the test provider approves a payment; the payment's id follows."""


class Operation(StrEnum):
    CAPTURE = "CAPTURE"
    VOID = "VOID"
    REFUND = "REFUND"


@dataclass(frozen=True, slots=True)
class Method:
    may_capture_at_once: bool = True
    asks_next_step: bool = False
    """It waits until the buyer has done something on the provider's page."""
    decline: OperationDeclined | None = None
    """Why it never pays."""
    declines: Mapping[Operation, OperationDeclined] | None = None
    """Operations that it refuses although they would be possible."""


METHODS: Final[Mapping[str, Method]] = {
    "test_card": Method(),
    "test_card_authorize": Method(may_capture_at_once=False),
    "test_card_declined": Method(decline=OperationDeclined("card_declined", "The card was declined.")),
    "test_card_3ds": Method(asks_next_step=True),
    "test_card_3ds_authorize": Method(asks_next_step=True, may_capture_at_once=False),
    "test_card_capture_declined": Method(
        may_capture_at_once=False,
        declines={Operation.CAPTURE: OperationDeclined("capture_declined", "The card's bank refuses the capture.")},
    ),
}


def first_answer(request: PaymentRequest) -> ProviderAnswer:
    """What becomes of a new payment. Its method is one of METHODS."""
    method, amount = METHODS[request.method], request.amount_minor
    if method.decline:
        return ProviderAnswer(
            ProviderState.DECLINED, 0, 0, decline_code=method.decline.code, decline_message=method.decline.message
        )
    if method.asks_next_step:
        reference, action = _reference(request.payment_id), next_action(request.payment_id)
        return ProviderAnswer(ProviderState.PROCESSING, 0, 0, reference=reference, next_action=action)
    is_captured = request.is_captured_at_once and method.may_capture_at_once
    return _secured(request.payment_id, amount, is_captured=is_captured)


def kept_as(request: PaymentRequest) -> str:
    """The method in the provider's books: after the next step it must still be known that nothing is to be captured."""
    if METHODS[request.method].asks_next_step and not request.is_captured_at_once:
        return "test_card_3ds_authorize"
    return request.method


def next_action(payment_id: str) -> NextAction:
    """The buyer's next step: on our own page, since the provider has none."""
    return NextAction(PaymentNextActionKind.REDIRECT, url=f"{STEP_PATH}/{payment_id}")


def after_step(method: str, payment_id: str, amount_minor: int, *, is_approved: bool) -> ProviderAnswer:
    """What becomes of a payment once its buyer has approved or refused it."""
    if is_approved:
        return _secured(payment_id, amount_minor, is_captured=METHODS[method].may_capture_at_once)
    return ProviderAnswer(
        ProviderState.DECLINED,
        0,
        0,
        reference=_reference(payment_id),
        decline_code="authentication_failed",
        decline_message="The buyer did not approve the payment.",
    )


def _secured(payment_id: str, amount_minor: int, *, is_captured: bool) -> ProviderAnswer:
    state = ProviderState.CAPTURED if is_captured else ProviderState.AUTHORIZED
    captured_minor = amount_minor if is_captured else 0
    return ProviderAnswer(state, amount_minor, captured_minor, reference=_reference(payment_id))


def _reference(payment_id: str) -> str:
    return f"test_{payment_id}"


def operate(
    method: str, payment: ProviderAnswer, operation: Operation, amount_minor: int
) -> ProviderAnswer | OperationDeclined:
    """The payment after the operation, or why it is refused. VOID takes no amount: it lets go all that is open."""
    refusal = (METHODS[method].declines or {}).get(operation)
    return refusal or _OPERATIONS[operation](payment, amount_minor)


def _captured(payment: ProviderAnswer, amount_minor: int) -> ProviderAnswer | OperationDeclined:
    if payment.state is not ProviderState.AUTHORIZED:
        return OperationDeclined("not_authorized", "Nothing is authorized.")
    if not 0 < amount_minor <= payment.authorized_minor - payment.captured_minor:
        return OperationDeclined("amount_too_large", "More is to be captured than is authorized.")
    captured = payment.captured_minor + amount_minor
    state = ProviderState.CAPTURED if captured == payment.authorized_minor else payment.state
    return replace(payment, state=state, captured_minor=captured)


def _voided(payment: ProviderAnswer, _: int) -> ProviderAnswer | OperationDeclined:
    if payment.state is not ProviderState.AUTHORIZED:
        return OperationDeclined("not_authorized", "Nothing is authorized.")
    state = ProviderState.CAPTURED if payment.captured_minor else ProviderState.VOIDED
    return replace(payment, state=state, authorized_minor=payment.captured_minor)


def _refunded(payment: ProviderAnswer, amount_minor: int) -> ProviderAnswer | OperationDeclined:
    if not 0 < amount_minor <= payment.captured_minor - payment.refunded_minor:
        return OperationDeclined("amount_too_large", "More is to be refunded than was captured.")
    return replace(payment, refunded_minor=payment.refunded_minor + amount_minor)


_OPERATIONS: Final[Mapping[Operation, Callable[[ProviderAnswer, int], ProviderAnswer | OperationDeclined]]] = {
    Operation.CAPTURE: _captured,
    Operation.VOID: _voided,
    Operation.REFUND: _refunded,
}
