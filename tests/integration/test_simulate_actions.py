"""simulateActions: what a chain of actions would lead to is what it leads to, and nothing is written."""

import asyncio
from typing import Any

import pytest

from domain.access.viewer import Viewer
from domain.actions.rehearsal.script import SCRIPT, SimulatedAction
from domain.actions.simulate_actions import MAX_ACTIONS, Simulation, StockDelta, simulate_actions
from domain.orders.commands import LineQuantity, PlaceOrderLine
from domain.orders.flows import FLOWS
from domain.values.enums import ActorKind, AfterSaleKind, ExceptionResolution, Role
from domain.values.faults import BadRequest
from domain.values.money import Money
from resolvers.context import RequestContext
from tests.fixtures.executing import executed
from tests.fixtures.shop import ADMIN, ANNA, BOB, FINANCE, MERCHANT, TOTAL, Shop, did
from tests.integration.test_vouchers import VIRTUAL

pytestmark = pytest.mark.anyio
ALL = Viewer(ActorKind.STAFF, "all", None, frozenset((Role.ADMIN, Role.BUYER)))
NOT_SIMULATED = {"placeOrder", "importOrders"}
"""They begin an order: there is none to simulate them on."""


async def simulated(shop: Shop, order_id: str, *asked: str | SimulatedAction, viewer: Viewer = ALL) -> Simulation:
    """Every row of every table is as it was afterwards."""
    actions = [SimulatedAction(one) if isinstance(one, str) else one for one in asked]
    before = await shop.everything()
    simulation = await simulate_actions(shop.ports, viewer, order_id, actions)
    assert await shop.everything() == before
    assert simulation is not None
    return simulation


def told(simulation: Simulation) -> list[tuple[str, str, str, str, int, tuple[tuple[str, int, int], ...]]]:
    return [
        (
            step.action,
            step.status,
            step.payment_status,
            step.fulfillment_status,
            step.refund_minor,
            tuple((delta.sku, delta.reserved, delta.on_hand) for delta in step.stock),
        )
        for step in simulation.steps
    ]


async def test_an_order_is_paid_confirmed_and_sent_to_the_end_on_paper(any_shop: Shop) -> None:
    order_id = await any_shop.placed(lines=(PlaceOrderLine("TEE", 2),))
    simulation = await simulated(
        any_shop, order_id, "payOrder", "confirmOrder", "acceptFulfillment", "packFulfillment", "shipFulfillment",
        "deliverFulfillment", "confirmReceipt", "completeOrder",
    )  # fmt: skip
    assert simulation.ok
    assert told(simulation) == [
        ("payOrder", "PAID", "PAID", "UNFULFILLED", 0, (("TEE", -2, -2),)),
        ("confirmOrder", "CONFIRMED", "PAID", "UNFULFILLED", 0, ()),
        ("acceptFulfillment", "IN_FULFILLMENT", "PAID", "IN_PROGRESS", 0, ()),
        ("packFulfillment", "IN_FULFILLMENT", "PAID", "IN_PROGRESS", 0, ()),
        ("shipFulfillment", "SHIPPED", "PAID", "SHIPPED", 0, ()),
        ("deliverFulfillment", "DELIVERED", "PAID", "DELIVERED", 0, ()),
        ("confirmReceipt", "RECEIVED", "PAID", "DELIVERED", 0, ()),
        ("completeOrder", "COMPLETED", "PAID", "DELIVERED", 0, ()),
    ]


async def test_a_cancellation_says_what_goes_back(any_shop: Shop) -> None:
    unpaid, paid = await any_shop.placed(), await any_shop.paid()
    assert told(await simulated(any_shop, unpaid, "cancelOrder")) == [
        ("cancelOrder", "CANCELLED", "UNPAID", "CANCELLED", 0, (("POSTER", -1, 0), ("TEE", -2, 0))),
    ]
    assert told(await simulated(any_shop, paid, "cancelOrder")) == [
        ("cancelOrder", "CANCELLED", "REFUNDED", "CANCELLED", TOTAL, (("POSTER", 0, 1), ("TEE", 0, 2))),
    ]


async def test_a_simulation_ends_as_the_real_actions_do(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    line = next(line for line in (await any_shop.order(order_id)).lines if line.sku == "TEE")
    asked = SimulatedAction("cancelOrder", lines=(LineQuantity(line.id, 1),))
    (step,) = (await simulated(any_shop, order_id, asked)).steps
    stock = await any_shop.stock()
    await any_shop.cancel(order_id, lines=(LineQuantity(line.id, 1),))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (step.status, step.payment_status) == (order.head.status, order.head.payment_status)
    assert step.refund_minor == order.head.refunded_minor > 0
    assert step.stock == (StockDelta("TEE", 0, 1),)
    assert (await any_shop.stock())["TEE", "BER"] == (stock["TEE", "BER"][0] + 1, 0)


async def test_the_chain_ends_with_the_first_action_that_is_blocked(shop: Shop) -> None:
    order_id = await shop.paid()
    simulation = await simulated(shop, order_id, "holdOrder", "confirmOrder", "releaseOrder", viewer=MERCHANT)
    assert not simulation.ok
    assert [(step.action, step.enabled, step.status) for step in simulation.steps] == [
        ("holdOrder", True, "ON_HOLD"),
        ("confirmOrder", False, "ON_HOLD"),
    ]
    assert [reason.code for reason in simulation.steps[1].blocked_by] == ["WRONG_STATE"]


async def test_everybody_simulates_what_they_may_do(shop: Shop) -> None:
    order_id = await shop.paid()
    (step,) = (await simulated(shop, order_id, "confirmOrder", viewer=ANNA)).steps
    assert (step.enabled, [reason.code for reason in step.blocked_by]) == (False, ["REFUSED"])
    assert await simulate_actions(shop.ports, BOB, order_id, []) is None
    assert await simulate_actions(shop.ports, ADMIN, "ord_none", []) is None
    with pytest.raises(BadRequest):
        await simulate_actions(shop.ports, ADMIN, order_id, [SimulatedAction("holdOrder")] * (MAX_ACTIONS + 1))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (SimulatedAction("placeOrder"), "NOT_SIMULATED"),
        (SimulatedAction("payTimeout"), "NO_DEADLINE"),
        (SimulatedAction("autoConfirm", subject_id="ord_none"), "NO_DEADLINE"),
        (SimulatedAction("modifyOrder"), "INCOMPLETE"),
        (SimulatedAction("modifyOrder", lines=(LineQuantity("lin_none", 1),)), "INVALID_INPUT"),
        (SimulatedAction("splitOrder", lines=(LineQuantity("lin_none", 1),)), "INVALID_INPUT"),
        (SimulatedAction("recordTracking", is_successful=True), "INCOMPLETE"),
        (SimulatedAction("recordTracking", subject_id="shp_none", is_successful=True), "REFUSED"),
        (SimulatedAction("redeemVoucher"), "INCOMPLETE"),
        (SimulatedAction("redeemVoucher", subject_id="vou_none"), "REFUSED"),
        (SimulatedAction("refundPayment"), "INCOMPLETE"),
        (SimulatedAction("ruleAfterSale", is_approved=True), "INCOMPLETE"),
        (SimulatedAction("resolveException", resolution=ExceptionResolution.RETRY), "WRONG_STATE"),
        (SimulatedAction("refundPayment", amount=Money(TOTAL + 1, "EUR")), "INVALID_INPUT"),
        (SimulatedAction("acceptFulfillment", subject_id="ful_none"), "REFUSED"),
    ],
)
async def test_what_cannot_be_done_is_told(shop: Shop, asked: SimulatedAction, code: str) -> None:
    order_id = await shop.paid()
    (step,) = (await simulated(shop, order_id, asked)).steps
    assert (step.enabled, [reason.code for reason in step.blocked_by]) == (False, [code])


async def test_an_authorization_is_taken_in_parts_and_given_back(any_shop: Shop) -> None:
    order_id = await any_shop.paid(method="test_card_authorize")
    simulation = await simulated(
        any_shop,
        order_id,
        SimulatedAction("capturePayment", amount=Money(1000, "EUR")),
        "voidPayment",
        SimulatedAction("resolveException", resolution=ExceptionResolution.REFUND),
    )
    assert [(step.status, step.payment_status, step.refund_minor) for step in simulation.steps] == [
        ("PAID", "AUTHORIZED", 0),
        ("EXCEPTION", "PARTIALLY_PAID", 0),
        ("CANCELLED", "REFUNDED", 1000),
    ]


async def test_goods_come_back_for_their_money(any_shop: Shop) -> None:
    order_id = await any_shop.delivered(await any_shop.placed(lines=(PlaceOrderLine("TEE", 2),)))
    line = (await any_shop.order(order_id)).lines[0]
    back = SimulatedAction("requestAfterSale", kind=AfterSaleKind.RETURN_REFUND, lines=(LineQuantity(line.id, 2),))
    received = SimulatedAction("receiveReturn", received=((line.id, 2, 0),))
    chain = await simulated(any_shop, order_id, back, "approveAfterSale", "shipReturn", received)
    total = (await any_shop.order(order_id)).head.total_minor
    assert [step.enabled for step in chain.steps] == [True] * 4
    last = chain.steps[-1]
    assert (last.payment_status, last.after_sale_status, last.stock) == (
        "REFUNDED",
        "CLOSED",
        (StockDelta("TEE", 0, 2),),
    )
    assert last.refund_minor == total


async def _tee(shop: Shop, order_id: str, units: int) -> tuple[LineQuantity, ...]:
    line = next(line for line in (await shop.order(order_id)).lines if line.sku == "TEE")
    return (LineQuantity(line.id, units),)


async def test_other_units_are_held_priced_and_paid_for(any_shop: Shop) -> None:
    unpaid = await any_shop.placed()
    more = SimulatedAction("modifyOrder", lines=await _tee(any_shop, unpaid, 4))
    assert told(await simulated(any_shop, unpaid, more, "payOrder")) == [
        ("modifyOrder", "PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 0, (("TEE", 2, 0),)),
        ("payOrder", "PAID", "PAID", "UNFULFILLED", 0, (("POSTER", -1, -1), ("TEE", -4, -4))),
    ]
    paid = await any_shop.paid(await any_shop.placed())
    more = SimulatedAction("modifyOrder", lines=await _tee(any_shop, paid, 3))
    assert told(await simulated(any_shop, paid, more, "payOrder")) == [
        ("modifyOrder", "PAID", "PAID", "UNFULFILLED", 0, ()),
        ("payOrder", "PAID", "PAID", "UNFULFILLED", 0, (("TEE", 0, -1),)),
    ]
    fewer = SimulatedAction("modifyOrder", lines=await _tee(any_shop, paid, 1))
    assert told(await simulated(any_shop, paid, fewer)) == [
        ("modifyOrder", "PAID", "PAID", "UNFULFILLED", 2380, (("TEE", 0, 1),)),
    ]
    many = SimulatedAction("modifyOrder", lines=await _tee(any_shop, unpaid, 16))
    (step,) = (await simulated(any_shop, unpaid, many)).steps
    assert (step.enabled, [reason.code for reason in step.blocked_by]) == (False, ["REFUSED"])


async def test_units_travel_apart_and_one_parcel_is_refused(any_shop: Shop) -> None:
    order_id = await any_shop.paid(await any_shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    off = SimulatedAction("splitOrder", lines=await _tee(any_shop, order_id, 1))
    steps = (await simulated(any_shop, order_id, off, "confirmOrder", "acceptFulfillment", "shipFulfillment")).steps
    assert [(step.enabled, step.status) for step in steps] == [
        (True, "PAID"), (True, "CONFIRMED"), (True, "IN_FULFILLMENT"), (True, "PARTIALLY_SHIPPED"),
    ]  # fmt: skip
    assert [step.stock for step in steps] == [()] * 4
    by_rules = (await simulated(any_shop, order_id, off, "splitOrder")).steps
    assert [step.enabled for step in by_rules] == [True, True]
    shipped = await any_shop.shipped(await any_shop.placed(lines=(PlaceOrderLine("TEE", 3),)))
    arrived, refused = (SimulatedAction("recordTracking", is_successful=is_there) for is_there in (True, False))
    assert [step.status for step in (await simulated(any_shop, shipped, arrived, "completion")).steps] == [
        "DELIVERED",
        "DELIVERED",
    ]
    back = (await simulated(any_shop, shipped, refused, "returnFulfillment")).steps
    assert [(step.status, step.fulfillment_status, step.stock) for step in back] == [
        ("SHIPPED", "SHIPPED", ()),
        ("RETURNED", "RETURNED", (StockDelta("TEE", 0, 3),)),
    ]


async def test_vouchers_are_issued_and_redeemed_on_paper(any_shop: Shop) -> None:
    order_id = await any_shop.placed(**VIRTUAL)
    chain = await simulated(any_shop, order_id, "payOrder", *(["redeemVoucher"] * 4))
    assert [(step.action, step.status, step.enabled) for step in chain.steps] == [
        ("payOrder", "DELIVERED", True),
        *[("redeemVoucher", "DELIVERED", True)] * 3,
        ("redeemVoucher", "DELIVERED", False),
    ]
    assert [reason.code for reason in chain.steps[-1].blocked_by] == ["INCOMPLETE"]


async def test_what_time_would_do(any_shop: Shop) -> None:
    unpaid, shipped = await any_shop.placed(), await any_shop.shipped()
    assert told(await simulated(any_shop, unpaid, "payTimeout", viewer=ANNA)) == [
        ("payTimeout", "CANCELLED", "UNPAID", "CANCELLED", 0, (("POSTER", -1, 0), ("TEE", -2, 0))),
    ]
    chain = await simulated(any_shop, shipped, "receiptTimeout", "completion", viewer=ANNA)
    assert [(step.enabled, step.status) for step in chain.steps] == [(True, "RECEIVED"), (True, "COMPLETED")]
    line = (await any_shop.order(shipped)).lines[0]
    claim = SimulatedAction("requestAfterSale", kind=AfterSaleKind.RETURN_REFUND, lines=(LineQuantity(line.id, 1),))
    chain = await simulated(any_shop, shipped, claim, "receiptTimeout", viewer=ANNA)
    assert [reason.code for reason in chain.steps[-1].blocked_by] == ["NO_DEADLINE"]  # it rests
    agreed = await simulated(any_shop, shipped, claim, "autoApprove", "returnShipmentTimeout", "receiptTimeout")
    assert [(step.status, step.after_sale_status) for step in agreed.steps] == [
        ("SHIPPED", "OPEN"), ("SHIPPED", "OPEN"), ("SHIPPED", "CLOSED"), ("RECEIVED", "CLOSED"),
    ]  # fmt: skip


async def test_a_payment_under_way_may_be_lost_before_the_order_is(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await did(any_shop.pay(order_id, "test_card_3ds"))
    chain = await simulated(any_shop, order_id, "paymentTimeout", "payTimeout")
    assert [(step.action, step.enabled, step.status) for step in chain.steps] == [
        ("paymentTimeout", True, "PENDING_PAYMENT"),
        ("payTimeout", True, "CANCELLED"),
    ]


def test_every_action_of_the_tables_can_be_simulated_or_begins_an_order() -> None:
    actions = {rule.mutation for flow in FLOWS.values() for rule in flow.rules if rule.mutation}
    assert set(SCRIPT) | NOT_SIMULATED == actions
    assert not set(SCRIPT) & NOT_SIMULATED


async def test_a_simulation_by_graphql(shop: Shop) -> None:
    order_id = await shop.paid(await shop.placed(lines=(PlaceOrderLine("TEE", 2),)))
    query = """query($id: ID!, $actions: [SimulatedActionInput!]!) { simulateActions(orderId: $id, actions: $actions) { ok steps {
      action enabled blockedBy { code } status paymentStatus fulfillmentStatus afterSaleStatus refund { amount currency }
      stock { sku reserved onHand } } } }"""
    actions = [{"action": "refundPayment", "amount": {"amount": "1.50", "currency": "EUR"}}, {"action": "holdOrder"}]
    context = RequestContext.of(FINANCE, shop.ports, deadline=asyncio.get_running_loop().time() + 60, request_id="r")
    result = await executed(query, {"id": order_id, "actions": actions}, context=context)
    assert result.errors is None
    plain: dict[str, Any] = {"fulfillmentStatus": "UNFULFILLED", "afterSaleStatus": "NONE", "stock": []}
    assert result.data == {
        "simulateActions": {
            "ok": False,
            "steps": [
                plain
                | {
                    "action": "refundPayment",
                    "enabled": True,
                    "blockedBy": [],
                    "status": "PAID",
                    "paymentStatus": "PARTIALLY_REFUNDED",
                    "refund": {"amount": "1.50", "currency": "EUR"},
                },
                plain
                | {
                    "action": "holdOrder",
                    "enabled": False,
                    "blockedBy": [{"code": "REFUSED"}],
                    "status": "PAID",
                    "paymentStatus": "PARTIALLY_REFUNDED",
                    "refund": {"amount": "0.00", "currency": "EUR"},
                },
            ],
        }
    }
