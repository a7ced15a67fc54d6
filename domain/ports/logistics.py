"""The logistics and the tax service: what sending costs, what the state takes."""

from collections.abc import Sequence
from typing import Protocol

from domain.orders.pricing_rules import ShippingOffer, TaxRate


class Logistics(Protocol):
    async def offers(self, business_unit: str, country: str, currency: str) -> list[ShippingOffer]:
        """The ways to send there, the default first; empty: not served. One round trip. Raises ServiceUnavailable."""
        ...


class Taxes(Protocol):
    async def rates(self, country: str, region: str | None, categories: Sequence[str | None]) -> list[TaxRate]:
        """One rate per category, in their order; an unknown place has rate 0. One round trip. Raises ServiceUnavailable."""
        ...
