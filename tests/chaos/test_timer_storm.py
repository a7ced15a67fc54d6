"""Many timers are due at once, and the worker that takes them is killed every two seconds: each fires once."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from adapters.embedded.tables import members
from domain.orders.commands import PlaceOrderLine
from tests.chaos.conftest import Opened
from tests.fixtures.crashing_server import Servers
from tests.fixtures.server_process import environment, run
from tests.fixtures.shop import SUPPORT, Shop
from tests.fixtures.sizes import TIMERS

pytestmark = pytest.mark.anyio

KILLED_EVERY_S = 2
AT_ONCE = 8
CART = (PlaceOrderLine("MUG", 1),)
LEFT = "SELECT count(*) FROM order_timers WHERE due_at <= now()"
FIRED = "SELECT order_id, array_agg(action ORDER BY sequence) FROM order_events GROUP BY order_id"


@pytest.fixture(params=[False, True], ids=["joined", "apart"])
async def shop(request: pytest.FixtureRequest, opened: Opened) -> Shop:
    shop = opened(request.param)
    await shop.open()
    return shop


async def unpaid(shop: Shop, count: int) -> None:
    """Orders whose time to pay has been over for half an hour."""
    await shop.given(members, *({"id": f"mbr_{number}", "name": f"Buyer {number}"} for number in range(count)))
    await shop.ports.inventory.restock("MUG", "BER", count)
    shop.clock.pass_(timedelta(hours=-1))
    gate = asyncio.Semaphore(AT_ONCE)

    async def place(number: int) -> None:
        async with gate:
            await shop.placed(SUPPORT, member_id=f"mbr_{number}", lines=CART)

    await asyncio.gather(*(place(number) for number in range(count)))
    shop.clock.pass_(timedelta(hours=1))


@TIMERS
async def test_each_timer_fires_once_whoever_dies(shop: Shop, servers: Servers, count: int) -> None:
    await unpaid(shop, count)
    assert await shop.sql(LEFT) == [(count,)]
    arguments = () if shop.ports.embedded else ("--apart",)
    while (await shop.sql(LEFT))[0][0] > 0:
        server = await asyncio.to_thread(servers.start, *arguments)
        await asyncio.sleep(KILLED_EVERY_S)
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    shop.clock.pass_(datetime.now(UTC) - shop.clock.now() + timedelta(minutes=1))  # the servers went by the real time
    await shop.worker.drain()
    histories = Counter(tuple(actions) for _, actions in await shop.sql(FIRED))
    assert histories == {("placeOrder", "payTimeout"): count}
    assert (await shop.jobs(), await shop.stock()) == ([], {("MUG", "BER"): (count, 0)})
    doctor = run("doctor", env=environment(servers.folder, database_url=servers.database_url))
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
