"""The shop, as the tests of the actions find it: open, on its first day. What they leave behind is examined."""

from collections.abc import AsyncIterator

import pytest

from adapters.bootstrap import EMBEDDED, Local
from adapters.db.engine import Database
from adapters.doctor.examination import examine
from tests.fixtures.shop import Shop
from tests.fixtures.writers import Writers


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    """Inventory and promotion join our transactions."""
    async for shop in _opened(database, EMBEDDED):
        yield shop


@pytest.fixture
async def remote_shop(database: Database) -> AsyncIterator[Shop]:
    """Inventory and promotion are somewhere else: placement is a saga, stock and coupons move by jobs."""
    async for shop in _opened(database, {}):
        yield shop


@pytest.fixture(params=["joined", "apart"])
async def any_shop(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Shop]:
    """Both, one after the other."""
    async for shop in _opened(database, EMBEDDED if request.param == "joined" else {}):
        yield shop


@pytest.fixture
async def writers(database: Database) -> Writers:
    """At work on six orders."""
    found = Writers(database, seed=5)
    await found.open(6)
    return found


async def _opened(database: Database, local: Local) -> AsyncIterator[Shop]:
    shop = Shop(database, local=local)
    await shop.open()
    yield shop
    await shop.worker.drain()
    findings = await examine(database, now=shop.clock.now())
    assert [(finding.code, finding.title, finding.examples) for finding in findings if finding.violations] == []
