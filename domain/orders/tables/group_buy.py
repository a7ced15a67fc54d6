"""Orders of members who buy together: paid, each waits until every seat of its group is."""

from typing import Final

from domain.orders.conditions import needs_split
from domain.orders.effects import (
    cancel_fulfillments,
    cancel_units,
    capture_at_confirmation,
    give_money_back,
    promise,
    release_claims,
    split_by_itself,
)
from domain.orders.groups import fail_group, is_paid, look_at_group, until_deadline
from domain.orders.state import SAME, Rule, State, TimerRule
from domain.orders.tables.roles import B, C, M, P, S, roles
from domain.orders.tables.variant import Variant
from domain.values.enums import MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_PENDING: Final = (OrderStatus.GROUP_PENDING,)
_OFF: Final = (cancel_units, cancel_fulfillments, release_claims, give_money_back)

VARIANT: Final = Variant(
    OrderStatus.PENDING_PAYMENT,
    states=(
        State(
            _ORDER,
            OrderStatus.GROUP_PENDING,
            "Paid; it waits until every seat of its group is paid.",
            TimerRule("groupTimeout", "groupTimeout", "group_s"),
        ),
    ),
    rules=(
        Rule(
            _ORDER, (OrderStatus.PAID,), "joinGroup", _PENDING, roles(S), effects=(until_deadline, look_at_group),
            when=is_paid,
        ),
        Rule(
            _ORDER, _PENDING, "groupFormed", (OrderStatus.CONFIRMED,), roles(S), effects=(capture_at_confirmation,),
        ),
        Rule(
            _ORDER, (OrderStatus.CONFIRMED,), "split", (SAME,), roles(S), effects=(split_by_itself, promise),
            when=needs_split,
        ),
        Rule(_ORDER, _PENDING, "groupTimeout", (OrderStatus.REFUNDING,), roles(S), effects=(fail_group, *_OFF)),
        Rule(_ORDER, _PENDING, "groupFailed", (OrderStatus.REFUNDING,), roles(S), effects=_OFF),
        Rule(
            _ORDER, _PENDING, "cancelOrder", (OrderStatus.REFUNDING,), roles(B, P, C, M), effects=_OFF,
            mutation="cancelOrder",
        ),
    ),
    without_rules=frozenset(((_ORDER, OrderStatus.PAID, "split"),)),
)  # fmt: skip
