"""Order lines: what was sold, and what became of it."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from domain.values.enums import SupplyChannel, VoucherStatus
from domain.values.ids import IdKind
from resolvers.loaded import Load, computed, loaded
from resolvers.reads.products import price_drift
from schema.types.body_order import in_body_order
from schema.types.money import Money, money
from schema.types.node import Node
from schema.types.product import Product
from schema.types.stock import Stock


@strawberry.type(description="A code for one unit of what is not sent.")
@in_body_order
class Voucher(Node):
    code: str | None = strawberry.field(description="What is shown to redeem it.")
    status: VoucherStatus = strawberry.field(description="Whether it can be redeemed.")
    redeemed_at: datetime | None = strawberry.field(description="When it was redeemed.")


@strawberry.type(description="Who sells.")
class Seller:
    seller_id: strawberry.ID = strawberry.field(name="id", description="The seller's id.")
    seller_name: str = computed(
        lambda part: part.seller_name or part.seller_id.removeprefix(IdKind.SELLER),
        name="name",
        graphql_type=str,
        description="What it is called; its id where it has no name.",
    )


def seller_of(part: Any) -> Any:
    """The row itself, which has the seller's id and name; None without a seller."""
    return None if part.seller_id is None else part


@strawberry.type(description="Units of one product in an order.")
@in_body_order
class OrderLine(Node):
    sku: str = strawberry.field(description="The product's SKU.")
    name: str = strawberry.field(description="The product's name as sold.")
    category: str | None = strawberry.field(description="The product's category as sold.")
    seller = computed(
        seller_of, graphql_type=Seller | None, description="Who sells it.", reads=("seller_id", "seller_name")
    )
    supply_channel: SupplyChannel = strawberry.field(description="Who sends it.")
    delivery_mode: str | None = strawberry.field(description="How it is delivered.")
    quantity: int = strawberry.field(description="How many units were ordered.")
    unit_price = money("unit_price_minor", "What one unit cost, as sold.")
    discount_total = money("discount_minor", "What was taken off.")
    tax_total = money("tax_minor", "Its tax.")
    total = money("total_minor", "unitPrice × quantity − discountTotal + taxTotal.")
    options: JSON = strawberry.field(description="What was chosen: colour, size, … A JSON object.")
    product = loaded(
        Load("products", "sku"), graphql_type=Product | None, description="The product as it is now; null: unknown."
    )
    price_drift = loaded(
        Load("products", "sku", price_drift, ("unit_price_minor", "currency")),
        graphql_type=Money | None,
        description="The live price less unitPrice; null where they cannot be compared.",
    )
    stock = loaded(Load("stock", "sku"), graphql_type=Stock | None, description="The stock as it is now.")
    shipped_quantity: int = strawberry.field(description="Units that were sent.")
    cancelled_quantity: int = strawberry.field(description="Units that were cancelled.")
    returned_quantity: int = strawberry.field(description="Units that came back.")
    vouchers = loaded(
        Load("line_vouchers", "id"),
        graphql_type=list[Voucher],
        description="VIRTUAL: a voucher for each unit, once it is paid.",
    )
    refundable_total = money(
        "refundable_minor",
        "What of its total was not given back yet.",
        reads=("quantity", "cancelled_quantity", "returned_quantity", "kept_quantity", "total_minor", "refunded_minor"),
    )
