"""Two server processes on one database, many buyers at once, and a kill in the middle."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx
import pytest

from adapters.embedded.tables import members
from tests.chaos.conftest import Opened
from tests.fixtures.crash_points import PLACE
from tests.fixtures.crashing_server import Servers
from tests.fixtures.mutations import client, sent, settled
from tests.fixtures.server_process import ServerProcess, environment, run
from tests.fixtures.shop import MINUTE, Shop

pytestmark = pytest.mark.anyio

BUYERS: Final = 200
PLACEMENTS: Final = 150
AT_ONCE: Final = 20
KILLED_AFTER: Final = 40
SUCCESS: Final = "PlaceOrderSuccess"
MODES: Final = (False, True)


def wish(number: int, *skus: str) -> dict[str, Any]:
    """The wish of one buyer. SKUs in two orders: locks are taken in a third."""
    return {
        "idempotencyKey": f"key-{number}",
        "businessUnit": "acme",
        "channel": "web",
        "memberId": f"mbr_{number}",
        "lines": [{"sku": sku, "quantity": 1} for sku in skus[:: 1 if number % 2 else -1]],
        "shippingAddress": {
            "recipient": "A Buyer",
            "country": "DE",
            "city": "Berlin",
            "line1": "Allee 1",
            "postalCode": "10115",
        },
    }


class Pair:
    """Two servers; one of them can be killed and started again at its port."""

    def __init__(self, servers: Servers, *arguments: str) -> None:
        self._servers = servers
        self._arguments = arguments
        self.running: list[ServerProcess] = []
        for _ in range(2):
            self.running.append(servers.start(*arguments))

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(server.url for server in self.running)

    async def replace_first(self) -> None:
        killed = self.running[0]
        assert killed.end(signal.SIGKILL) == -signal.SIGKILL
        port = int(killed.url.rpartition(":")[2])
        self.running[0] = await asyncio.to_thread(self._servers.start, *self._arguments, port=port)

    def end(self) -> None:
        for server in self.running:
            server.end()


@pytest.fixture(params=MODES, ids=["joined", "apart"])
async def shop(request: pytest.FixtureRequest, opened: Opened) -> Shop:
    shop = opened(request.param)
    await shop.open()
    await shop.given(members, *({"id": f"mbr_{number}", "name": f"Buyer {number}"} for number in range(BUYERS)))
    await shop.ports.inventory.restock("MUG", "BER", 1000)
    return shop


@pytest.fixture
async def pair(shop: Shop, servers: Servers) -> AsyncIterator[Pair]:
    pair = Pair(servers, *(() if shop.ports.embedded else ("--apart",)))
    try:
        yield pair
    finally:
        pair.end()
    shop.clock.pass_(MINUTE)
    await shop.worker.drain()
    assert await shop.jobs() == []
    doctor = run("doctor", env=environment(servers.folder, database_url=servers.database_url))
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr


async def test_two_hundred_buyers_over_two_servers_buy_a_hundred_units(shop: Shop, pair: Pair) -> None:
    """FREE is in stock a hundred times."""
    async with client() as http:
        outcomes = await asyncio.gather(
            *(
                settled(http, pair.urls[:: 1 if number % 2 else -1], PLACE, wish(number, "FREE", "MUG"))
                for number in range(BUYERS)
            )
        )
    assert Counter(outcome["__typename"] for outcome in outcomes) == {SUCCESS: 100, "OutOfStock": 100}
    pair.end()
    await shop.worker.drain()
    assert await shop.sql("SELECT on_hand, reserved FROM services.stock WHERE sku = 'FREE'") == [(100, 100)]
    assert await shop.sql("SELECT sum(on_hand), sum(reserved) FROM services.stock WHERE sku = 'MUG'") == [(1010, 100)]
    assert await _orders(shop) == {outcome["order"]["id"] for outcome in outcomes if outcome["__typename"] == SUCCESS}


async def test_one_key_fifty_times_over_two_servers_is_one_order(shop: Shop, pair: Pair) -> None:
    given = wish(1, "FREE")
    async with client() as http:
        outcomes = await asyncio.gather(*(sent(http, pair.urls[turn % 2], PLACE, given) for turn in range(50)))
        last = await settled(http, pair.urls, PLACE, given)
    kinds = Counter((outcome["__typename"], outcome.get("replayed")) for outcome in outcomes)
    assert kinds[SUCCESS, False] == 1
    assert kinds.keys() <= {(SUCCESS, False), (SUCCESS, True), ("RequestInProgress", None)}
    assert {outcome["order"]["id"] for outcome in outcomes if "order" in outcome} == {last["order"]["id"]}
    assert await _orders(shop) == {last["order"]["id"]}
    assert await shop.stock() == {("FREE", "BER"): (100, 1), ("MUG", "BER"): (1000, 0)}


async def test_a_kill_in_the_middle_loses_no_order_and_doubles_none(shop: Shop, pair: Pair) -> None:
    """Every client comes again with its key, at the other server first, until it has its order."""
    gate, enough = asyncio.Semaphore(AT_ONCE), asyncio.Event()
    acknowledged: list[str] = []

    async def buy(http: httpx.AsyncClient, number: int) -> None:
        async with gate:
            outcome = await settled(http, pair.urls[:: 1 if number % 2 else -1], PLACE, wish(number, "CARD", "MUG"))
        assert outcome["__typename"] == SUCCESS, outcome
        acknowledged.append(outcome["order"]["id"])
        if len(acknowledged) >= KILLED_AFTER:
            enough.set()

    async with client() as http, asyncio.TaskGroup() as group:
        for number in range(PLACEMENTS):
            group.create_task(buy(http, number))
        await enough.wait()
        await pair.replace_first()
    await _all_replayed(pair, acknowledged)
    pair.end()
    shop.clock.pass_(MINUTE)
    await shop.worker.drain()
    assert len(acknowledged) == PLACEMENTS
    assert await _orders(shop) == set(acknowledged)
    assert await shop.sql("SELECT sum(on_hand), sum(reserved) FROM services.stock WHERE sku = 'MUG'") == [
        (1010, PLACEMENTS)
    ]


async def _all_replayed(pair: Pair, acknowledged: list[str]) -> None:
    async with client() as http:
        for number in range(PLACEMENTS):
            outcome: Mapping[str, Any] = await settled(http, pair.urls, PLACE, wish(number, "CARD", "MUG"))
            assert outcome["replayed"]
            assert outcome["order"]["id"] in acknowledged


async def _orders(shop: Shop) -> set[str]:
    rows = [row[0] for row in await shop.sql("SELECT id FROM orders")]
    assert len(rows) == len(set(rows))
    return set(rows)
