"""placeOrder."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from domain.actions import place_order as handler
from domain.orders.commands import PlaceOrder
from domain.values.enums import OrderType
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import MoneyInput, Reading, answer
from resolvers.actions.wish import AddressInput, GroupInput, PlaceOrderLineInput, to_wish
from resolvers.context import Info


@strawberry.input(description="An order to place.")
class PlaceOrderInput:
    idempotency_key: str = required("The same key with the same input places one order, however often it is sent.")
    business_unit: str = required("The code of the business unit that sells.")
    channel: str = required("The code of the channel it comes through.")
    external_number: str | None = optional("Its number in the channel's own system; once per channel.")
    order_type: OrderType = strawberry.field(default=OrderType.PHYSICAL, description="What kind of order.")
    member_id: strawberry.ID = required("The member who buys.")
    lines: list[PlaceOrderLineInput] = required("What is bought: at most 200 lines.")
    coupon_codes: list[str] | None = optional("Coupons to use: at most 10.")
    shipping_address: AddressInput | None = optional("Where it is sent.")
    shipping_method: str | None = optional("How it is sent; the unit's own way when left out.")
    group: GroupInput | None = optional("GROUP_BUY: the group it belongs to.")
    manual_discount: MoneyInput | None = optional("MERCHANT, SUPPORT: a discount, within the unit's limit.")
    note: str | None = optional("A note for those who work on it.")
    attributes: JSON | None = optional("Whatever the caller wants kept with it: a JSON object.")
    expected_total: MoneyInput | None = optional("Refuse (PriceChanged) when the total is another.")
    quote_token: str | None = optional("From quoteOrder: holds the quoted price until it expires.")

    def to_command(self, reading: Reading) -> PlaceOrder:
        return PlaceOrder(
            idempotency_key=self.idempotency_key,
            wish=to_wish(self, reading),
            external_number=given(self.external_number),
            note=given(self.note),
            attributes=reading.json_object(self.attributes, "attributes"),
            expected_total=reading.money(self.expected_total, "expectedTotal"),
            quote_token=given(self.quote_token),
        )


async def place_order(
    info: Info,
    asked: Annotated[PlaceOrderInput, strawberry.argument(name="input", description="The order to place.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.place_order)
