"""After-sale cases of one order under any sequence of steps that callers, time, warehouses and the provider may take."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.access.viewer import PROVIDER, SYSTEM
from domain.actions.act_on_after_sale import _approved, _closed, deciding
from domain.actions.changes import Target, taking
from domain.actions.fire_timer import _fired
from domain.after_sales.claims import sent_units_left, unsent_units_left
from domain.after_sales.commands import ReceivedLine
from domain.after_sales.exchanging import replaced
from domain.after_sales.requesting import Request, request_of, requested
from domain.after_sales.returning import receiving_problems, return_received, return_shipped
from domain.orders.flows import PHYSICAL_1
from domain.orders.intercepting import returned
from domain.orders.model import Order
from domain.orders.shipping import remaining
from domain.orders.shipping import shipped as with_parcel
from domain.orders.state import RESTING, _derived, refusal
from domain.orders.tracking import tracked
from domain.orders.views import AfterSaleView, Allocation, CheckpointView
from domain.payments import settlement
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.policies import AfterSaleRules
from domain.values.enums import (
    AfterSaleKind,
    AfterSaleState,
    AfterSaleStatus,
    FulfillmentKind,
    FulfillmentState,
    MachineKind,
    OrderStatus,
    RefundState,
    TrackingStatus,
)
from domain.values.money import Money
from tests.fixtures.after_sales import arrived, asked, claimed, received_back, sent_back
from tests.fixtures.orders import BUYER, STAFF, UNIT, Want, World, confirmed, paid, physical_order

CASE = MachineKind.AFTER_SALE
ACTIONS = ("withdrawAfterSale", "approveAfterSale", "rejectAfterSale", "appealAfterSale")
TRANSIENT = frozenset((AfterSaleState.APPROVED, AfterSaleState.INSPECTING))
WANTS = (
    Want("TEE-1", 1999, (Allocation("BER", 3),)),
    Want("MUG-1", 333, (Allocation("BER", 2), Allocation("HAM", 2))),
)


class AfterSaleFlow(RuleBasedStateMachine):
    """`progress`: how many fulfillments left before the first case."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.parcels = 0
        self.order: Order

    @initialize(limit=st.sampled_from((0, 500, 10_000)), fulfilled=st.integers(0, 2))
    def place(self, limit: int, fulfilled: int) -> None:
        self.world.policy = replace(UNIT, after_sales=AfterSaleRules(auto_approve_limit_minor=limit))
        self.order = confirmed(self.world, paid(self.world, physical_order(self.world, wants=WANTS)))
        for position in range(fulfilled):
            self.fulfil(position, 1.0)

    @rule(at=st.integers(0, 4), share=st.floats(0, 1))
    def fulfil(self, at: int, share: float) -> None:
        """The next step of a fulfillment: a replacement among them."""
        part = self.order.fulfillments[at % len(self.order.fulfillments)]
        self.take(MachineKind.FULFILLMENT, part.id, "acceptFulfillment", STAFF)
        step = self.world.step()
        if refusal(self.order, MachineKind.FULFILLMENT, part.id, "shipFulfillment", step) is None:
            self.parcels += 1
            units = {line: max(1, round(left * share)) for line, left in remaining(self.order, part.id).items()}
            self.order = with_parcel(self.order, part.id, "DHL", f"T-{self.parcels}", units, step)

    @rule(at=st.integers(0, 4))
    def deliver(self, at: int) -> None:
        part = self.order.fulfillments[at % len(self.order.fulfillments)]
        self.take(MachineKind.FULFILLMENT, part.id, "deliverFulfillment", STAFF)

    @precondition(lambda self: self.order.shipments)
    @rule(at=st.integers(0, 5), status=st.sampled_from((TrackingStatus.REFUSED, TrackingStatus.DELIVERED)))
    def carrier_tells(self, at: int, status: TrackingStatus) -> None:
        """Of a parcel that was sent: it may come back by itself."""
        parcel, step = self.order.shipments[at % len(self.order.shipments)], self.world.step()
        if parcel.fulfillment_id is None:
            return
        if refusal(self.order, MachineKind.FULFILLMENT, parcel.sent_with, "recordTracking", step) is None:
            now = self.world.now
            said = f"E-{len(self.order.checkpoints)}"
            checkpoint = CheckpointView(parcel.id, said, parcel.order_id, now, status, None, None, now)
            self.order = tracked(self.order, parcel, checkpoint, step)

    @precondition(lambda self: any(part.status is FulfillmentState.RETURNING for part in self.order.fulfillments))
    @rule()
    def warehouse_has_it(self) -> None:
        part = next(part for part in self.order.fulfillments if part.status is FulfillmentState.RETURNING)
        self.order = returned(self.order, part.id, None, self.world.step())

    @rule(action=st.sampled_from(("confirmReceipt", "completeOrder")))
    def end(self, action: str) -> None:
        for actor in (BUYER, STAFF):
            self.take(MachineKind.ORDER, self.order.head.id, action, actor)

    @rule(
        kind=st.sampled_from(AfterSaleKind),
        units=st.dictionaries(st.sampled_from(("TEE-1", "MUG-1")), st.integers(1, 3), min_size=1),
        share=st.none() | st.floats(0, 1),
    )
    def request(self, kind: AfterSaleKind, units: dict[str, int], share: float | None) -> None:
        step, head = self.world.step(BUYER), self.order.head
        if refusal(self.order, MachineKind.ORDER, head.id, "requestAfterSale", step) is not None:
            return
        command = asked(self.order, units, kind)
        found = request_of(self.order, command)
        if not isinstance(found, Request):
            return
        if share is not None and kind is not AfterSaleKind.EXCHANGE and found.sent_units:
            command = replace(command, amount=Money(round(found.quote.total_minor * share), head.currency))
        self.order = requested(self.order, command, found, step)

    @precondition(lambda self: self.order.after_sales)
    @rule(at=st.integers(0, 3), action=st.sampled_from(ACTIONS), actor=st.sampled_from((BUYER, STAFF)))
    def act(self, at: int, action: str, actor: Any) -> None:
        self.take(CASE, self.case(at).id, action, actor)

    @precondition(lambda self: self.order.after_sales)
    @rule(at=st.integers(0, 3), is_approved=st.booleans(), share=st.none() | st.floats(0, 1))
    def ruling(self, at: int, is_approved: bool, share: float | None) -> None:
        case = self.case(at)
        amount = None if share is None else Money(round(case.quote.total_minor * share), case.currency)
        decide = deciding(
            Target(CASE, case.id),
            "ruleAfterSale",
            amount if is_approved else None,
            _approved if is_approved else _closed,
        )
        after = decide(self.order, self.world.step(STAFF))
        self.order = after if isinstance(after, Order) else self.order

    @precondition(lambda self: self.order.after_sales)
    @rule(at=st.integers(0, 3))
    def send_back(self, at: int) -> None:
        case, step = self.case(at), self.world.step(BUYER)
        if refusal(self.order, CASE, case.id, "shipReturn", step) is None:
            self.parcels += 1
            self.order = return_shipped(self.order, case, "DHL", f"R-{self.parcels}", step)

    @precondition(lambda self: self.order.after_sales)
    @rule(at=st.integers(0, 3), accepted=st.integers(0, 3), damaged=st.integers(0, 3))
    def receive(self, at: int, accepted: int, damaged: int) -> None:
        case, step = self.case(at), self.world.step()
        if refusal(self.order, CASE, case.id, "receiveReturn", step) is not None:
            return
        lines = [
            ReceivedLine(line.line_id, min(accepted, line.sent), min(damaged, line.sent - min(accepted, line.sent)))
            for line in self.order.lines_of_case(case.id)
        ]
        if not receiving_problems(self.order, case, lines):
            self.order = return_received(self.order, case, lines, step)

    @precondition(lambda self: any(part.status is FulfillmentState.CREATED for part in self.order.fulfillments))
    @rule(warehouse=st.sampled_from((None, "BER", "HAM")))
    def look_for_units(self, warehouse: str | None) -> None:
        part = next(part for part in self.order.fulfillments if part.status is FulfillmentState.CREATED)
        step = self.world.step(SYSTEM)
        self.order = replaced(self.order, part.id, warehouse, is_found=warehouse is not None, step=step)

    @precondition(lambda self: any(r.status is RefundState.PROCESSING for r in self.order.refunds))
    @rule(is_declined=st.booleans())
    def give_back(self, is_declined: bool) -> None:
        refund = next(r for r in self.order.refunds if r.status is RefundState.PROCESSING)
        done = ProviderAnswer(ProviderState.CAPTURED, 0, 0)
        answer = OperationDeclined("NO", "No.") if is_declined else done
        self.order = settlement.refunded(self.order, refund.id, answer, self.world.step(PROVIDER))

    @precondition(lambda self: any(r.status is RefundState.FAILED for r in self.order.refunds))
    @rule(action=st.sampled_from(("retryRefund", "rejectRefund")))
    def try_again(self, action: str) -> None:
        refund = next(r for r in self.order.refunds if r.status is RefundState.FAILED)
        self.take(MachineKind.REFUND, refund.id, action, STAFF)

    @precondition(lambda self: any(t.due_at and t.machine is CASE for t in self.order.timers))
    @rule()
    def time_passes(self) -> None:
        due = [t for t in self.order.timers if t.due_at is not None and t.machine is CASE]
        timer = min(due, key=lambda each: (each.due_at, each.subject_id))
        assert timer.due_at is not None
        self.world.now = max(self.world.now, timer.due_at)
        self.order = _fired(self.order, timer, {}, None, self.world.step(SYSTEM))

    def take(self, machine: MachineKind, subject_id: str, action: str, actor: Any) -> None:
        after = taking(machine, subject_id, action)(self.order, self.world.step(actor))
        self.order = after if isinstance(after, Order) else self.order

    def case(self, at: int) -> AfterSaleView:
        return self.order.after_sales[at % len(self.order.after_sales)]

    # What always holds

    @invariant()
    def nothing_is_left_between_two_states(self) -> None:
        assert _derived(self.order, PHYSICAL_1) is None
        assert not [case for case in self.order.after_sales if case.status in TRANSIENT]

    @invariant()
    def no_unit_is_settled_twice(self) -> None:
        returned: Counter[str] = Counter()
        originals = {part.id for part in self.order.fulfillments if part.kind is FulfillmentKind.ORIGINAL}
        for line in self.order.fulfillment_lines:
            assert line.returned_quantity <= line.shipped_quantity
            if line.fulfillment_id in originals:
                returned[line.line_id] += line.returned_quantity
        for sold in self.order.lines:
            assert sold.cancelled_quantity + sold.returned_quantity + sold.kept_quantity <= sold.quantity
            assert returned[sold.id] == sold.returned_quantity
            assert 0 <= sold.refunded_minor <= sold.total_minor
            assert sent_units_left(self.order, sold) + unsent_units_left(self.order, sold) <= sold.quantity

    @invariant()
    def no_more_goes_back_than_was_taken_or_agreed_to(self) -> None:
        wanted = [refund for refund in self.order.refunds if refund.status is not RefundState.REJECTED]
        assert sum(refund.amount_minor for refund in wanted) <= sum(p.captured_minor for p in self.order.payments)
        for case in self.order.after_sales:
            back = sum(refund.amount_minor for refund in wanted if refund.after_sale_id == case.id)
            if not any(line.cancelled for line in self.order.lines_of_case(case.id)):
                assert back <= (case.amount_minor or 0) <= case.quote.total_minor

    @invariant()
    def the_order_knows_of_its_cases_and_waits_for_them(self) -> None:
        cases, head = self.order.after_sales, self.order.head
        is_open = any(case.is_open for case in cases)
        expected = AfterSaleStatus.OPEN if is_open else AfterSaleStatus.CLOSED if cases else AfterSaleStatus.NONE
        assert head.after_sale_status is expected
        for timer in self.order.timers:
            if timer.subject_id == head.id and timer.name in RESTING:
                assert (timer.due_at is None) == is_open

    @invariant()
    def every_case_that_waits_has_a_timer(self) -> None:
        for case in self.order.after_sales:
            names = {timer.name for timer in self.order.timers if timer.subject_id == case.id}
            expected = PHYSICAL_1.state(CASE, case.status).timer
            # An alert fires once; every deadline is there until it does.
            assert names <= ({expected.name} if expected else set())
            if expected is not None and expected.action != "alert":
                assert names == {expected.name}

    @invariant()
    def its_history_is_whole(self) -> None:
        assert [event.sequence for event in self.order.events] == list(range(1, self.order.head.version + 1))
        for case in self.order.after_sales:
            own = [event for event in self.order.events if event.subject_id == case.id]
            assert own[-1].to_state == case.status


TestAfterSaleFlow = AfterSaleFlow.TestCase
TestAfterSaleFlow.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD"])
@settings(max_examples=25, deadline=None)
@given(pieces=st.lists(st.tuples(st.sampled_from(("TEE-1", "MUG-1")), st.integers(1, 3), st.booleans()), max_size=6))
def test_whatever_pieces_come_back_or_are_kept_together_they_give_back_what_was_paid(
    currency: str, pieces: list[tuple[str, int, bool]]
) -> None:
    world = World(policy=replace(UNIT, currency=currency))
    order = arrived(world, wants=WANTS)
    rest = [(sku, 1, True) for sku in ("TEE-1", "MUG-1") for _ in range(4)]
    for sku, units, comes_back in (*pieces, *rest):
        line = next(line for line in order.lines if line.sku == sku)
        if sent_units_left(order, line) < units:
            continue
        kind = AfterSaleKind.RETURN_REFUND if comes_back else AfterSaleKind.REFUND_ONLY
        order = claimed(world, order, {sku: units}, kind)
        if comes_back:
            order = received_back(world, sent_back(world, order), {sku: (units, 0)})
        else:
            after = taking(CASE, order.after_sales[-1].id, "approveAfterSale")(order, world.step(STAFF))
            assert isinstance(after, Order)
            order = after
    assert sum(refund.amount_minor for refund in order.refunds) == order.head.total_minor
    assert [line.refundable_minor for line in order.lines] == [0, 0]
    is_all_back = all(line.kept_quantity == 0 for line in order.lines)
    assert (order.head.status is OrderStatus.RETURNED) == is_all_back
