"""The machine of a fulfillment: what one warehouse or seller sends."""

from typing import Final

from domain.orders.backorders import ACCEPT_TIMEOUT, ask_anew, queue_for_stock
from domain.orders.effects import capture_at_shipment, stamp_delivered
from domain.orders.guards import nothing_payable, order_confirmed
from domain.orders.state import BEFORE, SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables import returning
from domain.orders.tables.roles import M, P, S, W, roles
from domain.values.enums import FulfillmentState, MachineKind

_FULFILLMENT: Final = MachineKind.FULFILLMENT
_HOLDABLE: Final = (FulfillmentState.ALLOCATED, FulfillmentState.ACCEPTED, FulfillmentState.READY)

STATES: Final = (
    State(_FULFILLMENT, FulfillmentState.CREATED, "Split off the order."),
    State(
        _FULFILLMENT,
        FulfillmentState.ALLOCATED,
        "Its units are set aside in the warehouse, which is asked to accept it.",
        TimerRule(ACCEPT_TIMEOUT, ACCEPT_TIMEOUT, "accept_s"),
    ),
    State(
        _FULFILLMENT,
        FulfillmentState.BACKORDERED,
        "No warehouse that it may go to has its units; it waits for stock, the longest waiting first.",
        TimerRule("backorderAlert", "alert", "backorder_alert_s"),
    ),
    State(_FULFILLMENT, FulfillmentState.ACCEPTED, "The warehouse will send it."),
    State(_FULFILLMENT, FulfillmentState.READY, "Picked and packed."),
    State(_FULFILLMENT, FulfillmentState.PARTIALLY_SHIPPED, "Some of its units are on their way."),
    State(_FULFILLMENT, FulfillmentState.SHIPPED, "All of its units are on their way."),
    State(_FULFILLMENT, FulfillmentState.DELIVERED, "Every parcel has arrived.", is_terminal=True),
    State(_FULFILLMENT, FulfillmentState.ON_HOLD, "On hold with its order."),
    State(_FULFILLMENT, FulfillmentState.CANCELLED, "Will not be sent.", is_terminal=True),
    *returning.STATES,
)

RULES: Final = (
    Rule(_FULFILLMENT, (None,), "split", (FulfillmentState.CREATED,), roles(S)),
    Rule(
        _FULFILLMENT, (FulfillmentState.CREATED,), "allocate",
        (FulfillmentState.ALLOCATED, FulfillmentState.BACKORDERED), roles(S), effects=(queue_for_stock,),
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.BACKORDERED,), "allocate", (FulfillmentState.ALLOCATED,), roles(S),
        effects=(queue_for_stock,),
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.ALLOCATED,), "acceptFulfillment", (FulfillmentState.ACCEPTED,), roles(M, W, P),
        guards=(order_confirmed,), mutation="acceptFulfillment",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.ALLOCATED,), "declineFulfillment",
        (FulfillmentState.ALLOCATED, FulfillmentState.BACKORDERED), roles(M, W, P),
        effects=(ask_anew, queue_for_stock), mutation="declineFulfillment",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.ALLOCATED,), ACCEPT_TIMEOUT, (SAME,), roles(S), guards=(order_confirmed,),
        effects=(ask_anew,),
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.ALLOCATED, FulfillmentState.BACKORDERED), "alert", (SAME,), roles(S),
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.ACCEPTED,), "packFulfillment", (FulfillmentState.READY,), roles(W, M, P),
        guards=(order_confirmed,), mutation="packFulfillment",
    ),
    Rule(
        _FULFILLMENT,
        (FulfillmentState.READY, FulfillmentState.ACCEPTED, FulfillmentState.PARTIALLY_SHIPPED),
        "shipFulfillment", (FulfillmentState.PARTIALLY_SHIPPED, FulfillmentState.SHIPPED), roles(W, M, P),
        guards=(order_confirmed, nothing_payable), effects=(capture_at_shipment,), mutation="shipFulfillment",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.SHIPPED,), "deliverFulfillment", (FulfillmentState.DELIVERED,),
        roles(W, M, P, S), effects=(stamp_delivered,), mutation="deliverFulfillment",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.SHIPPED,), "recordTracking",
        (SAME, FulfillmentState.DELIVERED, FulfillmentState.RETURNING), roles(W, M, P, S), mutation="recordTracking",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.PARTIALLY_SHIPPED,), "recordTracking", (SAME, FulfillmentState.RETURNING),
        roles(W, M, P, S), mutation="recordTracking",
    ),
    Rule(
        _FULFILLMENT, (FulfillmentState.DELIVERED,), "recordTracking", (SAME,), roles(W, M, P, S),
        mutation="recordTracking",
    ),
    Rule(
        _FULFILLMENT, _HOLDABLE, "hold", (FulfillmentState.ON_HOLD,), roles(S), clocks=Clocks.REST,
    ),
    Rule(_FULFILLMENT, (FulfillmentState.ON_HOLD,), "release", (BEFORE,), roles(S), clocks=Clocks.RESUME),
    Rule(
        _FULFILLMENT, (*_HOLDABLE, FulfillmentState.CREATED, FulfillmentState.BACKORDERED, FulfillmentState.ON_HOLD),
        "cancelFulfillment", (FulfillmentState.CANCELLED,), roles(S), effects=(queue_for_stock,),
    ),
    *returning.RULES,
)  # fmt: skip
