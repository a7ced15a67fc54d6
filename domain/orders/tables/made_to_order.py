"""Orders of what is made for them: a deposit, production, then the balance."""

from typing import Final

from domain.orders.backorders import queue_for_stock
from domain.orders.conditions import needs_split
from domain.orders.deposits import (
    BALANCE_TIMEOUT,
    balance_paid,
    deduct_for_production,
    made_and_owed,
    nothing_owed,
    open_balance,
    stamp_secured,
)
from domain.orders.effects import capture_at_confirmation, capture_at_shipment, promise, split_by_itself
from domain.orders.guards import no_payment_in_flight, order_confirmed, something_payable
from domain.orders.modifying import TIMEOUT as MODIFICATION_TIMEOUT
from domain.orders.modifying import drop_modification
from domain.orders.state import SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables.deposit import AWAITING_DEPOSIT, FEE_KEPT, WITHOUT, deposit_rules
from domain.orders.tables.roles import B, F, M, P, S, V, W, roles
from domain.orders.tables.variant import Variant
from domain.values.enums import FulfillmentState, MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_FULFILLMENT: Final = MachineKind.FULFILLMENT
_READY: Final = (FulfillmentState.READY, FulfillmentState.PARTIALLY_SHIPPED)

VARIANT: Final = Variant(
    OrderStatus.PENDING_DEPOSIT,
    states=(
        AWAITING_DEPOSIT,
        State(
            _ORDER,
            OrderStatus.PENDING_BALANCE,
            "All of it is made; its balance is awaited.",
            TimerRule(BALANCE_TIMEOUT, BALANCE_TIMEOUT, "balance_s"),
        ),
        State(_FULFILLMENT, FulfillmentState.PRODUCING, "It is being made."),
        State(_FULFILLMENT, FulfillmentState.READY, "Made and packed."),
    ),
    rules=(
        *deposit_rules(OrderStatus.CONFIRMED, deduct_for_production, capture_at_confirmation, stamp_secured),
        Rule(
            _ORDER, (OrderStatus.CONFIRMED,), "split", (SAME,), roles(S), effects=(split_by_itself, promise),
            when=needs_split,
        ),
        Rule(
            _ORDER, (OrderStatus.IN_FULFILLMENT,), "balanceDue", (OrderStatus.PENDING_BALANCE,), roles(S),
            effects=(open_balance,), when=made_and_owed,
        ),
        Rule(
            _ORDER, (OrderStatus.PENDING_BALANCE,), "payOrder", (SAME, OrderStatus.IN_FULFILLMENT), roles(B, P, F, V),
            guards=(something_payable,), effects=(stamp_secured, capture_at_confirmation), mutation="payOrder",
        ),
        Rule(
            _ORDER, (OrderStatus.PENDING_BALANCE,), "balanceSettled", (OrderStatus.IN_FULFILLMENT,), roles(S),
            effects=(stamp_secured,), when=nothing_owed,
        ),
        Rule(
            _ORDER, (OrderStatus.PENDING_BALANCE,), BALANCE_TIMEOUT, (OrderStatus.EXCEPTION,), roles(S),
            guards=(no_payment_in_flight,), clocks=Clocks.REST,
        ),
        Rule(
            _ORDER, (OrderStatus.PENDING_BALANCE,), MODIFICATION_TIMEOUT, (SAME,), roles(S),
            guards=(no_payment_in_flight,), effects=(drop_modification,),
        ),
        Rule(
            _ORDER, (OrderStatus.EXCEPTION,), "exceptionTimeout", (OrderStatus.REFUNDING,), roles(S), effects=FEE_KEPT,
        ),
        Rule(
            _FULFILLMENT, (FulfillmentState.ACCEPTED,), "startProduction", (FulfillmentState.PRODUCING,), roles(W, M),
            guards=(order_confirmed,), mutation="startProduction",
        ),
        Rule(
            _FULFILLMENT, (FulfillmentState.PRODUCING,), "finishProduction", (FulfillmentState.READY,), roles(W, M),
            guards=(order_confirmed,), mutation="finishProduction",
        ),
        Rule(
            _FULFILLMENT, _READY, "shipFulfillment", (FulfillmentState.PARTIALLY_SHIPPED, FulfillmentState.SHIPPED),
            roles(W, M, P), guards=(order_confirmed, balance_paid), effects=(capture_at_shipment,),
            mutation="shipFulfillment",
        ),
        Rule(
            _FULFILLMENT, (FulfillmentState.PRODUCING,), "hold", (FulfillmentState.ON_HOLD,), roles(S),
            clocks=Clocks.REST,
        ),
        Rule(
            _FULFILLMENT, (FulfillmentState.PRODUCING,), "cancelFulfillment", (FulfillmentState.CANCELLED,), roles(S),
            effects=(queue_for_stock,),
        ),
    ),
    without_states=WITHOUT,
    without_rules=frozenset(
        (
            (_FULFILLMENT, FulfillmentState.ACCEPTED, "packFulfillment"),
            (_FULFILLMENT, FulfillmentState.ACCEPTED, "shipFulfillment"),
        )
    ),
)  # fmt: skip
