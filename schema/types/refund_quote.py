"""What giving units back brings: as a quote, and as what an after-sale case was worth when it was opened."""

import strawberry

from schema.types.body_order import in_body_order
from schema.types.money import money


@strawberry.type(description="What some units of an order line are worth.")
@in_body_order
class RefundQuoteLine:
    line_id: strawberry.ID = strawberry.field(description="The line.")
    quantity: int = strawberry.field(description="How many units.")
    amount = money("amount_minor", "Their price less discounts, with their tax and their share of the shipping.")


@strawberry.type(description="What goes back to one payment.")
@in_body_order
class RefundQuotePayment:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    amount = money("amount_minor", "How much.")


@strawberry.type(description="What giving units back brings.")
@in_body_order
class RefundQuote:
    items = money("items_minor", "The units at their prices, less their discounts.")
    shipping = money("shipping_minor", "Their share of the shipping.")
    tax = money("tax_minor", "Their tax.")
    fees = money("fees_minor", "What is kept.")
    total = money("total_minor", "What goes back: all of that which was paid, less the fees.")
    maximum = money("maximum_minor", "What could go back at most, for whatever reason.")
    lines: list[RefundQuoteLine] = strawberry.field(description="The units, line by line.")
    by_payment: list[RefundQuotePayment] = strawberry.field(description="Where it goes back to.")
