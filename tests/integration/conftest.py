"""The shop, as the tests of the actions find it: open, on its first day."""

import pytest

from adapters.bootstrap import EMBEDDED
from adapters.db.engine import Database
from tests.fixtures.shop import Shop


@pytest.fixture
async def shop(database: Database) -> Shop:
    """Inventory and promotion join our transactions."""
    shop = Shop(database)
    await shop.open()
    return shop


@pytest.fixture
async def remote_shop(database: Database) -> Shop:
    """Inventory and promotion are somewhere else: placement is a saga, stock and coupons move by jobs."""
    shop = Shop(database, local={})
    await shop.open()
    return shop


@pytest.fixture(params=["joined", "apart"])
async def any_shop(request: pytest.FixtureRequest, database: Database) -> Shop:
    """Both, one after the other."""
    shop = Shop(database, local=EMBEDDED if request.param == "joined" else {})
    await shop.open()
    return shop
