"""The loaders of one request."""

import asyncio

import pytest

from resolvers.loaders import Loaders
from tests.fixtures.reading import ADMIN, Shelf

pytestmark = pytest.mark.anyio


async def test_one_waiter_that_is_cancelled_leaves_the_others() -> None:
    loaders = Loaders(Shelf().ports(), ADMIN, 1e12)
    gone, waiting = (asyncio.ensure_future(loaders.load("products", "A")) for _ in range(2))
    gone.cancel()
    assert (await waiting).sku == "A"


async def test_what_was_loaded_is_kept_until_it_is_cleared() -> None:
    shelf = Shelf()
    loaders = Loaders(shelf.ports(), ADMIN, 1e12)
    for _ in range(2):
        await loaders.load("products", "A")
    loaders.clear()
    await loaders.load("products", "A")
    assert shelf.calls == [("products", ["A"]), ("products", ["A"])]


async def test_a_failure_is_the_value_of_each_of_its_keys_and_no_other_service_hears_of_it() -> None:
    loaders = Loaders(Shelf(down={"product"}).ports(), ADMIN, 1e12)
    found = await asyncio.gather(
        loaders.load("products", "A"), loaders.load("products", "B"), loaders.load("stock", "A"), return_exceptions=True
    )
    assert [type(value).__name__ for value in found] == ["ServiceUnavailable", "ServiceUnavailable", "StockView"]
