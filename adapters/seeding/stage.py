"""Where one demo order lives its life: a stepped clock, the domain's own steps, and what they want done outside.

Theory of operation
    `live` takes whatever comes next: an errand of an earlier step, a timer that is due, or the next act of the script. Each is
    done by the very functions that the running system uses. It stops at the reference time. So an order never has a timer in
    the past, whatever its script says: time has taken its own steps, as the worker would have.

    An errand that would be done after the reference is left behind as a job for the worker.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from adapters.embedded.provider_rules import Operation
from adapters.seeding.books import Books
from domain.access.viewer import SYSTEM, Actor
from domain.actions.stock_holding import held_until
from domain.inventory.allocation import StockBySku, whole_from
from domain.orders import vouchers
from domain.orders.backorders import ACCEPT_TIMEOUT, allocation_id, stocked_lines, timed_out
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.paying_time import extended_until
from domain.orders.state import Flow, Step, refusal, settled, transition, without_timer
from domain.orders.stock_back import units_of
from domain.orders.sums import capturable_minor
from domain.orders.views import FulfillmentView, TimerView
from domain.payments import settlement
from domain.payments.answers import OperationDeclined
from domain.policies import ChannelPolicy, UnitPolicy
from domain.ports.inventory import Demand
from domain.values.enums import GroupStatus, MachineKind
from domain.values.faults import DomainFault
from domain.values.ids import IdKind, uuid7

LATENCY_S: Final = (0.2, 1.5)
"""How long a service takes."""
POLL_S: Final = (0.02, 0.9)
"""How late the worker finds a due timer."""


@dataclass(frozen=True, slots=True)
class PendingErrand:
    due_at: datetime
    errand: Errand
    queued_at: datetime


@dataclass(slots=True)
class Stage:
    """`order` and `books` are there once it has begun."""

    flow: Flow
    unit: UnitPolicy
    channel: ChannelPolicy
    buyer: Actor
    """Who places and pays: the member, or the partner for them."""
    stock: StockBySku
    rolls: Random
    now: datetime
    refunds_fail: int = 0
    """How many attempts to refund the provider does not do."""
    has_codes: bool = True
    """Whether there are vouchers to be had."""
    pending: list[PendingErrand] = field(default_factory=list)
    _order: Order | None = None
    _books: Books | None = None

    @property
    def order(self) -> Order:
        if self._order is None:
            raise DomainFault("The order was not placed yet.")
        return self._order

    @property
    def books(self) -> Books:
        if self._books is None:
            raise DomainFault("The order was not placed yet.")
        return self._books

    def ids(self, kind: IdKind) -> str:
        return f"{kind}{uuid7(int(self.now.timestamp() * 1000), self.rolls.randbytes(10))}"

    def step(self, actor: Actor, note: str | None = None) -> Step:
        return Step(self.flow, self.unit, actor, self.now, self.ids, note)

    def begin(self, order: Order, books: Books) -> None:
        self._books = books
        self.become(order)

    def become(self, order: Order) -> None:
        """The order after a step. What is embedded happens with it; other errands wait for their turn."""
        for errand in order.errands:
            if errand.kind in _AT_ONCE:
                _AT_ONCE[errand.kind](self.books, self.now)
                continue
            if errand.kind is ErrandKind.EXTEND_STOCK:
                self.books.extend(extended_until(errand))
                continue
            if errand.kind is ErrandKind.WITHDRAW_STOCK:
                self.books.withdraw(units_of(errand), self.now)
                continue
            if errand.kind is ErrandKind.TAKE_STOCK_BACK:
                self.books.take_back(errand.subject_id, units_of(errand), self.now)
                continue
            if errand.kind is ErrandKind.SETTLE_GROUP:
                _settle_group(self, errand)
                continue
            delay = timedelta(seconds=errand.delay_s + self.rolls.uniform(*LATENCY_S))
            self.pending.append(PendingErrand(self.now + delay, errand, self.now))
        self._order = replace(order, errands=()) if order.errands else order

    def moved(self, part: FulfillmentView) -> str | None:
        """The next warehouse that has all of its units, which are there now; None: there is none, and they stay."""
        lines = stocked_lines(self.order, part.id)
        wanted = [(line.line_id, line.sku, line.remaining_quantity) for line in lines]
        refusing = {*part.declined_by, part.warehouse}
        warehouse = whole_from(wanted, self.stock, lambda place: place not in refusing)
        if warehouse is not None:
            self.take(part.id, len(part.declined_by) + 1, warehouse)
            self.put_back(part)
        return warehouse

    def take(self, fulfillment_id: str, declines: int, warehouse: str) -> None:
        lines = stocked_lines(self.order, fulfillment_id)
        demands = [Demand(line.line_id, line.sku, line.remaining_quantity) for line in lines]
        until = held_until(self.unit, self.now)
        self.books.allocate(allocation_id(fulfillment_id, declines), demands, warehouse, until, self.now)

    def put_back(self, part: FulfillmentView) -> None:
        """What its warehouse had for it."""
        lines = [line.line_id for line in stocked_lines(self.order, part.id)]
        if part.warehouse is not None:
            self.books.deallocate(allocation_id(part.id, len(part.declined_by)), lines, part.warehouse, self.now)

    def act(self, machine: MachineKind, subject_id: str, action: str, actor: Actor, note: str | None = None) -> bool:
        """One step of the tables; False: it is not allowed now, and nothing happened."""
        step = self.step(actor, note)
        if refusal(self.order, machine, subject_id, action, step) is not None:
            return False
        self.become(settled(transition(self.order, machine, subject_id, action, step), step))
        return True


Act = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class ScriptedAct:
    after_s: float
    """Since the act before."""
    act: Act


def live(stage: Stage, script: Sequence[ScriptedAct], until: datetime) -> None:
    """Everything that happens to the order from its placement until the reference time."""
    acts = _timed(stage, script)
    coming = next(acts, None)
    while True:
        happening = _earliest(stage, coming)
        if happening is None or happening[0] >= until:
            return
        at, thing = happening
        stage.now = min(until, max(stage.now, at))
        if isinstance(thing, PendingErrand):
            stage.pending.remove(thing)
            _ERRANDS[thing.errand.kind](stage, thing.errand)
        elif isinstance(thing, TimerView):
            _let_fire(stage, thing, until)
        else:
            thing.act(stage)
            coming = next(acts, None)


def _timed(stage: Stage, script: Sequence[ScriptedAct]) -> Iterator[tuple[datetime, ScriptedAct]]:
    """Each act with its time, which counts from the moment when the one before was done."""
    for act in script:
        yield stage.now + timedelta(seconds=act.after_s), act


def _earliest(
    stage: Stage, coming: tuple[datetime, ScriptedAct] | None
) -> tuple[datetime, PendingErrand | TimerView | ScriptedAct] | None:
    things: list[tuple[datetime, PendingErrand | TimerView | ScriptedAct]] = [(p.due_at, p) for p in stage.pending]
    things += [(timer.due_at, timer) for timer in stage.order.timers if timer.due_at is not None]
    if coming is not None:
        things.append(coming)
    return min(things, key=lambda thing: thing[0], default=None)


def _let_fire(stage: Stage, timer: TimerView, until: datetime) -> None:
    """The worker finds it a little later. No demo payment is ever left without an answer, so nobody needs to be asked."""
    stage.now = min(until, stage.now + timedelta(seconds=stage.rolls.uniform(*POLL_S)))
    order = without_timer(stage.order, timer.subject_id, timer.name)
    if timer.action == "authorizationExpiry":
        stage.books.operate(Operation.VOID, timer.subject_id, f"void:{timer.subject_id}", 0, stage.now)
        stage.become(settlement.voided(order, timer.subject_id, timer.action, stage.step(SYSTEM)))
        return
    step = stage.step(SYSTEM)
    is_refused = refusal(order, timer.machine, timer.subject_id, timer.action, step) is not None
    part = order.fulfillment(timer.subject_id) if timer.action == ACCEPT_TIMEOUT else None
    if part is not None:
        warehouse = None if is_refused or part.warehouse is None else stage.moved(part)
        stage.become(timed_out(order, part.id, warehouse, step))
        return
    if is_refused:
        raise DomainFault(f"The timer {timer.name} cannot fire on the demo order {order.head.id}.")
    stage.become(settled(transition(order, timer.machine, timer.subject_id, timer.action, step), step))


def _pay(stage: Stage, errand: Errand) -> None:
    payment = stage.order.payment(errand.subject_id)
    if payment is not None:
        answer = stage.books.pay(payment, stage.now)
        stage.become(settlement.answered(stage.order, payment.id, answer, stage.step(SYSTEM)))


def _capture(stage: Stage, errand: Errand) -> None:
    payment = stage.order.payment(errand.subject_id)
    amount = min(errand.amount_minor, capturable_minor(stage.order.head, payment)) if payment else 0
    if payment is None or amount == 0:
        return
    operation_id = f"{payment.id}:capture:{payment.captured_minor}"
    answer = stage.books.operate(Operation.CAPTURE, payment.id, operation_id, amount, stage.now)
    stage.become(settlement.captured(stage.order, payment.id, answer, stage.step(SYSTEM)))


def _void(stage: Stage, errand: Errand) -> None:
    payment = stage.order.payment(errand.subject_id)
    if payment is not None and payment.open_authorization_minor:
        stage.books.operate(Operation.VOID, payment.id, f"void:{payment.id}", 0, stage.now)
        stage.become(settlement.voided(stage.order, payment.id, "voidPayment", stage.step(SYSTEM)))


def _refund(stage: Stage, errand: Errand) -> None:
    refund = stage.order.refund(errand.subject_id)
    if refund is None:
        return
    if stage.refunds_fail:
        stage.refunds_fail -= 1
        declined = OperationDeclined("try_later", "The provider is being maintained.")
        stage.become(settlement.refunded(stage.order, refund.id, declined, stage.step(SYSTEM)))
        return
    answer = stage.books.operate(Operation.REFUND, refund.payment_id, refund.id, refund.amount_minor, stage.now)
    stage.become(settlement.refunded(stage.order, refund.id, answer, stage.step(SYSTEM)))


def _issue_vouchers(stage: Stage, _errand: Errand) -> None:
    if not stage.has_codes:
        stage.become(vouchers.not_issued(stage.order, "There are too few codes left.", stage.step(SYSTEM)))
        return
    codes = {
        line.id: [
            (code.code, code.expires_at)
            for code in stage.books.issue(line.id, line.sku, line.quantity, stage.rolls, stage.now)
        ]
        for line in stage.order.lines
    }
    stage.become(vouchers.issued(stage.order, codes, stage.step(SYSTEM)))


def _cancel_vouchers(stage: Stage, errand: Errand) -> None:
    stage.books.cancel_codes(frozenset(errand.detail.values()), stage.now)


def _settle_group(stage: Stage, errand: Errand) -> None:
    """A group forms when the script says so; it fails when its time is over."""
    if errand.detail.get("outcome") == GroupStatus.FAILED:
        stage.books.end_group(GroupStatus.FAILED)


def _look_again(_stage: Stage, _errand: Errand) -> None:
    """Stock comes to a demo order when its script says so."""


_ERRANDS: Final[dict[ErrandKind, Callable[[Stage, Errand], None]]] = {
    ErrandKind.PAY: _pay,
    ErrandKind.CAPTURE: _capture,
    ErrandKind.VOID: _void,
    ErrandKind.REFUND: _refund,
    ErrandKind.FILL_BACKORDERS: _look_again,
    ErrandKind.ISSUE_VOUCHERS: _issue_vouchers,
    ErrandKind.CANCEL_VOUCHERS: _cancel_vouchers,
}
_AT_ONCE: Final[dict[ErrandKind, Callable[[Books, datetime], None]]] = {
    ErrandKind.DEDUCT_STOCK: Books.deduct,
    ErrandKind.RELEASE_STOCK: Books.release,
    ErrandKind.RELEASE_COUPONS: Books.give_coupons_back,
    ErrandKind.RELEASE_SEAT: Books.release_seat,
}
