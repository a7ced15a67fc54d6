"""The machine of a payment; with that of its refunds, which goes along with it."""

from typing import Final

from domain.orders.guards import something_captured, something_to_capture
from domain.orders.state import SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables import refund
from domain.orders.tables.roles import B, C, F, P, S, V, roles
from domain.values.enums import MachineKind, PaymentState

_PAYMENT: Final = MachineKind.PAYMENT
_EXPIRY: Final = TimerRule("authorizationExpiry", "authorizationExpiry", "authorization_s")
_UNDER_WAY: Final = (PaymentState.CREATED, PaymentState.PROCESSING)
_GIVEN_UP: Final = (PaymentState.FAILED, PaymentState.CANCELLED)
_LEFT_TO_CAPTURE: Final = (PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED)

STATES: Final = (
    State(_PAYMENT, PaymentState.CREATED, "Recorded; the provider was not asked yet."),
    State(
        _PAYMENT,
        PaymentState.PROCESSING,
        "With the provider, or waiting for the buyer's next step.",
        TimerRule("paymentTimeout", "paymentTimeout", "payment_s"),
    ),
    State(_PAYMENT, PaymentState.AUTHORIZED, "The money is held for us.", _EXPIRY),
    State(_PAYMENT, PaymentState.PARTIALLY_CAPTURED, "A part of what is held was taken.", _EXPIRY),
    State(_PAYMENT, PaymentState.CAPTURED, "The money is ours."),
    State(_PAYMENT, PaymentState.PARTIALLY_REFUNDED, "A part was given back."),
    State(_PAYMENT, PaymentState.REFUNDED, "Everything was given back.", is_terminal=True),
    State(_PAYMENT, PaymentState.VOIDED, "What was held is free again.", is_terminal=True),
    State(_PAYMENT, PaymentState.FAILED, "Declined, or the provider knows nothing of it."),
    State(_PAYMENT, PaymentState.CANCELLED, "Given up with its order; money that still comes goes straight back."),
    *refund.STATES,
)

RULES: Final = (
    Rule(_PAYMENT, (None,), "payOrder", (PaymentState.CREATED,), roles(B, P, F)),
    Rule(_PAYMENT, (PaymentState.CREATED,), "startPayment", (PaymentState.PROCESSING,), roles(S)),
    Rule(_PAYMENT, (PaymentState.PROCESSING,), "paymentPending", (SAME,), roles(V, S)),
    Rule(_PAYMENT, (PaymentState.PROCESSING,), "paymentAuthorized", (PaymentState.AUTHORIZED,), roles(V, S)),
    Rule(_PAYMENT, (PaymentState.PROCESSING,), "paymentCaptured", (PaymentState.CAPTURED,), roles(V, S)),
    Rule(_PAYMENT, (PaymentState.PROCESSING,), "paymentDeclined", (PaymentState.FAILED,), roles(V, S)),
    Rule(_PAYMENT, (PaymentState.PROCESSING,), "paymentTimeout", (PaymentState.FAILED,), roles(S)),
    Rule(
        _PAYMENT, _LEFT_TO_CAPTURE, "capturePayment", (PaymentState.PARTIALLY_CAPTURED, PaymentState.CAPTURED),
        roles(F, S), guards=(something_to_capture,), clocks=Clocks.KEEP, mutation="capturePayment",
    ),
    Rule(_PAYMENT, _LEFT_TO_CAPTURE, "captureDeclined", (SAME,), roles(V, S)),
    Rule(
        _PAYMENT, (PaymentState.AUTHORIZED,), "voidPayment", (PaymentState.VOIDED,), roles(F, C, S),
        mutation="voidPayment",
    ),
    Rule(
        _PAYMENT, (PaymentState.PARTIALLY_CAPTURED,), "voidPayment", (PaymentState.CAPTURED,), roles(F, C, S),
        mutation="voidPayment",
    ),
    Rule(_PAYMENT, (PaymentState.AUTHORIZED,), "authorizationExpiry", (PaymentState.VOIDED,), roles(S, V)),
    Rule(_PAYMENT, (PaymentState.PARTIALLY_CAPTURED,), "authorizationExpiry", (PaymentState.CAPTURED,), roles(S, V)),
    Rule(_PAYMENT, _UNDER_WAY, "cancelPayment", (PaymentState.CANCELLED,), roles(S)),
    Rule(_PAYMENT, _GIVEN_UP, "lateCapture", (PaymentState.CAPTURED,), roles(V, S)),
    Rule(_PAYMENT, _GIVEN_UP, "lateAuthorization", (PaymentState.AUTHORIZED,), roles(V, S)),
    Rule(
        _PAYMENT, (PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED), "refundSucceeded",
        (PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED), roles(S, V),
    ),
    Rule(
        _PAYMENT, (PaymentState.CAPTURED, PaymentState.PARTIALLY_CAPTURED, PaymentState.PARTIALLY_REFUNDED),
        "refundPayment", (SAME,), roles(F, C), guards=(something_captured,), mutation="refundPayment",
    ),
    *refund.RULES,
)  # fmt: skip
