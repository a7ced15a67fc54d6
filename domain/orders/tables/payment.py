"""The machines of a payment and of a refund."""

from typing import Final

from domain.orders.effects import send_refund
from domain.orders.guards import something_to_capture
from domain.orders.state import SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables.roles import B, C, F, P, S, V, roles
from domain.values.enums import MachineKind, PaymentState, RefundState

_PAYMENT: Final = MachineKind.PAYMENT
_REFUND: Final = MachineKind.REFUND
_EXPIRY: Final = TimerRule("authorizationExpiry", "authorizationExpiry", "authorization_s")
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
    State(_REFUND, RefundState.REQUESTED, "Asked for."),
    State(
        _REFUND,
        RefundState.PROCESSING,
        "With the provider.",
        TimerRule("refundAlert", "alert", "refund_alert_s"),
    ),
    State(_REFUND, RefundState.SUCCEEDED, "The buyer has it back.", is_terminal=True),
    State(_REFUND, RefundState.FAILED, "The provider did not do it; it is tried again."),
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
    Rule(_PAYMENT, (PaymentState.FAILED,), "lateCapture", (PaymentState.CAPTURED,), roles(V, S)),
    Rule(_PAYMENT, (PaymentState.FAILED,), "lateAuthorization", (PaymentState.AUTHORIZED,), roles(V, S)),
    Rule(
        _PAYMENT, (PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED), "refundSucceeded",
        (PaymentState.PARTIALLY_REFUNDED, PaymentState.REFUNDED), roles(S, V),
    ),
    Rule(_REFUND, (None,), "requestRefund", (RefundState.REQUESTED,), roles(S)),
    Rule(
        _REFUND, (RefundState.REQUESTED,), "approveRefund", (RefundState.PROCESSING,), roles(S), effects=(send_refund,),
    ),
    Rule(_REFUND, (RefundState.PROCESSING,), "refundSettled", (RefundState.SUCCEEDED,), roles(V, S)),
    Rule(_REFUND, (RefundState.PROCESSING,), "refundFailed", (RefundState.FAILED,), roles(V, S)),
    Rule(_REFUND, (RefundState.PROCESSING,), "alert", (SAME,), roles(S)),
    Rule(
        _REFUND, (RefundState.FAILED,), "retryRefund", (RefundState.PROCESSING,), roles(S), effects=(send_refund,),
    ),
)  # fmt: skip
