"""Orders: the snapshot of what was agreed, its state, and what hangs on it."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from domain.values.enums import (
    AfterSaleStatus,
    DiscountFunder,
    DiscountKind,
    FulfillmentStatus,
    GroupStatus,
    InstallmentKind,
    OrderStatus,
    OrderType,
    PaymentStatus,
)
from domain.values.ids import IdKind
from resolvers.context import Info
from resolvers.loaded import Load, Rows, computed, contextual, loaded
from resolvers.reads.flows import actions_on_order, flow_of_order, running
from resolvers.reads.nodes import referred
from resolvers.reads.orders import history_of_order
from resolvers.reads.units import business_unit_of, channel_of
from schema.types.after_sale import AfterSale
from schema.types.body_order import in_body_order
from schema.types.connection import cursor, edges, nodes, page_info, total_count
from schema.types.flow import AvailableAction, OrderFlow, Timer
from schema.types.fulfillment import Fulfillment
from schema.types.history import TransitionConnection
from schema.types.member import Member
from schema.types.money import money
from schema.types.node import Node
from schema.types.order_line import OrderLine
from schema.types.payment import Payment
from schema.types.unit import BusinessUnit, Channel


@strawberry.type(description="The buyer, as at placement.")
class MemberSnapshot:
    member_id: strawberry.ID = strawberry.field(name="id", description="The member's id.")
    buyer_name: str | None = strawberry.field(name="name", description="The member's name then.")
    buyer_level: str | None = strawberry.field(name="level", description="The member's level then.")


@strawberry.type(description="Where it is sent. What is masked or erased is null.")
class Address:
    recipient: str | None = strawberry.field(description="Who receives it.")
    phone: str | None = strawberry.field(description="For the carrier.")
    country: str | None = strawberry.field(description="ISO 3166 code of two letters.")
    region: str | None = strawberry.field(description="State or province.")
    city: str | None = strawberry.field(description="City.")
    line1: str | None = strawberry.field(description="Street and number.")
    line2: str | None = strawberry.field(description="Floor, company, …")
    postal_code: str | None = strawberry.field(description="Postal code.")


@strawberry.type(description="A row of the discounts' ledger.")
@in_body_order
class Discount:
    kind: DiscountKind = strawberry.field(description="Where it comes from.")
    code: str | None = strawberry.field(description="The coupon's or promotion's code.")
    name: str = strawberry.field(description="What it is called.")
    amount = money("amount_minor", "How much it takes off.")
    funder: DiscountFunder = strawberry.field(description="Who pays for it.")
    line_id: strawberry.ID | None = strawberry.field(description="The line it is off; null: the whole order.")


@strawberry.type(description="A part of the total that is due at a time of its own.")
@in_body_order
class Installment:
    kind: InstallmentKind = strawberry.field(description="Which part.")
    amount = money("amount_minor", "How much it is.")
    paid = money("paid_minor", "How much of it is secured.")
    opens_at: datetime | None = strawberry.field(description="From when it can be paid.")
    due_at: datetime | None = strawberry.field(description="Until when it must be paid.")


@strawberry.type(description="Members who buy together: it goes ahead when every seat is taken and paid, in time.")
@in_body_order
class GroupBuy(Node):
    size: int = strawberry.field(description="How many seats it has.")
    joined: int = strawberry.field(description="How many of them are taken.")
    status: GroupStatus = strawberry.field(description="Where it stands.")
    deadline: datetime = strawberry.field(description="Until when it may form.")


@strawberry.federation.type(keys=["id"], description="An order, with all that hangs on it.")
@in_body_order
class Order(Node):
    number: str = strawberry.field(description="What people call it by.")
    external_number: str | None = strawberry.field(description="Its number in the channel's own system.")
    business_unit = contextual(
        business_unit_of,
        graphql_type=BusinessUnit,
        description="The business unit that sells.",
        reads=("business_unit",),
    )
    channel = contextual(
        channel_of,
        graphql_type=Channel,
        description="The channel it came through.",
        reads=("channel", "channel_kind"),
    )
    order_type: OrderType = strawberry.field(description="What kind of order it is.")
    status: OrderStatus = strawberry.field(description="Where it stands.")
    payment_status: PaymentStatus = strawberry.field(description="How far it is paid.")
    fulfillment_status: FulfillmentStatus = strawberry.field(description="How far it is sent.")
    after_sale_status: AfterSaleStatus = strawberry.field(description="Whether after-sale cases are open.")
    version: int = strawberry.field(description="Of the whole order with all its machines; each step makes the next.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    paid_at: datetime | None = strawberry.field(description="When everything was secured.")
    completed_at: datetime | None = strawberry.field(description="When it was completed.")
    cancelled_at: datetime | None = strawberry.field(description="When it was cancelled.")
    member_id: strawberry.ID = strawberry.field(description="The member who buys.")
    buyer = computed(
        lambda order: order,
        graphql_type=MemberSnapshot,
        description="The buyer, as at placement.",
        reads=("member_id", "buyer_name", "buyer_level"),
    )
    member = loaded(
        Load("members", "member_id"),
        graphql_type=Member | None,
        description="The buyer, as the member service knows it now.",
    )
    lines = loaded(Load("order_lines", "id"), graphql_type=list[OrderLine], description="What was ordered.")
    line_count: int = strawberry.field(description="How many lines it has.")
    subtotal = money("subtotal_minor", "Its units at their prices.")
    discount_total = money("discount_minor", "What was taken off.")
    shipping_total = money("shipping_minor", "The shipping.")
    tax_total = money("tax_minor", "The tax.")
    total = money("total_minor", "subtotal − discountTotal + shippingTotal + taxTotal.")
    paid_total = money(
        "paid_minor", "What was captured less what was given back.", reads=("captured_minor", "refunded_minor")
    )
    refunded_total = money("refunded_minor", "What was given back.")
    cancelled_total = money("cancelled_minor", "What of the total was cancelled.")
    due_total = money(
        "due_minor",
        "What is neither captured nor authorized yet.",
        reads=("status", "is_imported", "total_minor", "cancelled_minor", "captured_minor", "authorized_minor"),
    )
    import_difference = money(
        "import_difference_minor", "What a legacy order's payments differ from its total by.", is_nullable=True
    )
    discounts = loaded(Load("order_discounts", "id"), graphql_type=list[Discount], description="The discounts' ledger.")
    shipping_address: Address | None = strawberry.field(description="Where it is sent.")
    shipping_method: str | None = strawberry.field(description="How it is sent.")
    note: str | None = strawberry.field(description="A note for those who work on it.")
    attributes: JSON = strawberry.field(description="What the caller wanted kept with it: a JSON object.")
    installments = loaded(
        Load("order_installments", "id"),
        graphql_type=list[Installment],
        description="When which part of the total is due.",
    )
    group = loaded(
        Load("groups", "group_id"), graphql_type=GroupBuy | None, description="GROUP_BUY: the group that it belongs to."
    )
    payments = loaded(Load("order_payments", "id"), graphql_type=list[Payment], description="The attempts to pay it.")
    fulfillments = loaded(
        Load("order_fulfillments", "id"), graphql_type=list[Fulfillment], description="Who sends which part of it."
    )
    after_sales = loaded(
        Load("order_after_sales", "id"),
        graphql_type=list[AfterSale],
        description="The cases that were opened about it.",
    )
    available_actions = strawberry.field(
        resolver=actions_on_order,
        graphql_type=list[AvailableAction],
        description="What the viewer may do with it now.",
    )
    history = strawberry.field(
        resolver=history_of_order, graphql_type=TransitionConnection, description="Each step that made it what it is."
    )
    timers = loaded(
        Load("order_timers", "id", running, (), Rows(also=("due_at", "name", "subject_id"))),
        graphql_type=list[Timer],
        description="Its deadlines, the next one first.",
    )
    flow = contextual(
        flow_of_order,
        graphql_type=OrderFlow,
        description="The machines that it runs on.",
        reads=("order_type", "flow_version", "business_unit"),
    )

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID | None = None, **_: Any) -> Any:  # noqa: A002  the key's name
        return referred(info.context, id, IdKind.ORDER)


@strawberry.type(description="How many orders have one value.")
class FacetCount:
    value: str = strawberry.field(description="The value.")
    count: int = strawberry.field(description="How many have it.")


@strawberry.type(description="The orders of a list by what they have in common; each facet's largest first.")
class OrderFacets:
    status: list[FacetCount] = strawberry.field(description="By status.")
    payment_status: list[FacetCount] = strawberry.field(description="By payment status.")
    fulfillment_status: list[FacetCount] = strawberry.field(description="By fulfillment status.")
    channel: list[FacetCount] = strawberry.field(description="By the channel's code.")
    business_unit: list[FacetCount] = strawberry.field(description="By the business unit's code.")


@strawberry.type(description="An order in a list.")
class OrderEdge:
    node: Order = strawberry.field(description="The order.")
    cursor: str = cursor()


@strawberry.type(description="A page of orders.")
class OrderConnection:
    edges = edges("order_pages", OrderEdge)
    nodes = nodes("order_pages", Order)
    page_info = page_info("order_pages")
    total_count = total_count("order_counts")
    facets = loaded(
        Load("order_facets", "counted"),
        graphql_type=OrderFacets,
        description="The whole list by facets; counted when selected.",
    )
