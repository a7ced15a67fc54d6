"""The flows that are built: the tables of each order type, by version."""

from typing import Final

from domain.orders.state import Flow
from domain.orders.tables import fulfillment, order, payment
from domain.values.enums import OrderType
from domain.values.faults import DomainFault

PHYSICAL_1: Final = Flow(
    OrderType.PHYSICAL,
    1,
    states=order.STATES + payment.STATES + fulfillment.STATES,
    rules=order.RULES + payment.RULES + fulfillment.RULES,
)

FLOWS: Final = {(flow.order_type, flow.version): flow for flow in (PHYSICAL_1,)}
CURRENT: Final = {OrderType.PHYSICAL: PHYSICAL_1}


def flow_of(order_type: OrderType, version: int) -> Flow:
    """The flow that an order was placed under. Raises DomainFault for one that does not exist."""
    flow = FLOWS.get((order_type, version))
    if flow is None:
        raise DomainFault(f"There is no version {version} of the flow for {order_type} orders.")
    return flow
