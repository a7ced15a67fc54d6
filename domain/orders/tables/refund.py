"""The machine of a refund: money on its way back to one payment."""

from typing import Final

from domain.orders.effects import send_refund
from domain.orders.guards import provider_silent
from domain.orders.refund_steps import begin_alert_anew, keep_excess, settle_elsewhere
from domain.orders.state import SAME, Rule, State, TimerRule
from domain.orders.tables.roles import F, S, V, roles
from domain.values.enums import MachineKind, RefundState

_REFUND: Final = MachineKind.REFUND
_ALERT: Final = TimerRule("refundAlert", "alert", "refund_alert_s")
_WAITING: Final = (RefundState.REQUESTED, RefundState.PROCESSING, RefundState.FAILED)

STATES: Final = (
    State(_REFUND, RefundState.REQUESTED, "Asked for; above the unit's limit finance approves it.", _ALERT),
    State(_REFUND, RefundState.PROCESSING, "With the provider.", _ALERT),
    State(_REFUND, RefundState.SUCCEEDED, "The buyer has it back.", is_terminal=True),
    State(_REFUND, RefundState.FAILED, "The provider did not do it; finance tries again, or keeps the money.", _ALERT),
    State(_REFUND, RefundState.REJECTED, "Not given back: the money is kept.", is_terminal=True),
)

RULES: Final = (
    Rule(_REFUND, (None,), "requestRefund", (RefundState.REQUESTED,), roles(S)),
    Rule(
        _REFUND, (RefundState.REQUESTED,), "approveRefund", (RefundState.PROCESSING,), roles(F, S),
        effects=(send_refund,), mutation="approveRefund",
    ),
    Rule(
        _REFUND, (RefundState.REQUESTED, RefundState.FAILED), "rejectRefund", (RefundState.REJECTED,), roles(F),
        effects=(keep_excess,), mutation="rejectRefund",
    ),
    Rule(_REFUND, (RefundState.PROCESSING,), "refundSettled", (RefundState.SUCCEEDED,), roles(V, S)),
    Rule(_REFUND, (RefundState.PROCESSING,), "refundFailed", (RefundState.FAILED,), roles(V, S)),
    Rule(_REFUND, _WAITING, "alert", (SAME,), roles(S)),
    Rule(
        _REFUND, (RefundState.FAILED,), "retryRefund", (RefundState.PROCESSING,), roles(F, S), effects=(send_refund,),
        mutation="retryRefund",
    ),
    Rule(
        _REFUND, (RefundState.PROCESSING,), "retryRefund", (SAME,), roles(F), guards=(provider_silent,),
        effects=(begin_alert_anew, send_refund, settle_elsewhere), mutation="retryRefund",
    ),
)  # fmt: skip
