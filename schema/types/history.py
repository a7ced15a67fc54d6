"""The history of an order: each step of each of its machines."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from domain.values.enums import ActorKind, MachineKind
from resolvers.loaded import computed
from schema.types.body_order import in_body_order
from schema.types.connection import cursor, edges, nodes, page_info


@strawberry.type(description="Who did something.")
class Actor:
    actor_kind: ActorKind = strawberry.field(name="kind", description="What kind of actor.")
    actor_id: str = strawberry.field(name="id", description="Which one.")
    actor_name: str | None = strawberry.field(name="name", description="What it is called.")


@strawberry.type(description="One step of one machine.")
@in_body_order
class Transition:
    sequence: int = strawberry.field(description="The order's version that it made: gapless from 1.")
    machine: MachineKind = strawberry.field(description="The machine that took it.")
    subject_id: strawberry.ID = strawberry.field(description="What it is about: the order, a payment, …")
    from_state: str | None = strawberry.field(name="from", description="The state before; null: it did not exist.")
    to_state: str = strawberry.field(name="to", description="The state after.")
    action: str = strawberry.field(description="What was done.")
    actor = computed(
        lambda step: step, graphql_type=Actor, description="Who did it.", reads=("actor_kind", "actor_id", "actor_name")
    )
    at: datetime = strawberry.field(description="When.")
    note: str | None = strawberry.field(description="What the actor noted.")
    details: JSON = strawberry.field(description="What else there is to know: a JSON object.")


@strawberry.type(description="A step in a list.")
class TransitionEdge:
    node: Transition = strawberry.field(description="The step.")
    cursor: str = cursor()


@strawberry.type(description="A page of steps, the first one first.")
class TransitionConnection:
    edges = edges("histories", TransitionEdge)
    nodes = nodes("histories", Transition)
    page_info = page_info("histories")
