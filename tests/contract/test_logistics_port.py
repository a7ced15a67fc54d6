"""What every implementation of Logistics and of Taxes holds."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from adapters.db.engine import Database
from adapters.embedded.logistics import EmbeddedLogistics, EmbeddedTaxes
from adapters.embedded.tables import shipping_methods, tax_rates
from domain.orders.pricing_rules import ShippingOffer, TaxRate
from domain.ports.logistics import Logistics, Taxes

pytestmark = pytest.mark.anyio
Given = Callable[..., Awaitable[None]]


@pytest.fixture
async def logistics(database: Database, given: Given) -> Logistics:
    columns = ("business_unit", "country", "currency", "method", "name", "amount_minor", "free_from_minor", "priority")
    rows = (
        ("fashion", "DE", "EUR", "express", "Express", 990, None, 2),
        ("fashion", "DE", "EUR", "standard", "Standard", 490, 5000, 1),
        ("fashion", "*", "EUR", "standard", "Abroad", 1500, None, 1),
        ("fashion", "*", "EUR", "collect", "Collect", 0, None, 3),
        ("fashion", "DE", "USD", "standard", "Dollar", 600, None, 1),
        ("toys", "DE", "EUR", "standard", "Toys", 100, None, 1),
    )
    await given(shipping_methods, *(dict(zip(columns, row, strict=True)) for row in rows))
    return EmbeddedLogistics(database)


@pytest.fixture
async def taxes(database: Database, given: Given) -> Taxes:
    rows = (
        ("DE", "*", "*", "0.19"),
        ("DE", "*", "books", "0.07"),
        ("US", "CA", "*", "0.0725"),
        ("US", "*", "books", "0"),
        ("US", "CA", "toys", "0.08"),
    )
    await given(
        tax_rates,
        *({"country": c, "region": r, "category": k, "rate": Decimal(rate)} for c, r, k, rate in rows),
    )
    return EmbeddedTaxes(database)


STANDARD = ShippingOffer("standard", "Standard", 490, 5000)
EXPRESS = ShippingOffer("express", "Express", 990, None)
COLLECT = ShippingOffer("collect", "Collect", 0, None)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("fashion", "DE", "EUR"), [STANDARD, EXPRESS, COLLECT]),
        (("fashion", "FR", "EUR"), [ShippingOffer("standard", "Abroad", 1500, None), COLLECT]),
        (("fashion", "DE", "USD"), [ShippingOffer("standard", "Dollar", 600, None)]),
        (("fashion", "FR", "USD"), []),
        (("toys", "FR", "EUR"), []),
        (("toys", "\0", "EUR"), []),
    ],
)
async def test_offers_of_the_country_replace_those_for_anywhere_the_default_first(
    logistics: Logistics, place: tuple[str, str, str], expected: list[ShippingOffer]
) -> None:
    assert await logistics.offers(*place) == expected


@pytest.mark.parametrize(
    ("country", "region", "categories", "expected"),
    [
        ("DE", None, ["shoes", "books", None, "books"], ["0.19", "0.07", "0.19", "0.07"]),
        ("US", "CA", ["books", "toys", "shoes", None], ["0", "0.08", "0.0725", "0.0725"]),
        ("US", "NY", ["books", "toys", None], ["0", "0", "0"]),
        ("FR", "IDF", ["books"], ["0"]),
        ("DE", "\0", ["books", "\0"], ["0.07", "0.19"]),
        ("\0", None, ["books"], ["0"]),
        ("DE", None, [], []),
    ],
)
async def test_each_category_has_the_rate_of_its_most_special_row(
    taxes: Taxes, country: str, region: str | None, categories: list[str | None], expected: list[str]
) -> None:
    rates = [TaxRate(name, Decimal(rate)) for name, rate in zip(categories, expected, strict=True)]
    assert await taxes.rates(country, region, categories) == rates
