"""Orders of all types on a real PostgreSQL under any sequence of moves, against the small model of `tests/fixtures/expected.py`.

Callers of every role, the buyer at the provider, its callbacks (before, after and again), refunds that it refuses, time, stock that
arrives, two moves at once, and deaths in the middle of a move or of the worker, which time makes good. What may be done is asked
within the rules, not before them: how a race ends must not change what is drawn next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import text

from adapters.bootstrap import EMBEDDED, TEST_PROVIDER
from adapters.db.engine import Database, prepare
from adapters.doctor.examination import examine
from adapters.embedded import tables
from domain.actions.take_payment_event import take_payment_event
from domain.orders.commands import PlaceOrderLine, WantedGroup
from domain.orders.model import Order
from domain.payments.answers import OperationDeclined
from domain.policies import DepositRules, Limits, Policies, RefundRules, ReviewRules, StockRules
from domain.values.enums import OrderType, StockPolicy
from domain.values.outcomes import Done, OrderPlaced
from domain.values.refusals import (
    ActionRejected,
    Forbidden,
    InvalidInput,
    LimitExceeded,
    NotFound,
    OutOfStock,
    VersionConflict,
)
from tests.conftest import _TABLES
from tests.fixtures.crash_points import CrashPoint, When, deadly
from tests.fixtures.expected import (
    QUERIES,
    Counts,
    Facts,
    books_agree,
    money_is_fair,
    nothing_waits_for_time,
    states_follow,
    time_runs_on,
    units_are_where_they_belong,
    units_moved_as_told,
)
from tests.fixtures.moves import AIMS, Digits, Move, aimed_at, leading_on, whatever, worth_trying
from tests.fixtures.shop import ANNA, BOB, DAY, HOUR, MINUTE, PARTNER, POLICIES, START, SUPPORT, SettableClock, Shop
from tests.fixtures.sizes import EXAMPLES, STEPS, phases
from tests.fixtures.sleepy import Killed, instead_of

MOST_ORDERS: Final = 6
TYPES: Final = tuple(OrderType)
OF_GOODS: Final = (OrderType.PHYSICAL, OrderType.PHYSICAL, OrderType.MADE_TO_ORDER)
LONGEST_WAY: Final = 16
CARTS: Final = (
    (("TEE", 2), ("POSTER", 1)),
    (("TEE", 3),),
    (("TEE", 1), ("LAMP", 1)),
    (("MUG", 2),),
    (("POSTER", 2), ("TEE", 12)),
    (("LAMP", 2), ("MUG", 3), ("TEE", 1)),
)
VOUCHERS: Final = (("CARD", 3),)
COUNTED: Final = {"TEE": "RESERVE", "POSTER": "RESERVE", "LAMP": "ORDER"}
STRANGERS: Final = (ANNA, BOB, SUPPORT, PARTNER)
PAUSES: Final = (MINUTE, MINUTE, 31 * MINUTE, 3 * HOUR, DAY, 2 * DAY, 4 * DAY, 8 * DAY, 16 * DAY)
MONTHS: Final = (60 * DAY,) * 4
"""At the end. A deadline begins when the one before it has fired: a case is approved, closed, the order received, completed."""
CALLS: Final = (
    *("unit_of_work.commit", "unit_of_work.save", "unit_of_work.finish", "unit_of_work.queue", "payments.pay"),
    *("payments.capture", "payments.void", "payments.refund", "inventory.reserve", "inventory.deduct"),
    *("inventory.release", "inventory.withdraw", "inventory.take_back", "inventory.allocate", "inventory.arrange"),
    "inventory.extend",
    *("promotions.claim", "promotions.claim_only", "promotions.release", "voucher_codes.issue", "voucher_codes.cancel"),
)
UNTOUCHED: Final = (
    ActionRejected,
    Forbidden,
    InvalidInput,
    LimitExceeded,
    NotFound,
    OutOfStock,
    VersionConflict,
)
"""Answers after which nothing has changed."""
_ACME: Final = replace(
    POLICIES.units["acme"],
    review=ReviewRules(from_total_minor=25_000),
    refunds=RefundRules(auto_approve_limit_minor=4_000),
    deposits=DepositRules(),
    limits=Limits(unpaid_orders_per_member=50),
    stock=StockRules(
        by_category={
            "gift": StockPolicy.NONE,
            "outlet": StockPolicy.DEDUCT_ON_ORDER,
            "home": StockPolicy.DEDUCT_ON_PAYMENT,
        }
    ),
)
SOLD: Final = ("TEE", "POSTER", "LAMP", "MUG")
_ASKED: Final = {query: prepare(text(query)) for query in QUERIES}


class Stage:
    """One database for all runs, each of which finds the shop as on its first day."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.database: Database = self.runner.run(Database.open(url, pool_size=10))
        self.shop: Shop
        self.refusals = 0
        """So many refunds the provider refuses from now on."""

    async def begin(self, *, is_apart: bool) -> None:
        names = await self.database.value(_TABLES)
        async with self.database.transaction() as transaction:
            await transaction.execute(prepare(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE")))
            await transaction.commit()
        self.shop = Shop(self.database, local={} if is_apart else EMBEDDED, clock=SettableClock())
        ports = replace(self.shop.ports, policies=Policies({**POLICIES.units, "acme": _ACME}, POLICIES.channels))
        self.shop.ports = instead_of(ports, "payments", "refund", self._refund(ports.payments.refund))
        self.refusals = 0
        await self.shop.open()
        for sku in ("TEE", "POSTER", "LAMP"):
            await self.shop.ports.inventory.restock(sku, "BER", 60)
        await self.shop.given(tables.voucher_pools, {"sku": "CARD", "remaining": 8, "valid_s": 30 * 24 * 3600})
        shared = {"business_unit": "acme", "sold_until": None, "balance_opens_at": START + 2 * DAY}
        await self.shop.given(
            tables.presales, *({**shared, "sku": sku, "balance_due_at": START + 6 * DAY} for sku in SOLD)
        )

    def _refund(self, sound: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def refund(*args: Any, **more: Any) -> Any:
            if self.refusals == 0:
                return await sound(*args, **more)
            self.refusals -= 1
            return OperationDeclined("busy", "Not now.", is_final=self.refusals % 2 == 1)

        return refund

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()


async def until_killed(call: Awaitable[Any]) -> Any:
    """None: somebody died."""
    try:
        return await call
    except Killed:
        return None
    except BaseExceptionGroup as group:
        if group.split(Killed)[1] is not None:
            raise
        return None


def _killed() -> None:
    raise Killed


choices = st.integers(0, 2**16)
numbers = st.integers(0, 2**24)
far = st.sampled_from((0, 1, 3, 6, 10, 16))
"""So many moves of the usual way an order has behind it when others begin."""


class Orders(RuleBasedStateMachine):
    stage: ClassVar[Stage]

    @initialize(
        is_apart=st.booleans(),
        types=st.lists(st.sampled_from(TYPES), min_size=1, max_size=3),
        number=numbers,
        times=far,
    )
    def begin(self, is_apart: bool, types: list[OrderType], number: int, times: int) -> None:
        self.run(self.stage.begin(is_apart=is_apart))
        self.shop = self.stage.shop
        self.order_ids: list[str] = []
        for order_type in types:
            self.place(order_type, number, times)

    def run(self, call: Awaitable[Any]) -> Any:
        async def whole() -> Any:
            return await call

        return self.stage.runner.run(whole())

    # What callers, the provider and time do

    @rule(order_type=st.sampled_from(TYPES), number=numbers, times=far)
    def place(self, order_type: OrderType, number: int, times: int) -> None:
        if len(self.order_ids) < MOST_ORDERS:
            self.run(self.placing(order_type, Digits(number)))
            self.look()
            self.go_on(len(self.order_ids) - 1, 0, times)

    @rule(choice=choices, number=numbers, times=st.integers(1, 6))
    def go_on(self, choice: int, number: int, times: int) -> None:
        """The usual way, so that the far end is reached often."""
        for turn in range(times):
            order = self.chosen(choice)
            found = leading_on(order, number + turn) if order else None
            if order and found:
                self.made(order, *found, Digits(number if number % 3 == 0 else 0))
                self.run(self.shop.worker.drain())
        self.settle()

    @rule(
        order_type=st.sampled_from(OF_GOODS),
        choice=choices,
        number=numbers,
        aim=st.sampled_from(AIMS),
        times=st.integers(0, 6),
    )
    def aim_at(self, order_type: OrderType, choice: int, number: int, aim: tuple[str, str], times: int) -> None:
        """The usual way of a new order as far as what it is to come to, and that; then the usual way again."""
        if len(self.order_ids) < MOST_ORDERS:
            self.run(self.placing(order_type, Digits(number)))
            self.look()
            choice = len(self.order_ids) - 1
        refused, version = 0, 0
        for _ in range(LONGEST_WAY):
            order = self.chosen(choice)
            if order is None:
                break
            refused, version = (refused + 1 if order.head.version == version else 0), order.head.version
            found, usual = aimed_at(order, aim), leading_on(order, refused)
            step = found or usual
            if step is not None:
                self.made(order, *step, Digits(number if found else 0))
                self.run(self.shop.worker.drain())
            if found or step is None:
                break
        self.go_on(choice, number, times)

    @rule(choice=choices, pick=choices, number=numbers, is_settled=st.booleans())
    def move(self, choice: int, pick: int, number: int, is_settled: bool) -> None:
        order = self.chosen(choice)
        moves = worth_trying(order) if order else []
        if order and moves:
            self.made(order, *moves[pick % len(moves)], Digits(number))
        if is_settled:
            self.settle()

    @rule(choice=choices, pick=choices, number=numbers, who=st.integers(0, 7))
    def try_whatever(self, choice: int, pick: int, number: int, who: int) -> None:
        """By whoever it is, in whatever state."""
        order = self.chosen(choice)
        if order:
            moves = whatever(order)
            move, subject = moves[pick % len(moves)]
            viewer = STRANGERS[who] if who < len(STRANGERS) else move.viewer
            self.made(order, replace(move, viewer=viewer), subject, Digits(number))
        self.settle()

    @rule(choice=choices, first=choices, second=choices, number=numbers)
    def both_at_once(self, choice: int, first: int, second: int, number: int) -> None:
        order = self.chosen(choice)
        moves = worth_trying(order) if order else []
        if order and moves:
            pair = [moves[pick % len(moves)] for pick in (first, second)]

            async def race() -> None:
                await asyncio.gather(*(self.doing(order, move, each, Digits(number)) for move, each in pair))

            self.run(race())
        self.settle()

    @rule(
        choice=choices,
        pick=choices,
        number=numbers,
        call=st.sampled_from(CALLS),
        when=st.sampled_from(When),
        nth=st.integers(1, 3),
    )
    def die(self, choice: int, pick: int, number: int, call: str, when: When, nth: int) -> None:
        """In the middle of a move, or of what the worker does about it."""
        order = self.chosen(choice)
        moves = worth_trying(order) if order else []
        if not order or not moves:
            return
        sound = self.shop.ports
        self.shop.ports = deadly(sound, CrashPoint("", "", call, when, nth), _killed)
        move, subject = moves[pick % len(moves)]
        try:
            self.run(until_killed(self.doing(order, move, subject, Digits(number))))
            self.run(until_killed(self.shop.worker.drain()))
        finally:
            self.shop.ports = sound
        self.wait(MINUTE)

    @rule(order_type=st.sampled_from(TYPES), number=numbers, call=st.sampled_from(CALLS), when=st.sampled_from(When))
    def die_while_placing(self, order_type: OrderType, number: int, call: str, when: When) -> None:
        if len(self.order_ids) >= MOST_ORDERS:
            return
        sound = self.shop.ports
        self.shop.ports = deadly(sound, CrashPoint("", "", call, when), _killed)
        try:
            self.run(until_killed(self.placing(order_type, Digits(number))))
        finally:
            self.shop.ports = sound
        self.wait(MINUTE)

    @rule(pause=st.sampled_from(PAUSES))
    def pass_time(self, pause: timedelta) -> None:
        self.wait(pause)

    @rule(count=st.integers(1, 8))
    def refuse_refunds(self, count: int) -> None:
        self.stage.refusals = count

    @rule(sku=st.sampled_from(SOLD), count=st.integers(1, 5))
    def stock_comes(self, sku: str, count: int) -> None:
        warehouse = "HAM" if sku == "MUG" else "BER"
        self.run(self.shop.receive(sku, warehouse, count))
        self.settle()

    def teardown(self) -> None:
        """Every last word of the provider is heard, and then nobody does anything for months."""
        if not hasattr(self, "order_ids"):
            return
        self.stage.refusals = 0
        self.wait(MINUTE)
        for order_id in self.order_ids:
            for payment in self.run(self.shop.order(order_id)).payments:
                self.run(take_payment_event(self.shop.ports, TEST_PROVIDER, f"{payment.id}:last", payment.id))
        for pause in (HOUR, 8 * DAY, *MONTHS):
            self.wait(pause)
        nothing_waits_for_time(self.facts())
        assert self.run(self.shop.jobs()) == []
        findings = self.run(examine(self.stage.database, now=self.shop.clock.now()))
        broken = [(found.title, found.examples) for found in findings if found.violations]
        assert broken == [], broken

    # The pieces

    async def placing(self, order_type: OrderType, digits: Digits) -> Any:
        cart = VOUCHERS if order_type is OrderType.VIRTUAL else digits.one(*CARTS)
        wish: dict[str, Any] = {
            "order_type": order_type,
            "lines": tuple(PlaceOrderLine(sku, units) for sku, units in cart),
            "coupon_codes": digits.one((), (), ("SAVE5",)),
        }
        if order_type is OrderType.VIRTUAL:
            wish["shipping_address"] = None
        viewer = digits.one(ANNA, SUPPORT)
        if order_type is OrderType.GROUP_BUY:
            rows = await self.shop.sql("SELECT id FROM order_groups WHERE status = 'OPEN' ORDER BY id")
            is_joined = bool(rows) and digits.below(3) > 0
            wish["group"] = WantedGroup(join=rows[0][0]) if is_joined else WantedGroup(size=2)
        outcome = await self.shop.place(viewer, **wish)
        assert isinstance(outcome, OrderPlaced | OutOfStock | LimitExceeded | InvalidInput), outcome
        return outcome

    def look(self) -> None:
        """Which orders there are: those who died had no time to say so."""
        found = self.run(self.shop.sql("SELECT id FROM orders ORDER BY placed_at, number"))
        self.order_ids = [row[0] for row in found]

    def chosen(self, choice: int) -> Order | None:
        if not self.order_ids:
            return None
        order: Order = self.run(self.shop.order(self.order_ids[choice % len(self.order_ids)]))
        return order

    def doing(self, order: Order, move: Move, subject: Any, digits: Digits) -> Awaitable[Any]:
        return move.do(self.shop, move.viewer, order, subject, digits)

    def made(self, order: Order, move: Move, subject: Any, digits: Digits) -> None:
        """Alone: what was refused changed nothing, what was done changed what it should."""
        outcome = self.run(self.doing(order, move, subject, digits))
        after: Order = self.run(self.shop.order(order.head.id))
        if isinstance(outcome, UNTOUCHED):
            assert after.head.version == order.head.version, (move.name, outcome)
        elif isinstance(outcome, Done) and not outcome.is_replayed:
            units_moved_as_told(move.name, _counts(order), _counts(after))

    def wait(self, pause: timedelta) -> None:
        self.shop.clock.pass_(pause)
        self.settle()

    def settle(self) -> None:
        """The worker does what is due; then every book agrees with every other."""
        self.run(self.shop.worker.drain())
        self.look()
        facts = self.facts()
        states_follow(facts)
        time_runs_on(facts)
        books_agree(facts)
        money_is_fair(facts)
        units_are_where_they_belong(facts, COUNTED)

    def facts(self) -> Facts:
        async def read() -> Facts:
            async with self.stage.database.snapshot() as snapshot:
                return Facts({query: list(await snapshot.rows(asked)) for query, asked in _ASKED.items()})

        facts: Facts = self.run(read())
        return facts


def _counts(order: Order) -> dict[str, Counts]:
    return {
        line.id: Counts(
            line.quantity, line.cancelled_quantity, line.returned_quantity + line.kept_quantity, line.shipped_quantity
        )
        for line in order.lines
    }


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    stage = Stage(database_url)
    yield stage
    stage.close()


@EXAMPLES
def test_orders_of_all_types_are_what_the_model_says(stage: Stage, examples: int) -> None:
    Orders.stage = stage
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    wanted = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        phases=phases(examples),
        deadline=None,
        suppress_health_check=checks,
        print_blob=False,
    )
    run_state_machine_as_test(Orders, settings=wanted)
