"""Splitting anew: the rows of the order's and the fulfillment's machine for it."""

from typing import Final

from domain.orders.backorders import queue_for_stock
from domain.orders.guards import nothing_accepted, nothing_cancelled
from domain.orders.parting import SUPERSEDABLE
from domain.orders.state import SAME, Rule
from domain.orders.tables.roles import M, S, roles
from domain.values.enums import FulfillmentState, MachineKind, OrderStatus

RULES: Final = (
    Rule(
        MachineKind.ORDER, (OrderStatus.PAID,), "splitOrder", (SAME,), roles(M, S),
        guards=(nothing_accepted, nothing_cancelled), mutation="splitOrder",
    ),
    Rule(
        MachineKind.FULFILLMENT, tuple(sorted(SUPERSEDABLE)), "supersedeFulfillment", (FulfillmentState.CANCELLED,),
        roles(S), effects=(queue_for_stock,),
    ),
)  # fmt: skip
