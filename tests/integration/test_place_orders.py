"""placeOrders: a batch on a real database, each on its own or all or none, once however often it is sent."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.actions.place_order import claimed, place_order
from domain.actions.place_orders import MAX_ORDERS, place_orders
from domain.orders.commands import PlaceOrder, PlaceOrderLine, PlaceOrders
from domain.ports.bundle import Ports
from domain.values.enums import BatchPolicy
from domain.values.outcomes import OrderPlaced, OrdersPlaced, Outcome
from domain.values.refusals import (
    DuplicateExternalNumber,
    Forbidden,
    IdempotencyConflict,
    InvalidInput,
    LimitExceeded,
    NotAttempted,
    OutOfStock,
    RequestInProgress,
    ServiceDown,
    UnknownProduct,
    invalid,
)
from resolvers.context import RequestContext
from tests.fixtures.executing import executed
from tests.fixtures.shop import ANALYST, MINUTE, PARTNER, WISH, Shop
from tests.fixtures.sleepy import without

pytestmark = pytest.mark.anyio
ALL = BatchPolicy.ALL_OR_NOTHING


def order(number: str, sku: str = "TEE", quantity: int = 1, **more: Any) -> PlaceOrder:
    """By its number, which is its key too."""
    wish = replace(WISH, channel="partner", lines=(PlaceOrderLine(sku, quantity),))
    return PlaceOrder(f"order-{number}", wish, external_number=number, **more)


async def send(shop: Shop, *orders: Any, key: str = "batch", viewer: Viewer = PARTNER, **more: Any) -> Outcome:
    return await place_orders(shop.ports, viewer, PlaceOrders(key, orders, **more))


async def sent(shop: Shop, *orders: Any, **more: Any) -> OrdersPlaced:
    outcome = await send(shop, *orders, **more)
    assert isinstance(outcome, OrdersPlaced), outcome
    assert (outcome.placed + outcome.failed, len(outcome.results)) == (len(orders), len(orders))
    return outcome


async def numbers(shop: Shop) -> list[str]:
    return [row[0] for row in await shop.sql("SELECT external_number FROM orders ORDER BY external_number")]


def kinds(outcome: OrdersPlaced) -> list[type[Any]]:
    return [type(result) for result in outcome.results]


async def test_each_order_is_placed_or_refused_on_its_own(any_shop: Shop) -> None:
    broken = invalid("lines", code="EMPTY", message="An order has at least one line.")
    outcome = await sent(any_shop, order("1"), order("2", quantity=99), order("3", "NONE"), broken, order("5", "MUG"))
    assert kinds(outcome) == [OrderPlaced, OutOfStock, UnknownProduct, InvalidInput, OrderPlaced]
    assert (outcome.placed, outcome.failed, outcome.is_replayed) == (2, 3, False)
    assert await numbers(any_shop) == ["1", "5"]
    assert await any_shop.stock() == {("TEE", "BER"): (10, 1), ("MUG", "HAM"): (10, 1)}


@pytest.mark.parametrize("policy", list(BatchPolicy))
async def test_the_same_batch_again_is_answered_from_its_key(any_shop: Shop, policy: BatchPolicy) -> None:
    orders = (order("1"), order("2"))
    first = await sent(any_shop, *orders, policy=policy)
    again = await sent(any_shop, *orders, policy=policy)
    assert again == replace(first, is_replayed=True)
    assert isinstance(await send(any_shop, order("1"), policy=policy), IdempotencyConflict)
    assert await numbers(any_shop) == ["1", "2"]


@pytest.mark.parametrize("policy", list(BatchPolicy))
async def test_what_was_placed_under_an_orders_own_key_is_not_placed_again(any_shop: Shop, policy: BatchPolicy) -> None:
    alone = await any_shop.place(PARTNER, key="order-1", wish=order("1").wish, external_number="1")
    outcome = await sent(any_shop, order("1"), order("2"), policy=policy)
    assert isinstance(alone, OrderPlaced)
    assert outcome.results[0] == replace(alone, is_replayed=True)
    assert await numbers(any_shop) == ["1", "2"]
    await any_shop.worker.drain()
    assert await any_shop.stock() == {("TEE", "BER"): (10, 2)}


async def test_a_batch_that_broke_off_goes_on_where_it_was(any_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:

    async def breaking(ports: Ports, viewer: Viewer, command: PlaceOrder) -> Outcome:
        if command.external_number == "2":
            raise ConnectionResetError
        return await place_order(ports, viewer, command)

    monkeypatch.setattr("domain.actions.place_orders.place_order", breaking)
    with pytest.raises(ConnectionResetError):
        await send(any_shop, order("1"), order("2"))
    monkeypatch.undo()
    assert await numbers(any_shop) == ["1"]
    assert isinstance(await send(any_shop, order("1"), order("2")), RequestInProgress)
    any_shop.clock.pass_(MINUTE)
    outcome = await sent(any_shop, order("1"), order("2"))
    assert [(type(one), one.is_replayed) for one in outcome.results if isinstance(one, OrderPlaced)] == [
        (OrderPlaced, True),
        (OrderPlaced, False),
    ]
    assert await numbers(any_shop) == ["1", "2"]


async def test_an_order_that_met_a_service_that_is_down_is_tried_again_by_the_same_batch(shop: Shop) -> None:
    ports, shop.ports = shop.ports, without(shop.ports, "promotions", "active")
    first = await sent(shop, order("1"))
    shop.ports = ports
    assert kinds(first) == [ServiceDown]
    assert kinds(await sent(shop, order("1"))) == [OrderPlaced]


async def test_all_are_placed_together(any_shop: Shop) -> None:
    outcome = await sent(any_shop, order("1"), order("2", "MUG", 3), order("3"), policy=ALL)
    assert (kinds(outcome), outcome.placed) == ([OrderPlaced] * 3, 3)
    assert await numbers(any_shop) == ["1", "2", "3"]
    assert await any_shop.stock() == {("TEE", "BER"): (10, 2), ("MUG", "HAM"): (10, 3)}
    assert await any_shop.jobs() == []


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (order("2", quantity=99), OutOfStock),
        (order("2", "NONE"), UnknownProduct),
        (order("2", quantity=10), OutOfStock),
        (order("1", "MUG"), IdempotencyConflict),
        (replace(order("1"), idempotency_key="other"), DuplicateExternalNumber),
        (invalid("lines", code="EMPTY", message="An order has at least one line."), InvalidInput),
    ],
)
async def test_one_that_cannot_be_placed_keeps_all_from_it(any_shop: Shop, bad: Any, kind: type[Any]) -> None:
    outcome = await sent(any_shop, order("1", quantity=6), bad, order("3", "MUG"), policy=ALL)
    assert (kinds(outcome), outcome.failed) == ([NotAttempted, kind, NotAttempted], 3)
    await any_shop.worker.drain()
    assert await numbers(any_shop) == []
    assert await any_shop.stock() == {}
    assert await any_shop.jobs() == []
    assert (await sent(any_shop, order("1"), order("3", "MUG"), key="next", policy=ALL)).placed == 2


async def test_nobody_has_more_unpaid_orders_than_they_may(any_shop: Shop) -> None:
    orders = [order(str(number)) for number in range(4)]
    outcome = await sent(any_shop, *orders, policy=ALL)
    assert kinds(outcome) == [NotAttempted] * 3 + [LimitExceeded]
    assert kinds(await sent(any_shop, *orders, key="each")) == [OrderPlaced] * 3 + [LimitExceeded]


@pytest.mark.parametrize("policy", list(BatchPolicy))
async def test_a_batch_has_its_limits(shop: Shop, policy: BatchPolicy) -> None:
    many = [order(str(number)) for number in range(MAX_ORDERS + 1)]
    too_many = await shop.refused(send(shop, *many, policy=policy))
    assert (type(too_many), too_many.limit, too_many.path) == (LimitExceeded, 100, ("orders",))
    empty = await shop.refused(send(shop, policy=policy))
    assert (type(empty), empty.problems[0].code) == (InvalidInput, "EMPTY")
    assert isinstance(await shop.refused(send(shop, order("1"), viewer=ANALYST, policy=policy)), Forbidden)


async def test_a_saga_that_was_undone_meanwhile_places_nothing(
    remote_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def slow(*given: Any) -> Any:
        taken = await claimed(*given)
        await remote_shop.later(MINUTE)
        return taken

    monkeypatch.setattr("domain.actions.place_orders.claimed", slow)
    assert isinstance(await send(remote_shop, order("1"), order("2"), policy=ALL), ServiceDown)
    await remote_shop.worker.drain()
    assert await numbers(remote_shop) == []
    assert await remote_shop.stock() == {}


async def test_a_batch_by_graphql(shop: Shop) -> None:
    def given(number: str, **line: Any) -> dict[str, Any]:
        address = {"recipient": "Anna", "country": "DE", "city": "Berlin", "line1": "Allee 1"}
        lines = [{"sku": "TEE", "quantity": 1, **line}]
        return {
            "idempotencyKey": number, "businessUnit": "acme", "channel": "partner", "memberId": "mbr_anna",
            "externalNumber": number, "lines": lines, "shippingAddress": address,
        }  # fmt: skip

    query = """mutation($input: PlaceOrdersInput!) { placeOrders(input: $input) { ... on PlaceOrdersSuccess { placed failed replayed
      results { __typename ... on PlaceOrderSuccess { replayed order { externalNumber status } }
        ... on InvalidInput { problems { path code } } ... on UserError { code } } } } }"""
    wrong = given("2", unitPrice={"amount": "1.001", "currency": "EUR"})
    asked = {"idempotencyKey": "b", "orders": [given("1"), wrong]}
    context = RequestContext.of(PARTNER, shop.ports, deadline=asyncio.get_running_loop().time() + 60, request_id="r")
    result = await executed(query, {"input": asked}, context=context)
    assert result.errors is None
    assert result.data is not None
    assert result.data["placeOrders"] == {
        "placed": 1,
        "failed": 1,
        "replayed": False,
        "results": [
            {
                "__typename": "PlaceOrderSuccess",
                "replayed": False,
                "order": {"externalNumber": "1", "status": "PENDING_PAYMENT"},
            },
            {
                "__typename": "InvalidInput",
                "code": "INVALID_INPUT",
                "problems": [{"path": ["lines", "0", "unitPrice"], "code": "INVALID_MONEY"}],
            },
        ],
    }
