from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access.viewer import SYSTEM
from domain.actions.act_on_after_sale import _approved, _closed, deciding
from domain.actions.changes import Target, taking
from domain.actions.fire_timer import _fired
from domain.after_sales.commands import ExchangeLine, ReceivedLine
from domain.after_sales.exchanging import replaced
from domain.after_sales.returning import receiving_problems
from domain.orders.intercepting import returned
from domain.orders.model import ErrandKind, Order
from domain.orders.state import refusal, settled
from domain.orders.tracking import tracked
from domain.orders.views import CheckpointView
from domain.payments import settlement
from domain.payments.answers import ProviderAnswer, ProviderState
from domain.policies import AfterSaleRules
from domain.values.enums import (
    AfterSaleKind,
    MachineKind,
    OrderStatus,
    PaymentStatus,
    RefundState,
    TrackingStatus,
)
from domain.values.money import Money
from domain.values.refusals import ActionRejected
from tests.fixtures.after_sales import (
    acted,
    arrived,
    asked,
    claimed,
    problems_of,
    received_back,
    sent_back,
)
from tests.fixtures.orders import (
    BUYER,
    STAFF,
    UNIT,
    World,
    confirmed,
    on_each_fulfillment,
    paid,
    parcel,
    physical_order,
    taken,
)

ONLY = AfterSaleKind.REFUND_ONLY
EXCHANGE = AfterSaleKind.EXCHANGE
TEE, MUG = 2212, 1106
"""What the first tee and mug are worth, with their shares of discount, tax and shipping."""


def steps(order: Order, since: Order) -> list[tuple[str, str | None, str]]:
    return [(event.action, event.from_state, event.to_state) for event in order.events[len(since.events) :]]


def state(order: Order) -> str:
    return order.after_sales[-1].status


def timers(order: Order) -> dict[str, timedelta | int | None]:
    """By machine and name: from now on, or what is left of those that rest."""
    now = order.head.updated_at
    return {
        f"{timer.machine.lower()}.{timer.name}": timer.due_at - now if timer.due_at else timer.remaining_s
        for timer in order.timers
        if timer.machine in {MachineKind.ORDER, MachineKind.AFTER_SALE}
    }


def fired(world: World, order: Order, name: str) -> Order:
    """Time passes until the case's timer is due."""
    timer = order.timer(order.after_sales[-1].id, name)
    assert timer is not None
    assert timer.due_at is not None
    world.now = timer.due_at
    return _fired(order, timer, {}, None, world.step(SYSTEM))


def ruled(world: World, order: Order, *, is_approved: bool, amount: Money | None = None) -> Order:
    target = Target(MachineKind.AFTER_SALE, order.after_sales[-1].id)
    decide = deciding(target, "ruleAfterSale", amount, _approved if is_approved else _closed)
    after = decide(order, world.step(STAFF))
    assert isinstance(after, Order), after
    return after


def money_back(world: World, order: Order) -> Order:
    """The provider settles every refund."""
    for refund in order.refunds:
        answer = ProviderAnswer(ProviderState.CAPTURED, 0, 0)
        order = settlement.refunded(order, refund.id, answer, world.step(SYSTEM))
    return order


def test_a_request_waits_for_an_answer_and_the_orders_deadlines_rest() -> None:
    world = World()
    order = arrived(world)
    after = claimed(world, order, {"TEE-1": 1})
    case = after.after_sales[0]
    assert steps(after, order) == [
        ("requestAfterSale", "DELIVERED", "DELIVERED"),
        ("requestAfterSale", None, "REQUESTED"),
    ]
    assert (case.number, case.sent_units, case.quote.total_minor) == ("2026030200000001-A1", 1, TEE)
    assert (case.asked_minor, case.amount_minor, after.head.after_sale_status) == (None, None, "OPEN")
    assert timers(after) == {"order.receiptTimeout": 7 * 86400, "after_sale.autoApprove": timedelta(days=2)}
    assert order.head.version + 2 == after.head.version


def test_goods_that_come_back_are_restocked_and_paid_back() -> None:
    world = World()
    order = sent_back(world, claimed(world, arrived(world), {"TEE-1": 1, "MUG-1": 2}))
    assert (state(order), order.shipments[-1].fulfillment_id) == ("RETURN_IN_TRANSIT", None)
    after = received_back(world, order, {"TEE-1": (1, 0), "MUG-1": (2, 0)})
    assert steps(after, order)[:2] == [
        ("receiveReturn", "RETURN_IN_TRANSIT", "INSPECTING"),
        ("refundReturned", "INSPECTING", "REFUNDING"),
    ]
    (refund,) = after.refunds
    assert (refund.amount_minor, refund.after_sale_id) == (
        after.after_sales[0].quote.total_minor,
        after.after_sales[0].id,
    )
    assert [(line.returned_quantity, line.kept_quantity) for line in after.lines] == [(1, 0), (2, 0)]
    assert sum(line.returned_quantity for line in after.fulfillment_lines) == 3
    back = [errand for errand in after.errands if errand.kind is ErrandKind.TAKE_STOCK_BACK]
    assert [errand.details for errand in back] == [
        ((order.lines[0].id, "1 BER TEE-1"), (order.lines[1].id, "2 BER MUG-1"))
    ]
    done = money_back(world, after)
    assert (state(done), done.head.after_sale_status) == ("COMPLETED", "CLOSED")
    assert timers(done) == {"order.receiptTimeout": timedelta(days=7)}


def test_everything_that_comes_back_in_any_pieces_gives_back_what_was_paid() -> None:
    world = World()
    order = arrived(world)
    for units in ({"MUG-1": 1}, {"TEE-1": 1, "MUG-1": 1}, {"TEE-1": 1}, {"MUG-1": 1}):
        order = sent_back(world, claimed(world, order, units))
        order = money_back(world, received_back(world, order, {sku: (n, 0) for sku, n in units.items()}))
    assert sum(refund.amount_minor for refund in order.refunds) == order.head.total_minor == 7740
    assert order.head.payment_status is PaymentStatus.REFUNDED
    assert order.head.status is OrderStatus.RETURNED


def test_only_what_was_accepted_is_paid_back_in_proportion_to_what_was_agreed() -> None:
    world = World()
    order = claimed(world, arrived(world), {"MUG-1": 3}, amount=Money(1500, "EUR"))
    whole = order.after_sales[0].quote
    order = received_back(world, sent_back(world, order), {"MUG-1": (2, 1)})
    (refund,) = order.refunds
    worth = sum(line.amount_minor for line in whole.lines)
    assert (worth, refund.amount_minor) == (3318, 1000)
    assert (order.lines[1].returned_quantity, order.after_sales[0].amount_minor) == (2, 1000)
    lines = order.lines_of_case(order.after_sales[0].id)
    assert [(line.received, line.accepted, line.damaged) for line in lines] == [(3, 2, 1)]
    left = problems_of(order, asked(order, {"MUG-1": 1}))
    assert [problem.message for problem in left] == ["No unit of this line is left."]


def test_a_refund_alone_leaves_the_goods_where_they_are() -> None:
    world = World()
    order = claimed(world, arrived(world), {"TEE-1": 1}, ONLY)
    after = acted(world, order, "approveAfterSale")
    assert steps(after, order)[:2] == [
        ("approveAfterSale", "REQUESTED", "APPROVED"),
        ("refundUnits", "APPROVED", "REFUNDING"),
    ]
    assert [(line.returned_quantity, line.kept_quantity) for line in after.lines] == [(0, 1), (0, 0)]
    assert [refund.amount_minor for refund in after.refunds] == [TEE]
    assert after.lines[0].refundable_minor == 4085 - after.lines[0].refunded_minor
    done = money_back(world, after)
    assert (state(done), done.head.status, done.head.fulfillment_status) == ("COMPLETED", "DELIVERED", "DELIVERED")


def test_little_money_is_approved_by_itself() -> None:
    world = World(policy=replace(UNIT, after_sales=AfterSaleRules(auto_approve_limit_minor=TEE + 1)))
    order = arrived(world)
    after = claimed(world, order, {"TEE-1": 1}, ONLY)
    assert steps(after, order)[2:4] == [
        ("autoApprove", "REQUESTED", "APPROVED"),
        ("refundUnits", "APPROVED", "REFUNDING"),
    ]
    world.policy = replace(UNIT, after_sales=AfterSaleRules(auto_approve_limit_minor=TEE))
    assert state(claimed(world, order, {"TEE-1": 1}, ONLY)) == "REQUESTED"


def test_units_that_have_not_left_are_cancelled_and_paid_back_with_the_request() -> None:
    world = World()
    order = confirmed(world, paid(world, physical_order(world)))
    after = claimed(world, order, {"TEE-1": 2}, ONLY)
    assert state(after) == "REFUNDING"
    assert (after.lines[0].cancelled_quantity, after.head.status) == (2, OrderStatus.CONFIRMED)
    assert [(refund.amount_minor, refund.after_sale_id) for refund in after.refunds] == [
        (after.after_sales[0].quote.total_minor, after.after_sales[0].id)
    ]
    done = money_back(world, after)
    assert (state(done), done.head.status) == ("COMPLETED", "CONFIRMED")


def test_with_the_last_unit_the_order_is_off() -> None:
    world = World()
    order = claimed(world, paid(world, physical_order(world)), {"TEE-1": 2, "MUG-1": 3}, ONLY)
    assert order.head.status is OrderStatus.REFUNDING
    done = money_back(world, order)
    assert (state(done), done.head.status, done.head.payment_status) == ("COMPLETED", "CANCELLED", "REFUNDED")
    assert sum(refund.amount_minor for refund in done.refunds) == 7740


def test_a_case_about_both_is_about_what_left_and_the_rest_is_cancelled_at_once() -> None:
    world = World()
    order = on_each_fulfillment(world, confirmed(world, paid(world, physical_order(world))), "acceptFulfillment")
    first = order.fulfillments[0]
    mug = order.lines[1].id
    order = parcel(world, order, first.id, "T-1", {mug: 1})
    after = claimed(world, order, {"MUG-1": 2})
    case, (line,) = after.after_sales[0], after.lines_of_case(after.after_sales[0].id)
    assert (case.status, case.sent_units, line.sent, line.cancelled) == ("REQUESTED", 1, 1, 1)
    assert after.lines[1].cancelled_quantity == 1
    assert sum(refund.amount_minor for refund in after.refunds) == MUG
    assert state(acted(world, after, "withdrawAfterSale", BUYER)) == "WITHDRAWN"


@pytest.mark.parametrize(
    ("units", "kind", "more", "code"),
    [
        ({"TEE-1": 3}, ONLY, {}, "QUANTITY_OUT_OF_RANGE"),
        ({"TEE-1": 0}, ONLY, {}, "QUANTITY_OUT_OF_RANGE"),
        ({"TEE-1": 1}, ONLY, {"amount": Money(TEE + 1, "EUR")}, "AMOUNT_OUT_OF_RANGE"),
        ({"TEE-1": 1}, ONLY, {"amount": Money(-1, "EUR")}, "AMOUNT_OUT_OF_RANGE"),
        ({"TEE-1": 1}, ONLY, {"amount": Money(1, "USD")}, "WRONG_CURRENCY"),
    ],
)
def test_what_cannot_be_claimed_is_said(units: dict[str, int], kind: AfterSaleKind, more: Any, code: str) -> None:
    order = arrived(World())
    assert [problem.code for problem in problems_of(order, asked(order, units, kind, **more))] == [code]


def test_units_of_an_open_case_are_claimed_once() -> None:
    world = World()
    order = claimed(world, arrived(world), {"TEE-1": 2})
    assert [problem.code for problem in problems_of(order, asked(order, {"TEE-1": 1}))] == ["QUANTITY_OUT_OF_RANGE"]
    again = acted(world, order, "withdrawAfterSale", BUYER)
    assert state(claimed(world, again, {"TEE-1": 2})) == "REQUESTED"


def test_what_has_not_left_cannot_be_exchanged() -> None:
    order = paid(World(), physical_order(World()))
    assert [problem.code for problem in problems_of(order, asked(order, {"TEE-1": 1}, EXCHANGE))] == [
        "QUANTITY_OUT_OF_RANGE"
    ]


def test_a_rejected_case_is_closed_unless_somebody_appeals() -> None:
    world = World()
    order = acted(world, claimed(world, arrived(world), {"TEE-1": 1}), "rejectAfterSale")
    assert timers(order)["after_sale.appealTimeout"] == timedelta(days=7)
    closed = fired(world, order, "appealTimeout")
    assert (state(closed), closed.head.after_sale_status) == ("CLOSED", "CLOSED")
    appealed = acted(world, order, "appealAfterSale", BUYER)
    assert state(appealed) == "ARBITRATION"
    assert state(ruled(world, appealed, is_approved=False)) == "CLOSED"
    assert state(ruled(world, appealed, is_approved=True)) == "AWAITING_RETURN"


def test_nobody_answers() -> None:
    world = World()
    order = fired(world, claimed(world, arrived(world), {"TEE-1": 1}), "autoApprove")
    assert (state(order), order.after_sales[0].amount_minor) == ("AWAITING_RETURN", TEE)
    assert state(fired(world, order, "returnShipment")) == "CLOSED"


def test_a_return_that_never_arrives_is_ruled_on_and_paid_back() -> None:
    world = World()
    order = fired(world, sent_back(world, claimed(world, arrived(world), {"TEE-1": 1})), "returnReceipt")
    assert state(order) == "ARBITRATION"
    after = ruled(world, order, is_approved=True, amount=Money(2000, "EUR"))
    assert (state(after), [refund.amount_minor for refund in after.refunds]) == ("REFUNDING", [2000])
    assert [(line.returned_quantity, line.kept_quantity) for line in after.lines] == [(0, 1), (0, 0)]


def test_where_nothing_is_accepted_somebody_rules() -> None:
    world = World()
    order = sent_back(world, claimed(world, arrived(world), {"TEE-1": 2}))
    disputed = received_back(world, order, {"TEE-1": (0, 2)})
    assert (state(disputed), disputed.refunds) == ("DISPUTED", ())
    after = ruled(world, disputed, is_approved=True)
    assert (state(after), after.lines[0].returned_quantity) == ("REFUNDING", 2)
    assert [refund.amount_minor for refund in after.refunds] == [disputed.after_sales[0].quote.total_minor]
    assert not [errand for errand in after.errands if errand.kind is ErrandKind.TAKE_STOCK_BACK]
    closed = ruled(world, disputed, is_approved=False)
    assert (state(closed), closed.head.after_sale_status) == ("CLOSED", "CLOSED")


def test_what_is_received_must_have_been_sent() -> None:
    world = World()
    order = sent_back(world, claimed(world, arrived(world), {"TEE-1": 2}))
    case, tee, mug = order.after_sales[0], order.lines[0].id, order.lines[1].id

    def codes(*lines: ReceivedLine) -> list[str]:
        return [problem.code for problem in receiving_problems(order, case, lines)]

    assert codes(ReceivedLine(tee, 2, 1)) == ["QUANTITY_OUT_OF_RANGE"]
    assert codes(ReceivedLine(tee, -1, 1)) == ["QUANTITY_OUT_OF_RANGE"]
    assert codes(ReceivedLine(mug, 1)) == ["UNKNOWN_LINE"]
    assert codes(ReceivedLine(tee, 0)) == ["NOTHING_RECEIVED"]
    assert codes(ReceivedLine(tee, 1, 1)) == []


def exchanging(world: World) -> Order:
    order = arrived(world)
    line = order.lines[0].id
    instead = (ExchangeLine(line, "TEE-2", 1, {"size": "L"}),)
    order = sent_back(world, claimed(world, order, {"TEE-1": 1}, EXCHANGE, exchange_for=instead))
    return received_back(world, order, {"TEE-1": (1, 0)})


def test_an_exchange_sends_a_replacement_without_money() -> None:
    world = World()
    order = exchanging(world)
    part = order.fulfillments[-1]
    (unit,) = order.lines_of(part.id)
    assert (state(order), part.kind, part.status, part.total_minor) == ("EXCHANGING", "REPLACEMENT", "CREATED", 0)
    assert (unit.sku, unit.options, unit.quantity) == ("TEE-2", {"size": "L"}, 1)
    assert order.errands[-1].kind is ErrandKind.REPLACE_UNITS
    before = order.lines
    order = replaced(order, part.id, "HAM", is_found=True, step=world.step(SYSTEM))
    assert (order.fulfillments[-1].status, order.fulfillments[-1].warehouse) == ("ALLOCATED", "HAM")
    assert (order.errands[-1].kind, order.errands[-1].subject_id) == (ErrandKind.DEDUCT_STOCK, f"{part.id}:0")
    for action in ("acceptFulfillment", "packFulfillment"):
        order = on_one(world, order, action)
    order = parcel(world, order, part.id, "X-1")
    assert (state(order), order.head.status) == ("EXCHANGE_SHIPPED", "DELIVERED")
    order = on_one(world, order, "deliverFulfillment")
    assert (state(order), order.head.after_sale_status, order.refunds) == ("COMPLETED", "CLOSED", ())
    assert order.lines == before
    assert state(claimed(world, order, {"TEE-1": 2})) == "REQUESTED"


def on_one(world: World, order: Order, action: str) -> Order:
    """On the latest fulfillment."""
    after = taking(MachineKind.FULFILLMENT, order.fulfillments[-1].id, action)(order, world.step(STAFF))
    assert isinstance(after, Order), after
    return after


def test_without_stock_an_exchange_becomes_money() -> None:
    world = World()
    order = exchanging(world)
    after = replaced(order, order.fulfillments[-1].id, None, is_found=False, step=world.step(SYSTEM))
    assert steps(after, order)[:2] == [
        ("cancelFulfillment", "CREATED", "CANCELLED"),
        ("refundReturned", "EXCHANGING", "REFUNDING"),
    ]
    assert ([refund.amount_minor for refund in after.refunds], after.lines[0].returned_quantity) == ([TEE], 1)
    again = replaced(after, after.fulfillments[-1].id, "BER", is_found=True, step=world.step(SYSTEM))
    assert again is after


def test_a_replacement_that_is_never_delivered_counts_as_settled_in_time() -> None:
    world = World()
    order = exchanging(world)
    order = replaced(order, order.fulfillments[-1].id, "HAM", is_found=True, step=world.step(SYSTEM))
    order = parcel(world, on_one(world, order, "acceptFulfillment"), order.fulfillments[-1].id, "X-1")
    assert state(fired(world, order, "exchangeTimeout")) == "COMPLETED"


def test_a_refund_that_fails_is_told_and_tried_again() -> None:
    world = World()
    order = acted(world, claimed(world, arrived(world), {"TEE-1": 1}, ONLY), "approveAfterSale")
    refund = order.refunds[0].id
    order = order.with_subject(MachineKind.REFUND, refund, status=RefundState.FAILED)
    order = settled(order, world.step(SYSTEM))
    assert state(order) == "REFUND_EXCEPTION"
    order = order.with_subject(MachineKind.REFUND, refund, status=RefundState.PROCESSING)
    order = settled(order, world.step(SYSTEM))
    assert state(order) == "REFUNDING"
    order = order.with_subject(MachineKind.REFUND, refund, status=RefundState.REJECTED)
    assert state(settled(order, world.step(SYSTEM))) == "COMPLETED"


def test_after_the_window_nothing_can_be_claimed() -> None:
    world = World()
    order = taken(world, taken(world, arrived(world), "confirmReceipt", BUYER), "completeOrder")
    world.later(days=15, seconds=-1)
    ask = (MachineKind.ORDER, order.head.id, "requestAfterSale")
    assert refusal(order, *ask, world.step(BUYER)) is None
    world.later(seconds=1)
    refused = refusal(order, *ask, world.step(BUYER))
    assert isinstance(refused, ActionRejected)
    assert [reason.code for reason in refused.blocked_by] == ["WINDOW_CLOSED"]


def test_a_receipt_waits_for_the_case_and_goes_on_where_it_was() -> None:
    world = World()
    order = arrived(world)
    world.later(days=3)
    order = claimed(world, order, {"TEE-1": 1})
    world.later(days=30)
    order = acted(world, order, "withdrawAfterSale", BUYER)
    assert timers(order) == {"order.receiptTimeout": timedelta(days=4)}


def refused_by_the_door(world: World, order: Order, position: int) -> Order:
    """The carrier brings one parcel back."""
    parcel_ = order.shipments[position]
    checkpoint = CheckpointView(
        parcel_.id, "e1", parcel_.order_id, world.now, TrackingStatus.REFUSED, None, None, world.now
    )
    return tracked(order, parcel_, checkpoint, world.step())


def test_a_replacement_that_comes_back_becomes_money() -> None:
    world = World()
    order = exchanging(world)
    part = order.fulfillments[-1].id
    order = replaced(order, part, "HAM", is_found=True, step=world.step(SYSTEM))
    order = parcel(world, on_one(world, order, "acceptFulfillment"), part, "X-1")
    order = refused_by_the_door(world, order, -1)
    assert (state(order), order.fulfillments[-1].status) == ("EXCHANGE_SHIPPED", "RETURNING")
    after = returned(order, part, None, world.step())
    assert (state(after), after.fulfillments[-1].status) == ("REFUNDING", "RETURNED")
    assert ([refund.amount_minor for refund in after.refunds], after.lines[0].returned_quantity) == ([TEE], 1)


def test_units_that_come_back_by_themselves_are_not_claimed_and_not_given_back_twice() -> None:
    world = World()
    order = confirmed(world, paid(world, physical_order(world)))
    order = on_each_fulfillment(world, order, "acceptFulfillment")
    for position, part in enumerate(order.fulfillments):
        order = parcel(world, order, part.id, f"T-{position}")
    claim = claimed(world, order, {"TEE-1": 2}, ONLY)
    back = refused_by_the_door(world, claim, 0)
    assert [problem.code for problem in problems_of(back, asked(back, {"MUG-1": 3}))] == ["QUANTITY_OUT_OF_RANGE"]
    after = returned(back, back.fulfillments[0].id, None, world.step())
    first = sum(refund.amount_minor for refund in after.refunds)
    done = acted(world, after, "approveAfterSale")
    assert [line.kept_quantity for line in done.lines] == [0, 0]
    assert (first, sum(refund.amount_minor for refund in done.refunds)) == (4422 + MUG, 4422 + MUG)
