"""An order under any sequence of steps that callers, time and the payment provider may take, in any order.

The provider is the embedded one's pure rules; its answers may come late, twice or never. What the order wants done outside
of it (`errands`) waits until the machine does it, so that steps cross each other as they do between several workers.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.embedded.provider_rules import Operation, first_answer, operate
from domain.access.viewer import PROVIDER, SYSTEM, Actor
from domain.actions.cancel_order import _cancelling
from domain.actions.changes import Decide, taking
from domain.actions.fire_timer import _fired
from domain.actions.refund_payment import _refunding
from domain.actions.resolve_exception import _resolving
from domain.orders.backorders import allocated, declined
from domain.orders.commands import CancelOrder, LineQuantity
from domain.orders.flows import PHYSICAL_1
from domain.orders.intercepting import Received, came_back, resolved, returned
from domain.orders.model import Errand, ErrandKind, Order, Subject
from domain.orders.reverse_commands import RefundPayment
from domain.orders.shipping import remaining
from domain.orders.shipping import shipped as with_parcel
from domain.orders.state import BEFORE, SAME, Step, _derived, refusal
from domain.orders.sums import capturable_minor
from domain.orders.tracking import tracked
from domain.orders.views import Allocation, CheckpointView, FulfillmentView, PaymentView
from domain.payments import settlement
from domain.payments.answers import OperationDeclined, ProviderAnswer
from domain.ports.payments import PaymentRequest
from domain.values.enums import (
    CapturePolicy,
    ExceptionResolution,
    FulfillmentState,
    MachineKind,
    OrderStatus,
    PaymentState,
    RefundState,
    TrackingStatus,
)
from domain.values.ids import IdKind
from domain.values.money import Money
from tests.fixtures.orders import BUYER, COUPON, STAFF, Want, World, physical_order

ACTORS = (BUYER, STAFF)
METHODS = ("test_card", "test_card_authorize", "test_card_declined", "test_card_capture_declined")
ORDER_ACTIONS = (
    "cancelOrder", "confirmOrder", "holdOrder", "releaseOrder", "confirmReceipt", "extendReceipt", "completeOrder",
)  # fmt: skip
FULFILLMENT_ACTIONS = ("acceptFulfillment", "packFulfillment", "deliverFulfillment")
COLUMNS = ("subtotal_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor", "unit_count")
SECURED_STATUSES = frozenset((OrderStatus.PAID, OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT))
OFF = frozenset((OrderStatus.CANCELLED, OrderStatus.REFUNDING, OrderStatus.REFUND_EXCEPTION))
GONE = frozenset((FulfillmentState.CANCELLED, FulfillmentState.RETURNING, FulfillmentState.RETURNED))
TERMINAL = {(state.machine, state.name) for state in PHYSICAL_1.states if state.is_terminal}

wants = st.builds(
    Want,
    sku=st.sampled_from(("A", "B")),
    unit_price_minor=st.integers(0, 3000),
    allocations=st.lists(
        st.builds(Allocation, st.sampled_from(("BER", "HAM")), st.integers(1, 3)), min_size=1, max_size=2
    ).map(tuple),
    seller_id=st.sampled_from((None, "sel_1")),
)


class PhysicalFlow(RuleBasedStateMachine):
    """`waiting` are the errands that nobody did yet; `books` is what the provider knows."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.books: dict[str, ProviderAnswer] = {}
        self.waiting: list[Errand] = []
        self.parcels = 0
        self.order: Order

    @initialize(
        wanted=st.lists(wants, min_size=1, max_size=3),
        has_coupon=st.booleans(),
        shipping=st.integers(0, 500),
        is_shipment_captured=st.booleans(),
        progress=st.sampled_from((0, 0, 0, 1, 1, 2, 3, 4, 5, 8)),
    )
    def place(
        self, wanted: list[Want], has_coupon: bool, shipping: int, is_shipment_captured: bool, progress: int
    ) -> None:
        if is_shipment_captured:
            self.world.policy = replace(self.world.policy, capture=CapturePolicy.AT_SHIPMENT)
        coupons = (COUPON,) if has_coupon else ()
        self.keep(physical_order(self.world, wants=tuple(wanted), coupons=coupons, shipping_minor=shipping))
        for _ in range(progress):
            self.go_on(method="test_card_authorize" if is_shipment_captured else "test_card")

    @rule(method=st.sampled_from(METHODS))
    def go_on(self, method: str) -> None:
        """The next step of the usual way, so that the far end is reached often."""
        self.pay_the_rest(method)
        for action in ("confirmOrder", "confirmReceipt", "completeOrder"):
            for actor in ACTORS:
                before = self.order
                self.take(MachineKind.ORDER, self.order.head.id, action, actor)
                if self.order is not before:
                    return
        for part in self.order.fulfillments:
            for action in FULFILLMENT_ACTIONS:
                self.take(MachineKind.FULFILLMENT, part.id, action, STAFF)
            self.send(part.id, 1)

    def pay_the_rest(self, method: str) -> None:
        self.begin_payment(self.order.head.payable_minor, method, at_once=True)
        if self.order.payments:
            payment = self.order.payments[-1]
            self.ask(payment)
            self.keep(settlement.answered(self.order, payment.id, self.books[payment.id], self.world.step(PROVIDER)))

    # What callers do

    @rule(action=st.sampled_from(ORDER_ACTIONS), actor=st.sampled_from(ACTORS))
    def act(self, action: str, actor: Actor) -> None:
        if action == "cancelOrder":
            self.cancel(actor)
            return
        self.take(MachineKind.ORDER, self.order.head.id, action, actor)

    @rule(at=st.integers(0, 3), quantity=st.integers(1, 3))
    def cancel_units(self, at: int, quantity: int) -> None:
        line = self.order.lines[at % len(self.order.lines)]
        self.cancel(BUYER, (LineQuantity(line.id, quantity),))

    def cancel(self, actor: Actor, lines: tuple[LineQuantity, ...] | None = None) -> None:
        decide = _cancelling(CancelOrder(self.order.head.id, "Not wanted", lines))
        self.decided(decide, self.world.step(actor))

    @precondition(lambda self: self.order.head.status is OrderStatus.EXCEPTION)
    @rule(resolution=st.sampled_from(ExceptionResolution))
    def resolve_the_exception(self, resolution: ExceptionResolution) -> None:
        self.decided(_resolving(self.order.head.id, resolution, None), self.world.step())

    @precondition(lambda self: self.order.payments)
    @rule(at=st.integers(0, 5), amount=st.integers(1, 500))
    def refund(self, at: int, amount: int) -> None:
        payment = self.order.payments[at % len(self.order.payments)]
        command = RefundPayment(payment.id, Money(amount, payment.currency), "Goodwill", None)
        self.decided(_refunding(command), self.world.step())

    @precondition(lambda self: self.order.refunds)
    @rule(at=st.integers(0, 5), action=st.sampled_from(("approveRefund", "rejectRefund", "retryRefund")))
    def act_on_refund(self, at: int, action: str) -> None:
        self.take(MachineKind.REFUND, self.order.refunds[at % len(self.order.refunds)].id, action, STAFF)

    @precondition(lambda self: self.order.fulfillments)
    @rule(at=st.integers(0, 3), is_stopped=st.booleans(), sound=st.floats(0, 1))
    def stop_or_take_back(self, at: int, is_stopped: bool, sound: float) -> None:
        """Whatever can be done next with what is on its way."""
        part, step = self.order.fulfillments[at % len(self.order.fulfillments)], self.world.step()
        if refusal(self.order, MachineKind.FULFILLMENT, part.id, "resolveIntercept", step) is None:
            self.keep(resolved(self.order, part.id, step, is_stopped=is_stopped))
        elif refusal(self.order, MachineKind.FULFILLMENT, part.id, "returnFulfillment", step) is None:
            back = came_back(self.order, part.id)
            got = {line_id: Received(round(quantity * sound)) for line_id, quantity in back.items()}
            self.keep(returned(self.order, part.id, got, step))
        else:
            self.take(MachineKind.FULFILLMENT, part.id, "interceptFulfillment", STAFF)

    @precondition(lambda self: self.order.fulfillments)
    @rule(action=st.sampled_from(FULFILLMENT_ACTIONS), at=st.integers(0, 3), actor=st.sampled_from(ACTORS))
    def fulfil(self, action: str, at: int, actor: Actor) -> None:
        part = self.order.fulfillments[at % len(self.order.fulfillments)]
        self.take(MachineKind.FULFILLMENT, part.id, action, actor)

    @precondition(lambda self: self.order.fulfillments)
    @rule(at=st.integers(0, 3), warehouse=st.sampled_from((None, "BER", "HAM", "LEJ")))
    def decline(self, at: int, warehouse: str | None) -> None:
        part = self.order.fulfillments[at % len(self.order.fulfillments)]
        step = self.world.step(note="No room")
        if refusal(self.order, MachineKind.FULFILLMENT, part.id, "declineFulfillment", step) is None:
            elsewhere = None if warehouse in {*part.declined_by, part.warehouse} else warehouse
            self.keep(declined(self.order, part.id, elsewhere, step))

    @precondition(lambda self: self.waiting_parts())
    @rule(at=st.integers(0, 3), warehouse=st.sampled_from(("BER", "HAM", "LEJ")))
    def stock_comes(self, at: int, warehouse: str) -> None:
        part = self.waiting_parts()[at % len(self.waiting_parts())]
        if warehouse not in part.declined_by:
            self.keep(allocated(self.order, part.id, warehouse, self.world.step(SYSTEM)))

    def waiting_parts(self) -> list[FulfillmentView]:
        return [part for part in self.order.fulfillments if part.status is FulfillmentState.BACKORDERED]

    @precondition(lambda self: self.order.shipments)
    @rule(at=st.integers(0, 5), status=st.sampled_from(TrackingStatus), actor=st.sampled_from((STAFF, SYSTEM)))
    def track(self, at: int, status: TrackingStatus, actor: Actor) -> None:
        parcel, step = self.order.shipments[at % len(self.order.shipments)], self.world.step(actor)
        if refusal(self.order, MachineKind.FULFILLMENT, parcel.sent_with, "recordTracking", step) is None:
            event_id = f"E-{len(self.order.checkpoints)}"
            now = self.world.now
            said = CheckpointView(parcel.id, event_id, parcel.order_id, now, status, None, None, now)
            self.keep(tracked(self.order, parcel, said, step))

    @precondition(lambda self: self.order.fulfillments)
    @rule(at=st.integers(0, 3), share=st.floats(0, 1))
    def ship(self, at: int, share: float) -> None:
        self.send(self.order.fulfillments[at % len(self.order.fulfillments)].id, share)

    def send(self, fulfillment_id: str, share: float) -> None:
        step = self.world.step()
        if refusal(self.order, MachineKind.FULFILLMENT, fulfillment_id, "shipFulfillment", step) is None:
            rest = remaining(self.order, fulfillment_id)
            units = {line_id: max(1, round(quantity * share)) for line_id, quantity in rest.items()}
            self.parcels += 1
            self.keep(with_parcel(self.order, fulfillment_id, "DHL", f"T-{self.parcels}", units, step))

    @precondition(lambda self: len(self.order.payments) < 6)
    @rule(share=st.floats(0, 1), method=st.sampled_from(METHODS), at_once=st.booleans(), is_asked=st.booleans())
    def pay(self, share: float, method: str, at_once: bool, is_asked: bool) -> None:
        self.begin_payment(max(1, round(self.order.head.payable_minor * share)), method, at_once=at_once)
        if is_asked and self.order.payments:
            self.ask(self.order.payments[-1])

    def begin_payment(self, wanted: int, method: str, *, at_once: bool) -> None:
        step, head = self.world.step(BUYER), self.order.head
        in_flight = sum(p.amount_minor for p in self.order.payments if p.status is PaymentState.PROCESSING)
        amount = min(head.payable_minor - in_flight, wanted)
        if amount <= 0 or refusal(self.order, MachineKind.ORDER, head.id, "payOrder", step) is not None:
            return
        payment = PaymentView(
            self.world.ids(IdKind.PAYMENT), head.id, PaymentState.CREATED, method, head.currency, amount,
            0, 0, 0, 0, at_once, None, None, None, self.world.now,
        )  # fmt: skip
        self.keep(settlement.started(self.order, payment, {}, step))

    @precondition(lambda self: self.open_payments())
    @rule(at=st.integers(0, 5), share=st.floats(0, 1))
    def capture_a_part(self, at: int, share: float) -> None:
        payment = self.open_payments()[at % len(self.open_payments())]
        step = self.world.step(STAFF)
        if refusal(self.order, MachineKind.PAYMENT, payment.id, "capturePayment", step) is None:
            limit = capturable_minor(self.order.head, payment)
            self.capture(payment, max(1, round(limit * share)), step)

    @precondition(lambda self: self.open_payments())
    @rule(at=st.integers(0, 5), action=st.sampled_from(("voidPayment", "authorizationExpiry")))
    def void(self, at: int, action: str) -> None:
        payment = self.open_payments()[at % len(self.open_payments())]
        self.let_go(payment, action, STAFF if action == "voidPayment" else SYSTEM)

    # What the provider says

    @precondition(lambda self: self.order.payments)
    @rule(at=st.integers(0, 5), is_known=st.booleans())
    def answer(self, at: int, is_known: bool) -> None:
        """In time, late, again; also of a payment that it is only told about now."""
        payment = self.order.payments[at % len(self.order.payments)]
        if is_known or payment.id in self.books:
            self.ask(payment)
            answer = self.books[payment.id]
            self.keep(settlement.answered(self.order, payment.id, answer, self.world.step(PROVIDER)))

    @precondition(lambda self: self.waiting)
    @rule(is_declined=st.booleans())
    def do_an_errand(self, is_declined: bool) -> None:
        self.do(self.waiting.pop(0), is_declined=is_declined)

    # What time does

    @rule(minutes=st.integers(1, 60))
    def wait(self, minutes: int) -> None:
        self.world.later(minutes=minutes)

    @precondition(lambda self: any(timer.due_at for timer in self.order.timers))
    @rule()
    def fire_the_next_timer(self) -> None:
        due = [(timer.due_at, timer.subject_id, timer) for timer in self.order.timers if timer.due_at is not None]
        due_at, _, timer = min(due, key=lambda each: each[:2])
        self.world.now = max(self.world.now, due_at)
        step = self.world.step(SYSTEM)
        if timer.action == "authorizationExpiry":
            payment = self.order.payment(timer.subject_id)
            assert payment is not None
            self.let_go(payment, timer.action, SYSTEM)
            return
        in_flight = [p.id for p in self.order.payments if p.status is PaymentState.PROCESSING]
        answers = {payment_id: self.books.get(payment_id) for payment_id in in_flight}
        self.keep(_fired(self.order, timer, answers, None, step))

    # How it is done

    def take(self, machine: MachineKind, subject_id: str, action: str, actor: Actor) -> None:
        self.decided(taking(machine, subject_id, action), self.world.step(actor))

    def decided(self, decide: Decide, step: Step) -> None:
        after = decide(self.order, step)
        if isinstance(after, Order):
            self.keep(after)

    def keep(self, order: Order) -> None:
        """As saved: errands go their own way, one per kind and subject."""
        queued = {(errand.kind, errand.subject_id) for errand in self.waiting}
        self.waiting += [errand for errand in order.errands if (errand.kind, errand.subject_id) not in queued]
        self.order = replace(order, errands=())

    def ask(self, payment: PaymentView) -> None:
        request = PaymentRequest(
            payment.id, self.order.head.id, payment.method, payment.amount_minor, "EUR", payment.is_captured_at_once
        )
        self.books.setdefault(payment.id, first_answer(request))

    def operate(self, payment: PaymentView, operation: Operation, amount: int) -> ProviderAnswer | OperationDeclined:
        answer = operate(payment.method, self.books[payment.id], operation, amount)
        if isinstance(answer, ProviderAnswer):
            self.books[payment.id] = answer
        return answer

    def capture(self, payment: PaymentView, amount: int, step: Any) -> None:
        answer = self.operate(payment, Operation.CAPTURE, amount)
        self.keep(settlement.captured(self.order, payment.id, answer, step))

    def let_go(self, payment: PaymentView, action: str, actor: Actor) -> None:
        answer = self.operate(payment, Operation.VOID, 0)
        assert isinstance(answer, ProviderAnswer)
        self.keep(settlement.voided(self.order, payment.id, action, self.world.step(actor)))

    def do(self, errand: Errand, *, is_declined: bool) -> None:
        payment, refund = self.order.payment(errand.subject_id), self.order.refund(errand.subject_id)
        step = self.world.step(SYSTEM)
        if errand.kind is ErrandKind.PAY and payment is not None and payment.status is PaymentState.PROCESSING:
            self.ask(payment)
            self.keep(settlement.answered(self.order, payment.id, self.books[payment.id], step))
        elif errand.kind is ErrandKind.CAPTURE and payment is not None:
            amount = min(errand.amount_minor, capturable_minor(self.order.head, payment))
            if amount and str(payment.captured_minor) == errand.detail["from"]:
                self.capture(payment, amount, step)
        elif errand.kind is ErrandKind.VOID and payment is not None and payment.open_authorization_minor:
            self.let_go(payment, "voidPayment", SYSTEM)
        elif errand.kind is ErrandKind.REFUND and refund is not None and refund.status is RefundState.PROCESSING:
            paid = self.order.payment(refund.payment_id)
            assert paid is not None
            if paid.open_authorization_minor:
                self.let_go(paid, "voidPayment", SYSTEM)
            refused = OperationDeclined("busy", "Later.")
            answer = refused if is_declined else self.operate(paid, Operation.REFUND, refund.amount_minor)
            self.keep(settlement.refunded(self.order, refund.id, answer, step))

    def open_payments(self) -> list[PaymentView]:
        return [payment for payment in self.order.payments if payment.open_authorization_minor]

    # What always holds

    @invariant()
    def the_history_is_gapless_legal_and_folds_to_the_states(self) -> None:
        states: dict[str, str | None] = {}
        before: dict[str, str] = {}
        for sequence, event in enumerate(self.order.events, start=1):
            assert event.sequence == sequence
            assert event.from_state == states.get(event.subject_id)
            row = PHYSICAL_1.rule(event.machine, event.from_state, event.action)
            assert row is not None
            words = {SAME: event.from_state, BEFORE: before.get(event.subject_id)}
            assert event.to_state in {words.get(target, target) for target in row.next}
            if event.to_state != event.from_state and event.from_state is not None and BEFORE not in row.next:
                before[event.subject_id] = event.from_state
            states[event.subject_id] = event.to_state
        assert len(self.order.events) == self.order.head.version
        subjects: tuple[Subject, ...] = (
            self.order.head,
            *self.order.payments,
            *self.order.refunds,
            *self.order.fulfillments,
        )
        assert states == {subject.id: subject.status for subject in subjects}

    @invariant()
    def units_are_allocated_where_the_fulfillments_are(self) -> None:
        for part in self.order.fulfillments:
            is_waiting = part.status is FulfillmentState.BACKORDERED
            assert is_waiting == (part.backordered_at is not None)
            assert part.warehouse not in part.declined_by
            assert not is_waiting or part.warehouse is None
        if self.order.fulfillments:
            for line in self.order.lines:
                places: Counter[str | None] = Counter()
                for each in self.order.fulfillment_lines:
                    part_of = self.order.fulfillment(each.fulfillment_id)
                    if each.line_id == line.id and part_of is not None:
                        places[part_of.warehouse] += max(each.quantity - each.cancelled_quantity, each.shipped_quantity)
                for allocation in line.allocations:
                    places[allocation.warehouse] -= allocation.quantity
                assert [units for warehouse, units in places.items() if warehouse and units] == []

    @invariant()
    def the_sums_hold(self) -> None:
        order, head = self.order, self.order.head
        assert head.total_minor == head.subtotal_minor - head.discount_minor + head.shipping_minor + head.tax_minor
        assert head.total_minor - head.shipping_minor == sum(line.total_minor for line in order.lines)
        assert head.discount_minor == sum(row.amount_minor for row in order.discounts)
        assert sum(part.amount_minor for part in order.installments) == head.total_minor
        assert head.captured_minor == sum(p.captured_minor - p.excess_minor for p in order.payments)
        assert head.authorized_minor == sum(p.open_authorization_minor for p in order.payments)
        assert 0 <= head.refunded_minor <= head.captured_minor <= head.total_minor
        for payment in order.payments:
            assert 0 <= payment.refunded_minor <= payment.captured_minor <= payment.authorized_minor
            assert payment.captured_minor >= payment.excess_minor
        for column in COLUMNS:
            if order.fulfillments:
                assert sum(getattr(part, column) for part in order.fulfillments) == getattr(head, column)
        assert head.shipped_units == sum(line.shipped_quantity for line in order.lines) <= head.unit_count

    @invariant()
    def nothing_is_left_between_two_states(self) -> None:
        order, head = self.order, self.order.head
        assert _derived(order, PHYSICAL_1) is None
        if head.status in SECURED_STATUSES:
            assert head.payable_minor == 0
            assert order.fulfillments
        if head.status in OFF:
            assert head.payable_minor == 0
            assert head.cancelled_minor == head.total_minor
            assert all(line.cancelled_quantity == line.quantity for line in order.lines)
            assert {part.status for part in order.fulfillments} <= GONE
        if head.status is OrderStatus.RETURNED:
            assert sum(line.cancelled_quantity + line.returned_quantity for line in order.lines) == head.unit_count
        assert (head.status is OrderStatus.CANCEL_PENDING) <= any(
            part.status is FulfillmentState.INTERCEPTING for part in order.fulfillments
        )
        for line in order.lines:
            assert 0 <= line.refunded_minor <= line.total_minor
            assert line.cancelled_quantity + line.returned_quantity <= line.quantity

    @invariant()
    def timers_run_only_for_what_waits(self) -> None:
        order = self.order
        for timer in order.timers:
            subject = order.subject(timer.machine, timer.subject_id)
            assert subject is not None
            assert (timer.machine, subject.status) not in TERMINAL
            if timer.due_at is not None:
                assert PHYSICAL_1.rule(timer.machine, subject.status, timer.action) is not None

    @invariant()
    def we_know_of_all_that_was_taken_and_given_back(self) -> None:
        for payment in self.order.payments:
            known = self.books.get(payment.id)
            if known is not None and payment.status not in {PaymentState.PROCESSING, PaymentState.FAILED}:
                assert (payment.captured_minor, payment.refunded_minor) == (known.captured_minor, known.refunded_minor)

    def teardown(self) -> None:
        """Once everything is done, an order that is off keeps no money."""
        if not hasattr(self, "order"):
            return
        while self.waiting:
            self.do(self.waiting.pop(0), is_declined=False)
        if self.order.head.status is OrderStatus.CANCELLED:
            kept = frozenset((RefundState.FAILED, RefundState.REJECTED))
            lost = {refund.payment_id for refund in self.order.refunds if refund.status in kept}
            for payment in self.order.payments:
                assert payment.open_authorization_minor == 0
                if payment.id not in lost:
                    assert payment.refunded_minor == payment.captured_minor


PhysicalFlow.TestCase.settings = settings(stateful_step_count=40)
test_an_order_holds_together = PhysicalFlow.TestCase
