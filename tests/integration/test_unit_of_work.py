"""The unit of work over a real PostgreSQL: whole orders in and out, locks, scopes, savepoints, keys."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from adapters.db.engine import Database, Transaction, prepare
from adapters.db.unit_of_work import SqlUnitOfWork
from domain.access.viewer import EVERYTHING, OrderScope
from domain.orders.model import Order
from domain.orders.shipping import shipped as with_parcel
from domain.ports.unit_of_work import KeyScope, StoredKey, TransientConflict, UnitOfWork
from domain.values.enums import MachineKind, OrderStatus
from domain.values.faults import DomainFault
from domain.values.outcomes import OrderPlaced, Outcome
from domain.values.refusals import NotFound
from tests.fixtures.orders import (
    START,
    World,
    accepted,
    as_loaded,
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

pytestmark = pytest.mark.anyio

Link = Callable[[World, Order], Order]
CHAIN: tuple[Link, ...] = (paid, confirmed, accepted, packed, shipped, delivered, received, completed)
EVENTS = prepare(text("SELECT sequence, action, from_state, to_state, details FROM order_events ORDER BY position"))
SEARCH = prepare(text("SELECT search_keys, search_text FROM orders"))
CLAIMS = prepare(text("SELECT locked_until, attempts FROM order_timers"))
KEY = KeyScope("PARTNER:p1", "placeOrder", "k-1")


def uow(database: Database) -> UnitOfWork:
    return SqlUnitOfWork(database, {})


async def add(database: Database, *orders: Order) -> None:
    async with uow(database) as unit:
        for order in orders:
            assert await unit.add(order) is None
        await unit.commit()


async def load(database: Database, order: Order, scope: OrderScope = EVERYTHING) -> Order | None:
    async with uow(database) as unit:
        return await unit.load(scope, order.head.id)


async def save(database: Database, before: Order, after: Order) -> None:
    async with uow(database) as unit:
        await unit.load(EVERYTHING, before.head.id)
        await unit.save(before, after)
        await unit.commit()


def assert_same(found: Order | None, expected: Order) -> None:
    assert found is not None
    for field in fields(Order):
        assert getattr(found, field.name) == getattr(expected, field.name), field.name


@pytest.mark.parametrize(
    "path",
    [
        (),
        (started,),
        (declined, paid, confirmed),
        (authorized, confirmed),
        CHAIN,
        (lambda world, order: cancelled(world, paid(world, order, 3000)),),
        (paid, lambda world, order: taken(world, order, "holdOrder")),
    ],
    ids=["placed", "in flight", "declined and paid", "authorized", "completed", "cancelled", "on hold"],
)
async def test_what_was_added_is_loaded_in_every_field(database: Database, path: tuple[Link, ...]) -> None:
    world = World()
    order = physical_order(world, external_number="EXT-1", attributes={"b": [1, None, {"c": "ü"}]})
    for link in path:
        order = link(world.later(minutes=1), order)
    await add(database, order)
    assert_same(await load(database, order), as_loaded(order))


async def test_every_step_of_a_life_is_saved_in_every_field(database: Database) -> None:
    world = World()
    placed = physical_order(world)
    await add(database, placed)
    for link in CHAIN:
        async with uow(database) as unit:
            before = await unit.load(EVERYTHING, placed.head.id)
            assert before is not None
            after = link(world.later(hours=1), before)
            await unit.save(before, after)
            await unit.commit()
        assert_same(await load(database, placed), as_loaded(after))
    rows = await database.rows(EVENTS)
    assert [row["sequence"] for row in rows] == list(range(1, 26))
    assert rows[0]["action"] == "placeOrder"
    assert tuple(rows[-1])[1:4] == ("completeOrder", "RECEIVED", "COMPLETED")


async def test_an_order_is_added_with_one_statement_loaded_with_two_and_saved_with_one(
    database: Database,
) -> None:
    world = World()
    placed = physical_order(world)
    async with uow(database) as unit:
        start = database.statement_count
        assert await unit.add(placed) is None
        assert database.statement_count - start == 1
        await unit.commit()
    async with uow(database) as unit:
        start = database.statement_count
        before = await unit.load(EVERYTHING, placed.head.id)
        assert before is not None
        assert database.statement_count - start == 2
        start = database.statement_count
        await unit.save(before, taken(world, before, "cancelOrder"))
        assert database.statement_count - start == 1


async def test_what_was_not_committed_never_was(database: Database) -> None:
    order = physical_order(World())
    async with uow(database) as unit:
        await unit.add(order)
    assert await load(database, order) is None


async def test_an_exception_rolls_back(database: Database) -> None:
    order = physical_order(World())

    async def add_and_fail() -> None:
        async with uow(database) as unit:
            await unit.add(order)
            raise LookupError

    with pytest.raises(LookupError):
        await add_and_fail()
    assert await load(database, order) is None


async def test_an_attempt_that_was_undone_leaves_the_rest(database: Database) -> None:
    world = World()
    kept, undone, failed, last = (physical_order(world) for _ in range(4))

    async def add_and_fail(unit: UnitOfWork) -> None:
        async with unit.attempt():
            await unit.add(failed)
            raise LookupError

    async with uow(database) as unit:
        async with unit.attempt():
            await unit.add(kept)
        async with unit.attempt() as attempt:
            await unit.add(undone)
            attempt.undo()
        with pytest.raises(LookupError):
            await add_and_fail(unit)
        await unit.add(last)
        await unit.commit()
    found = [await load(database, order) is not None for order in (kept, undone, failed, last)]
    assert found == [True, False, False, True]


async def test_an_undone_attempt_within_an_attempt_takes_back_only_itself(database: Database) -> None:
    world = World()
    outer, inner = physical_order(world), physical_order(world)
    async with uow(database) as unit:
        async with unit.attempt():
            await unit.add(outer)
            async with unit.attempt() as attempt:
                await unit.add(inner)
                attempt.undo()
        await unit.commit()
    assert await load(database, inner) is None
    assert await load(database, outer) is not None


async def test_saving_what_is_no_longer_the_stored_version_is_refused(database: Database) -> None:
    world = World()
    placed = physical_order(world)
    await add(database, placed)
    await save(database, as_loaded(placed), cancelled(world, as_loaded(placed)))
    with pytest.raises(DomainFault, match="is not at version 1 any more"):
        await save(database, as_loaded(placed), cancelled(world, as_loaded(placed)))
    assert len(await database.rows(EVENTS)) == 2


async def test_rows_other_than_timers_do_not_vanish(database: Database) -> None:
    placed = physical_order(World())
    await add(database, placed)
    with pytest.raises(DomainFault, match="Rows of order_lines do not vanish"):
        await save(database, as_loaded(placed), replace(as_loaded(placed), lines=placed.lines[:1]))


async def test_the_second_to_load_an_order_waits_and_sees_what_the_first_wrote(database: Database) -> None:
    world = World()
    placed = physical_order(world)
    await add(database, placed)
    async with uow(database) as first:
        before = await first.load(EVERYTHING, placed.head.id)
        assert before is not None
        second = asyncio.create_task(load(database, placed))
        await _until_somebody_waits(database)
        assert not second.done()
        after = paid(world, before)
        await first.save(before, after)
        await first.commit()
    assert_same(await second, as_loaded(after))


@pytest.mark.parametrize(
    ("scope", "is_found"),
    [
        (OrderScope(), True),
        (OrderScope(frozenset(("acme-eu", "other")), frozenset(("acme-web",)), "mbr_anna"), True),
        (OrderScope(business_units=frozenset(("other",))), False),
        (OrderScope(business_units=frozenset()), False),
        (OrderScope(channels=frozenset(("other",))), False),
        (OrderScope(channels=frozenset()), False),
        (OrderScope(member_id="mbr_other"), False),
    ],
)
async def test_an_order_outside_of_the_scope_is_not_found(
    database: Database, scope: OrderScope, is_found: bool
) -> None:
    placed = physical_order(World())
    await add(database, placed)
    assert (await load(database, placed, scope) is not None) is is_found


async def test_an_external_number_is_taken_once_per_channel_and_nothing_else_is_written(database: Database) -> None:
    world = World()
    first, second = (physical_order(world, external_number="EXT-1") for _ in range(2))
    elsewhere = physical_order(World(made=1000, numbered=10), external_number="EXT-1")
    elsewhere = elsewhere.with_head(channel="acme-app")
    await add(database, first, elsewhere)
    async with uow(database) as unit:
        assert await unit.add(second) == first.head.id
        assert await unit.load(EVERYTHING, second.head.id) is None
        assert await unit.load(EVERYTHING, first.head.id) == as_loaded(first)
        await unit.commit()
    assert len(await database.rows(EVENTS)) == 2


async def test_of_two_that_add_one_external_number_at_once_the_second_gets_the_firsts_id(database: Database) -> None:
    world = World()
    first, second = (physical_order(world, external_number="EXT-1") for _ in range(2))

    async def add_second() -> str | None:
        async with uow(database) as unit:
            return await unit.add(second)

    async with uow(database) as unit:
        await unit.add(first)
        waiting = asyncio.create_task(add_second())
        await _until_somebody_waits(database)
        await unit.commit()
    assert await waiting == first.head.id


async def test_order_numbers_rise(database: Database) -> None:
    async with uow(database) as unit:
        assert [await unit.next_number() for _ in range(3)] == [1, 2, 3]


async def test_whose_payment_refund_or_fulfillment_it_is(database: Database) -> None:
    world = World()
    order = cancelled(world, paid(world, physical_order(world), 3000))
    other = paid(world, physical_order(world))
    await add(database, order, other)
    async with uow(database) as unit:
        asked = [
            await unit.order_id_of(MachineKind.ORDER, order.head.id),
            await unit.order_id_of(MachineKind.PAYMENT, order.payments[0].id),
            await unit.order_id_of(MachineKind.REFUND, order.refunds[0].id),
            await unit.order_id_of(MachineKind.FULFILLMENT, other.fulfillments[1].id),
            await unit.order_id_of(MachineKind.FULFILLMENT, order.payments[0].id),
            await unit.order_id_of(MachineKind.AFTER_SALE, order.payments[0].id),
        ]
    assert asked == [order.head.id, order.head.id, order.head.id, other.head.id, None, None]


async def test_unpaid_orders_of_a_member_in_a_unit(database: Database) -> None:
    world = World()
    unpaid, part, whole, off, others = (
        physical_order(world),
        paid(world, physical_order(world), 100),
        paid(world, physical_order(world)),
        cancelled(world, physical_order(world)),
        physical_order(world, member_id="mbr_bo"),
    )
    await add(database, unpaid, part, whole, off, others)
    async with uow(database) as unit:
        assert await unit.unpaid_orders_of("acme-eu", "mbr_anna") == 2
        assert await unit.unpaid_orders_of("acme-eu", "mbr_bo") == 1
        assert await unit.unpaid_orders_of("acme-us", "mbr_anna") == 0


async def test_tracking_numbers_are_taken_per_carrier_and_found_by_search(database: Database) -> None:
    world = World()
    placed = physical_order(world, external_number="Ext-Ä1")
    await add(database, placed)
    before = as_loaded(placed)
    order = packed(world, accepted(world, confirmed(world, paid(world, before))))
    after = parcel(world, order, order.fulfillments[0].id, "TRK-9")
    await save(database, before, after)
    async with uow(database) as unit:
        assert await unit.tracking_number_taken("DHL", "TRK-9")
        assert not await unit.tracking_number_taken("UPS", "TRK-9")
    row = await database.row(SEARCH)
    assert row is not None
    assert row["search_keys"] == [placed.head.number, "ext-ä1", "tee-1", "mug-1", "trk-9"]
    assert row["search_text"] == "anna berg blue tee red mug"


async def test_a_tracking_number_taken_meanwhile_is_a_conflict_to_run_again(database: Database) -> None:
    world = World()
    first, second = (
        packed(world, accepted(world, confirmed(world, paid(world, physical_order(world))))) for _ in range(2)
    )
    await add(database, first, second)
    for order, outcome in ((as_loaded(first), None), (as_loaded(second), TransientConflict)):
        units = {order.fulfillment_lines[0].line_id: 1}
        after = with_parcel(order, order.fulfillments[0].id, "DHL", "TRK-1", units, world.step())
        if outcome is None:
            await save(database, order, after)
        else:
            with pytest.raises(outcome):
                await save(database, order, after)


async def test_a_timer_that_moved_was_claimed_by_nobody_yet(database: Database) -> None:
    placed = physical_order(World())
    await add(database, placed)
    async with database.transaction() as transaction:
        await transaction.execute(prepare(text("UPDATE order_timers SET locked_until = now(), attempts = 3")))
        await transaction.commit()
    before = as_loaded(placed)
    await save(database, before, before)
    assert tuple((await database.rows(CLAIMS))[0])[1] == 3
    moved = replace(before.timers[0], due_at=START + timedelta(days=1))
    await save(database, before, replace(before, timers=(moved,)))
    assert tuple((await database.rows(CLAIMS))[0]) == (None, 0)


async def test_a_port_of_this_database_joins_the_transaction(database: Database) -> None:
    class Shop:
        def __init__(self, transaction: Transaction) -> None:
            self.transaction = transaction

    async with SqlUnitOfWork(database, {Shop: Shop}) as unit:
        shop = unit.local(Shop)
        assert shop is not None
        assert await shop.transaction.value(prepare(text("SELECT 1"))) == 1
        assert unit.local(str) is None


async def test_of_two_in_a_deadlock_one_gives_way_and_may_run_again(database: Database) -> None:
    world = World()
    orders = [physical_order(world) for _ in range(2)]
    await add(database, *orders)
    both = asyncio.Barrier(2)

    async def crossing(first: Order, second: Order) -> bool:
        try:
            async with uow(database) as unit:
                await unit.load(EVERYTHING, first.head.id)
                await both.wait()
                await unit.load(EVERYTHING, second.head.id)
        except TransientConflict:
            return False
        return True

    assert sorted(await asyncio.gather(crossing(*orders), crossing(*reversed(orders)))) == [False, True]


async def test_a_conflict_of_a_local_port_is_one_of_ours(database: Database) -> None:
    with pytest.raises(TransientConflict) as caught:
        async with uow(database):
            raise asyncpg.SerializationError("could not serialize access")
    assert isinstance(caught.value.__cause__, asyncpg.SerializationError)


async def test_a_unit_of_work_outside_of_its_block_is_an_error(database: Database) -> None:
    unit = uow(database)
    with pytest.raises(RuntimeError, match="was not entered"):
        await unit.next_number()


async def test_a_key_is_locked_for_one_transaction_at_a_time(database: Database) -> None:
    other = replace(KEY, operation="payOrder")
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(uow(database)) for _ in range(2)]
        assert await first.lock_key(KEY)
        assert not await second.lock_key(KEY)
        assert await second.lock_key(other)
        await first.commit()
        assert await second.lock_key(KEY)


@pytest.mark.parametrize(
    ("outcome", "subject_id", "lease_s"),
    [
        (OrderPlaced(order_id="ord_1"), None, 0),
        (OrderPlaced(order_id="ord_1"), "pay_1", 0),
        (NotFound(path=("orderId",)), None, 0),
        (None, "pay_1", 30),
        (None, "pay_1", 0),
        (None, None, 0),
    ],
)
async def test_a_key_is_found_as_it_was_kept(
    database: Database, outcome: Outcome | None, subject_id: str | None, lease_s: int
) -> None:
    locked_until = START + timedelta(seconds=lease_s) if lease_s else None
    expires_at = START + timedelta(days=1)
    async with uow(database) as unit:
        assert await unit.find_key(KEY, START) is None
        await _keep(unit, "hash-1", None, "pay_0", START + timedelta(seconds=5))
        await _keep(unit, "hash-2", outcome, subject_id, locked_until)
        await unit.commit()
    async with uow(database) as unit:
        assert await unit.find_key(KEY, START) == StoredKey("hash-2", outcome, subject_id, locked_until)
        assert await unit.find_key(replace(KEY, caller="PARTNER:p2"), START) is None
        assert await unit.find_key(KEY, expires_at) is None


async def test_the_status_that_is_stored_is_the_contracts_word(database: Database) -> None:
    world = World()
    await add(database, paid(world, physical_order(world)))
    assert await database.value(prepare(text("SELECT status FROM orders"))) == OrderStatus.PAID.value


async def _keep(
    unit: UnitOfWork, request_hash: str, outcome: Outcome | None, subject_id: str | None, locked_until: Any
) -> None:
    await unit.keep_key(
        KEY,
        request_hash,
        outcome=outcome,
        subject_id=subject_id,
        locked_until=locked_until,
        now=START,
        expires_at=START + timedelta(days=1),
    )


async def _until_somebody_waits(database: Database) -> None:
    waiting = prepare(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
    while not await database.value(waiting):  # noqa: ASYNC110  the event is in the database
        await asyncio.sleep(0.01)
