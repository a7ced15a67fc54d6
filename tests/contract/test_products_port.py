"""What every implementation of Products holds."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.db.engine import Database
from adapters.embedded.products import EmbeddedProducts
from adapters.embedded.tables import products as table
from domain.ports.products import ProductFilter, Products, ProductView
from domain.values.enums import SupplyChannel
from domain.values.paging import PageRequest

pytestmark = pytest.mark.anyio
Given = Callable[..., Awaitable[None]]
EVERYTHING = ProductFilter()
NAMES = {
    "BAG-1": "Canvas bag",
    "CUP-1": "Coffee cup, ÉMAILLÉE",
    "CUP-2": "Travel cup 0.5l",
    "TEA-1": "Café's tea/coffee filter",
}


def row(sku: str, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "name": name,
        "category": sku.partition("-")[0].lower(),
        "price_minor": 1250,
        "currency": "EUR",
        "is_available": True,
        "seller_id": "sel_1",
        "seller_name": "Atelier",
        "supply_channel": "SELLER",
        "delivery_mode": "PARCEL",
        **changes,
    }


@pytest.fixture
async def products(database: Database, given: Given) -> Products:
    await given(table, *(row(sku, name) for sku, name in NAMES.items()))
    return EmbeddedProducts(database)


async def skus(products: Products, query: ProductFilter, page: PageRequest | None = None) -> list[str]:
    found = await products.search(query, page or PageRequest(limit=10))
    return [product.sku for product in found.items]


async def test_products_come_by_position_none_for_an_unknown_one(products: Products) -> None:
    bag, unknown, cup, again = await products.by_skus(["BAG-1", "NO", "CUP-2", "BAG-1"])
    assert bag == ProductView(
        id="prd_BAG-1",
        sku="BAG-1",
        name="Canvas bag",
        category="bag",
        price_minor=1250,
        currency="EUR",
        is_available=True,
        seller_id="sel_1",
        seller_name="Atelier",
        supply_channel=SupplyChannel.SELLER,
        delivery_mode="PARCEL",
    )
    assert (unknown, cup and cup.sku, again) == (None, "CUP-2", bag)


@pytest.mark.parametrize("sku", ["", "BAG-1\0", "\ud800", "bag-1", "'; --"])
async def test_text_that_is_no_sku_is_unknown(products: Products, sku: str) -> None:
    assert await products.by_skus([sku]) == [None]


async def test_asking_for_nothing_gives_nothing(products: Products) -> None:
    assert await products.by_skus([]) == []


async def test_optional_fields_may_be_missing(products: Products, given: Given) -> None:
    await given(table, row("X", "X", category=None, seller_id=None, seller_name=None, delivery_mode=None))
    [product] = await products.by_skus(["X"])
    assert product is not None
    assert (product.category, product.seller_id, product.seller_name, product.delivery_mode) == (None,) * 4


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (EVERYTHING, ["BAG-1", "CUP-1", "CUP-2", "TEA-1"]),
        (ProductFilter(sku=("TEA-1", "BAG-1", "NO")), ["BAG-1", "TEA-1"]),
        (ProductFilter(sku=()), []),
        (ProductFilter(sku=("\0",)), []),
        (ProductFilter(category=("cup", "tea")), ["CUP-1", "CUP-2", "TEA-1"]),
        (ProductFilter(sku=("CUP-1", "BAG-1"), category=("cup",)), ["CUP-1"]),
        (ProductFilter(search=""), ["BAG-1", "CUP-1", "CUP-2", "TEA-1"]),
        (ProductFilter(search="  "), ["BAG-1", "CUP-1", "CUP-2", "TEA-1"]),
        (ProductFilter(search="cup"), ["CUP-1", "CUP-2"]),
        (ProductFilter(search="cup-"), ["CUP-1", "CUP-2"]),
        (ProductFilter(search="cup-2"), ["CUP-2"]),
        (ProductFilter(search="COF"), ["CUP-1", "TEA-1"]),
        (ProductFilter(search="cof cu"), ["CUP-1"]),
        (ProductFilter(search="émail"), ["CUP-1"]),
        (ProductFilter(search="CAFÉ"), ["TEA-1"]),
        (ProductFilter(search="café's"), ["TEA-1"]),
        (ProductFilter(search="ag"), []),
        (ProductFilter(search="cup", category=("tea",)), []),
        (ProductFilter(search="& | ! ' : \\ ( <->"), []),
        (ProductFilter(search="%"), []),
        (ProductFilter(search="cup\0"), ["CUP-1", "CUP-2"]),
        (ProductFilter(search="x" * 3000), []),
    ],
)
async def test_a_filter_finds_what_all_of_it_holds_for(
    products: Products, query: ProductFilter, expected: list[str]
) -> None:
    assert await skus(products, query) == expected
    assert await products.count(query) == len(expected)


@pytest.mark.parametrize(
    ("page", "expected", "has_next", "has_previous"),
    [
        (PageRequest(2), ["BAG-1", "CUP-1"], True, False),
        (PageRequest(2, after=("CUP-1",)), ["CUP-2", "TEA-1"], False, True),
        (PageRequest(4), ["BAG-1", "CUP-1", "CUP-2", "TEA-1"], False, False),
        (PageRequest(2, after=("TEA-1",)), [], False, True),
        (PageRequest(2, is_backward=True), ["CUP-2", "TEA-1"], False, True),
        (PageRequest(2, before=("CUP-2",), is_backward=True), ["BAG-1", "CUP-1"], True, False),
        (PageRequest(9, after=("BAG-1",), before=("TEA-1",)), ["CUP-1", "CUP-2"], False, True),
        (PageRequest(1, after=("BAG-1",), before=("TEA-1",), is_backward=True), ["CUP-2"], True, True),
    ],
)
async def test_a_page_lies_beside_its_positions(
    products: Products, page: PageRequest, expected: list[str], has_next: bool, has_previous: bool
) -> None:
    found = await products.search(EVERYTHING, page)
    assert ([item.sku for item in found.items], found.has_next, found.has_previous) == (
        expected,
        has_next,
        has_previous,
    )
