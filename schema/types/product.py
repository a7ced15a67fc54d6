"""Products, as the product and the content service know them now."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from domain.values.ids import IdKind
from resolvers.context import Info
from resolvers.loaded import Load, computed, loaded
from resolvers.reads.nodes import referred
from schema.types.body_order import in_body_order
from schema.types.connection import cursor, edges, nodes, page_info, total_count
from schema.types.money import money
from schema.types.node import Node
from schema.types.stock import Stock


@strawberry.type(description="How a product is described, by the content service.")
@in_body_order
class ProductContent:
    title: str = strawberry.field(description="Its heading.")
    description = computed(
        lambda content: content.description or "", graphql_type=str, description="Its text; empty where there is none."
    )
    images: list[str] = strawberry.field(description="Addresses of its pictures.")
    attributes: JSON = strawberry.field(description="Material, size, …: a JSON object.")


@strawberry.federation.type(keys=["id"], description="A product, as it is now.")
@in_body_order
class Product(Node):
    sku: str = strawberry.field(description="Stock keeping unit: what it is ordered by.")
    name: str = strawberry.field(description="What it is called.")
    category: str | None = strawberry.field(description="Where it stands in the catalogue.")
    price = money("price_minor", "What one unit costs.")
    is_available: bool = strawberry.field(description="Whether it can be ordered.")
    content = loaded(
        Load("content", "sku"),
        graphql_type=ProductContent | None,
        description="How it is described; null when it is not.",
    )
    stock = loaded(Load("stock", "sku"), graphql_type=Stock | None, description="Its stock as it is now.")

    @classmethod
    def resolve_reference(cls, info: Info, id: strawberry.ID | None = None, **_: Any) -> Any:  # noqa: A002  the key's name
        return referred(info.context, id, IdKind.PRODUCT)


@strawberry.type(description="A product in a list.")
class ProductEdge:
    node: Product = strawberry.field(description="The product.")
    cursor: str = cursor()


@strawberry.type(description="A page of products, by SKU.")
class ProductConnection:
    edges = edges("product_pages", ProductEdge)
    nodes = nodes("product_pages", Product)
    page_info = page_info("product_pages")
    total_count = total_count("product_counts")
