"""Many buyers at once: as many units are sold as there are, nobody waits in a circle, and the books add up."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from adapters.db.engine import Database, prepare
from adapters.embedded.connection import Joined
from adapters.embedded.inventory import EmbeddedInventory
from adapters.embedded.tables import stock, warehouses
from domain.ports.inventory import Demand, Reserved, Short

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SKUS = ("A", "B", "C", "D")

SUMS = prepare(
    text(
        """
        SELECT s.sku, s.warehouse,
            s.on_hand = s.initial + s.received + s.restocked - s.deducted AS is_balanced,
            s.reserved = COALESCE(sum(r.quantity) FILTER (WHERE r.state = 'HELD'), 0) AS is_reserved,
            s.deducted = COALESCE(sum(r.quantity) FILTER (WHERE r.state = 'DEDUCTED'), 0) AS is_deducted,
            s.restocked = COALESCE(sum(r.quantity) FILTER (WHERE r.returned_at IS NOT NULL), 0) AS is_restocked
        FROM services.stock s LEFT JOIN services.reservations r USING (sku, warehouse)
        GROUP BY s.sku, s.warehouse
        """
    )
)
TOTALS = prepare(text("SELECT sku, sum(reserved), sum(on_hand) FROM services.stock GROUP BY sku ORDER BY sku"))


@pytest.fixture
async def pool(database: Database, database_url: str) -> AsyncIterator[Database]:  # noqa: ARG001  it is emptied
    """With as many connections as there are buyers at once."""
    wide = await Database.open(database_url, pool_size=30)
    yield wide
    await wide.close()


async def fill(database: Database, rows: list[tuple[str, str, int]]) -> None:
    codes = sorted({warehouse for _, warehouse, _ in rows})
    async with database.transaction() as transaction:
        await transaction.execute(prepare(insert(warehouses).values([{"code": c, "name": c} for c in codes])))
        await transaction.execute(
            prepare(insert(stock).values([{"sku": s, "warehouse": w, "initial": n, "on_hand": n} for s, w, n in rows]))
        )
        await transaction.commit()


async def assert_the_books_add_up(database: Database) -> None:
    wrong = [tuple(row) for row in await database.rows(SUMS) if not all(tuple(row)[2:])]
    assert wrong == []


async def totals(database: Database) -> dict[str, tuple[int, int]]:
    return {sku: (reserved, on_hand) for sku, reserved, on_hand in await database.rows(TOTALS)}


@pytest.mark.parametrize("is_deducted", [False, True])
async def test_fifty_buyers_of_twenty_units_get_exactly_twenty(pool: Database, is_deducted: bool) -> None:
    await fill(pool, [("A", "east", 8), ("A", "west", 12)])
    inventory = EmbeddedInventory(pool)
    demand = Demand("line", "A", 1, is_deducted)
    outcomes = await asyncio.gather(*(inventory.reserve(f"o{n}", [demand], NOON) for n in range(50)))
    assert Counter(type(outcome) for outcome in outcomes) == {Reserved: 20, Short: 30}
    assert await totals(pool) == {"A": (0, 0) if is_deducted else (20, 20)}
    await assert_the_books_add_up(pool)


async def test_buyers_of_several_skus_in_any_order_never_lock_each_other_out(pool: Database) -> None:
    await fill(pool, [(sku, warehouse, 20) for sku in SKUS for warehouse in ("east", "west")])
    inventory = EmbeddedInventory(pool)
    source = random.Random(1)

    async def buy(number: int) -> Reserved | Short:
        skus = source.sample(SKUS, k=len(SKUS))
        return await inventory.reserve(f"o{number}", [Demand(sku, sku, 1) for sku in skus], NOON)

    outcomes = await asyncio.gather(*(buy(number) for number in range(60)))
    assert Counter(type(outcome) for outcome in outcomes) == {Reserved: 40, Short: 20}
    assert await totals(pool) == dict.fromkeys(SKUS, (40, 40))
    await assert_the_books_add_up(pool)


async def test_the_same_order_reserved_at_once_by_many_is_reserved_once(pool: Database) -> None:
    await fill(pool, [(sku, warehouse, 20) for sku in SKUS for warehouse in ("east", "west")])
    inventory = EmbeddedInventory(pool)
    demands = [Demand(f"{sku}-{n}", sku, 3) for sku in SKUS for n in range(2)]
    outcomes = await asyncio.gather(*(inventory.reserve("o1", demands, NOON) for _ in range(20)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert await totals(pool) == dict.fromkeys(SKUS, (6, 40))
    await assert_the_books_add_up(pool)


async def test_deducting_releasing_expiring_and_arriving_at_once_keep_the_books(pool: Database) -> None:
    await fill(pool, [(sku, warehouse, 10) for sku in SKUS for warehouse in ("east", "west")])
    inventory = EmbeddedInventory(pool)
    source = random.Random(2)

    async def life(number: int) -> None:
        order_id = f"o{number % 40}"
        demands = [
            Demand(sku, sku, 1 + number % 2, is_deducted=number % 40 % 5 == 0) for sku in source.sample(SKUS, k=3)
        ]
        expires_at = NOON + timedelta(seconds=number % 3 - 1)
        steps: list[Any] = [
            lambda: inventory.deduct(order_id),
            lambda: inventory.release(order_id),
            lambda: inventory.expire(NOON, 5),
            lambda: inventory.restock(source.choice(SKUS), "west", 1),
        ]
        await inventory.reserve(order_id, demands, expires_at)
        for step in source.sample(steps, k=2):
            await step()

    await asyncio.gather(*(life(number) for number in range(40)))
    await asyncio.gather(*(life(number) for number in range(40, 80)))
    await assert_the_books_add_up(pool)
    for number in range(40):
        await inventory.release(f"o{number}")
    assert {reserved for reserved, _ in (await totals(pool)).values()} == {0}
    await assert_the_books_add_up(pool)


async def test_a_reservation_in_an_open_transaction_ends_with_it(pool: Database) -> None:
    await fill(pool, [("A", "east", 5)])
    async with pool.transaction() as transaction:
        await EmbeddedInventory(Joined(transaction)).reserve("o1", [Demand("l", "A", 2)], NOON)
    assert await totals(pool) == {"A": (0, 5)}
    async with pool.transaction() as transaction:
        await EmbeddedInventory(Joined(transaction)).reserve("o1", [Demand("l", "A", 2)], NOON)
        await transaction.commit()
    assert await totals(pool) == {"A": (2, 5)}


async def test_an_expiry_leaves_the_orders_that_somebody_is_working_on(pool: Database) -> None:
    await fill(pool, [("A", "east", 5), ("B", "east", 5)])
    inventory = EmbeddedInventory(pool)
    await inventory.reserve("o1", [Demand("l", "A", 2)], NOON)
    await inventory.reserve("o2", [Demand("l", "B", 2)], NOON)
    async with pool.transaction() as transaction:
        await EmbeddedInventory(Joined(transaction)).reserve("o1", [Demand("l", "A", 2)], NOON + timedelta(days=1))
        assert await inventory.expire(NOON, 10) == 1
        await transaction.commit()
    assert await totals(pool) == {"A": (2, 5), "B": (0, 5)}
    assert await inventory.expire(NOON, 10) == 0


@pytest.mark.parametrize(("demand_count", "statement_count"), [(1, 3), (50, 3)])
async def test_reserving_takes_three_statements_however_many_lines(
    pool: Database, demand_count: int, statement_count: int
) -> None:
    await fill(pool, [(f"S{n}", warehouse, 1) for n in range(demand_count) for warehouse in ("east", "west")])
    before = pool.statement_count
    demands = [Demand(f"l{n}", f"S{n}", 2) for n in range(demand_count)]
    assert isinstance(await EmbeddedInventory(pool).reserve("o1", demands, NOON), Reserved)
    assert pool.statement_count - before == statement_count
