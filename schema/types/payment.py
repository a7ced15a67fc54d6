"""Payments and refunds."""

from datetime import datetime
from operator import attrgetter
from typing import Any

import strawberry

from domain.values.enums import MachineKind, PaymentNextActionKind, PaymentState, RefundState
from resolvers.loaded import Load, Rows, loaded
from resolvers.reads.flows import actions_on
from schema.types.body_order import in_body_order
from schema.types.flow import AvailableAction
from schema.types.money import money
from schema.types.node import Node

_version_of = attrgetter("version")


def order_version() -> Any:
    """The version of the order that the parent belongs to."""
    return loaded(
        Load("orders", "order_id", lambda _, order: _version_of(order), (), Rows(None, ("version",))),
        graphql_type=int,
        description="The order's version: what expectedVersion means.",
    )


def actions(machine: MachineKind) -> Any:
    return strawberry.field(
        resolver=actions_on(machine),
        graphql_type=list[AvailableAction],
        description="What the viewer may do with it now.",
    )


@strawberry.type(description="What the buyer must do so that a payment goes on.")
class PaymentNextAction:
    kind: PaymentNextActionKind = strawberry.field(description="What kind of step.")
    url: str | None = strawberry.field(description="Where to go.")
    client_secret: str | None = strawberry.field(description="For the provider's own form.")
    expires_at: datetime | None = strawberry.field(description="Until when.")


@strawberry.type(description="Money on its way back.")
@in_body_order
class Refund(Node):
    order_id: strawberry.ID = strawberry.field(description="Its order.")
    order_version = order_version()
    payment_id: strawberry.ID = strawberry.field(description="The payment it goes back to.")
    status: RefundState = strawberry.field(description="Its state.")
    amount = money("amount_minor", "How much.")
    reason: str | None = strawberry.field(description="Why.")
    after_sale_id: strawberry.ID | None = strawberry.field(description="The after-sale case it settles.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    available_actions = actions(MachineKind.REFUND)


@strawberry.type(description="An attempt to pay an order, whole or in part.")
@in_body_order
class Payment(Node):
    order_id: strawberry.ID = strawberry.field(description="Its order.")
    order_version = order_version()
    status: PaymentState = strawberry.field(description="Its state.")
    method: str = strawberry.field(description="How it is paid.")
    amount = money("amount_minor", "How much was asked for.")
    authorized = money("authorized_minor", "How much was authorized.")
    captured = money("captured_minor", "How much was taken.")
    refunded = money("refunded_minor", "How much was given back.")
    provider_reference: str | None = strawberry.field(description="The provider's reference.")
    external_reference: str | None = strawberry.field(description="The reference of a payment made elsewhere.")
    next_action: PaymentNextAction | None = strawberry.field(description="What the buyer must do so that it goes on.")
    created_at: datetime = strawberry.field(description="When it was started.")
    refunds = loaded(Load("payment_refunds", "id"), graphql_type=list[Refund], description="What went back of it.")
    available_actions = actions(MachineKind.PAYMENT)
