"""The life of a physical order, by its real rules: exact statuses, versions, deadlines, amounts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from domain.access.viewer import SYSTEM
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.pricing_rules import Coupon, Reduction
from domain.orders.state import refusal, settled
from domain.payments import settlement
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.values.enums import DiscountFunder, FulfillmentState, MachineKind, PaymentState, RefundState
from tests.fixtures.orders import (
    BUYER,
    STAFF,
    START,
    World,
    accepted,
    answered,
    authorized,
    cancelled,
    completed,
    confirmed,
    declined,
    delivered,
    packed,
    paid,
    parcel,
    physical_order,
    received,
    shipped,
    started,
    taken,
)

Statuses = tuple[str, str, str, int]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def statuses(order: Order) -> Statuses:
    head = order.head
    return head.status, head.payment_status, head.fulfillment_status, head.version


def deadlines(order: Order) -> dict[str, datetime | None]:
    return {f"{timer.subject_id[:3]}.{timer.name}": timer.due_at for timer in order.timers}


def steps(order: Order, since: int = 0) -> list[tuple[str, str | None, str, str]]:
    return [(e.action, e.from_state, e.to_state, e.actor_id) for e in order.events if e.sequence > since]


def kinds(order: Order) -> list[ErrandKind]:
    return [errand.kind for errand in order.errands]


def test_from_placement_to_completion() -> None:
    world = World()
    order = physical_order(world)
    chain: tuple[tuple[timedelta, Callable[[World, Order], Order], Statuses], ...] = (
        (timedelta(minutes=5), paid, ("PAID", "PAID", "UNFULFILLED", 10)),
        (HOUR, confirmed, ("CONFIRMED", "PAID", "UNFULFILLED", 11)),
        (HOUR, accepted, ("IN_FULFILLMENT", "PAID", "IN_PROGRESS", 14)),
        (HOUR, packed, ("IN_FULFILLMENT", "PAID", "IN_PROGRESS", 16)),
        (HOUR, shipped, ("SHIPPED", "PAID", "SHIPPED", 20)),
        (DAY, delivered, ("DELIVERED", "PAID", "DELIVERED", 23)),
        (DAY, received, ("RECEIVED", "PAID", "DELIVERED", 24)),
        (DAY, completed, ("COMPLETED", "PAID", "DELIVERED", 25)),
    )
    assert statuses(order) == ("PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 1)
    for delay, link, expected in chain:
        world.now += delay
        order = link(world, order)
        assert statuses(order) == expected
    assert [event.sequence for event in order.events] == list(range(1, 26))
    assert order.timers == ()
    assert (order.head.placed_at, order.head.paid_at) == (START, START + timedelta(minutes=5))
    assert order.head.completed_at == order.head.updated_at == world.now
    assert kinds(order) == [ErrandKind.PAY, ErrandKind.DEDUCT_STOCK]


def test_a_placed_order_owes_its_total_until_the_deadline() -> None:
    order = physical_order(World())
    head = order.head
    sums = (head.subtotal_minor, head.discount_minor, head.shipping_minor, head.tax_minor, head.total_minor)
    assert sums == (7000, 500, 590, 650, 7740)
    assert (head.payable_minor, head.due_minor) == (7740, 7740)
    assert [line.total_minor for line in order.lines] == [4085, 3065]
    assert deadlines(order) == {"ord.payTimeout": START + timedelta(minutes=30)}
    assert order.installments[0].due_at == START + timedelta(minutes=30)
    assert steps(order) == [("placeOrder", None, "PENDING_PAYMENT", "mbr_anna")]


def test_an_order_that_costs_nothing_is_paid_and_split_at_once() -> None:
    free = Coupon("FREE", "All of it", DiscountFunder.PLATFORM, Reduction(rate=Decimal(1)))
    order = physical_order(World(), coupons=(free,), shipping_minor=0)
    assert statuses(order) == ("PAID", "PAID", "UNFULFILLED", 6)
    assert order.head.paid_at == START
    assert kinds(order) == [ErrandKind.DEDUCT_STOCK]


def test_a_paid_order_without_units_is_not_split() -> None:
    world = World()
    order = paid(world, physical_order(world))
    order = replace(order, lines=tuple(replace(line, quantity=0) for line in order.lines), fulfillments=())
    assert settled(order, world.step(SYSTEM)).fulfillments == ()


def test_a_paid_order_is_split_by_warehouse_and_the_parts_are_the_whole() -> None:
    world = World()
    order = paid(world, physical_order(world))
    parts = order.fulfillments
    assert [(p.number[-2:], p.warehouse, p.status, p.unit_count) for p in parts] == [
        ("-1", "BER", FulfillmentState.ALLOCATED, 3),
        ("-2", "HAM", FulfillmentState.ALLOCATED, 2),
    ]
    assert [
        (p.subtotal_minor, p.discount_minor, p.shipping_minor, p.tax_minor, p.total_minor) for p in parts
    ] == [(5000, 357, 421, 464, 5528), (2000, 143, 169, 186, 2212)]  # fmt: skip
    assert [(line.sku, line.quantity) for line in order.fulfillment_lines] == [("TEE-1", 2), ("MUG-1", 1), ("MUG-1", 2)]


def test_derived_steps_are_the_systems_own() -> None:
    world = World()
    order = packed(world, accepted(world, confirmed(world, paid(world, physical_order(world)))))
    assert steps(shipped(world, order), since=16) == [
        ("shipFulfillment", "READY", "SHIPPED", "staff-1"),
        ("shipPart", "IN_FULFILLMENT", "PARTIALLY_SHIPPED", "system"),
        ("shipFulfillment", "READY", "SHIPPED", "staff-1"),
        ("shipAll", "PARTIALLY_SHIPPED", "SHIPPED", "system"),
    ]


def test_deadlines_of_each_state() -> None:
    world = World()
    order = paid(world, physical_order(world))
    assert deadlines(order) == {"ord.autoConfirm": START + DAY, "ful.acceptTimeout": START + DAY}
    order = confirmed(world, order)
    assert deadlines(order) == {"ord.promiseAlert": START + 3 * DAY, "ful.acceptTimeout": START + DAY}
    assert {part.promised_at for part in order.fulfillments} == {START + 3 * DAY}
    order = accepted(world, order)
    assert deadlines(order) == {"ord.promiseAlert": START + 3 * DAY}
    order = shipped(world, order)
    assert deadlines(order) == {"ord.receiptTimeout": START + 15 * DAY}
    extended = taken(world, order, "extendReceipt", BUYER)
    assert deadlines(extended) == {"ord.receiptTimeout": START + 22 * DAY}
    assert extended.head.receipt_extensions == 1
    order = delivered(world, order)
    assert deadlines(order) == {"ord.receiptTimeout": START + 7 * DAY}
    assert {parcel.delivered_at for parcel in order.shipments} == {START}
    order = received(world, order)
    assert deadlines(order) == {"ord.completion": START + 7 * DAY}


def test_paying_in_two_parts_extends_the_deadline_once() -> None:
    world = World()
    order = physical_order(world)
    part = paid(world.later(minutes=10), order, 3000)
    assert statuses(part) == ("PARTIALLY_PAID", "PARTIALLY_PAID", "UNFULFILLED", 5)
    assert (part.head.payable_minor, part.installments[0].paid_minor) == (4740, 3000)
    more = paid(world.later(minutes=10), part, 40)
    assert deadlines(part) == deadlines(more) == {"ord.payTimeout": START + timedelta(minutes=40)}
    assert statuses(paid(world, more))[:2] == ("PAID", "PAID")


def test_the_deadline_is_extended_with_the_first_part_and_the_stock_is_held_as_long() -> None:
    """Once: an authorization that is let go, and another one, win no time; nor does the time between them."""
    world = World()
    order = replace(physical_order(world), errands=())
    world.later(minutes=10)
    part = started(world, order, 3000, is_captured_at_once=False)
    part = answered(world, part, ProviderState.AUTHORIZED)
    until = (START + timedelta(minutes=50)).isoformat()
    assert part.errands[-1] == Errand(ErrandKind.EXTEND_STOCK, order.head.id, details=(("until", until),))
    extended = {"ord.payTimeout": START + timedelta(minutes=40)}
    world.later(minutes=10)
    lost = settlement.voided(part, part.payments[0].id, "voidPayment", world.step(SYSTEM))
    assert (lost.head.status, deadlines(lost)) == ("PENDING_PAYMENT", extended)
    world.later(minutes=10)
    again = paid(world, lost, 3000)
    assert (again.head.status, deadlines(again)) == ("PARTIALLY_PAID", extended)
    assert kinds(again).count(ErrandKind.EXTEND_STOCK) == 1
    whole = paid(world, physical_order(world))
    assert ErrandKind.EXTEND_STOCK not in kinds(whole)


def test_a_declined_payment_changes_nothing_but_itself() -> None:
    world = World()
    order = physical_order(world)
    after = declined(world, order)
    assert statuses(after) == ("PENDING_PAYMENT", "UNPAID", "UNFULFILLED", 4)
    assert after.payments[0].status is PaymentState.FAILED
    assert after.timers == order.timers
    assert after.events[-1].details == {"code": "DECLINED", "message": "No."}


def test_a_payment_in_flight_blocks_cancelling() -> None:
    world = World()
    order = started(world, physical_order(world))
    refused = refusal(order, MachineKind.ORDER, order.head.id, "cancelOrder", world.step(BUYER))
    assert order.head.payments_in_flight == 1
    assert refused is not None
    assert refused.code == "ACTION_REJECTED"


def test_the_same_answer_twice_is_one_answer() -> None:
    world = World()
    order = paid(world, physical_order(world))
    assert answered(world, order, ProviderState.CAPTURED) == order


def test_cancelling_a_part_paid_order_gives_everything_back() -> None:
    world = World()
    order = cancelled(world, paid(world, physical_order(world), 3000))
    assert statuses(order) == ("CANCELLED", "PARTIALLY_PAID", "CANCELLED", 8)
    assert (order.head.cancelled_minor, order.head.payable_minor, order.head.cancelled_at) == (7740, 0, START)
    assert [line.cancelled_quantity for line in order.lines] == [2, 3]
    refund = order.refunds[0]
    assert (refund.status, refund.amount_minor) == (RefundState.PROCESSING, 3000)
    assert order.errands[1].kind is ErrandKind.EXTEND_STOCK  # with the part that was paid
    assert order.errands[2:] == (
        Errand(ErrandKind.RELEASE_STOCK, order.head.id),
        Errand(ErrandKind.RELEASE_COUPONS, order.head.id),
        Errand(ErrandKind.REFUND, refund.id, 3000),
    )


def test_a_refund_that_fails_is_tried_again_later_and_settles() -> None:
    world = World()
    order = cancelled(world, paid(world, physical_order(world), 3000))
    refund_id = order.refunds[0].id
    failed = settlement.refunded(order, refund_id, OperationDeclined("BUSY", "Later."), world.step(SYSTEM))
    assert (failed.refunds[0].status, failed.refunds[0].attempts) == (RefundState.PROCESSING, 1)
    assert failed.errands[-1] == Errand(ErrandKind.REFUND, refund_id, 3000, (("isRetry", "true"),), 60)
    answer = ProviderAnswer(ProviderState.CAPTURED, 3000, 3000, 3000)
    done = settlement.refunded(failed, refund_id, answer, world.step(SYSTEM))
    assert statuses(done) == ("CANCELLED", "REFUNDED", "CANCELLED", 12)
    assert (done.refunds[0].status, done.payments[0].status) == (RefundState.SUCCEEDED, PaymentState.REFUNDED)
    assert done.timers == ()


def test_an_authorization_is_captured_at_confirmation() -> None:
    world = World()
    order = authorized(world, physical_order(world))
    assert statuses(order) == ("PAID", "AUTHORIZED", "UNFULFILLED", 10)
    assert (order.head.captured_minor, order.head.authorized_minor) == (0, 7740)
    order = confirmed(world, order)
    payment = order.payments[0]
    assert order.errands[-1] == Errand(ErrandKind.CAPTURE, payment.id, 7740, (("from", "0"),))
    answer = ProviderAnswer(ProviderState.CAPTURED, 7740, 7740)
    order = settlement.captured(order, payment.id, answer, world.step(STAFF))
    assert statuses(order) == ("CONFIRMED", "PAID", "UNFULFILLED", 12)
    assert (order.head.captured_minor, order.head.authorized_minor) == (7740, 0)


def test_a_lost_authorization_is_an_exception_until_it_is_paid_again() -> None:
    world = World()
    order = authorized(world, physical_order(world))
    order = settlement.voided(order, order.payments[0].id, "voidPayment", world.later(hours=6).step(STAFF))
    assert statuses(order) == ("EXCEPTION", "UNPAID", "UNFULFILLED", 12)
    assert (order.head.previous_status, order.head.payable_minor) == ("PAID", 7740)
    resting = order.timer(order.head.id, "autoConfirm")
    assert resting is not None
    assert (resting.due_at, resting.remaining_s) == (None, 18 * 3600)
    again = paid(world, order)
    assert statuses(again) == ("PAID", "PAID", "UNFULFILLED", 16)
    assert again.head.previous_status is None
    assert deadlines(again)["ord.autoConfirm"] == START + DAY


def test_an_exception_that_nobody_resolves_ends_the_order() -> None:
    world = World()
    order = authorized(world, physical_order(world))
    order = settlement.voided(order, order.payments[0].id, "voidPayment", world.step(STAFF))
    order = taken(world.later(days=1), order, "exceptionTimeout", SYSTEM)
    assert statuses(order) == ("CANCELLED", "UNPAID", "CANCELLED", 16)
    assert {part.status for part in order.fulfillments} == {FulfillmentState.CANCELLED}
    assert [step[0] for step in steps(order, since=12)] == [
        "exceptionTimeout",
        "cancelFulfillment",
        "cancelFulfillment",
        "refundAll",
    ]
    assert order.timers == ()


def test_deadlines_rest_while_an_order_is_on_hold() -> None:
    world = World()
    order = paid(world, physical_order(world))
    held = taken(world.later(hours=1), order, "holdOrder")
    assert statuses(held) == ("ON_HOLD", "PAID", "UNFULFILLED", 13)
    assert {part.status for part in held.fulfillments} == {FulfillmentState.ON_HOLD}
    assert deadlines(held) == {
        "ord.autoConfirm": None,
        "ful.acceptTimeout": None,
        "ord.holdAlert": START + HOUR + 3 * DAY,
    }
    released = taken(world.later(hours=5), held, "releaseOrder")
    assert statuses(released) == ("PAID", "PAID", "UNFULFILLED", 16)
    assert deadlines(released) == {
        "ord.autoConfirm": START + 5 * HOUR + DAY,
        "ful.acceptTimeout": START + 5 * HOUR + DAY,
    }


def test_a_parcel_with_a_part_leaves_the_rest_to_be_shipped() -> None:
    world = World()
    order = packed(world, accepted(world, confirmed(world, paid(world, physical_order(world)))))
    part = order.fulfillments[0]
    order = parcel(world, order, part.id, "TRK-1", {order.lines[0].id: 1})
    assert statuses(order) == ("PARTIALLY_SHIPPED", "PAID", "PARTIALLY_SHIPPED", 18)
    assert (order.head.shipped_units, order.lines[0].shipped_quantity) == (1, 1)
    assert [line.remaining_quantity for line in order.lines_of(part.id)] == [1, 1]
    assert statuses(shipped(world, order))[0] == "SHIPPED"


@pytest.mark.parametrize(
    ("state", "payment_state", "errand"),
    [
        (ProviderState.CAPTURED, PaymentState.CAPTURED, ErrandKind.REFUND),
        (ProviderState.AUTHORIZED, PaymentState.AUTHORIZED, ErrandKind.VOID),
    ],
)
def test_money_that_comes_for_a_cancelled_order_is_sent_back(
    state: ProviderState, payment_state: PaymentState, errand: ErrandKind
) -> None:
    world = World()
    order = cancelled(world, declined(world, physical_order(world)))
    late = answered(world, order, state)
    assert late.head.status == "CANCELLED"
    assert late.payments[0].status is payment_state
    assert late.errands[-1].kind is errand


def test_what_was_paid_too_much_goes_back_and_counts_nowhere() -> None:
    world = World()
    failed = declined(world, physical_order(world))
    order = paid(world, failed)
    late = ProviderAnswer(ProviderState.CAPTURED, 7740, 7740)
    order = settlement.answered(order, failed.payments[0].id, late, world.step(SYSTEM))
    assert statuses(order)[:2] == ("PAID", "PAID")
    assert (order.head.captured_minor, order.head.refunded_minor) == (7740, 0)
    assert [payment.excess_minor for payment in order.payments] == [7740, 0]
    assert (order.refunds[0].amount_minor, order.refunds[0].is_excess) == (7740, True)
