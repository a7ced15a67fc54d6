"""Modifying: the rows of the order's and the fulfillment's machine for changing what was ordered, before and after it is paid."""

from typing import Final

from domain.orders.backorders import queue_for_stock
from domain.orders.conditions import difference_is_paid, modification_is_over
from domain.orders.effects import deduct_stock, stamp_paid
from domain.orders.guards import no_payment_in_flight, something_payable
from domain.orders.modifying import TIMEOUT, apply_modification, drop_modification
from domain.orders.state import SAME, Rule
from domain.orders.tables.roles import B, C, F, M, P, S, V, roles
from domain.values.enums import FulfillmentState, MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
DIFFERENCE: Final = ("applyModification", "dropModification", TIMEOUT)
"""What becomes of a modification that waits for its difference."""
_PAID: Final = (OrderStatus.PAID, OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT)
_WAITS: Final = (*_PAID, OrderStatus.ON_HOLD, OrderStatus.EXCEPTION)

RULES: Final = (
    Rule(
        _ORDER, (OrderStatus.PENDING_PAYMENT, OrderStatus.PARTIALLY_PAID), "modifyOrder", (SAME, OrderStatus.PAID),
        roles(B, P, C, M), effects=(stamp_paid, deduct_stock), mutation="modifyOrder",
    ),
    Rule(_ORDER, _PAID, "modifyOrder", (SAME,), roles(B, P, C, M), mutation="modifyOrder"),
    Rule(
        _ORDER, _PAID, "payOrder", (SAME,), roles(B, P, F, V), guards=(something_payable,), mutation="payOrder",
    ),
    Rule(
        _ORDER, (*_WAITS, OrderStatus.REFUNDING, OrderStatus.CANCELLED), "dropModification", (SAME,), roles(S),
        effects=(drop_modification,), when=modification_is_over,
    ),
    Rule(
        _ORDER, _PAID, "applyModification", (SAME,), roles(S), effects=(apply_modification,), when=difference_is_paid,
    ),
    Rule(
        _ORDER, _WAITS, TIMEOUT, (SAME,), roles(S), guards=(no_payment_in_flight,), effects=(drop_modification,),
    ),
    Rule(
        MachineKind.FULFILLMENT, (FulfillmentState.ACCEPTED,), "supersedeFulfillment", (FulfillmentState.CANCELLED,),
        roles(S), effects=(queue_for_stock,),
    ),
)  # fmt: skip
