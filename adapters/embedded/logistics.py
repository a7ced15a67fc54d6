"""The logistics and the tax service: what sending costs, what the state takes. The more special row goes before the general one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select

from adapters.embedded.connection import answers_as, is_storable, storable
from adapters.embedded.tables import ANY, shipping_methods, tax_rates
from adapters.sql import Reader, prepare
from domain.orders.pricing_rules import ShippingOffer, TaxRate

_PLACES: Final = bindparam("places", type_=ARRAY(Text))
_OFFERS: Final = prepare(
    select(
        shipping_methods.c.country,
        shipping_methods.c.method,
        shipping_methods.c.name,
        shipping_methods.c.amount_minor,
        shipping_methods.c.free_from_minor,
    )
    .where(
        shipping_methods.c.business_unit == bindparam("business_unit", type_=Text),
        shipping_methods.c.currency == bindparam("currency", type_=Text),
        shipping_methods.c.country == any_(_PLACES),
    )
    .order_by(shipping_methods.c.priority, shipping_methods.c.method)
)
_RATES: Final = prepare(
    select(tax_rates.c.region, tax_rates.c.category, tax_rates.c.rate).where(
        tax_rates.c.country == bindparam("country", type_=Text),
        tax_rates.c.region == any_(bindparam("regions", type_=ARRAY(Text))),
        tax_rates.c.category == any_(bindparam("categories", type_=ARRAY(Text))),
    )
)


class EmbeddedLogistics:
    def __init__(self, reader: Reader) -> None:
        self._sql = reader

    @answers_as("logistics")
    async def offers(self, business_unit: str, country: str, currency: str) -> list[ShippingOffer]:
        if not all(map(is_storable, (business_unit, country, currency))):
            return []
        rows = await self._sql.rows(_OFFERS, business_unit=business_unit, currency=currency, places=[country, ANY])
        named = {row["method"] for row in rows if row["country"] != ANY}
        return [
            ShippingOffer(method, name, amount_minor, free_from_minor)
            for place, method, name, amount_minor, free_from_minor in rows
            if place != ANY or method not in named
        ]


class EmbeddedTaxes:
    def __init__(self, reader: Reader) -> None:
        self._sql = reader

    @answers_as("tax")
    async def rates(self, country: str, region: str | None, categories: Sequence[str | None]) -> list[TaxRate]:
        regions = storable([region or ANY, ANY])
        named = storable(sorted({category for category in categories if category}))
        if not is_storable(country):
            return [TaxRate(category, Decimal(0)) for category in categories]
        rows = await self._sql.rows(_RATES, country=country, regions=regions, categories=[*named, ANY])
        found = {(row["region"], row["category"]): row["rate"] for row in rows}
        return [TaxRate(category, _rate(found, region or ANY, category or ANY)) for category in categories]


def _rate(found: dict[tuple[str, str], Decimal], region: str, category: str) -> Decimal:
    """What is said of the category goes before what is said of the region."""
    places = ((region, category), (ANY, category), (region, ANY), (ANY, ANY))
    return next((found[place] for place in places if place in found), Decimal(0))
