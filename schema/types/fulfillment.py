"""Fulfillments and parcels."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from domain.values.enums import FulfillmentKind, FulfillmentState, MachineKind, SplitDimension, TrackingStatus
from resolvers.loaded import Load, computed, loaded
from resolvers.reads.fulfillments import parcel_lines
from schema.types.body_order import in_body_order
from schema.types.connection import cursor, edges, nodes, page_info, total_count
from schema.types.money import money
from schema.types.node import Node
from schema.types.order_line import OrderLine, Seller, seller_of
from schema.types.payment import actions, order_version
from schema.types.stock import Warehouse


@strawberry.type(description="Why units are in this fulfillment and not in another.")
class SplitReason:
    dimension: SplitDimension = strawberry.field(description="By what it was split.")
    value: str = strawberry.field(description="What all of its units share.")


@strawberry.type(description="Units of one order line in a fulfillment or a parcel.")
@in_body_order
class FulfillmentLine:
    line = loaded(Load("lines", "line_id"), graphql_type=OrderLine, description="The order line.")
    sku: str = strawberry.field(description="Its SKU.")
    options: JSON = strawberry.field(description="What was chosen: a JSON object.")
    quantity: int = strawberry.field(description="How many units.")
    shipped_quantity: int = strawberry.field(description="Of them: sent.")
    cancelled_quantity: int = strawberry.field(description="Of them: cancelled.")
    returned_quantity: int = strawberry.field(description="Of them: returned.")


@strawberry.type(description="What a carrier said of a parcel.")
class Checkpoint:
    at: datetime = strawberry.field(description="When it happened.")
    status: TrackingStatus = strawberry.field(description="What happened.")
    location: str | None = strawberry.field(description="Where.")
    message: str | None = strawberry.field(description="The carrier's words.")


@strawberry.type(description="A parcel.")
@in_body_order
class Shipment(Node):
    carrier: str | None = strawberry.field(description="Who carries it.")
    tracking_number: str | None = strawberry.field(description="The carrier's number.")
    lines = loaded(
        Load("fulfillment_lines", "packed_with", parcel_lines),
        graphql_type=list[FulfillmentLine],
        description="What is in it; quantities are of this parcel.",
    )
    shipped_at: datetime = strawberry.field(description="When it left.")
    delivered_at: datetime | None = strawberry.field(description="When it arrived.")
    checkpoints = loaded(
        Load("shipment_checkpoints", "id"),
        graphql_type=list[Checkpoint],
        description="What the carrier said of it, by when it happened.",
    )


@strawberry.type(description="A sub-order: what one warehouse, seller or delivery mode sends.")
@in_body_order
class Fulfillment(Node):
    order_id: strawberry.ID = strawberry.field(description="Its order.")
    order = loaded(
        Load("orders", "order_id"),
        graphql_type=Annotated["Order", strawberry.lazy("schema.types.order")],  # noqa: F821
        description="Its order.",
    )
    order_version = order_version()
    number: str = strawberry.field(description="The order's number and its own.")
    kind: FulfillmentKind = strawberry.field(description="Why it exists.")
    status: FulfillmentState = strawberry.field(description="Its state.")
    warehouse = loaded(
        Load("warehouses", "warehouse"), graphql_type=Warehouse | None, description="The warehouse that sends it."
    )
    seller = computed(
        seller_of,
        graphql_type=Seller | None,
        description="The seller whose goods they are.",
        reads=("seller_id", "seller_name"),
    )
    split_by: list[SplitReason] = strawberry.field(description="Why it is what it is.")
    lines = loaded(
        Load("fulfillment_lines", "id"), graphql_type=list[FulfillmentLine], description="The units that it sends."
    )
    subtotal = money("subtotal_minor", "Its units at their prices.")
    discount_share = money("discount_minor", "Its share of the discounts.")
    shipping_share = money("shipping_minor", "Its share of the shipping.")
    tax_share = money("tax_minor", "Its share of the tax.")
    total = money("total_minor", "Its share of the order's total.")
    promised_at: datetime | None = strawberry.field(description="By when it was promised to leave.")
    shipments = loaded(Load("fulfillment_shipments", "id"), graphql_type=list[Shipment], description="Its parcels.")
    available_actions = actions(MachineKind.FULFILLMENT)


@strawberry.type(description="A fulfillment in a list.")
class FulfillmentEdge:
    node: Fulfillment = strawberry.field(description="The fulfillment.")
    cursor: str = cursor()


@strawberry.type(description="A page of fulfillments, the newest first.")
class FulfillmentConnection:
    edges = edges("fulfillment_pages", FulfillmentEdge)
    nodes = nodes("fulfillment_pages", Fulfillment)
    page_info = page_info("fulfillment_pages")
    total_count = total_count("fulfillment_counts")
