"""The fulfillment's rows for goods that are stopped on their way, or come back."""

from typing import Final

from domain.orders.intercepting import alert_return
from domain.orders.state import BEFORE, SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables.roles import C, M, P, S, W, roles
from domain.values.enums import FulfillmentState, MachineKind

_FULFILLMENT: Final = MachineKind.FULFILLMENT
_ON_THEIR_WAY: Final = (FulfillmentState.SHIPPED, FulfillmentState.PARTIALLY_SHIPPED)

STATES: Final = (
    State(
        _FULFILLMENT,
        FulfillmentState.INTERCEPTING,
        "Its parcels are to be stopped on their way.",
        TimerRule("interceptTimeout", "interceptTimeout", "intercept_s"),
    ),
    State(
        _FULFILLMENT,
        FulfillmentState.RETURNING,
        "What did not arrive is on its way back.",
        TimerRule("returnAlert", "alert", "return_alert_s"),
    ),
    State(_FULFILLMENT, FulfillmentState.RETURNED, "The warehouse has what came back.", is_terminal=True),
)

RULES: Final = (
    Rule(
        _FULFILLMENT, _ON_THEIR_WAY, "interceptFulfillment", (FulfillmentState.INTERCEPTING,), roles(C, M, W, S),
        clocks=Clocks.REST, mutation="interceptFulfillment",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.INTERCEPTING,), "resolveIntercept", (FulfillmentState.RETURNING, BEFORE),
        roles(W, C), effects=(alert_return,), clocks=Clocks.RESUME, mutation="resolveIntercept",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.INTERCEPTING,), "interceptTimeout", (BEFORE,), roles(S), clocks=Clocks.RESUME,
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.INTERCEPTING,), "recordTracking",
        (SAME, FulfillmentState.DELIVERED, FulfillmentState.RETURNING), roles(W, M, P, S), mutation="recordTracking",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.RETURNING, FulfillmentState.RETURNED), "recordTracking", (SAME,),
        roles(W, M, P, S), mutation="recordTracking",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.RETURNING,), "returnFulfillment", (FulfillmentState.RETURNED,), roles(W),
        mutation="returnFulfillment",
    ),
    Rule(_FULFILLMENT, (FulfillmentState.RETURNING,), "alert", (SAME,), roles(S)),
    Rule(_FULFILLMENT, (FulfillmentState.PARTIALLY_SHIPPED,), "cancelRest", (FulfillmentState.SHIPPED,), roles(S)),
)  # fmt: skip
