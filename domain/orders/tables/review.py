"""The review of an order before it can be paid: the rows of the order's machine that every order type shares."""

from typing import Final

from domain.orders.effects import cancel_units, deduct_stock, release_claims, stamp_paid
from domain.orders.guards import no_payment_in_flight
from domain.orders.review import open_first_installment
from domain.orders.state import Rule, State, TimerRule
from domain.orders.tables.roles import B, C, F, M, P, S, roles
from domain.values.enums import MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_REVIEW: Final = OrderStatus.PENDING_REVIEW

STATES: Final = (
    State(
        _ORDER,
        _REVIEW,
        "A person looks at it before it can be paid; its stock is reserved meanwhile.",
        TimerRule("reviewTimeout", "reviewTimeout", "review_s"),
    ),
)


def review_rules(first: OrderStatus) -> tuple[Rule, ...]:
    """`first`: the state in which an order of the type begins that costs something."""
    off = (cancel_units, release_claims)
    return (
        Rule(
            _ORDER, (_REVIEW,), "approveOrder", (first, OrderStatus.PAID), roles(M, F),
            effects=(open_first_installment, stamp_paid, deduct_stock), mutation="approveOrder",
        ),
        Rule(
            _ORDER, (_REVIEW,), "rejectOrder", (OrderStatus.CANCELLED,), roles(M, F), effects=off, mutation="rejectOrder",
        ),
        Rule(_ORDER, (_REVIEW,), "reviewTimeout", (OrderStatus.CANCELLED,), roles(S), effects=off),
        Rule(
            _ORDER, (_REVIEW,), "cancelOrder", (OrderStatus.CANCELLED,), roles(B, P, C, M),
            guards=(no_payment_in_flight,), effects=off, mutation="cancelOrder",
        ),
    )  # fmt: skip
