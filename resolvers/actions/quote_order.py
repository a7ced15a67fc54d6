"""quoteOrder: a question, but asked and answered like an action."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from domain.actions import quote_order as handler
from domain.actions.quote_order import OrderQuote
from domain.orders.commands import Wish
from domain.orders.installments import amounts
from domain.orders.placement import DraftLine
from domain.orders.pricing import PricedLine
from domain.orders.views import DiscountView, InstallmentView
from domain.values.enums import InstallmentKind, OrderType
from domain.values.refusals import Refusal
from resolvers.absent import optional, required
from resolvers.actions.answering import MoneyInput, Reading, answer
from resolvers.actions.wish import AddressInput, GroupInput, PlaceOrderLineInput, to_wish
from resolvers.context import Info


@strawberry.input(description="An order to be priced.")
class QuoteOrderInput:
    business_unit: str = required("The code of the business unit that sells.")
    channel: str = required("The code of the channel it would come through.")
    order_type: OrderType = strawberry.field(default=OrderType.PHYSICAL, description="What kind of order.")
    member_id: strawberry.ID = required("The member who would buy.")
    lines: list[PlaceOrderLineInput] = required("What would be bought: at most 200 lines.")
    coupon_codes: list[str] | None = optional("Coupons to use: at most 10.")
    shipping_address: AddressInput | None = optional("Where it would be sent.")
    shipping_method: str | None = optional("How it would be sent; the unit's own way when left out.")
    manual_discount: MoneyInput | None = optional("MERCHANT, SUPPORT: a discount, within the unit's limit.")
    group: GroupInput | None = optional("GROUP_BUY: the group it would belong to.")

    def to_command(self, reading: Reading) -> Wish:
        return to_wish(self, reading)


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line of a quote: what is sold, for how much, and how much of it is there."""

    sold: DraftLine
    price: PricedLine
    currency: str
    available: int | None


async def quote_order(
    info: Info,
    asked: Annotated[QuoteOrderInput, strawberry.argument(name="input", description="The order to be priced.")],
) -> OrderQuote | Refusal:
    return await answer(info, asked, asked.to_command, handler.quote_order)


def lines_of(quote: OrderQuote) -> tuple[QuotedLine, ...]:
    price = quote.priced.price
    parts = zip(quote.priced.lines, price.lines, quote.available, strict=True)
    return tuple(QuotedLine(sold, priced, price.currency, available) for sold, priced, available in parts)


def discounts_of(quote: OrderQuote) -> tuple[DiscountView, ...]:
    """The ledger as it would be written; its lines have no ids yet."""
    price = quote.priced.price
    return tuple(
        DiscountView(
            order_id="",
            position=position,
            kind=row.kind,
            code=row.code,
            name=row.name,
            amount_minor=row.amount_minor,
            currency=price.currency,
            funder=row.funder,
            line_id=None,
        )
        for position, row in enumerate(price.discounts, start=1)
    )


def installments_of(quote: OrderQuote) -> tuple[InstallmentView, ...]:
    """Their deadlines begin with the placement; a presale's balance has dates of its own."""
    price, terms, balance = quote.priced.price, quote.priced.terms, quote.priced.balance
    parts = amounts(terms.flow.order_type, price.total_minor, terms.unit.deposits)
    return tuple(
        InstallmentView(
            "",
            position,
            kind,
            amount,
            0,
            price.currency,
            balance.opens_at if balance and kind is InstallmentKind.BALANCE else None,
            balance.due_at if balance and kind is InstallmentKind.BALANCE else None,
        )
        for position, (kind, amount) in enumerate(parts, start=1)
    )
