"""Which orders may be erased: those that are over, with nothing under way that would still come back to them. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.orders.model import Order
from domain.orders.state import Flow
from domain.orders.views import AfterSaleView, FulfillmentView, PaymentView, RefundView, ShipmentView
from domain.policies import UnitPolicy
from domain.values.enums import MachineKind

Part = PaymentView | RefundView | FulfillmentView | AfterSaleView | ShipmentView


def reason_to_keep(order: Order, flow: Flow, policy: UnitPolicy, now: datetime) -> str | None:
    """The first that holds, as the end of a sentence; None: the order may go."""
    return next(_reasons(order, flow, policy, now), None)


def ids_of(order: Order) -> tuple[str, ...]:
    """The order, and those of its parts that callers name."""
    parts: tuple[Part, ...] = (
        *order.payments, *order.refunds, *order.fulfillments, *order.after_sales, *order.shipments,
    )  # fmt: skip
    return (order.head.id, *(part.id for part in parts))


def _reasons(order: Order, flow: Flow, policy: UnitPolicy, now: datetime) -> Iterator[str]:
    head = order.head
    state = flow.state(MachineKind.ORDER, head.status)
    if state.window is not None:
        length = timedelta(seconds=getattr(policy.after_sales, state.window))
        end = (head.completed_at or head.placed_at) + length
        if now < end:
            yield f"its units can be claimed until {end:%Y-%m-%d %H:%M} UTC"
    elif not state.is_terminal:
        yield f"it is {head.status}"
    yield from (
        f"its {machine.lower().replace('_', ' ')} {part_id} is {status}"
        for machine, part_id, status in _ending_parts(order)
        if not flow.state(machine, status).is_terminal
    )
    if head.payments_in_flight:
        yield "a payment of it is under way"
    yield from (f"its timer {timer.name} has not run out" for timer in order.timers)


def _ending_parts(order: Order) -> Iterator[tuple[MachineKind, str, str]]:
    """Those that have an end of their own; a payment stays captured for good."""
    yield from ((MachineKind.REFUND, refund.id, refund.status) for refund in order.refunds)
    yield from ((MachineKind.AFTER_SALE, case.id, case.status) for case in order.after_sales)
    yield from (
        (MachineKind.FULFILLMENT, part.id, part.status) for part in order.fulfillments if part.superseded_at is None
    )
