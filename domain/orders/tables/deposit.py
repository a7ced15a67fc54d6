"""What orders with a deposit have in common, before and while their balance is awaited."""

from typing import Final

from domain.orders.deposits import keep_fee
from domain.orders.effects import cancel_fulfillments, cancel_units, give_money_back, release_claims, stamp_paid
from domain.orders.effects import deduct_stock as deduct_when_paid
from domain.orders.guards import no_payment_in_flight, something_payable
from domain.orders.state import SAME, Effect, Rule, State, TimerRule
from domain.orders.tables.roles import B, C, F, M, P, S, V, roles
from domain.values.enums import MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_FIRST: Final = OrderStatus.PENDING_DEPOSIT
OFF: Final = (cancel_units, cancel_fulfillments, release_claims)
FEE_KEPT: Final = (keep_fee, give_money_back, *OFF)

AWAITING_DEPOSIT: Final = State(
    _ORDER, _FIRST, "Placed at a frozen price; its deposit is awaited.", TimerRule("payTimeout", "payTimeout", "pay_s")
)
WITHOUT: Final = frozenset((_ORDER, status) for status in (OrderStatus.PENDING_PAYMENT, OrderStatus.PARTIALLY_PAID))
"""What is paid in parts is never there."""


def deposit_rules(opened: OrderStatus, *effects: Effect) -> tuple[Rule, ...]:
    """`opened`: where the deposit leads, with these effects."""
    return (
        Rule(
            _ORDER, (None,), "placeOrder", (_FIRST, OrderStatus.PAID, OrderStatus.PENDING_REVIEW), roles(B, P, M, C),
            effects=(stamp_paid, deduct_when_paid), mutation="placeOrder",
        ),
        Rule(
            _ORDER, (_FIRST,), "payOrder", (SAME, opened), roles(B, P, F, V),
            guards=(something_payable,), effects=effects, mutation="payOrder",
        ),
        Rule(
            _ORDER, (_FIRST,), "cancelOrder", (OrderStatus.CANCELLED,), roles(B, P, C, M),
            guards=(no_payment_in_flight,), effects=(cancel_units, release_claims, give_money_back),
            mutation="cancelOrder",
        ),
        Rule(
            _ORDER, (_FIRST,), "payTimeout", (OrderStatus.CANCELLED,), roles(S),
            guards=(no_payment_in_flight,), effects=(cancel_units, release_claims, give_money_back),
        ),
        Rule(
            _ORDER, (OrderStatus.PENDING_BALANCE,), "cancelOrder", (OrderStatus.REFUNDING,), roles(B, P, C, M),
            guards=(no_payment_in_flight,), effects=FEE_KEPT, mutation="cancelOrder",
        ),
    )  # fmt: skip
