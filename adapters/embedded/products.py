"""The product service: what is sold, for how much, by whom."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import ARRAY, Text, bindparam, column, func, select

from adapters.embedded.connection import answers_as, storable
from adapters.embedded.listing import Listing
from adapters.embedded.tables import products
from adapters.sql import Reader, prepare
from adapters.view_filling import filler
from domain.ports.products import ProductFilter, ProductView
from domain.values.enums import SupplyChannel
from domain.values.ids import IdKind, foreign_id
from domain.values.paging import PageRequest, Slice

_COLUMNS: Final = (
    products.c.sku.label("id"),
    products.c.sku,
    products.c.name,
    products.c.category,
    products.c.price_minor,
    products.c.currency,
    products.c.is_available,
    products.c.seller_id,
    products.c.seller_name,
    products.c.supply_channel,
    products.c.delivery_mode,
)
_LISTING: Final = Listing(
    columns=_COLUMNS,
    key=products.c.sku,
    filters={"sku": products.c.sku, "category": products.c.category},
    words=products.c.words,
    prefixed=products.c.sku,
)
_asked: Final = (
    func.unnest(bindparam("skus", type_=ARRAY(Text))).table_valued(column("sku", Text)).render_derived("asked")
)
_BY_SKUS: Final = prepare(select(*_COLUMNS).join_from(products, _asked, products.c.sku == _asked.c.sku))
"""A join, as `= ANY` compares each product with each SKU once the plan is kept for any SKUs."""

_views: Final = filler(
    ProductView,
    [read.name for read in _COLUMNS],
    {
        "id": partial(foreign_id, IdKind.PRODUCT),
        "supply_channel": {channel.value: channel for channel in SupplyChannel}.__getitem__,
    },
)
_answers = answers_as("product")


class EmbeddedProducts:
    def __init__(self, reader: Reader) -> None:
        self._sql = reader

    @_answers
    async def by_skus(self, skus: Sequence[str]) -> list[ProductView | None]:
        rows = await self._sql.rows(_BY_SKUS, skus=storable(skus))
        found = {view.sku: view for view in _views(rows)}
        return [found.get(sku) for sku in skus]

    @_answers
    async def search(self, query: ProductFilter, page: PageRequest) -> Slice[ProductView]:
        rows = await _LISTING.page(self._sql, _given(query), query.search, page)
        return Slice(tuple(_views(rows.items)), rows.has_next, rows.has_previous)

    @_answers
    async def count(self, query: ProductFilter) -> int:
        return await _LISTING.count(self._sql, _given(query), query.search)


def _given(query: ProductFilter) -> dict[str, tuple[str, ...] | None]:
    return {"sku": query.sku, "category": query.category}
