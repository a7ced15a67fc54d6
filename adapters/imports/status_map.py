"""Legacy statuses and what they are here."""

from collections.abc import Mapping
from typing import Final

from domain.values.enums import OrderStatus

OLIST: Final[Mapping[str, OrderStatus]] = {
    "created": OrderStatus.PENDING_PAYMENT,
    "approved": OrderStatus.PAID,
    "invoiced": OrderStatus.CONFIRMED,  # the invoice is the seller's promise to send
    "processing": OrderStatus.IN_FULFILLMENT,
    "shipped": OrderStatus.SHIPPED,
    "delivered": OrderStatus.DELIVERED,  # nobody asked the buyers: not received, not completed
    "unavailable": OrderStatus.CANCELLED,  # the goods were not to be had
    "canceled": OrderStatus.CANCELLED,
}
