"""The machine of the order, for orders of physical goods."""

from typing import Final

from domain.orders.backorders import ask_warehouses
from domain.orders.conditions import (
    all_delivered,
    all_shipped,
    any_accepted,
    fulfilled_in_part,
    money_given_back,
    needs_split,
    owes_again,
    stock_missing,
)
from domain.orders.effects import (
    cancel_units,
    capture_at_confirmation,
    deduct_stock,
    deliver_fulfillments,
    extend_receipt,
    give_money_back,
    hold_fulfillments,
    promise,
    release_claims,
    release_fulfillments,
    split_by_itself,
    stamp_completed,
    stamp_paid,
)
from domain.orders.guards import (
    before_deadline,
    extensions_left,
    no_open_after_sale,
    no_payment_in_flight,
    nothing_shipped,
    something_payable,
)
from domain.orders.paying_time import extend_paying_time
from domain.orders.state import BEFORE, SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables import cancelling, review
from domain.orders.tables.roles import A, B, C, F, M, P, S, V, roles
from domain.values.enums import MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_OPEN_FOR_PAYMENT: Final = (OrderStatus.PENDING_PAYMENT, OrderStatus.PARTIALLY_PAID)
_BEING_WORKED_ON: Final = (OrderStatus.PAID, OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT)
_GOODS_ARE_OUT: Final = (OrderStatus.PARTIALLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
_UNWANTED: Final = (OrderStatus.CANCELLED, OrderStatus.REFUNDING, OrderStatus.REFUND_EXCEPTION)
_ALERTED: Final = (
    OrderStatus.ON_HOLD,
    OrderStatus.CONFIRMED,
    OrderStatus.IN_FULFILLMENT,
    OrderStatus.PARTIALLY_SHIPPED,
)

_PAY_TIMEOUT: Final = TimerRule("payTimeout", "payTimeout", "pay_s")
_PROMISE_ALERT: Final = TimerRule("promiseAlert", "alert", "promise_s")


def _state(name: OrderStatus, description: str, timer: TimerRule | None = None, *, is_terminal: bool = False) -> State:
    return State(_ORDER, name, description, timer, is_terminal)


STATES: Final = (
    *review.STATES,
    _state(OrderStatus.PENDING_PAYMENT, "Placed; its stock is reserved until the payment deadline.", _PAY_TIMEOUT),
    _state(OrderStatus.PARTIALLY_PAID, "A part is secured; the deadline was extended once.", _PAY_TIMEOUT),
    _state(
        OrderStatus.PAID,
        "Everything is captured or authorized; the merchant confirms, or time does.",
        TimerRule("autoConfirm", "autoConfirm", "confirm_s"),
    ),
    _state(
        OrderStatus.EXCEPTION,
        "Before anything shipped an authorization was lost, or could not be captured; it is paid again or refunded.",
        TimerRule("exceptionTimeout", "exceptionTimeout", "exception_s"),
    ),
    _state(
        OrderStatus.ON_HOLD,
        "Stopped by a person; every other deadline rests.",
        TimerRule("holdAlert", "alert", "hold_alert_s"),
    ),
    _state(OrderStatus.CONFIRMED, "Released to the warehouses.", _PROMISE_ALERT),
    _state(OrderStatus.IN_FULFILLMENT, "A warehouse has begun.", _PROMISE_ALERT),
    _state(
        OrderStatus.PARTIALLY_SHIPPED,
        "Some units are on their way.",
        TimerRule("shipmentAlert", "alert", "shipment_alert_s"),
    ),
    _state(
        OrderStatus.SHIPPED,
        "Every unit is on its way.",
        TimerRule("receiptTimeout", "receiptTimeout", "receipt_after_shipment_s"),
    ),
    _state(
        OrderStatus.DELIVERED,
        "Every parcel has arrived.",
        TimerRule("receiptTimeout", "receiptTimeout", "receipt_after_delivery_s"),
    ),
    _state(
        OrderStatus.RECEIVED,
        "The buyer has it, or did not say otherwise in time.",
        TimerRule("completion", "completion", "completion_s"),
    ),
    State(
        _ORDER,
        OrderStatus.COMPLETED,
        "Done; units can be claimed until the after-sale window is over, and then it is terminal.",
        window="window_s",
    ),
    _state(
        OrderStatus.REFUNDING,
        "The money is on its way back.",
        TimerRule("refundAlert", "alert", "refund_alert_s"),
    ),
    _state(OrderStatus.CANCELLED, "Off; whatever was taken is given back.", is_terminal=True),
    *cancelling.STATES,
)

RULES: Final = (
    Rule(
        _ORDER, (None,), "placeOrder",
        (OrderStatus.PENDING_PAYMENT, OrderStatus.PAID, OrderStatus.PENDING_REVIEW), roles(B, P, M, C),
        effects=(stamp_paid, deduct_stock), mutation="placeOrder",
    ),
    Rule(
        _ORDER, (None,), "importOrders", tuple(state.name for state in STATES), roles(A, P, M), mutation="importOrders",
    ),
    Rule(
        _ORDER, _OPEN_FOR_PAYMENT, "cancelOrder", (OrderStatus.CANCELLED,), roles(B, P, C, M),
        guards=(no_payment_in_flight,), effects=(cancel_units, release_claims, give_money_back), mutation="cancelOrder",
    ),
    Rule(
        _ORDER, _OPEN_FOR_PAYMENT, "payTimeout", (OrderStatus.CANCELLED,), roles(S),
        guards=(no_payment_in_flight,), effects=(cancel_units, release_claims, give_money_back),
    ),
    Rule(
        _ORDER, _OPEN_FOR_PAYMENT, "payOrder", (OrderStatus.PARTIALLY_PAID, OrderStatus.PAID), roles(B, P, F, V),
        guards=(something_payable,), effects=(stamp_paid, deduct_stock, extend_paying_time), clocks=Clocks.KEEP,
        mutation="payOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.EXCEPTION,), "payOrder", (SAME, BEFORE), roles(B, P, F, V),
        guards=(something_payable,), clocks=Clocks.RESUME, mutation="payOrder",
    ),
    Rule(
        _ORDER, _GOODS_ARE_OUT, "payOrder", (SAME,), roles(B, P, F, V),
        guards=(something_payable,), mutation="payOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.PARTIALLY_PAID,), "authorizationLost", (OrderStatus.PENDING_PAYMENT, SAME), roles(S, V),
        clocks=Clocks.KEEP,
    ),
    Rule(
        _ORDER, _BEING_WORKED_ON, "authorizationLost", (OrderStatus.EXCEPTION,), roles(S, V), clocks=Clocks.REST,
        when=owes_again,
    ),
    Rule(_ORDER, _GOODS_ARE_OUT, "authorizationLost", (SAME,), roles(S, V)),
    Rule(
        _ORDER, (OrderStatus.REFUNDING,), "refundAll", (OrderStatus.CANCELLED,), roles(S), when=money_given_back,
    ),
    Rule(
        _ORDER, _UNWANTED, "latePayment", (SAME,), roles(V, S),
        effects=(give_money_back,),
    ),
    Rule(
        _ORDER, (OrderStatus.PAID,), "stockShort", (OrderStatus.EXCEPTION,), roles(S), when=stock_missing, clocks=Clocks.REST,
    ),
    Rule(_ORDER, (OrderStatus.PAID,), "split", (SAME,), roles(S), effects=(split_by_itself,), when=needs_split),
    Rule(
        _ORDER, (OrderStatus.PAID,), "confirmOrder", (OrderStatus.CONFIRMED,), roles(M),
        effects=(promise, ask_warehouses, capture_at_confirmation), mutation="confirmOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.PAID,), "autoConfirm", (OrderStatus.CONFIRMED,), roles(S),
        effects=(promise, ask_warehouses, capture_at_confirmation),
    ),
    Rule(
        _ORDER, (OrderStatus.PAID, OrderStatus.CONFIRMED), "holdOrder", (OrderStatus.ON_HOLD,), roles(M, C),
        guards=(nothing_shipped,), effects=(hold_fulfillments,), clocks=Clocks.REST, mutation="holdOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.ON_HOLD,), "releaseOrder", (BEFORE,), roles(M, C),
        effects=(release_fulfillments,), clocks=Clocks.RESUME, mutation="releaseOrder",
    ),
    Rule(_ORDER, _ALERTED, "alert", (SAME,), roles(S)),
    Rule(_ORDER, (OrderStatus.REFUNDING,), "alert", (SAME,), roles(S)),
    Rule(
        _ORDER, (OrderStatus.CONFIRMED,), "startFulfillment", (OrderStatus.IN_FULFILLMENT,), roles(S), when=any_accepted,
        clocks=Clocks.KEEP,
    ),
    Rule(
        _ORDER, (OrderStatus.IN_FULFILLMENT,), "shipPart", (OrderStatus.PARTIALLY_SHIPPED,), roles(S),
        when=fulfilled_in_part,
    ),
    Rule(
        _ORDER, (OrderStatus.IN_FULFILLMENT, OrderStatus.PARTIALLY_SHIPPED), "shipAll", (OrderStatus.SHIPPED,), roles(S),
        when=all_shipped,
    ),
    Rule(
        _ORDER, (OrderStatus.SHIPPED,), "deliverAll", (OrderStatus.DELIVERED,), roles(S), when=all_delivered,
    ),
    Rule(
        _ORDER, (OrderStatus.SHIPPED, OrderStatus.DELIVERED), "confirmReceipt", (OrderStatus.RECEIVED,), roles(B, P, C),
        guards=(no_open_after_sale,), effects=(deliver_fulfillments,), mutation="confirmReceipt",
    ),
    Rule(
        _ORDER, (OrderStatus.SHIPPED, OrderStatus.DELIVERED), "receiptTimeout", (OrderStatus.RECEIVED,), roles(S),
        guards=(no_open_after_sale,), effects=(deliver_fulfillments,),
    ),
    Rule(
        _ORDER, (OrderStatus.SHIPPED, OrderStatus.DELIVERED), "extendReceipt", (SAME,), roles(B, C),
        guards=(before_deadline, extensions_left), effects=(extend_receipt,), mutation="extendReceipt",
    ),
    Rule(
        _ORDER, (OrderStatus.RECEIVED,), "completeOrder", (OrderStatus.COMPLETED,), roles(M),
        guards=(no_open_after_sale,), effects=(stamp_completed,), mutation="completeOrder",
    ),
    Rule(
        _ORDER, (OrderStatus.RECEIVED,), "completion", (OrderStatus.COMPLETED,), roles(S),
        guards=(no_open_after_sale,), effects=(stamp_completed,),
    ),
    *cancelling.RULES,
)  # fmt: skip
