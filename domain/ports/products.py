"""The product service and the content service: what is sold, and how it is described."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from domain.values.enums import SupplyChannel
from domain.values.paging import PageRequest, Slice


@dataclass(frozen=True, slots=True)
class ProductView:
    id: str
    sku: str
    name: str
    category: str | None
    price_minor: int
    currency: str
    is_available: bool
    seller_id: str | None
    seller_name: str | None
    supply_channel: SupplyChannel
    delivery_mode: str | None


@dataclass(frozen=True, slots=True)
class ProductContentView:
    sku: str
    title: str
    description: str | None
    images: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """All that is given must hold; None: not given."""

    sku: tuple[str, ...] | None = None
    category: tuple[str, ...] | None = None
    search: str | None = None
    """Every word is the beginning of a word of the name, or the whole is the beginning of the SKU."""


class Products(Protocol):
    async def by_skus(self, skus: Sequence[str]) -> list[ProductView | None]:
        """N SKUs → n results, same order; None: unknown. One round trip. Raises ServiceUnavailable."""
        ...

    async def search(self, query: ProductFilter, page: PageRequest) -> Slice[ProductView]:
        """By SKU, ascending; position `(sku,)`."""
        ...

    async def count(self, query: ProductFilter) -> int: ...


class Content(Protocol):
    async def by_skus(self, skus: Sequence[str]) -> list[ProductContentView | None]:
        """N SKUs → n results, same order; None: not described. One round trip. Raises ServiceUnavailable."""
        ...
