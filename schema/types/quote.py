"""Quotes: what an order would cost, and a token that holds the price for a while."""

from datetime import datetime
from operator import attrgetter

import strawberry

from resolvers.actions.quote_order import discounts_of, installments_of, lines_of
from resolvers.loaded import computed
from schema.types.body_order import in_body_order
from schema.types.money import money
from schema.types.order import Discount, Installment


@strawberry.type(description="A line of a quote.")
@in_body_order
class QuoteLine:
    sku = computed(attrgetter("sold.product.sku"), graphql_type=str, description="The product's SKU.")
    name = computed(attrgetter("sold.product.name"), graphql_type=str, description="What it is called.")
    quantity = computed(attrgetter("price.quantity"), graphql_type=int, description="How many units.")
    unit_price = money("price.unit_price_minor", "What one unit costs.")
    discount_total = money("price.discount_minor", "What is taken off.")
    total = money("price.total_minor", "What the line costs.")
    available: int | None = strawberry.field(description="Units that are there; null where they are not counted.")


@strawberry.type(description="A price, and for how long it holds.")
@in_body_order
class OrderQuote:
    token: str = strawberry.field(description="For placeOrder's quoteToken.")
    expires_at: datetime = strawberry.field(description="Until when it holds the price.")
    lines = computed(lines_of, graphql_type=list[QuoteLine], description="What is bought.")
    installments = computed(
        installments_of, graphql_type=list[Installment], description="When which part of the total would be due."
    )
    discounts = computed(discounts_of, graphql_type=list[Discount], description="The discounts' ledger.")
    subtotal = money("priced.price.subtotal_minor", "The units at their prices.", currency="priced.price.currency")
    discount_total = money("priced.price.discount_minor", "What is taken off.", currency="priced.price.currency")
    shipping_total = money("priced.price.shipping_minor", "The shipping.", currency="priced.price.currency")
    tax_total = money("priced.price.tax_minor", "The tax.", currency="priced.price.currency")
    total = money("priced.price.total_minor", "What it would cost.", currency="priced.price.currency")
