"""After-sale cases."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.values.enums import AfterSaleKind, AfterSaleState, MachineKind
from resolvers.loaded import Load, Rows, loaded
from resolvers.reads.after_sales import deadline_of_case, history_of_case
from schema.types.body_order import in_body_order
from schema.types.connection import cursor, edges, nodes, page_info, total_count
from schema.types.fulfillment import Fulfillment, Shipment
from schema.types.history import TransitionConnection
from schema.types.money import money
from schema.types.node import Node
from schema.types.order_line import OrderLine
from schema.types.payment import Refund, actions, order_version
from schema.types.refund_quote import RefundQuote


@strawberry.type(description="Units of one order line in a case.")
@in_body_order
class AfterSaleLine:
    line = loaded(Load("lines", "line_id"), graphql_type=OrderLine, description="The order line.")
    quantity: int = strawberry.field(description="How many units.")
    received: int = strawberry.field(description="Of them: came back.")
    accepted: int = strawberry.field(description="Of these: can be sold again.")
    damaged: int = strawberry.field(description="Of these: cannot.")


@strawberry.type(description="A case that a buyer opened about units of an order.")
@in_body_order
class AfterSale(Node):
    order_version = order_version()
    number: str = strawberry.field(description="The order's number and its own.")
    kind: AfterSaleKind = strawberry.field(description="What the buyer wants.")
    status: AfterSaleState = strawberry.field(description="Its state.")
    order = loaded(
        Load("orders", "order_id"),
        graphql_type=Annotated["Order", strawberry.lazy("schema.types.order")],  # noqa: F821
        description="The order it is about.",
    )
    reason: str = strawberry.field(description="Why.")
    attachments: list[str] = strawberry.field(description="Addresses of pictures and papers.")
    lines = loaded(
        Load("after_sale_lines", "id"), graphql_type=list[AfterSaleLine], description="The units it is about."
    )
    amount = money("amount_minor", "What was agreed to; null: nothing yet, or an exchange.", is_nullable=True)
    quote: RefundQuote = strawberry.field(
        description="What its units were worth at the request: the most that can be agreed to."
    )
    refunds = loaded(Load("after_sale_refunds", "id"), graphql_type=list[Refund], description="What goes back for it.")
    return_shipment = loaded(
        Load("shipments", "return_shipment_id"),
        graphql_type=Shipment | None,
        description="The parcel that comes back.",
    )
    replacement = loaded(
        Load("fulfillments", "replacement_id"),
        graphql_type=Fulfillment | None,
        description="What is sent for what came back.",
    )
    deadline = loaded(
        Load("order_timers", "order_id", deadline_of_case, ("id",), Rows(None, ("due_at", "subject_id"))),
        graphql_type=datetime | None,
        description="When time takes the next step with it, or tells a person.",
    )
    created_at: datetime = strawberry.field(description="When it was opened.")
    available_actions = actions(MachineKind.AFTER_SALE)
    history = strawberry.field(
        resolver=history_of_case, graphql_type=TransitionConnection, description="Each of its own steps."
    )


@strawberry.type(description="An after-sale case in a list.")
class AfterSaleEdge:
    node: AfterSale = strawberry.field(description="The case.")
    cursor: str = cursor()


@strawberry.type(description="A page of after-sale cases, the newest first.")
class AfterSaleConnection:
    edges = edges("after_sale_pages", AfterSaleEdge)
    nodes = nodes("after_sale_pages", AfterSale)
    page_info = page_info("after_sale_pages")
    total_count = total_count("after_sale_counts")
