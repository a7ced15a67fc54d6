"""Reading products and stock: what the product, content and inventory services know now."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Final

import strawberry

from domain.orders.views import OrderLineView
from domain.ports.inventory import StockView
from domain.ports.products import ProductFilter, ProductView
from domain.values.faults import BadRequest
from domain.values.money import Money
from resolvers.absent import given, optional
from resolvers.context import Info
from resolvers.cursors import CursorKind
from resolvers.listings import ProductListing
from resolvers.paging import After, First, page_request
from resolvers.reads.order_filter import values_of

MAX_SKUS: Final = 200


@strawberry.input(
    name="ProductFilter",
    description="Which products: everything that is given must hold, a list for any of its values.",
)
class ProductFilterInput:
    sku: list[str] | None = optional("Its SKU is one of these.")
    category: list[str] | None = optional("It is sold in one of these categories.")
    search: str | None = optional("Every word begins a word of the name, or the whole begins the SKU.")

    def to_domain(self) -> ProductFilter:
        return ProductFilter(
            sku=values_of(self.sku, "sku"), category=values_of(self.category, "category"), search=given(self.search)
        )


def product(
    info: Info, sku: Annotated[str, strawberry.argument(description="The product's SKU.")]
) -> Awaitable[ProductView | None]:
    return info.context.loaders.load("products", sku)


def products(
    filter_: Annotated[ProductFilterInput | None, strawberry.argument(name="filter", description="Which products.")] = (
        strawberry.UNSET
    ),
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
) -> ProductListing:
    asked = given(filter_)
    query = ProductFilter() if asked is None else asked.to_domain()
    return ProductListing(query, page_request(CursorKind.PRODUCT, first=first, after=after))


async def stock(
    info: Info, skus: Annotated[list[str], strawberry.argument(description="At most 200 SKUs.")]
) -> list[StockView | None]:
    if len(skus) > MAX_SKUS:
        raise BadRequest(f"The stock of at most {MAX_SKUS} SKUs can be asked for at once; these are {len(skus)}.")
    found: list[StockView | None] = await asyncio.gather(*info.context.loaders.load_many("stock", skus))
    return found


def price_drift(line: OrderLineView, live: ProductView | None) -> Money | None:
    """The live price less the one it was sold at; None where they cannot be compared."""
    if live is None or live.currency != line.currency:
        return None
    return Money(live.price_minor - line.unit_price_minor, line.currency)
