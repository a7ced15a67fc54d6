"""The process is killed at every named point; whoever comes again with the same key finds what one run would have left."""

import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from adapters.doctor.examination import examine
from adapters.embedded import tables
from domain.orders.backorders import look_again
from domain.orders.commands import PlaceOrderLine, WantedGroup
from domain.values.enums import AfterSaleKind, OrderType
from tests.chaos.conftest import Opened
from tests.fixtures import crash_points as scenes
from tests.fixtures.cases import arrived, sent_back
from tests.fixtures.crash_points import (
    BACK,
    CAPTURE,
    CRASH_POINTS,
    DECLINE,
    MODIFY,
    PACK,
    PAY,
    PLACE,
    RECEIVE,
    REFUND,
    SHIP,
    VOID,
    CrashPoint,
)
from tests.fixtures.crashing_server import Servers
from tests.fixtures.mutations import client, sent, settled
from tests.fixtures.shop import BOB, MINUTE, TOTAL, Shop, did

pytestmark = pytest.mark.anyio

KEY: Final = "the same key"
CART: Final = {
    "businessUnit": "acme",
    "channel": "web",
    "memberId": "mbr_anna",
    "lines": [{"sku": "TEE", "quantity": 2}, {"sku": "POSTER", "quantity": 1}],
    "couponCodes": ["SAVE5"],
    "shippingAddress": {
        "recipient": "Anna Berg",
        "country": "DE",
        "city": "Berlin",
        "line1": "Allee 1",
        "postalCode": "10115",
    },
}


@dataclass(frozen=True, slots=True)
class End:
    """What there is when all is done, in an empty shop but for this one order."""

    status: tuple[str, str, str, int]
    """Of the order, its payment, its fulfillment; its version counts every step."""
    stock: Mapping[tuple[str, str], tuple[int, int]]
    coupons_used: Mapping[str, int]
    charged: list[tuple[Any, ...]]
    """At the provider: every payment's state, authorized and captured amount."""
    operations: list[tuple[Any, ...]]
    """At the provider: every capture and release."""
    parcels: int = 0
    orders: int = 1
    jobs: int = 0
    codes: int = 0
    """Of vouchers, at their service."""


HELD: Final = {("TEE", "BER"): (10, 2), ("POSTER", "BER"): (5, 1)}
TAKEN: Final = {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
MOVED: Final = {("TEE", "HAM"): (3, 0), ("POSTER", "BER"): (4, 0)}
FILLED: Final = {("TEE", "HAM"): (0, 0), ("POSTER", "BER"): (4, 0)}
SIX: Final = (PlaceOrderLine("TEE", 6), PlaceOrderLine("POSTER", 1))
CAPTURED_FOR_SIX: Final = [("CAPTURED", 16377, 16377)]
CAPTURED: Final = [("CAPTURED", TOTAL, TOTAL)]
ENDS: Final[Mapping[str, End]] = {
    PLACE: End(("PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 1), HELD, {"SAVE5": 1}, [], []),
    PAY: End(("PAID", "PAID", "UNFULFILLED", 10), TAKEN, {}, CAPTURED, []),
    CAPTURE: End(("PAID", "PAID", "UNFULFILLED", 11), TAKEN, {}, CAPTURED, [("CAPTURE", TOTAL)]),
    VOID: End(("EXCEPTION", "UNPAID", "UNFULFILLED", 12), TAKEN, {}, [("VOIDED", 0, 0)], [("VOID", 0)]),
    DECLINE: End(("PAID", "PAID", "UNFULFILLED", 11), MOVED, {}, CAPTURED, []),
    RECEIVE: End(("IN_FULFILLMENT", "PAID", "IN_PROGRESS", 15), FILLED, {}, CAPTURED_FOR_SIX, []),
    PACK: End(("IN_FULFILLMENT", "PAID", "IN_PROGRESS", 14), TAKEN, {}, CAPTURED, []),
    SHIP: End(
        ("PARTIALLY_SHIPPED", "PAID", "PARTIALLY_SHIPPED", 19), TAKEN, {}, CAPTURED, [("CAPTURE", TOTAL)], parcels=1
    ),
    REFUND: End(("PAID", "PARTIALLY_REFUNDED", "UNFULFILLED", 15), TAKEN, {}, CAPTURED, [("REFUND", 1000)]),
    scenes.PAID: End(("CANCELLED", "REFUNDED", "CANCELLED", 18), {}, {}, CAPTURED, [("REFUND", TOTAL)]),
    scenes.HELD: End(("CANCELLED", "UNPAID", "CANCELLED", 15), {}, {}, [("VOIDED", 0, 0)], [("VOID", 0)]),
    scenes.CLAIMED: End(("CANCELLED", "UNPAID", "CANCELLED", 2), {}, {}, [], []),
    scenes.PRODUCED: End(
        ("CANCELLED", "PARTIALLY_REFUNDED", "CANCELLED", 21), {}, {}, [("CAPTURED", 2057, 2057)], [("REFUND", 686)]
    ),
    scenes.VOUCHERS: End(("DELIVERED", "PAID", "DELIVERED", 6), {}, {}, [("CAPTURED", 1785, 1785)], [], codes=3),
    scenes.SEAT: End(
        ("CONFIRMED", "PAID", "UNFULFILLED", 10),
        {("TEE", "BER"): (8, 0)},
        {},
        [("CAPTURED", 2870, 2870)] * 2,
        [],
        orders=2,
    ),
    MODIFY: End(("PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 2), {**HELD, ("TEE", "BER"): (10, 3)}, {}, [], []),
    BACK: End(
        ("DELIVERED", "PAID", "DELIVERED", 25), {("TEE", "BER"): (7, 0)}, {}, [("CAPTURED", 7630, 7630)], [], parcels=2
    ),
}


async def _paid(shop: Shop) -> Mapping[str, Any]:
    return {"orderId": await shop.paid(), "reason": "Not wanted"}


async def _held(shop: Shop) -> Mapping[str, Any]:
    return {"orderId": await shop.paid(method="test_card_authorize"), "reason": "Not wanted"}


async def _claimed(shop: Shop) -> Mapping[str, Any]:
    return {"orderId": await shop.placed(coupon_codes=("SAVE5",)), "reason": "Not wanted"}


async def _produced(shop: Shop) -> Mapping[str, Any]:
    """Its deposit is paid, and a part of it is being made: giving it up costs a fifth."""
    order_id = await shop.paid(await shop.placed(order_type=OrderType.MADE_TO_ORDER))
    part = (await shop.order(order_id)).fulfillments[0]
    for action in ("acceptFulfillment", "startProduction"):
        await did(shop.fulfil(action, part.id))
    return {"orderId": order_id, "reason": "Not wanted"}


async def _refundable(shop: Shop) -> Mapping[str, Any]:
    payment = (await shop.order(await shop.paid())).payments[0]
    return {"paymentId": payment.id, "amount": {"amount": "10.00", "currency": "EUR"}, "reason": "Goodwill"}


async def _virtual(shop: Shop) -> Mapping[str, Any]:
    await shop.given(tables.voucher_pools, {"sku": "CARD", "remaining": 10, "valid_s": None})
    cart = (PlaceOrderLine("CARD", 3),)
    order_id = await shop.placed(order_type=OrderType.VIRTUAL, lines=cart, shipping_address=None)
    return {"orderId": order_id, "method": "test_card"}


async def _seat(shop: Shop) -> Mapping[str, Any]:
    """Anna has paid; Bob has the other seat."""
    wish: dict[str, Any] = {"order_type": OrderType.GROUP_BUY, "lines": (PlaceOrderLine("TEE", 1),)}
    first = await shop.placed(**wish, group=WantedGroup(size=2))
    await shop.paid(first)
    group_id = (await shop.order(first)).head.group_id
    second = await shop.placed(BOB, **wish, group=WantedGroup(join=group_id), member_id="mbr_bob")
    return {"orderId": second, "method": "test_card"}


async def _modifiable(shop: Shop) -> Mapping[str, Any]:
    order_id = await shop.placed()
    tee = next(line for line in (await shop.order(order_id)).lines if line.sku == "TEE")
    return {"orderId": order_id, "setLines": [{"lineId": tee.id, "quantity": 3}]}


async def _exchanged(shop: Shop) -> Mapping[str, Any]:
    """One of three tees is on its way back, for another one."""
    order_id = await arrived(shop)
    case_id = await sent_back(shop, order_id, 1, AfterSaleKind.EXCHANGE)
    line = (await shop.order(order_id)).lines[0].id
    return {"afterSaleId": case_id, "lines": [{"lineId": line, "accepted": 1}]}


async def _cart(_shop: Shop) -> Mapping[str, Any]:
    return CART


ENDS_APART: Final[Mapping[str, End]] = {
    # Where the inventory is another system, the step comes before the move: the history shows both.
    DECLINE: replace(ENDS[DECLINE], status=("PAID", "PAID", "UNFULFILLED", 12)),
}


async def _unpaid(shop: Shop) -> Mapping[str, Any]:
    return {"orderId": await shop.placed(), "method": "test_card"}


async def _authorized(shop: Shop) -> Mapping[str, Any]:
    order_id = await shop.paid(method="test_card_authorize")
    return {"paymentId": (await shop.order(order_id)).payments[0].id}


async def _allocated(shop: Shop) -> Mapping[str, Any]:
    """Another warehouse has the tees."""
    order_id = await shop.paid()
    return {"fulfillmentId": (await shop.order(order_id)).fulfillments[0].id, "note": "No room"}


async def _received(shop: Shop) -> Mapping[str, Any]:
    """The last of six tees has just come to the other warehouse; nobody has looked yet."""
    order_id = await shop.confirmed(await shop.placed(lines=SIX))
    waiting, other = (await shop.order(order_id)).fulfillments
    await did(shop.decline(waiting.id))
    await shop.later(MINUTE)
    assert await shop.ports.inventory.restock("TEE", "HAM", 1)
    async with shop.ports.unit_of_work() as uow:
        await uow.queue("rcp_1", (look_again("rcp_1", "TEE"),), shop.clock.now())
        await uow.commit()
    return {"fulfillmentId": other.id}


async def _accepted(shop: Shop) -> Mapping[str, Any]:
    order_id = await shop.confirmed()
    part = (await shop.order(order_id)).fulfillments[0]
    await did(shop.fulfil("acceptFulfillment", part.id))
    return {"fulfillmentId": part.id}


async def _packed(shop: Shop) -> Mapping[str, Any]:
    """Of a company that takes the money when the first parcel leaves."""
    order_id = await shop.packed(await shop.placed(business_unit="later"), method="test_card_authorize")
    part = (await shop.order(order_id)).fulfillments[0]
    return {"fulfillmentId": part.id, "carrier": "DHL", "trackingNumber": "T-1"}


BEGINNINGS: Final[Mapping[str, Callable[[Shop], Awaitable[Mapping[str, Any]]]]] = {
    PLACE: _cart,
    PAY: _unpaid,
    CAPTURE: _authorized,
    VOID: _authorized,
    DECLINE: _allocated,
    RECEIVE: _received,
    PACK: _accepted,
    SHIP: _packed,
    scenes.PAID: _paid,
    scenes.HELD: _held,
    scenes.CLAIMED: _claimed,
    scenes.PRODUCED: _produced,
    scenes.VOUCHERS: _virtual,
    scenes.SEAT: _seat,
    REFUND: _refundable,
    MODIFY: _modifiable,
    BACK: _exchanged,
}


@pytest.mark.parametrize("point", CRASH_POINTS, ids=lambda point: point.name)
async def test_after_a_kill_the_same_key_ends_as_if_nothing_had_happened(
    point: CrashPoint, opened: Opened, servers: Servers
) -> None:
    shop = opened(point.is_apart)
    await shop.open()
    given = {**await BEGINNINGS[point.begins_with](shop), "idempotencyKey": KEY}
    await _killed(servers, point, given)
    jobs = await shop.jobs()
    assert (set(point.jobs) <= set(jobs)) if point.has_more_jobs else (jobs == list(point.jobs))
    first, again = await _retried(servers, point, given)
    assert first["__typename"].endswith("Success"), first
    assert point.is_kept is None or first["replayed"] is point.is_kept
    assert again == {**first, "replayed": True}
    shop.clock.pass_(MINUTE)
    await shop.worker.drain()
    assert await _end(shop, first["order"]["id"]) == _end_of(point)
    findings = await examine(shop.database, now=datetime.now(UTC))
    assert [finding for finding in findings if finding.violations] == []


async def _killed(servers: Servers, point: CrashPoint, given: Mapping[str, Any]) -> None:
    """Where the worker is the one that dies, the request may have its answer before."""
    server = servers.start("--at", point.name, *_mode(point), worker=point.by_worker)
    try:
        dropped = contextlib.suppress if point.by_worker else pytest.raises
        async with client() as http:
            with dropped(httpx.TransportError):
                await sent(http, server.url, point.operation, given)
        assert server.process.wait() == -signal.SIGKILL
    finally:
        server.end(signal.SIGKILL)


async def _retried(
    servers: Servers, point: CrashPoint, given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer after the restart, and the one after that; the worker runs, and ends what it has begun."""
    server = servers.start(*_mode(point))
    try:
        async with client() as http:
            first = await settled(http, (server.url,), point.operation, given)
            again = await settled(http, (server.url,), point.operation, given)
    finally:
        server.end()
    return first, again


def _mode(point: CrashPoint) -> tuple[str, ...]:
    return ("--apart",) if point.is_apart else ()


def _end_of(point: CrashPoint) -> End:
    return (ENDS_APART if point.is_apart else ENDS).get(point.begins_with, ENDS[point.begins_with])


async def _end(shop: Shop, order_id: str) -> End:
    counts = (
        "SELECT (SELECT count(*) FROM shipments), (SELECT count(*) FROM orders), (SELECT count(*) FROM jobs),"
        " (SELECT count(*) FROM services.voucher_codes)"
    )
    return End(
        await shop.status(order_id),
        await shop.stock(),
        await shop.coupons_used(),
        await shop.sql("SELECT state, authorized_minor, captured_minor FROM services.provider_payments"),
        await shop.sql("SELECT kind, amount_minor FROM services.provider_operations"),
        *(await shop.sql(counts))[0],
    )
