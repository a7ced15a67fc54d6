"""The content service: how a product is described."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select

from adapters.embedded.connection import answers_as, storable
from adapters.embedded.tables import product_content
from adapters.sql import Reader, prepare
from adapters.view_filling import filler
from domain.ports.products import ProductContentView

_BY_SKUS: Final = prepare(
    select(
        product_content.c.sku,
        product_content.c.title,
        product_content.c.description,
        product_content.c.images,
        product_content.c.attributes,
    ).where(product_content.c.sku == any_(bindparam("skus", type_=ARRAY(Text))))
)
_views: Final = filler(ProductContentView, ("sku", "title", "description", "images", "attributes"), {"images": tuple})


class EmbeddedContent:
    def __init__(self, reader: Reader) -> None:
        self._sql = reader

    @answers_as("content")
    async def by_skus(self, skus: Sequence[str]) -> list[ProductContentView | None]:
        rows = await self._sql.rows(_BY_SKUS, skus=storable(skus))
        found = {view.sku: view for view in _views(rows)}
        return [found.get(sku) for sku in skus]
