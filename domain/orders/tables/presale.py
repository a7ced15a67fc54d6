"""Orders of what is sold before it is there: a deposit, and the balance in the days that the presale names."""

from typing import Final

from domain.orders.deposits import (
    BALANCE_OPENS,
    BALANCE_TIMEOUT,
    await_balance,
    nothing_owed,
    settle_missed,
)
from domain.orders.effects import deduct_stock, stamp_paid
from domain.orders.guards import no_payment_in_flight, something_payable
from domain.orders.state import SAME, Rule, State, TimerRule
from domain.orders.tables.deposit import AWAITING_DEPOSIT, OFF, WITHOUT, deposit_rules
from domain.orders.tables.roles import B, F, P, S, V, roles
from domain.orders.tables.variant import Variant
from domain.values.enums import MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_BALANCE: Final = OrderStatus.PENDING_BALANCE
_MISSED: Final = "balanceMissed"

VARIANT: Final = Variant(
    OrderStatus.PENDING_DEPOSIT,
    states=(
        AWAITING_DEPOSIT,
        State(
            _ORDER,
            _BALANCE,
            "The deposit is paid; the balance is paid in the presale's days.",
            TimerRule(BALANCE_TIMEOUT, _MISSED, "balance_s"),
        ),
    ),
    rules=(
        *deposit_rules(_BALANCE, await_balance),
        Rule(_ORDER, (_BALANCE,), BALANCE_OPENS, (SAME,), roles(S)),
        Rule(
            _ORDER, (_BALANCE,), "payOrder", (SAME, OrderStatus.PAID), roles(B, P, F, V),
            guards=(something_payable,), effects=(stamp_paid, deduct_stock), mutation="payOrder",
        ),
        Rule(
            _ORDER, (_BALANCE,), "balanceSettled", (OrderStatus.PAID,), roles(S), effects=(stamp_paid, deduct_stock),
            when=nothing_owed,
        ),
        Rule(
            _ORDER, (_BALANCE,), _MISSED, (OrderStatus.REFUNDING,), roles(S), guards=(no_payment_in_flight,),
            effects=(settle_missed, *OFF),
        ),
    ),
    without_states=WITHOUT,
)  # fmt: skip
