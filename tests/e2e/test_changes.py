"""The change feed of a running server: followed over a socket, and no reason for a server to stay."""

import signal
import threading
import time
from pathlib import Path
from typing import Any, Self

import httpx

from tests.fixtures.server_process import serving

FEED = "query ($after: String, $waitMs: Int!) { orderChanges(after: $after, waitMs: $waitMs) { cursor hasMore changes { orderId version } } }"
PLACE = """mutation { placeOrder(input: {businessUnit: "fashion-eu", channel: "storefront-eu", memberId: "mbr_1001", idempotencyKey: "feed-1",
  lines: [{sku: "SKU-00001", quantity: 1}],
  shippingAddress: {recipient: "Ada", country: "DE", city: "Berlin", line1: "Allee 1", postalCode: "10115"}})
  { ... on PlaceOrderSuccess { order { id } } ... on UserError { code } } }"""


def test_a_follower_is_told_at_once_and_a_server_that_stops_lets_it_go(tmp_path: Path, open_folder: Path) -> None:
    with serving(open_folder / "data", tmp_path / "log") as server:
        cursor, orders = None, set()
        has_more = True
        while has_more:
            feed = server.ask(FEED, {"after": cursor, "waitMs": 0})["data"]["orderChanges"]
            cursor, has_more = feed["cursor"], feed["hasMore"]
            orders |= {change["orderId"] for change in feed["changes"]}
        assert len(orders) == server.ask("{ orders { totalCount } }")["data"]["orders"]["totalCount"]
        with Waiting(server.url, cursor) as waiting:
            placed = server.ask(PLACE)["data"]["placeOrder"]["order"]["id"]
        assert waiting.feed["changes"] == [{"orderId": placed, "version": 1}]
        with Waiting(server.url, waiting.feed["cursor"]) as waiting:
            begun = time.monotonic()
            assert server.end(signal.SIGTERM) == 0
        assert waiting.feed["changes"] == []
        assert time.monotonic() - begun < 30  # not a limit: the wait that was asked for
        assert "Traceback" not in server.output


class Waiting:
    """A long poll in a thread: on its way when the block begins, answered when it is left."""

    def __init__(self, url: str, cursor: str | None) -> None:
        self._url = url
        self._cursor = cursor
        self._thread = threading.Thread(target=self._ask)
        self.feed: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        time.sleep(0.5)  # so that it waits by then; if it does not, it is told all the same
        return self

    def __exit__(self, *_error: object) -> None:
        self._thread.join()

    def _ask(self) -> None:
        body = {"query": FEED, "variables": {"after": self._cursor, "waitMs": 30_000}}
        self.feed = httpx.post(f"{self._url}/graphql", json=body, timeout=60).json()["data"]["orderChanges"]
