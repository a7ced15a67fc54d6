"""Stripe takes the payments: our server and a twin of Stripe, each a process of its own, and a callback over the network between them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.server_process import ServerProcess, environment, free_port, run, serving
from tests.fixtures.stripe_twin import ASKS, CALLBACK_SECRET, KEY, StripeTwin, stripe_twin

PAY = (
    "mutation ($input: PayOrderInput!) { payOrder(input: $input) { __typename"
    " ... on PayOrderSuccess { payment { id status nextAction { kind clientSecret } } }"
    " ... on UserError { code message } } }"
)
ORDER = (
    "query ($id: ID!) { order(ref: {id: $id}) { status paymentStatus payments { status captured { amountMinor } } } }"
)
PLACE = (
    "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input)"
    " { ... on PlaceOrderSuccess { order { id dueTotal { amountMinor } } } ... on UserError { code message } } }"
)
WISH = {
    "businessUnit": "fashion-eu",
    "channel": "storefront-eu",
    "memberId": "mbr_1001",
    "lines": [{"sku": "SKU-00001", "quantity": 1}],
    "shippingAddress": {
        "recipient": "Ada Example",
        "country": "DE",
        "city": "Berlin",
        "line1": "Allee 1",
        "postalCode": "10115",
    },
}


@pytest.fixture
def twin() -> Iterator[StripeTwin]:
    with stripe_twin() as twin:
        yield twin


@pytest.fixture
def server(twin: StripeTwin, tmp_path: Path, open_folder: Path) -> Iterator[ServerProcess]:
    settings = {"stripe_key": KEY, "stripe_callback_secret": CALLBACK_SECRET, "stripe_url": twin.url}
    with serving(open_folder / "data", tmp_path / "log", **settings) as server:
        twin.calls(f"{server.url}/callbacks/payments/stripe")
        yield server


def place(server: ServerProcess, key: str) -> Any:
    return server.ask(PLACE, {"input": {**WISH, "idempotencyKey": key}})["data"]["placeOrder"]["order"]


def pay(server: ServerProcess, order_id: str, token: str) -> Any:
    given = {"orderId": order_id, "method": "card", "paymentToken": token, "idempotencyKey": f"pay-{order_id}"}
    return server.ask(PAY, {"input": given})["data"]["payOrder"]


def state(server: ServerProcess, order_id: str) -> Any:
    return server.ask(ORDER, {"id": order_id})["data"]["order"]


def settled(server: ServerProcess, order_id: str) -> Any:
    """The order once the provider has called: it does so a second after the fact."""
    for _ in range(1200):
        order = state(server, order_id)
        if order["payments"][-1]["status"] != "PROCESSING":
            return order
        time.sleep(0.05)
    raise AssertionError("Nobody called.")


def test_a_card_pays_at_once_and_one_whose_bank_asks_pays_by_callback(server: ServerProcess, twin: StripeTwin) -> None:
    first, second = place(server, "first"), place(server, "second")
    paid = pay(server, first["id"], twin.card())
    assert (paid["__typename"], paid["payment"]["status"]) == ("PayOrderSuccess", "CAPTURED")
    waiting = pay(server, second["id"], twin.card(ASKS))
    assert (waiting["payment"]["status"], waiting["payment"]["nextAction"]["kind"]) == ("PROCESSING", "CLIENT_SECRET")
    twin.approve(waiting["payment"]["nextAction"]["clientSecret"])
    order = settled(server, second["id"])
    assert (order["paymentStatus"], order["payments"][-1]) == (
        "PAID",
        {"status": "CAPTURED", "captured": second["dueTotal"]},
    )
    assert state(server, first["id"])["paymentStatus"] == "PAID"


def test_a_key_without_the_callbacks_secret_stops_the_start(open_folder: Path) -> None:
    env = environment(open_folder / "data", stripe_key=KEY, port=str(free_port()), demo_orders="0")
    ended = run("serve", "--demo", env=env)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        2,
        "order-center: ORDER_CENTER_STRIPE_CALLBACK_SECRET is unset: without it no callback of Stripe is believed.",
    )
