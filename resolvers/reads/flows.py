"""Reading the state machines, as tables and as what they allow now."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import Parent

from domain.orders.available import AvailableAction, available_actions
from domain.orders.diagram import Machine, machines_of, mermaid_of
from domain.orders.flows import CURRENT, flow_of
from domain.orders.model import Subject
from domain.orders.state import Facts, Flow, deadline_of
from domain.orders.views import OrderView, TimerView
from domain.policies import UnitPolicy
from domain.values.enums import MachineKind, OrderType
from resolvers.absent import given
from resolvers.context import Info, RequestContext
from resolvers.reads.units import FormerUnit, business_unit_of

IncludeBlocked = Annotated[
    bool, strawberry.argument(description="Also those that are blocked now, with what blocks them.")
]


@dataclass(frozen=True, slots=True)
class FlowView:
    """A flow, asked for on its own or for one business unit: its tables are the same for all of them."""

    flow: Flow
    business_unit: UnitPolicy | FormerUnit | None = None

    @property
    def machines(self) -> tuple[Machine, ...]:
        return machines_of(self.flow)

    @property
    def mermaid(self) -> str:
        return mermaid_of(self.flow)


def order_flow(
    info: Info,
    order_type: Annotated[OrderType, strawberry.argument(description="The type of the orders.")],
    business_unit: Annotated[
        str | None, strawberry.argument(description="The code of the business unit; null for an unknown one.")
    ] = strawberry.UNSET,
) -> FlowView | None:
    flow, code = CURRENT.get(order_type), given(business_unit)
    unit = None if code is None else info.context.ports.policies.unit(code)
    if flow is None or (code is not None and unit is None):
        return None
    return FlowView(flow, unit)


def order_flows() -> tuple[FlowView, ...]:
    return tuple(FlowView(flow) for flow in CURRENT.values())


def flow_of_order(order: OrderView, context: RequestContext) -> FlowView:
    return FlowView(flow_of(order.order_type, order.flow_version), business_unit_of(order, context))


def running(_order: OrderView, timers: Iterable[TimerView]) -> tuple[TimerView, ...]:
    """Those that do not rest, the next one first."""
    due = ((timer.due_at, timer) for timer in timers if timer.due_at is not None)
    return tuple(timer for _, timer in sorted(due, key=lambda pair: (pair[0], pair[1].name, pair[1].subject_id)))


async def actions_on_order(
    parent: Parent[OrderView], info: Info, include_blocked: IncludeBlocked = False
) -> tuple[AvailableAction, ...]:
    timers = await info.context.loaders.load("order_timers", parent.id)
    return _actions(info.context, MachineKind.ORDER, parent, parent, timers, include_blocked=include_blocked)


def actions_on(machine: MachineKind) -> Callable[..., Awaitable[tuple[AvailableAction, ...]]]:
    """The resolver for a payment, a refund or a fulfillment."""

    async def resolve(
        parent: Parent[Any], info: Info, include_blocked: IncludeBlocked = False
    ) -> tuple[AvailableAction, ...]:
        loaders, order_id = info.context.loaders, parent.order_id
        head, timers = await asyncio.gather(loaders.load("orders", order_id), loaders.load("order_timers", order_id))
        return _actions(info.context, machine, head, parent, timers, include_blocked=include_blocked)

    return resolve


def _actions(
    context: RequestContext,
    machine: MachineKind,
    head: OrderView,
    subject: Subject,
    timers: tuple[TimerView, ...],
    *,
    include_blocked: bool,
) -> tuple[AvailableAction, ...]:
    """None where the unit has no policy any more: the handlers would not act on it either."""
    policy, actor = context.ports.policies.unit(head.business_unit), context.viewer.actor
    if policy is None:
        return ()
    flow = flow_of(head.order_type, head.flow_version)
    facts = Facts(head, subject, actor, policy, context.ports.clock.now(), deadline_of(timers, subject.id))
    return available_actions(flow, machine, facts, timers, include_blocked=include_blocked)
