"""How an order would be split."""

import strawberry

from schema.types.body_order import in_body_order
from schema.types.fulfillment import SplitReason
from schema.types.money import money


@strawberry.type(description="Units of one order line in a part.")
class SplitLine:
    line_id: strawberry.ID = strawberry.field(description="The order line.")
    sku: str = strawberry.field(description="Its SKU.")
    quantity: int = strawberry.field(description="How many units.")


@strawberry.type(description="What one fulfillment would hold.")
@in_body_order
class SplitPart:
    reasons: list[SplitReason] = strawberry.field(description="What sets it apart from the other parts.")
    lines: list[SplitLine] = strawberry.field(description="The units that it would send.")
    subtotal = money("part.subtotal_minor", "Its units at their prices.")
    discount_share = money("part.discount_minor", "Its share of the discounts.")
    shipping_share = money("part.shipping_minor", "Its share of the shipping.")
    tax_share = money("part.tax_minor", "Its share of the tax.")
    total = money("part.total_minor", "Its share of the order's total.")


@strawberry.type(description="The parts that an order would be split into. Together they are the order.")
class SplitPlan:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    parts: list[SplitPart] = strawberry.field(description="A part for each fulfillment.")
