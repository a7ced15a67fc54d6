"""quoteRefund: a question, but asked and answered like an action."""

from typing import Annotated

import strawberry

from domain.actions import quote_refund as handler
from domain.actions.quote_refund import QuoteRefund
from domain.orders.refund_quotes import UnitsRefund
from domain.values.refusals import Refusal
from resolvers.absent import required
from resolvers.actions.answering import Reading, answer
from resolvers.actions.line_quantity import LineQuantityInput, line_quantities
from resolvers.context import Info


@strawberry.input(description="Units of an order that would be given back.")
class QuoteRefundInput:
    order_id: strawberry.ID = required("The order.")
    lines: list[LineQuantityInput] = required("The units.")

    def to_command(self, _reading: Reading) -> QuoteRefund:
        return QuoteRefund(self.order_id, line_quantities(self.lines) or ())


async def quote_refund(
    info: Info,
    asked: Annotated[QuoteRefundInput, strawberry.argument(name="input", description="The units to be given back.")],
) -> UnitsRefund | Refusal:
    return await answer(info, asked, asked.to_command, handler.quote_refund)
