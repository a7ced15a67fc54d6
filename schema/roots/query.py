"""What can be read."""

import strawberry

from resolvers.actions.quote_order import quote_order
from resolvers.actions.quote_refund import quote_refund
from resolvers.actions.split_order import preview_split
from resolvers.reads import after_sales as read_after_sales
from resolvers.reads import analytics as read_analytics
from resolvers.reads import changes as read_changes
from resolvers.reads import exports as read_exports
from resolvers.reads import flows as read_flows
from resolvers.reads import fulfillments as read_fulfillments
from resolvers.reads import members as read_members
from resolvers.reads import nodes as read_nodes
from resolvers.reads import orders as read_orders
from resolvers.reads import products as read_products
from resolvers.reads import simulation as read_simulation
from resolvers.reads import units as read_units
from schema.types.access import Viewer
from schema.types.after_sale import AfterSale, AfterSaleConnection
from schema.types.analytics import AnalyticsCatalog, AnalyticsTable
from schema.types.change import OrderChangeFeed
from schema.types.export import ExportJob, ExportJobConnection
from schema.types.flow import OrderFlow
from schema.types.fulfillment import FulfillmentConnection
from schema.types.member import Member, MemberConnection
from schema.types.node import Node
from schema.types.order import Order, OrderConnection
from schema.types.product import Product, ProductConnection
from schema.types.result import QuoteOrderResult, QuoteRefundResult
from schema.types.simulation import Simulation
from schema.types.split import SplitPlan
from schema.types.stock import Stock
from schema.types.unit import BusinessUnit, Channel


@strawberry.type(description="What can be read.")
class Query:
    node = strawberry.field(
        resolver=read_nodes.node,
        graphql_type=Node | None,
        description="Any object by its id; null: unknown to the viewer.",
    )
    nodes = strawberry.field(
        resolver=read_nodes.nodes, graphql_type=list[Node | None], description="The same for many ids, by position."
    )
    viewer = strawberry.field(resolver=read_nodes.viewer, graphql_type=Viewer, description="Who is asking.")
    order = strawberry.field(
        resolver=read_orders.order,
        graphql_type=Order | None,
        description="One order by what it is known by; null: unknown to the viewer.",
    )
    orders = strawberry.field(
        resolver=read_orders.orders, graphql_type=OrderConnection, description="The orders that the viewer may see."
    )
    product = strawberry.field(
        resolver=read_products.product, graphql_type=Product | None, description="One product; null: unknown."
    )
    products = strawberry.field(
        resolver=read_products.products,
        graphql_type=ProductConnection | None,
        description="The product service's list.",
    )
    member = strawberry.field(
        resolver=read_members.member, graphql_type=Member | None, description="One member; null: unknown to the viewer."
    )
    members = strawberry.field(
        resolver=read_members.members,
        graphql_type=MemberConnection | None,
        description="The members that the viewer may see, from the member service.",
    )
    stock = strawberry.field(
        resolver=read_products.stock,
        graphql_type=list[Stock | None] | None,
        description="The stock of some SKUs, by position; null: unknown SKU.",
    )
    fulfillments = strawberry.field(
        resolver=read_fulfillments.fulfillments,
        graphql_type=FulfillmentConnection,
        description="The fulfillments of the orders that the viewer may see.",
    )
    after_sale = strawberry.field(
        resolver=read_after_sales.after_sale,
        graphql_type=AfterSale | None,
        description="One after-sale case by its id; null: unknown to the viewer.",
    )
    after_sales = strawberry.field(
        resolver=read_after_sales.after_sales,
        graphql_type=AfterSaleConnection,
        description="The after-sale cases of the orders that the viewer may see.",
    )
    order_changes = strawberry.field(
        resolver=read_changes.order_changes,
        graphql_type=OrderChangeFeed,
        description="The change feed: every version of every order that the viewer may see, each once, gap-free. For analysts,"
        " merchants, finance, partners (their channels' orders) and buyers (their own).",
    )
    business_units = strawberry.field(
        resolver=read_units.business_units,
        graphql_type=list[BusinessUnit],
        description="The business units that the viewer works for.",
    )
    channels = strawberry.field(
        resolver=read_units.channels, graphql_type=list[Channel], description="The channels that the viewer speaks for."
    )
    quote_order = strawberry.field(
        resolver=quote_order, graphql_type=QuoteOrderResult, description="What an order would cost now. Writes nothing."
    )
    preview_split = strawberry.field(
        resolver=preview_split,
        graphql_type=SplitPlan | None,
        description="How an order would be split, and why each part is what it is; null: unknown to the viewer.",
    )
    quote_refund = strawberry.field(
        resolver=quote_refund,
        graphql_type=QuoteRefundResult,
        description="What giving units of an order back would bring now. Writes nothing.",
    )
    simulate_actions = strawberry.field(
        resolver=read_simulation.simulate_actions,
        graphql_type=Simulation | None,
        description="What a chain of actions would lead to, for the viewer and now; null: no such order. Writes nothing.",
    )
    order_flow = strawberry.field(
        resolver=read_flows.order_flow,
        graphql_type=OrderFlow | None,
        description="The machines that orders of a type run on; null for a type that is not offered.",
    )
    order_flows = strawberry.field(
        resolver=read_flows.order_flows, graphql_type=list[OrderFlow], description="All flows that are offered."
    )
    order_analytics = strawberry.field(
        resolver=read_analytics.order_analytics,
        graphql_type=AnalyticsTable | None,
        description="Sums of the orders that the viewer may see, by dimensions and pieces of time.",
    )
    analytics_catalog = strawberry.field(
        resolver=read_analytics.analytics_catalog,
        graphql_type=AnalyticsCatalog,
        description="The measures and dimensions of `orderAnalytics`.",
    )
    export_job = strawberry.field(
        resolver=read_exports.export_job,
        graphql_type=ExportJob | None,
        description="One of the viewer's own exports; null: unknown to the viewer.",
    )
    export_jobs = strawberry.field(
        resolver=read_exports.export_jobs, graphql_type=ExportJobConnection, description="The viewer's own exports."
    )
