"""What is to be bought, on which terms: the part of the inputs that a quote and a placement share."""

from typing import Any, Protocol

import strawberry
from strawberry.scalars import JSON

from domain.orders.commands import PlaceOrderLine, WantedGroup, Wish
from domain.orders.views import Address
from domain.values.enums import OrderType
from resolvers.absent import given, optional, required
from resolvers.actions.answering import MoneyInput, Reading


@strawberry.input(description="So many units of one product.")
class PlaceOrderLineInput:
    sku: str = required("The product's SKU.")
    quantity: int = required("How many units.")
    options: JSON | None = optional("What was chosen: colour, size, … A JSON object.")
    delivery_mode: str | None = optional("How it is delivered; as the product says when left out.")
    unit_price: MoneyInput | None = optional(
        "PARTNER, where the channel sells at its own prices: the price of one unit."
    )

    def to_line(self, reading: Reading, position: int, name: str = "lines") -> PlaceOrderLine:
        """`name`: of the list in the input."""
        path = (name, str(position))
        return PlaceOrderLine(
            sku=self.sku,
            quantity=self.quantity,
            options=reading.json_object(self.options, *path, "options"),
            delivery_mode=given(self.delivery_mode),
            unit_price=reading.money(self.unit_price, *path, "unitPrice"),
        )


@strawberry.input(description="Where it is sent.")
class AddressInput:
    recipient: str = required("Who receives it.")
    phone: str | None = optional("For the carrier.")
    country: str = required("ISO 3166 code of two letters.")
    region: str | None = optional("State or province.")
    city: str | None = optional("City.")
    line1: str = required("Street and number.")
    line2: str | None = optional("Floor, company, …")
    postal_code: str | None = optional("Postal code.")

    def to_address(self) -> Address:
        return Address(
            recipient=self.recipient,
            phone=given(self.phone),
            country=self.country,
            region=given(self.region),
            city=given(self.city),
            line1=self.line1,
            line2=given(self.line2),
            postal_code=given(self.postal_code),
        )


@strawberry.input(description="A new group.")
class OpenGroupInput:
    size: int = required("How many members it needs.")


@strawberry.input(description="The group of a group buy: open one, or join one.", one_of=True)
class GroupInput:
    open: OpenGroupInput | None = optional("Open a new group.")
    join: strawberry.ID | None = optional("The id of the group to join.")

    def to_group(self) -> WantedGroup:
        opened: Any = given(self.open)
        return WantedGroup(None if opened is None else opened.size, given(self.join))


class WishInput(Protocol):
    """The fields that both inputs have."""

    business_unit: str
    channel: str
    order_type: OrderType
    member_id: strawberry.ID
    lines: list[PlaceOrderLineInput]
    coupon_codes: list[str] | None
    shipping_address: AddressInput | None
    shipping_method: str | None
    manual_discount: MoneyInput | None
    group: GroupInput | None


def to_wish(asked: WishInput, reading: Reading) -> Wish:
    address: Any = given(asked.shipping_address)
    group: Any = given(asked.group)
    return Wish(
        business_unit=asked.business_unit,
        channel=asked.channel,
        member_id=asked.member_id,
        lines=tuple(line.to_line(reading, position) for position, line in enumerate(asked.lines)),
        order_type=asked.order_type,
        coupon_codes=tuple(given(asked.coupon_codes) or ()),
        shipping_address=None if address is None else address.to_address(),
        shipping_method=given(asked.shipping_method),
        manual_discount=reading.money(asked.manual_discount, "manualDiscount"),
        group=None if group is None else group.to_group(),
    )
