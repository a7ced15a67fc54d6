"""interceptFulfillment, resolveIntercept, returnFulfillment, and what carriers bring back; exceptions that a person resolves."""

from dataclasses import replace

import pytest

from domain.access.viewer import Viewer
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.orders.reverse_commands import ReceivedLine
from domain.policies import InterceptRules, Policies
from domain.values.enums import ExceptionResolution, TrackingStatus
from domain.values.outcomes import FulfillmentChanged
from domain.values.refusals import ActionRejected, Forbidden, NotFound
from tests.fixtures.reverse import got, intercept, line_ids, money, part_ids, resolve, stopped, units
from tests.fixtures.shop import (
    ADMIN,
    ANNA,
    DAY,
    FINANCE,
    HOUR,
    MERCHANT,
    POLICIES,
    RIVAL,
    SUPPORT,
    TOTAL,
    WAREHOUSE,
    Shop,
    did,
)

pytestmark = pytest.mark.anyio
DELIVERED = TrackingStatus.DELIVERED


async def three_tees(shop: Shop, *, sent: int = 3) -> tuple[str, str, str]:
    """An order with one fulfillment, of which some units are in the parcel T-1; the order, the fulfillment, the line."""
    order_id = await shop.packed(await shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    (part,), (tee,) = await part_ids(shop, order_id), await line_ids(shop, order_id)
    await did(shop.ship(part, "T-1", lines=(LineQuantity(tee, sent),)))
    return order_id, part, tee


async def test_a_person_has_parcels_stopped(any_shop: Shop) -> None:
    order_id, part, _ = await three_tees(any_shop)
    outcome = await intercept(any_shop, part, SUPPORT)
    assert outcome == FulfillmentChanged(order_id=order_id, fulfillment_id=part)
    assert (await any_shop.timers(order_id))["fulfillment.interceptTimeout"] == DAY
    any_shop.clock.pass_(HOUR)
    await did(stopped(any_shop, part))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.fulfillments[0].status, order.head.payment_status) == (
        "SHIPPED",
        "RETURNING",
        "PAID",
    )
    assert (await any_shop.timers(order_id))["fulfillment.returnAlert"] == 3 * DAY + HOUR
    await did(got(any_shop, part))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status, order.head.fulfillment_status) == (
        "RETURNED",
        "REFUNDED",
        "RETURNED",
    )
    assert (order.lines[0].returned_quantity, order.fulfillment_lines[0].returned_quantity) == (3, 3)
    assert await any_shop.stock() == {}
    assert (await any_shop.timers(order_id), await any_shop.jobs()) == ({}, [])


async def test_what_comes_back_damaged_or_not_at_all(any_shop: Shop) -> None:
    order_id, part, tee = await three_tees(any_shop)
    await did(any_shop.track("T-1", "e1", TrackingStatus.REFUSED))
    await did(got(any_shop, part, lines=(ReceivedLine(tee, 1, 1),)))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status) == ("RETURNED", "REFUNDED")
    assert await any_shop.stock() == {("TEE", "BER"): (8, 0)}


async def test_one_parcel_of_two_comes_back(any_shop: Shop) -> None:
    order_id, part, tee = await three_tees(any_shop, sent=1)
    await did(any_shop.ship(part, "T-2", lines=(LineQuantity(tee, 2),)))
    await did(any_shop.track("T-1", "e1", DELIVERED))
    await did(any_shop.track("T-2", "e1", TrackingStatus.LOST))
    refused = await any_shop.refused(got(any_shop, part, lines=(ReceivedLine(tee, 3),)))
    assert [problem.code for problem in refused.problems] == ["QUANTITY_OUT_OF_RANGE"]
    await did(got(any_shop, part, lines=()))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.fulfillment_status, order.head.payment_status) == (
        "DELIVERED",
        "DELIVERED",
        "PARTIALLY_REFUNDED",
    )
    assert order.lines[0].returned_quantity == 2
    assert await any_shop.stock() == {("TEE", "BER"): (7, 0)}


async def test_what_was_not_sent_is_off_when_the_rest_comes_back(any_shop: Shop) -> None:
    order_id, part, _ = await three_tees(any_shop, sent=1)
    await did(any_shop.track("T-1", "e1", TrackingStatus.RETURNED))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.fulfillments[0].status, order.lines[0].cancelled_quantity) == ("RETURNING", 2)
    assert await any_shop.stock() == {("TEE", "BER"): (9, 0)}
    await did(got(any_shop, part))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status) == ("RETURNED", "REFUNDED")
    assert money(order)[0] == money(order)[1]
    assert await any_shop.stock() == {}


async def test_what_arrives_while_it_is_to_be_stopped_has_arrived(any_shop: Shop) -> None:
    order_id, part, _ = await three_tees(any_shop)
    await did(any_shop.cancel(order_id))
    await did(any_shop.track("T-1", "e1", DELIVERED))
    order = await any_shop.order(order_id)
    assert (order.head.status, order.fulfillments[0].status) == ("DELIVERED", "DELIVERED")
    refused = await any_shop.refused(stopped(any_shop, part))
    assert isinstance(refused, ActionRejected)


async def test_what_the_carrier_brings_back_was_stopped(any_shop: Shop) -> None:
    order_id, _, tee = await three_tees(any_shop)
    await did(any_shop.cancel(order_id, lines=units((tee, 3))))
    await did(any_shop.track("T-1", "e1", TrackingStatus.REFUSED))
    assert (await any_shop.order(order_id)).head.status == "CANCEL_PENDING"
    await did(any_shop.track("T-1", "e2", TrackingStatus.RETURNED))
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:2] == ("CANCELLED", "REFUNDED")


async def test_a_carrier_that_stops_nothing(any_shop: Shop) -> None:
    order_id, part, _ = await three_tees(any_shop)
    unit = replace(POLICIES.units["acme"], intercepts=InterceptRules(unsupported_carriers=("DHL",)))
    any_shop.ports = replace(any_shop.ports, policies=Policies({**POLICIES.units, "acme": unit}, POLICIES.channels))
    for call in (intercept(any_shop, part), any_shop.cancel(order_id)):
        refused = await any_shop.refused(call)
        assert [reason.code for reason in refused.blocked_by] == ["INTERCEPT_NOT_SUPPORTED"]


async def test_stock_that_comes_back_goes_to_who_waits(any_shop: Shop) -> None:
    order_id = await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("MUG", 10),)))
    (mug,) = await line_ids(any_shop, order_id)
    other = await any_shop.placed(lines=(PlaceOrderLine("TEE", 1),))
    assert other != order_id
    await did(any_shop.cancel(order_id, lines=units((mug, 4))))
    await any_shop.worker.drain()
    assert await any_shop.stock() == {("MUG", "HAM"): (4, 0), ("TEE", "BER"): (10, 1)}
    await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("MUG", 4),)))
    assert (await any_shop.stock())["MUG", "HAM"] == (0, 0)


@pytest.mark.parametrize(("call", "viewers"), [
    (intercept, (FINANCE, ANNA)), (stopped, (MERCHANT, ANNA)), (got, (SUPPORT, MERCHANT)),
])  # fmt: skip
async def test_who_may_not(shop: Shop, call: object, viewers: tuple[Viewer, ...]) -> None:
    _, part, _ = await three_tees(shop)
    for viewer in viewers:
        assert isinstance(await shop.refused(call(shop, part, viewer)), Forbidden)  # type: ignore[operator]
    assert await shop.refused(call(shop, part, RIVAL)) == NotFound(path=("fulfillmentId",))  # type: ignore[operator]


@pytest.mark.parametrize("viewer", [SUPPORT, MERCHANT, ADMIN])
async def test_an_exception_is_refunded(any_shop: Shop, viewer: Viewer) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    payment_id = (await any_shop.order(order_id)).payments[0].id
    await did(any_shop.act_on_payment("voidPayment", payment_id))
    assert (await any_shop.order(order_id)).head.status == "EXCEPTION"
    refused = await any_shop.refused(resolve(any_shop, order_id, ExceptionResolution.RETRY, viewer))
    assert [reason.code for reason in refused.blocked_by] == ["PAYMENT_DUE"]
    await did(resolve(any_shop, order_id, ExceptionResolution.REFUND, viewer))
    await any_shop.worker.drain()
    assert (await any_shop.status(order_id))[:3] == ("CANCELLED", "UNPAID", "CANCELLED")
    assert await any_shop.stock() == {}


async def test_an_exception_whose_cause_is_gone_goes_on(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed(method="test_card_capture_declined")
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.previous_status) == ("EXCEPTION", "CONFIRMED")
    await did(resolve(any_shop, order_id, ExceptionResolution.RETRY))
    assert (await any_shop.order(order_id)).head.status == "CONFIRMED"
    assert await any_shop.jobs() == ["CAPTURE"]
    await any_shop.worker.drain()
    assert (await any_shop.order(order_id)).head.status == "EXCEPTION"


async def test_an_exception_that_nobody_resolves_ends_the_order(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    await did(any_shop.act_on_payment("voidPayment", (await any_shop.order(order_id)).payments[0].id))
    await any_shop.later(DAY)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.cancelled_minor) == ("CANCELLED", TOTAL)
    assert (await any_shop.stock(), await any_shop.jobs()) == ({}, [])


async def test_who_may_resolve(shop: Shop) -> None:
    order_id = await shop.paid(method="test_card_authorize")
    await did(shop.act_on_payment("voidPayment", (await shop.order(order_id)).payments[0].id))
    for viewer in (FINANCE, WAREHOUSE, ANNA):
        outcome = await shop.refused(resolve(shop, order_id, ExceptionResolution.REFUND, viewer))
        assert isinstance(outcome, Forbidden)
