"""importOrders."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from domain.actions import import_orders as handler
from domain.orders.import_commands import (
    ImportedBuyer,
    ImportedLine,
    ImportedOrder,
    ImportedPayment,
    ImportedShipment,
    ImportOrders,
)
from domain.orders.views import Address
from domain.values.enums import OrderStatus, OrderType
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.context import Info


@strawberry.input(description="Where a legacy order was sent, as far as its system knows.")
class ImportedAddressInput:
    recipient: str | None = optional("Who received it.")
    phone: str | None = optional("For the carrier.")
    country: str | None = optional("ISO 3166 code of two letters.")
    region: str | None = optional("State or province.")
    city: str | None = optional("City.")
    line1: str | None = optional("Street and number.")
    line2: str | None = optional("Floor, company, …")
    postal_code: str | None = optional("Postal code.")

    def to_address(self) -> Address:
        return Address(
            recipient=given(self.recipient),
            phone=given(self.phone),
            country=given(self.country),
            region=given(self.region),
            city=given(self.city),
            line1=given(self.line1),
            line2=given(self.line2),
            postal_code=given(self.postal_code),
        )


@strawberry.input(description="Who bought.")
class ImportedBuyerInput:
    id: str = required("The member: our id (mbr_…) or the member service's own key.")
    name: str | None = optional("The buyer's name then.")
    level: str | None = optional("The buyer's level then.")

    def to_buyer(self) -> ImportedBuyer:
        return ImportedBuyer(self.id, given(self.name), given(self.level))


@strawberry.input(description="So many units of one product. The product need not be known here.")
class ImportedLineInput:
    sku: str = required("The product's SKU.")
    name: str | None = optional("Its name then; category and SKU serve where it is left out.")
    category: str | None = optional("Its category then.")
    seller_id: str | None = optional("Who sold it: our id (sel_…) or the product service's own key.")
    quantity: int = required("How many units.")
    unit_price: Decimal = required("The price of one unit, without tax.")
    discount_total: Decimal | None = optional("What was taken off this line.")
    tax_total: Decimal | None = optional("The line's tax.")

    def to_line(self) -> ImportedLine:
        return ImportedLine(
            sku=self.sku,
            quantity=self.quantity,
            unit_price=self.unit_price,
            name=given(self.name),
            category=given(self.category),
            seller=given(self.seller_id),
            discount=given(self.discount_total),
            tax=given(self.tax_total),
        )


@strawberry.input(description="Money that the legacy system took.")
class ImportedPaymentInput:
    method: str = required("How it was paid.")
    amount: Decimal = required("How much.")
    at: datetime | None = optional("When; the order's own time serves where it is left out.")
    reference: str | None = optional("The legacy system's reference.")

    def to_payment(self) -> ImportedPayment:
        return ImportedPayment(self.method, self.amount, given(self.at), given(self.reference))


@strawberry.input(description="A parcel that left.")
class ImportedShipmentInput:
    carrier: str | None = optional("Who carried it.")
    tracking_number: str | None = optional("The carrier's number; once per carrier.")
    shipped_at: datetime = required("When it left.")
    delivered_at: datetime | None = optional("When it arrived.")
    skus: list[str] | None = optional("What was in it; everything when left out.")

    def to_shipment(self) -> ImportedShipment:
        skus = given(self.skus)
        return ImportedShipment(
            self.shipped_at,
            given(self.delivered_at),
            given(self.carrier),
            given(self.tracking_number),
            None if skus is None else tuple(skus),
        )


@strawberry.input(description="An order of a legacy system, as it is there. Amounts are in its currency.")
class ImportedOrderInput:
    external_number: str = required("Its number there; once per channel.")
    status: OrderStatus = required("The state it is in.")
    order_type: OrderType = strawberry.field(default=OrderType.PHYSICAL, description="What kind of order.")
    placed_at: datetime = required("When it was placed.")
    paid_at: datetime | None = optional("When it was paid.")
    completed_at: datetime | None = optional("When it was completed.")
    cancelled_at: datetime | None = optional("When it was cancelled.")
    buyer: ImportedBuyerInput = required("Who bought.")
    shipping_address: ImportedAddressInput | None = optional("Where it was sent.")
    currency: str = required("ISO 4217 code.")
    lines: list[ImportedLineInput] = required("What was bought: at most 200 lines.")
    shipping_total: Decimal | None = optional("What shipping cost.")
    discount_total: Decimal | None = optional("All discounts, those of the lines included; their sum when left out.")
    tax_total: Decimal | None = optional("All tax, that of the lines included; their sum when left out.")
    payments: list[ImportedPaymentInput] = required("What was paid; none for an unpaid order.")
    shipments: list[ImportedShipmentInput] | None = optional("The parcels that left.")
    legacy_status: str | None = optional("The legacy system's own word for its state; kept in the attributes.")
    attributes: JSON | None = optional("Whatever else is to be kept with it: a JSON object.")

    def to_order(self, reading: Reading, position: int) -> ImportedOrder:
        address: Any = given(self.shipping_address)
        return ImportedOrder(
            external_number=self.external_number,
            status=self.status,
            order_type=self.order_type,
            placed_at=self.placed_at,
            paid_at=given(self.paid_at),
            completed_at=given(self.completed_at),
            cancelled_at=given(self.cancelled_at),
            buyer=self.buyer.to_buyer(),
            shipping_address=None if address is None else address.to_address(),
            currency=self.currency,
            lines=tuple(line.to_line() for line in self.lines),
            shipping=given(self.shipping_total),
            discount=given(self.discount_total),
            tax=given(self.tax_total),
            payments=tuple(payment.to_payment() for payment in self.payments),
            shipments=tuple(shipment.to_shipment() for shipment in given(self.shipments) or ()),
            legacy_status=given(self.legacy_status),
            attributes=reading.json_object(self.attributes, "orders", str(position), "attributes"),
        )


@strawberry.input(description="Orders of a legacy system.")
class ImportOrdersInput:
    channel: str = required("The code of the channel that stands for the legacy system.")
    business_unit: str = required("The code of the business unit that sold.")
    orders: list[ImportedOrderInput] = required("The orders: at most 500.")
    dry_run: bool = strawberry.field(default=False, description="Only say what would become of them.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")

    def to_command(self, reading: Reading) -> ImportOrders:
        return ImportOrders(
            channel=self.channel,
            business_unit=self.business_unit,
            orders=tuple(order.to_order(reading, position) for position, order in enumerate(self.orders)),
            is_dry_run=self.dry_run,
            idempotency_key=given(self.idempotency_key),
        )


async def import_orders(
    info: Info,
    asked: Annotated[ImportOrdersInput, strawberry.argument(name="input", description="The orders.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.import_orders)
