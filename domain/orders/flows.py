"""The flows that are built: the tables of each order type, by version."""

from typing import Final

from domain.orders.state import Flow, Rule
from domain.orders.tables import (
    after_sale,
    fulfillment,
    group_buy,
    made_to_order,
    modify,
    order,
    payment,
    presale,
    virtual,
)
from domain.orders.tables import split as splits
from domain.orders.tables.review import review_rules
from domain.orders.tables.variant import Variant
from domain.values.enums import OrderStatus, OrderType
from domain.values.faults import DomainFault

_STATES: Final = order.STATES + payment.STATES + fulfillment.STATES + after_sale.STATES


def _rules(first: OrderStatus) -> tuple[Rule, ...]:
    """`first`: where an order begins that costs something."""
    return (
        order.RULES
        + review_rules(first)
        + payment.RULES
        + fulfillment.RULES
        + splits.RULES
        + after_sale.RULES
        + modify.RULES
    )


def _varied(order_type: OrderType, version: int, variant: Variant) -> Flow:
    states = variant.varied_states(_STATES)
    return Flow(order_type, version, states, variant.varied_rules(_rules(variant.first), states))


PHYSICAL_1: Final = Flow(OrderType.PHYSICAL, 1, _STATES, _rules(OrderStatus.PENDING_PAYMENT))
VIRTUAL_1: Final = _varied(OrderType.VIRTUAL, 1, virtual.VARIANT)
MADE_TO_ORDER_1: Final = _varied(OrderType.MADE_TO_ORDER, 1, made_to_order.VARIANT)
PRESALE_1: Final = _varied(OrderType.PRESALE, 1, presale.VARIANT)
GROUP_BUY_1: Final = _varied(OrderType.GROUP_BUY, 1, group_buy.VARIANT)

_ALL: Final = (PHYSICAL_1, VIRTUAL_1, MADE_TO_ORDER_1, PRESALE_1, GROUP_BUY_1)
FLOWS: Final = {(flow.order_type, flow.version): flow for flow in _ALL}
CURRENT: Final = {flow.order_type: flow for flow in _ALL}
"""Of each order type the flow under which new orders are placed: its last version."""


def flow_of(order_type: OrderType, version: int) -> Flow:
    """The flow that an order was placed under. Raises DomainFault for one that does not exist."""
    flow = FLOWS.get((order_type, version))
    if flow is None:
        raise DomainFault(f"There is no version {version} of the flow for {order_type} orders.")
    return flow
