"""Stock: what the inventory service knows now."""

import strawberry

from schema.types.node import Node


@strawberry.type(description="A warehouse.")
class Warehouse(Node):
    code: str = strawberry.field(description="What it is named by.")
    name: str = strawberry.field(description="What it is called.")


@strawberry.type(description="The stock of one SKU in one warehouse.")
class WarehouseStock:
    warehouse: Warehouse = strawberry.field(description="Where it lies.")
    on_hand: int = strawberry.field(description="Units that are there.")
    reserved: int = strawberry.field(description="Units of them that are spoken for.")
    available: int = strawberry.field(description="Units that can be sold: on hand less reserved, never below 0.")


@strawberry.type(description="The stock of one SKU, as it is now.")
class Stock:
    sku: str = strawberry.field(description="The product's SKU.")
    on_hand: int = strawberry.field(description="Units that are there, in all warehouses.")
    reserved: int = strawberry.field(description="Units of them that are spoken for.")
    available: int = strawberry.field(description="Units that can be sold.")
    by_warehouse: list[WarehouseStock] = strawberry.field(description="The same for each warehouse.")
