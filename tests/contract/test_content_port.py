"""What every implementation of Content holds."""

from collections.abc import Awaitable, Callable

import pytest

from adapters.db.engine import Database
from adapters.embedded.content import EmbeddedContent
from adapters.embedded.tables import product_content
from domain.ports.products import Content, ProductContentView

pytestmark = pytest.mark.anyio


@pytest.fixture
async def content(database: Database, given: Callable[..., Awaitable[None]]) -> Content:
    await given(
        product_content,
        {
            "sku": "CUP",
            "title": "Cup",
            "description": "Holds tea.",
            "images": ["a.jpg", "b.jpg"],
            "attributes": {"volume": {"ml": 300}, "tags": ["tea"]},
        },
        {"sku": "BAG", "title": "Bag", "description": None, "images": [], "attributes": {}},
    )
    return EmbeddedContent(database)


async def test_descriptions_come_by_position_none_for_what_is_not_described(content: Content) -> None:
    assert await content.by_skus(["BAG", "NO", "CUP", "\0"]) == [
        ProductContentView("BAG", "Bag", None, (), {}),
        None,
        ProductContentView("CUP", "Cup", "Holds tea.", ("a.jpg", "b.jpg"), {"volume": {"ml": 300}, "tags": ["tea"]}),
        None,
    ]
