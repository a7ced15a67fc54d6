"""The state machines as data: the tables, and what they allow now."""

from datetime import datetime
from operator import attrgetter

import strawberry

from domain.values.enums import MachineKind, OrderType, Role
from resolvers.loaded import computed
from schema.types.unit import BusinessUnit


@strawberry.type(description="A state of a machine.")
class FlowState:
    name: str = strawberry.field(description="The state.")
    is_initial: bool = strawberry.field(description="Whether something may begin in it.")
    is_terminal: bool = strawberry.field(description="Whether nothing leads out of it.")
    description: str = strawberry.field(description="What it means.")


@strawberry.type(description="A row of a machine's table.")
class FlowTransition:
    from_states: list[str] = strawberry.field(name="from", description="The states it leaves; empty: there was none.")
    action: str = strawberry.field(description="What is done.")
    to_states: list[str] = strawberry.field(name="to", description="The states it may lead to.")
    roles: list[Role] = strawberry.field(description="Who may.")
    guards: list[str] = strawberry.field(description="What must hold.")
    effects: list[str] = strawberry.field(description="What follows.")
    timer: str | None = strawberry.field(description="The timer that does it.")
    mutation: str | None = strawberry.field(description="The mutation that does it; null: the system's own.")


@strawberry.type(description="One state machine of a flow.")
class Machine:
    kind: MachineKind = strawberry.field(description="What it is about.")
    states: list[FlowState] = strawberry.field(description="Its states.")
    transitions: list[FlowTransition] = strawberry.field(description="Its table.")
    mermaid: str = strawberry.field(description="The same as a Mermaid state diagram.")


@strawberry.type(description="The machines that orders of one type run on.")
class OrderFlow:
    key: str = computed(attrgetter("flow.key"), graphql_type=str, description="What it is named by.")
    version: int = computed(
        attrgetter("flow.version"), graphql_type=int, description="An order stays on the version it was placed under."
    )
    order_type: OrderType = computed(
        attrgetter("flow.order_type"), graphql_type=OrderType, description="The type of the orders."
    )
    business_unit: BusinessUnit | None = strawberry.field(
        description="The business unit it was asked for; null: for all of them."
    )
    machines: list[Machine] = strawberry.field(description="The order's machine, and those of its parts.")
    mermaid: str = strawberry.field(description="All of them in one Mermaid state diagram.")


@strawberry.type(description="Why an action cannot be taken now.")
class BlockedReason:
    code: str = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people.")


@strawberry.type(description="What the viewer may do now: the buttons to draw.")
class AvailableAction:
    action: str = strawberry.field(description="The action, as in the flow's table.")
    mutation: str | None = strawberry.field(description="The mutation that takes it.")
    enabled: bool = strawberry.field(description="Whether nothing blocks it.")
    next_state: str | None = strawberry.field(description="Where it leads; null where its outcome decides.")
    blocked_by: list[BlockedReason] = strawberry.field(description="What blocks it.")
    deadline: datetime | None = strawberry.field(description="When a timer takes it away.")


@strawberry.type(description="A deadline of the order or of one of its parts.")
class Timer:
    name: str = strawberry.field(description="Which one.")
    action: str = strawberry.field(description="What the system does then.")
    due_at: datetime = strawberry.field(description="When.")
