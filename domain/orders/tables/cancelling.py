"""The order's rows for what ends it after it was paid: cancelling, exceptions, money and goods that come back."""

from typing import Final

from domain.orders.cancelling import cancel_what_is_left, give_up
from domain.orders.conditions import (
    all_off,
    all_returned,
    refund_failed,
    refunds_go_on,
    resumes_as,
)
from domain.orders.exceptions import end_or_go_on
from domain.orders.guards import no_payment_in_flight, nothing_shipped
from domain.orders.intercepting import give_up_intercepts
from domain.orders.state import BEFORE, SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables.roles import B, C, F, M, P, S, W, roles
from domain.values.enums import MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_CALLERS: Final = roles(B, P, M, C)
_OUT: Final = (
    OrderStatus.PARTIALLY_SHIPPED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.RECEIVED,
    OrderStatus.COMPLETED,
)
_RESUMED: Final = {
    "resumeDelivered": OrderStatus.DELIVERED,
    "resumeShipped": OrderStatus.SHIPPED,
    "resumePartiallyShipped": OrderStatus.PARTIALLY_SHIPPED,
    "resumeFulfillment": OrderStatus.IN_FULFILLMENT,
    "resumeConfirmed": OrderStatus.CONFIRMED,
}
"""Where an order goes whose parcels were not all stopped, by what its fulfillments say."""

STATES: Final = (
    State(
        _ORDER,
        OrderStatus.CANCEL_PENDING,
        "Parcels are to be stopped on their way; what does not move is off already.",
        TimerRule("cancelTimeout", "cancelTimeout", "intercept_s"),
    ),
    State(
        _ORDER,
        OrderStatus.REFUND_EXCEPTION,
        "Some money could not be given back; finance tries again, or keeps it.",
        TimerRule("refundAlert", "alert", "refund_alert_s"),
    ),
    State(_ORDER, OrderStatus.RETURNED, "Every unit that was not cancelled came back.", is_terminal=True),
)

RULES: Final = (
    Rule(
        _ORDER, (OrderStatus.PAID,), "cancelOrder", (SAME, OrderStatus.REFUNDING), _CALLERS,
        guards=(nothing_shipped, no_payment_in_flight), mutation="cancelOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.ON_HOLD,), "cancelOrder", (OrderStatus.REFUNDING,), _CALLERS,
        guards=(nothing_shipped, no_payment_in_flight), mutation="cancelOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.CONFIRMED,), "cancelOrder", (SAME, OrderStatus.REFUNDING), _CALLERS,
        guards=(no_payment_in_flight,), mutation="cancelOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.IN_FULFILLMENT, OrderStatus.PARTIALLY_SHIPPED), "cancelOrder",
        (SAME, OrderStatus.REFUNDING, OrderStatus.CANCEL_PENDING), _CALLERS, guards=(no_payment_in_flight,),
        mutation="cancelOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.SHIPPED,), "cancelOrder", (OrderStatus.CANCEL_PENDING,), _CALLERS,
        guards=(no_payment_in_flight,), mutation="cancelOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.CANCEL_PENDING,), "cancelTimeout", (SAME,), roles(S), effects=(give_up_intercepts,),
    ),
    Rule(
        _ORDER, (OrderStatus.CANCEL_PENDING,), "stopAll", (OrderStatus.REFUNDING,), roles(W, C, S), effects=(give_up,),
        when=all_off,
    ),
    *(
        Rule(_ORDER, (OrderStatus.CANCEL_PENDING,), action, (status,), roles(W, C, S), when=resumes_as(status))
        for action, status in _RESUMED.items()
    ),
    Rule(
        _ORDER, (OrderStatus.EXCEPTION,), "resolveException", (BEFORE, OrderStatus.REFUNDING), roles(C, M),
        effects=(end_or_go_on,), clocks=Clocks.RESUME, mutation="resolveException",
    ),
    Rule(
        _ORDER, (OrderStatus.EXCEPTION,), "exceptionTimeout", (OrderStatus.REFUNDING,), roles(S),
        effects=(cancel_what_is_left,),
    ),
    Rule(_ORDER, _OUT, "returnAll", (OrderStatus.RETURNED,), roles(S), when=all_returned),
    Rule(
        _ORDER, (OrderStatus.REFUNDING,), "refundFailed", (OrderStatus.REFUND_EXCEPTION,), roles(S), when=refund_failed,
    ),
    Rule(
        _ORDER, (OrderStatus.REFUND_EXCEPTION,), "refundAgain", (OrderStatus.REFUNDING,), roles(F, S),
        when=refunds_go_on,
    ),
    Rule(_ORDER, (OrderStatus.REFUND_EXCEPTION,), "alert", (SAME,), roles(S)),
)  # fmt: skip
