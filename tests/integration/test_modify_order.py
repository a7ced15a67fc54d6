"""modifyOrder: before payment and after it, with the difference going back or being waited for."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from domain.actions.cancel_order import cancel_order
from domain.actions.modify_order import modify_order
from domain.actions.pay_order import pay_order
from domain.orders.commands import CancelOrder, LineQuantity, ModifyOrder, PayOrder, PlaceOrderLine
from domain.orders.model import Order
from domain.values.enums import InstallmentKind, OrderStatus
from domain.values.money import Money
from domain.values.outcomes import OrderModified, OrderPaid, Outcome
from domain.values.refusals import (
    ActionRejected,
    Forbidden,
    InvalidCoupon,
    InvalidInput,
    LimitExceeded,
    NotFound,
    OutOfStock,
    PriceChanged,
    ServiceDown,
    UnknownProduct,
    VersionConflict,
)
from tests.fixtures.shop import ADDRESS, ANNA, BOB, MINUTE, PARTNER, TOTAL, WAREHOUSE, Shop, did
from tests.fixtures.sleepy import between
from tests.integration.test_split_order import assert_whole, counting, shown

pytestmark = pytest.mark.anyio

MUG = (PlaceOrderLine("MUG", 1),)
A_MUG = 1190
"""A mug and its tax: it changes no shipping, and no promotion is on it."""
A_TEE = 2380


async def modify(
    shop: Shop, order_id: str, viewer: Any = ANNA, *, units: dict[str, int] | None = None, **more: Any
) -> Outcome:
    """`units`: by SKU, what there is to be of lines that are there."""
    ids = {line.sku: line.id for line in (await shop.order(order_id)).lines}
    lines = tuple(LineQuantity(ids[sku], quantity) for sku, quantity in (units or {}).items())
    return await modify_order(shop.ports, viewer, ModifyOrder(order_id, set_lines=lines, **more))


def told(outcome: Outcome) -> tuple[int, bool]:
    assert isinstance(outcome, OrderModified), outcome
    return outcome.difference_minor, outcome.is_applied


def lines_of(order: Order) -> dict[str, int]:
    return {line.sku: line.quantity for line in order.lines}


async def reserved(shop: Shop) -> dict[str, tuple[int, int]]:
    rows = await shop.sql("SELECT sku, sum(on_hand), sum(reserved) FROM services.stock GROUP BY sku ORDER BY sku")
    return {sku: (int(on_hand), int(held)) for sku, on_hand, held in rows}


async def test_an_unpaid_order_gets_other_units_another_price_and_other_stock(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    assert told(await modify(any_shop, order_id, units={"TEE": 3}, add_lines=MUG)) == (A_TEE + A_MUG, True)
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.total_minor, order.head.payable_minor) == (
        "PENDING_PAYMENT", TOTAL + A_TEE + A_MUG, TOTAL + A_TEE + A_MUG,
    )  # fmt: skip
    assert lines_of(order) == {"TEE": 3, "POSTER": 1, "MUG": 1}
    assert [i.amount_minor for i in order.installments] == [TOTAL + A_TEE + A_MUG]
    stock = await reserved(any_shop)
    assert (stock["TEE"], stock["POSTER"], stock["MUG"]) == ((15, 3), (5, 1), (10, 1))
    assert told(await modify(any_shop, order_id, units={"TEE": 0, "MUG": 0})) == (-3 * A_TEE - A_MUG, True)
    order = await any_shop.order(order_id)
    assert lines_of(order) == {"TEE": 0, "POSTER": 1, "MUG": 0}
    assert order.head.unit_count == 1
    stock = await reserved(any_shop)
    assert (stock["TEE"], stock["POSTER"], stock["MUG"]) == ((15, 0), (5, 1), (10, 0))
    await any_shop.paid(order_id)
    assert_whole(await any_shop.order(order_id))


async def test_what_was_paid_too_much_of_an_unpaid_order_goes_back(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    await any_shop.paid(order_id, amount=Money(6000, "EUR"))
    assert told(await modify(any_shop, order_id, units={"TEE": 1})) == (-A_TEE, True)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    head = order.head
    assert (head.status, head.payment_status, head.total_minor) == ("PAID", "PAID", TOTAL - A_TEE)
    assert (head.captured_minor, head.refunded_minor) == (TOTAL - A_TEE, 0)
    assert [(r.amount_minor, r.status, r.is_excess) for r in order.refunds] == [
        (6000 - TOTAL + A_TEE, "SUCCEEDED", True)
    ]
    assert_whole(order)


async def test_a_paid_order_that_costs_less_is_changed_at_once(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    assert told(await modify(any_shop, order_id, units={"TEE": 1})) == (-A_TEE, True)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, order.head.payment_status, order.head.payable_minor) == ("CONFIRMED", "PAID", 0)
    assert [(r.amount_minor, r.is_excess) for r in order.refunds] == [(A_TEE, True)]
    assert [i.amount_minor for i in order.installments] == [TOTAL - A_TEE]
    assert shown(order) == [
        ("1", "CANCELLED", "BER", {"TEE": 2}),
        ("2", "CANCELLED", "BER", {"POSTER": 1}),
        ("3", "ALLOCATED", "BER", {"TEE": 1}),
        ("4", "ALLOCATED", "BER", {"POSTER": 1}),
    ]
    assert all(part.promised_at is not None for part in counting(order))
    assert_whole(order)
    assert (await reserved(any_shop))["TEE"] == (14, 0)


async def test_a_paid_order_that_costs_more_waits_for_its_difference(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    assert told(await modify(any_shop, order_id, add_lines=MUG, units={"TEE": 4})) == (2 * A_TEE + A_MUG, False)
    waiting = await any_shop.order(order_id)
    assert (waiting.head.status, waiting.head.total_minor, waiting.head.payable_minor) == (
        "CONFIRMED",
        TOTAL,
        2 * A_TEE + A_MUG,
    )
    assert [(i.kind, i.amount_minor, i.paid_minor) for i in waiting.installments] == [
        (InstallmentKind.FULL, TOTAL, TOTAL),
        (InstallmentKind.DIFFERENCE, 2 * A_TEE + A_MUG, 0),
    ]
    assert lines_of(waiting) == {"TEE": 2, "POSTER": 1}
    await any_shop.paid(order_id, amount=Money(1000, "EUR"))
    assert lines_of(await any_shop.order(order_id)) == {"TEE": 2, "POSTER": 1}
    await any_shop.paid(order_id)
    order = await any_shop.order(order_id)
    assert lines_of(order) == {"TEE": 4, "POSTER": 1, "MUG": 1}
    assert (order.head.status, order.head.payment_status, order.head.total_minor) == (
        "CONFIRMED",
        "PAID",
        TOTAL + 2 * A_TEE + A_MUG,
    )
    assert all(part.status == "ALLOCATED" for part in counting(order))
    assert_whole(order)
    stock = await reserved(any_shop)
    assert (stock["TEE"], stock["MUG"]) == ((11, 0), (9, 0))
    assert order.timers == tuple(t for t in order.timers if t.name != "modificationTimeout")


async def test_a_difference_that_is_not_paid_in_time_is_dropped_and_its_part_goes_back(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    assert told(await modify(any_shop, order_id, add_lines=MUG)) == (A_MUG, False)
    await any_shop.paid(order_id, amount=Money(1000, "EUR"))
    await any_shop.later(31 * MINUTE)
    order = await any_shop.order(order_id)
    assert (lines_of(order), order.head.total_minor, order.head.payable_minor) == ({"TEE": 2, "POSTER": 1}, TOTAL, 0)
    assert [(i.kind, i.amount_minor) for i in order.installments] == [(InstallmentKind.FULL, TOTAL)]
    assert [(r.amount_minor, r.status) for r in order.refunds] == [(1000, "SUCCEEDED")]
    assert [m.status for m in order.modifications] == ["DROPPED"]
    assert (await any_shop.steps(order_id))[-1][0] != "payOrder"


async def test_a_dry_run_tells_the_difference_and_writes_nothing(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    before = await any_shop.order(order_id)
    assert told(await modify(any_shop, order_id, units={"TEE": 1}, is_dry_run=True)) == (-A_TEE, False)
    assert told(await modify(any_shop, order_id, add_lines=MUG, is_dry_run=True)) == (A_MUG, False)
    assert isinstance(await modify(any_shop, order_id, units={"TEE": 40}, is_dry_run=True), OutOfStock)
    assert await any_shop.order(order_id) == before


async def test_a_note_or_a_house_number_changes_no_price_and_moves_no_stock(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    before = await any_shop.order(order_id)
    elsewhere = replace(ADDRESS, line1="Allee 2")
    assert told(await modify(any_shop, order_id, shipping_address=elsewhere, note="Ring twice")) == (0, True)
    order = await any_shop.order(order_id)
    assert (order.head.shipping_address, order.head.note) == (elsewhere, "Ring twice")
    assert (order.lines, order.fulfillments, order.discounts) == (before.lines, before.fulfillments, before.discounts)
    steps = await any_shop.steps(order_id, before.head.version)
    assert steps == [("modifyOrder", "CONFIRMED", "CONFIRMED", "anna")]


async def test_a_parcel_that_is_packed_goes_where_it_was_to_go(shop: Shop) -> None:
    order_id = await shop.packed()
    outcome = await modify(shop, order_id, shipping_address=replace(ADDRESS, line1="Allee 2"))
    assert isinstance(outcome, ActionRejected)
    assert [reason.code for reason in outcome.blocked_by] == ["ALREADY_PACKED"]
    assert told(await modify(shop, order_id, note="Ring twice")) == (0, True)


async def test_lines_that_a_warehouse_accepted_change_and_it_is_asked_anew(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    for part in counting(await any_shop.order(order_id)):
        await did(any_shop.fulfil("acceptFulfillment", part.id))
    assert told(await modify(any_shop, order_id, units={"TEE": 1})) == (-A_TEE, True)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert shown(order) == [
        ("1", "CANCELLED", "BER", {"TEE": 2}),
        ("2", "ACCEPTED", "BER", {"POSTER": 1}),
        ("3", "ALLOCATED", "BER", {"TEE": 1}),
    ]
    assert order.head.status == "IN_FULFILLMENT"
    assert_whole(order)
    assert (await reserved(any_shop))["TEE"] == (14, 0)
    assert told(await modify(any_shop, order_id, units={"TEE": 3, "POSTER": 0})) == (2 * A_TEE - 1607, False)
    await any_shop.paid(order_id)
    order = await any_shop.order(order_id)
    assert [(f.status.value, f.unit_count) for f in counting(order)] == [("ALLOCATED", 1), ("ALLOCATED", 2)]
    assert_whole(order)
    for part in counting(order):
        for action in ("acceptFulfillment", "packFulfillment"):
            await did(any_shop.fulfil(action, part.id))
        await did(any_shop.ship(part.id, f"TRK-{part.number}"))
    assert (await any_shop.status(order_id))[0] == "SHIPPED"
    assert {sku: held for sku, (_, held) in (await reserved(any_shop)).items() if held} == {}


async def test_a_difference_is_not_waited_for_once_its_lines_are_packed(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    tees, _ = counting(await any_shop.order(order_id))
    assert told(await modify(any_shop, order_id, units={"TEE": 3})) == (A_TEE, False)
    await any_shop.paid(order_id, amount=Money(1000, "EUR"))
    await did(any_shop.fulfil("acceptFulfillment", tees.id))
    assert (await any_shop.order(order_id)).head.payable_minor == A_TEE - 1000
    await did(any_shop.fulfil("packFulfillment", tees.id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [m.status.value for m in order.modifications] == ["DROPPED"]
    assert (order.head.payable_minor, lines_of(order)) == (0, {"TEE": 2, "POSTER": 1})
    assert [(r.amount_minor, r.is_excess) for r in order.refunds] == [(1000, True)]
    assert_whole(order)


async def test_lines_that_are_packed_stay_others_change(any_shop: Shop) -> None:
    order_id = await any_shop.confirmed()
    tees, poster = counting(await any_shop.order(order_id))
    for action in ("acceptFulfillment", "packFulfillment"):
        await did(any_shop.fulfil(action, tees.id))
    outcome = await modify(any_shop, order_id, units={"TEE": 1})
    assert isinstance(outcome, ActionRejected)
    assert [reason.code for reason in outcome.blocked_by] == ["ALREADY_PRODUCED"]
    await modify(any_shop, order_id, units={"POSTER": 0})
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [(f.id, f.status.value) for f in counting(order)] == [(tees.id, "READY")]
    assert order.fulfillment(poster.id) is not None
    assert order.head.status == "IN_FULFILLMENT"
    assert_whole(order)
    assert (await reserved(any_shop))["POSTER"] == (5, 0)


async def test_coupons_are_claimed_and_given_back_with_the_change(any_shop: Shop) -> None:
    order_id = await any_shop.placed(coupon_codes=("SAVE5",))
    assert await any_shop.coupons_used() == {"SAVE5": 1}
    assert isinstance(await modify(any_shop, order_id, coupon_codes=("OLD",)), InvalidCoupon)
    assert isinstance(await modify(any_shop, order_id, coupon_codes=("BIG",)), InvalidCoupon)
    assert await any_shop.coupons_used() == {"SAVE5": 1}
    assert told(await modify(any_shop, order_id, coupon_codes=("ONCE",))) == (0, True)
    await any_shop.worker.drain()
    assert await any_shop.coupons_used() == {"ONCE": 1}
    assert told(await modify(any_shop, order_id, units={"TEE": 1})) == (-2381, True)  # the coupon is shared anew
    order = await any_shop.order(order_id)
    assert [row.code for row in order.discounts if row.code] == ["ART10", "ONCE"]
    assert told(await modify(any_shop, order_id, coupon_codes=())) == (596, True)
    await any_shop.worker.drain()
    assert await any_shop.coupons_used() == {}


async def test_what_cannot_be_had_is_said_and_changes_nothing(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    before = await any_shop.order(order_id)
    line_id = before.lines[0].id

    async def refused(kind: type[Any], **more: Any) -> Any:
        outcome = await modify(any_shop, order_id, **more)
        assert isinstance(outcome, kind), outcome
        return outcome

    await refused(UnknownProduct, add_lines=(PlaceOrderLine("NOPE", 1),))
    await refused(UnknownProduct, add_lines=(PlaceOrderLine("GONE", 1),))
    await refused(UnknownProduct, add_lines=(PlaceOrderLine("YEN", 1),))
    await refused(OutOfStock, units={"TEE": 16})
    assert (await refused(LimitExceeded, units={"TEE": 121})).path == ("setLines",)
    assert (await refused(InvalidInput, add_lines=(PlaceOrderLine("MUG", 0),))).path == ("addLines", "0", "quantity")
    assert (await refused(InvalidInput, units={"TEE": 0, "POSTER": 0})).problems[0].code == "EMPTY"
    assert (await refused(InvalidInput, units={"TEE": -1})).problems[0].code == "QUANTITY_OUT_OF_RANGE"
    assert (await refused(InvalidInput, shipping_address=replace(ADDRESS, country="Germany"))).problems[
        0
    ].code == "INVALID_COUNTRY"
    assert (await refused(InvalidInput, shipping_address=replace(ADDRESS, country="US"))).problems[
        0
    ].code == "COUNTRY_NOT_SERVED"
    await refused(PriceChanged, units={"TEE": 1}, expected_total=Money(1, "EUR"))
    await refused(VersionConflict, units={"TEE": 1}, expected_version=9)
    await refused(Forbidden, add_lines=(PlaceOrderLine("MUG", 1, unit_price=Money(1, "EUR")),))
    await refused(Forbidden, viewer=WAREHOUSE, note="x")
    await refused(NotFound, viewer=BOB, note="x")
    twice = ModifyOrder(
        order_id, set_lines=(LineQuantity(line_id, 1), LineQuantity(line_id, 1), LineQuantity("lin_1", 1))
    )
    outcome = await modify_order(any_shop.ports, ANNA, twice)
    assert isinstance(outcome, InvalidInput)
    assert [problem.code for problem in outcome.problems] == ["DUPLICATE_LINE", "UNKNOWN_LINE"]
    await any_shop.worker.drain()
    assert await any_shop.order(order_id) == before
    assert (await reserved(any_shop))["TEE"] == (15, 2)


async def test_cancelled_while_the_difference_is_waited_for(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    await modify(any_shop, order_id, add_lines=MUG)
    await any_shop.paid(order_id, amount=Money(500, "EUR"))
    await did(any_shop.cancel(order_id))
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert (order.head.status, [m.status.value for m in order.modifications]) == ("CANCELLED", ["DROPPED"])
    assert sum(refund.amount_minor for refund in order.refunds) == TOTAL + 500
    assert order.timers == ()
    assert await reserved(any_shop) == {
        "FREE": (100, 0), "LAMP": (4, 0), "MUG": (10, 0), "POSTER": (5, 0), "TEE": (15, 0),
    }  # fmt: skip


async def test_a_second_change_takes_the_place_of_one_that_waits(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    assert told(await modify(any_shop, order_id, add_lines=MUG)) == (A_MUG, False)
    assert told(await modify(any_shop, order_id, units={"TEE": 3})) == (A_TEE, False)
    order = await any_shop.order(order_id)
    assert [m.status.value for m in order.modifications] == ["DROPPED", "PENDING"]
    assert order.head.payable_minor == A_TEE
    await any_shop.paid(order_id)
    assert lines_of(await any_shop.order(order_id)) == {"TEE": 3, "POSTER": 1}
    assert told(await modify(any_shop, order_id, units={"TEE": 1})) == (-2 * A_TEE, True)
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert [(i.kind, i.amount_minor) for i in order.installments] == [(InstallmentKind.FULL, TOTAL - A_TEE)]
    assert sum(refund.amount_minor for refund in order.refunds) == 2 * A_TEE
    assert order.head.payment_status == "PAID"


async def test_units_that_are_gone_when_the_difference_is_paid_are_backordered(any_shop: Shop) -> None:
    order_id = await any_shop.paid()
    await modify(any_shop, order_id, add_lines=(PlaceOrderLine("MUG", 10),))
    await any_shop.paid(await any_shop.placed(BOB, member_id="mbr_bob", lines=MUG), viewer=BOB)
    await any_shop.paid(order_id)
    order = await any_shop.order(order_id)
    assert Counter(part.status.value for part in counting(order)) == {"ALLOCATED": 2, "BACKORDERED": 1}
    assert_whole(order)
    await any_shop.receive("MUG", "BER", 10)
    assert {part.status.value for part in counting(await any_shop.order(order_id))} == {"ALLOCATED"}


async def test_the_same_key_modifies_once(any_shop: Shop) -> None:
    order_id = await any_shop.placed()
    first = await modify(any_shop, order_id, add_lines=MUG, idempotency_key="k")
    assert told(first) == (A_MUG, True)
    assert isinstance(first, OrderModified)
    again = await modify(any_shop, order_id, add_lines=MUG, idempotency_key="k")
    assert again == replace(first, is_replayed=True)
    assert lines_of(await any_shop.order(order_id)) == {"TEE": 2, "POSTER": 1, "MUG": 1}


@pytest.mark.parametrize("units", [1, 3])
async def test_modify_against_pay(any_shop: Shop, units: int) -> None:
    """In any order: what is paid too much goes back, what is too little is still owed."""
    for number in range(4):
        order_id = await any_shop.placed(lines=(PlaceOrderLine("MUG", 2),))
        calls: list[Any] = [any_shop.pay(order_id), modify(any_shop, order_id, units={"MUG": units})]
        paid, modified = (await asyncio.gather(*calls[:: 1 if number % 2 else -1]))[:: 1 if number % 2 else -1]
        await any_shop.worker.drain()
        head = (await any_shop.order(order_id)).head
        assert isinstance(paid, OrderPaid)
        assert isinstance(modified, OrderModified | ServiceDown)
        await any_shop.later(31 * MINUTE)
        order = await any_shop.order(order_id)
        assert order.head.payable_minor == 0
        if units == 1 and isinstance(modified, OrderModified):
            assert (head.status, head.captured_minor - head.refunded_minor) == (OrderStatus.PAID, head.total_minor)
        assert await any_shop.jobs() == []


async def test_a_partner_changes_at_its_own_prices(shop: Shop) -> None:
    cart = (PlaceOrderLine("MUG", 2, unit_price=Money(700, "EUR")),)
    order_id = await shop.placed(PARTNER, channel="partner", lines=cart)
    more = (PlaceOrderLine("TEE", 1, unit_price=Money(900, "EUR")),)
    assert told(await modify(shop, order_id, PARTNER, units={"MUG": 3}, add_lines=more)) == (833 + 1071, True)
    order = await shop.order(order_id)
    assert {line.sku: line.unit_price_minor for line in order.lines} == {"MUG": 700, "TEE": 900}


async def test_changes_at_once_are_each_priced_for_the_order_they_find(any_shop: Shop) -> None:
    order_id = await any_shop.placed(lines=(PlaceOrderLine("MUG", 1),))
    outcomes = await asyncio.gather(
        *(modify(any_shop, order_id, add_lines=(PlaceOrderLine("TEE", 1),)) for _ in range(4))
    )
    done = [outcome for outcome in outcomes if isinstance(outcome, OrderModified)]
    await any_shop.worker.drain()
    order = await any_shop.order(order_id)
    assert sum(line.quantity for line in order.lines if line.sku == "TEE") == len(done) >= 1


@pytest.mark.parametrize("units", [{"TEE": 3}, {"TEE": 1}])
async def test_a_change_that_is_overtaken_holds_nothing_of_an_order_that_is_off(
    remote_shop: Shop, units: dict[str, int]
) -> None:
    order_id = await remote_shop.placed()
    sound = remote_shop.ports
    cancel = CancelOrder(order_id, "Not wanted")
    remote_shop.ports = between(sound, "inventory", "arrange", lambda: did(cancel_order(sound, ANNA, cancel)))
    outcome = await modify(remote_shop, order_id, units=units, add_lines=(PlaceOrderLine("LAMP", 1),))
    remote_shop.ports = sound
    assert isinstance(outcome, ServiceDown)
    await remote_shop.worker.drain()
    assert (await remote_shop.status(order_id))[0] == "CANCELLED"
    assert (await remote_shop.stock(), await remote_shop.jobs()) == ({}, [])


async def test_a_new_line_of_a_change_that_is_overtaken_is_not_held(remote_shop: Shop) -> None:
    order_id = await remote_shop.placed()
    sound = remote_shop.ports
    payment = PayOrder(order_id, "test_card", "another")
    remote_shop.ports = between(sound, "inventory", "arrange", lambda: did(pay_order(sound, ANNA, payment)))
    outcome = await modify(remote_shop, order_id, add_lines=(PlaceOrderLine("LAMP", 1),))
    remote_shop.ports = sound
    assert isinstance(outcome, ServiceDown)
    await remote_shop.worker.drain()
    order = await remote_shop.order(order_id)
    assert (order.head.status, lines_of(order)) == ("PAID", {"TEE": 2, "POSTER": 1})
    assert await remote_shop.stock() == {("TEE", "BER"): (8, 0), ("POSTER", "BER"): (4, 0)}
