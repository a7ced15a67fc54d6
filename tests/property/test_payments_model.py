"""Orders and their payments on a real PostgreSQL against a small model of their own.

Callers, the provider, its callbacks, time, pairs of them at once, and crashes right after the provider took the money, in any
order. The model knows three states and sums; it shares no code with the tables. A pair at once may end as its two acts do one
after the other, or as one of them does alone; whichever it was, the model goes on from there. What may be done is asked
within the rules, not before them: how a race ends must not change what is drawn next.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import text

from adapters.bootstrap import TEST_PROVIDER
from adapters.db.engine import Database, prepare
from adapters.doctor.examination import examine
from adapters.embedded.payments import EmbeddedPayments
from domain.actions.take_payment_event import take_payment_event
from domain.orders.commands import PlaceOrderLine
from domain.orders.model import Order
from domain.values.money import Money
from domain.values.outcomes import Done, Outcome
from domain.values.refusals import PaymentDeclined, RequestInProgress
from tests.conftest import _TABLES
from tests.fixtures.shop import HOUR, MINUTE, Shop
from tests.fixtures.sizes import EXAMPLES, STEPS, phases
from tests.fixtures.sleepy import Killed, dying_after

MOST_OPEN = 3
"""As many unpaid orders a member may have."""


class State(StrEnum):
    OPEN = "OPEN"
    PAID = "PAID"
    OFF = "OFF"


CLASS_OF = {"PENDING_PAYMENT": State.OPEN, "PARTIALLY_PAID": State.OPEN, "CANCELLED": State.OFF}
"""Of an order's status; anything else: PAID."""


@dataclass
class Attempt:
    """A payment that we have not heard the end of. `word`: what the buyer said at the provider, who knows it."""

    method: str
    amount: int
    word: bool | None = None


@dataclass
class Model:
    """What an order should be."""

    total: int
    units: int
    state: State = State.OPEN
    paid: int = 0
    attempts: dict[str, Attempt] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return self.total - self.paid - sum(attempt.amount for attempt in self.attempts.values())

    def may_pay(self, method: str) -> bool:
        is_free = all(attempt.method != method for attempt in self.attempts.values())
        return self.state is State.OPEN and self.left > 0 and is_free

    def pay(self, amount: int) -> None:
        self.paid += amount
        if self.paid == self.total:
            self.state = State.PAID

    def end(self) -> None:
        self.state, self.paid = State.OFF, 0

    def cancel(self) -> None:
        """The buyer's; not while a payment is under way."""
        if self.state is State.PAID or (self.state is State.OPEN and not self.attempts):
            self.end()

    def hear(self, payment_id: str) -> None:
        """The provider's word. For an order that is off the money goes straight back."""
        attempt = self.attempts.get(payment_id)
        if attempt is None or attempt.word is None:
            return
        del self.attempts[payment_id]
        if attempt.word and self.state is State.OPEN:
            self.pay(attempt.amount)

    def pass_time(self) -> None:
        """More than any payment has. The provider is asked first; what it says in part gives the order time once more."""
        if self.state is not State.OPEN:
            return
        was_paid_in_part = self.paid > 0
        for payment_id in list(self.attempts):
            self.hear(payment_id)
        has_time_again = self.paid > 0 and not was_paid_in_part
        if self.paid < self.total and not has_time_again:
            self.end()


class Stage:
    """One shop for all examples: each leaves orders behind that need nobody any more."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.database: Database = self.runner.run(Database.open(url, pool_size=10))
        self.shop = Shop(self.database)
        self.runner.run(self._open())

    async def _open(self) -> None:
        tables = await self.database.value(_TABLES)
        async with self.database.transaction() as transaction:
            await transaction.execute(prepare(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")))
            await transaction.commit()
        await self.shop.open()
        await self.shop.ports.inventory.restock("MUG", "BER", 1_000_000)

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()


methods = st.sampled_from(("test_card", "test_card_declined", "test_card_3ds"))
choices = st.integers(0, 2**16)


class Payments(RuleBasedStateMachine):
    stage: ClassVar[Stage]

    @initialize()
    def begin(self) -> None:
        self.shop = self.stage.shop
        self.orders: dict[str, Model] = {}
        self.seen: dict[str, str] = {}
        """Every payment and its order."""
        self.available = self.run(self.free_units())
        self.place(1)

    def run(self, call: Awaitable[Any]) -> Any:
        async def whole() -> Any:
            return await call

        return self.stage.runner.run(whole())

    # What callers, the provider and time do

    @rule(units=st.integers(1, 3))
    def place(self, units: int) -> None:
        if sum(order.state is State.OPEN for order in self.orders.values()) >= MOST_OPEN:
            return
        order_id = self.run(self.shop.placed(lines=(PlaceOrderLine("MUG", units),)))
        self.orders[order_id] = Model(self.run(self.shop.order(order_id)).head.total_minor, units)

    @rule(choice=choices, method=methods, is_whole=st.booleans())
    def pay(self, choice: int, method: str, is_whole: bool) -> None:
        order_id = self.chosen(choice)
        outcome = self.run(self.paying(order_id, method, is_whole)())
        assert isinstance(outcome, Done | PaymentDeclined) is self.orders[order_id].may_pay(method), outcome
        self.model_pay(order_id, method, is_whole, self.orders[order_id])
        self.check(order_id)

    @rule(choice=choices, is_whole=st.booleans())
    def die_after_paying(self, choice: int, is_whole: bool) -> None:
        """The provider has the money; nobody else knows."""
        order_id, sound = self.chosen(choice), self.shop.ports
        model = self.orders[order_id]
        if not model.may_pay("test_card"):
            return
        self.shop.ports = dying_after(sound, "payments", "pay")
        try:
            with pytest.raises(Killed):
                self.run(self.paying(order_id, "test_card", is_whole)())
        finally:
            self.shop.ports = sound
        amount = self.amount(model, is_whole)
        model.attempts[self.newest(order_id)] = Attempt("test_card", amount, word=True)
        self.check(order_id)

    @rule(choice=choices)
    def cancel(self, choice: int) -> None:
        order_id = self.chosen(choice)
        self.run(self.shop.cancel(order_id))
        self.orders[order_id].cancel()
        self.check(order_id)

    @rule(choice=choices, is_approved=st.booleans())
    def decide(self, choice: int, is_approved: bool) -> None:
        """The buyer, at the provider: we hear nothing."""
        waiting = [(i, a) for m in self.orders.values() for i, a in m.attempts.items() if a.word is None]
        if waiting:
            payment_id, attempt = waiting[choice % len(waiting)]
            self.run(EmbeddedPayments(self.stage.database).finish_step(payment_id, is_approved=is_approved))
            attempt.word = is_approved

    @rule(choice=choices, event=st.integers(1, 3))
    def call_back(self, choice: int, event: int) -> None:
        """Of any payment, whether it has news or not, whether it came before or not."""
        if not self.seen:
            return
        payment_id = sorted(self.seen)[choice % len(self.seen)]
        order_id = self.seen[payment_id]
        # An event is about one moment: one that was taken before the buyer's word is another than one after it.
        attempt = self.orders[order_id].attempts.get(payment_id)
        word = attempt.word if attempt else "over"
        self.run(self.calling(payment_id, f"{payment_id}:{event}:{word}")())
        self.orders[order_id].hear(payment_id)
        self.check(order_id)

    @rule()
    def pass_time(self) -> None:
        self.run(self.shop.later(2 * HOUR))
        for order_id, model in self.orders.items():
            model.pass_time()
            self.check(order_id)

    @rule(choice=choices, first=st.integers(0, 3), second=st.integers(0, 3), is_whole=st.booleans())
    def both_at_once(self, choice: int, first: int, second: int, is_whole: bool) -> None:
        order_id = self.chosen(choice)
        acts = self.acts(order_id, is_whole)
        pair = [acts[first % len(acts)], acts[second % len(acts)]]

        async def race() -> None:
            await asyncio.gather(*(act() for act, _ in pair))

        self.run(race())
        self.adopt(order_id, [model for _, model in pair])

    def teardown(self) -> None:
        if not hasattr(self, "orders"):
            return
        for payment_id, order_id in self.seen.items():
            self.run(self.calling(payment_id, f"{payment_id}:last")())
            self.orders[order_id].hear(payment_id)
        self.pass_time()
        self.pass_time()  # one that was paid in part by then had its time once more
        self.run(self.shop.later(MINUTE))
        self.run(self.examined())

    # The pieces

    def chosen(self, choice: int) -> str:
        return sorted(self.orders)[choice % len(self.orders)]

    def amount(self, model: Model, is_whole: bool) -> int:
        return model.left if is_whole else max(1, model.left // 2)

    def paying(self, order_id: str, method: str, is_whole: bool) -> Callable[[], Awaitable[Outcome]]:
        model = self.orders[order_id]
        amount = Money(self.amount(model, is_whole), "EUR")
        return lambda: self.shop.pay(order_id, method, amount=amount)

    def model_pay(self, order_id: str, method: str, is_whole: bool, model: Model) -> None:
        if not model.may_pay(method):
            return
        amount = self.amount(model, is_whole)
        if method == "test_card":
            model.pay(amount)
        elif method == "test_card_3ds":
            model.attempts[self.newest(order_id)] = Attempt(method, amount)

    def calling(self, payment_id: str, event_id: str) -> Callable[[], Awaitable[Outcome]]:
        async def call() -> Outcome:
            outcome = await take_payment_event(self.shop.ports, TEST_PROVIDER, event_id, payment_id)
            assert isinstance(outcome, Done | RequestInProgress), outcome
            return outcome

        return call

    def acts(self, order_id: str, is_whole: bool) -> list[tuple[Callable[[], Awaitable[Any]], Callable[[Model], None]]]:
        """What can be done to an order at once with something else, and what that does to its model."""
        found: list[tuple[Callable[[], Awaitable[Any]], Callable[[Model], None]]] = [
            (
                self.paying(order_id, "test_card", is_whole),
                lambda model: self.model_pay(order_id, "test_card", is_whole, model),
            ),
            (lambda: self.shop.cancel(order_id), Model.cancel),
        ]
        for payment_id in self.orders[order_id].attempts:
            event_id = f"{payment_id}:race:{self.shop.key()}"
            found.append((self.calling(payment_id, event_id), lambda model, of=payment_id: model.hear(of)))  # type: ignore[misc]
        return found

    def adopt(self, order_id: str, acts: list[Callable[[Model], None]]) -> None:
        """The one of the ends that may be which is."""
        ends = []
        for order in (acts, acts[::-1], acts[:1], acts[1:]):
            model = copy.deepcopy(self.orders[order_id])
            for act in order:
                act(model)
            ends.append(model)
        actual = self.read(order_id)
        fitting = [model for model in ends if (model.state, model.paid) == actual]
        assert fitting, (actual, ends)
        self.orders[order_id] = fitting[0]
        self.check(order_id)

    def newest(self, order_id: str) -> str:
        """The payment that was not seen before: two of one moment have no order."""
        order: Order = self.run(self.shop.order(order_id))
        (payment_id,) = {payment.id for payment in order.payments} - self.seen.keys()
        return payment_id

    def read(self, order_id: str) -> tuple[State, int]:
        """Once the worker has done what is due: what the order is, and what of its price is paid."""
        self.run(self.shop.worker.drain())
        order: Order = self.run(self.shop.order(order_id))
        for payment in order.payments:
            self.seen[payment.id] = order_id
        head = order.head
        return CLASS_OF.get(head.status, State.PAID), head.captured_minor - head.refunded_minor

    def check(self, order_id: str) -> None:
        model = self.orders[order_id]
        assert self.read(order_id) == (model.state, model.paid)

    async def free_units(self) -> int:
        rows = await self.shop.sql("SELECT sum(on_hand - reserved)::bigint FROM services.stock WHERE sku = 'MUG'")
        return int(rows[0][0])

    async def examined(self) -> None:
        """The provider's books are ours, the stock is what was sold, and every invariant holds."""
        for order_id, model in self.orders.items():
            books = await self.shop.sql(
                "SELECT coalesce(sum(captured_minor - refunded_minor), 0)::bigint FROM services.provider_payments"
                f" WHERE order_id = '{order_id}'"
            )
            assert books == [(model.paid,)]
        sold = sum(model.units for model in self.orders.values() if model.state is not State.OFF)
        assert await self.free_units() == self.available - sold
        assert await self.shop.jobs() == []
        findings = await examine(self.stage.database, now=self.shop.clock.now())
        assert [(found.title, found.examples) for found in findings if found.violations] == []


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    stage = Stage(database_url)
    yield stage
    stage.close()


@EXAMPLES
def test_orders_are_what_the_model_says(stage: Stage, examples: int) -> None:
    Payments.stage = stage
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    wanted = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        phases=phases(examples),
        deadline=None,
        suppress_health_check=checks,
    )
    run_state_machine_as_test(Payments, settings=wanted)
