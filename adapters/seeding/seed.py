"""Seeding: the catalogue, then the orders batch by batch, all in one transaction: whoever interrupts it finds nothing seeded.

Orders are made by all cores and written by this process, in their order. The same seed number, count and reference time on an
empty database give the same rows, however many cores there are.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Final

from adapters.db.bulk_orders import numbers
from adapters.db.engine import Database, Transaction
from adapters.embedded.tables import (
    coupon_claims,
    provider_operations,
    provider_payments,
    reservations,
    stock_returns,
    voucher_codes,
)
from adapters.seeding.batches import SERVICE_COLUMNS, Batch, StockMoves
from adapters.seeding.catalogue import catalogue_of
from adapters.seeding.making import maker_count, makers, uncollected
from adapters.seeding.mix import BULK_FROM
from adapters.seeding.order_rows import copy_rows
from adapters.seeding.plans import BASKETS, Baskets, Planner
from adapters.seeding.seeded import is_seeded
from adapters.seeding.statements import COUPONS_USED, STOCK_MOVED, VACUUM
from adapters.seeding.writing import write_catalogue
from domain.policies import Policies

BATCH_ORDERS: Final = 250
BULK_BATCH_ORDERS: Final = 500
"""Each batch is one COPY for each table, and waits for its answer: big seeds do so less often."""
_SERVICE_TABLES: Final = (
    reservations, coupon_claims, provider_payments, provider_operations, stock_returns, voucher_codes,
)  # fmt: skip

Progress = Callable[[int, int], None]
"""Orders written, orders wanted."""


async def seed_demo(
    database: Database,
    policies: Policies,
    orders: int,
    seed: int,
    reference: datetime,
    progress: Progress,
    baskets: Baskets = BASKETS,
) -> None:
    """Adds to what is there: whoever wants an empty database asks `is_seeded` before. Nothing is due before `reference`."""
    is_first = not await is_seeded(database)
    planner = Planner(policies, catalogue_of(policies), seed, orders, reference, is_first, baskets)
    async with database.transaction() as transaction:
        await write_catalogue(transaction, planner.catalogue, policies, reference)
        with uncollected():
            await _write_orders(database, transaction, planner, progress)
        await transaction.commit()
    await database.rows(VACUUM)


async def _write_orders(database: Database, transaction: Transaction, planner: Planner, progress: Progress) -> None:
    stock, used_coupons, written = StockMoves(), Counter[str](), 0
    progress(written, planner.orders)
    async with aclosing(_batches(database, planner)) as batches:
        async for batch in batches:
            await _copy(transaction, batch)
            stock.add(batch.stock)
            used_coupons.update(batch.used_coupons)
            written += batch.order_count
            progress(written, planner.orders)
    # Once, at the end: a row that one transaction changes for every batch would drag all its versions along.
    await transaction.execute(STOCK_MOVED, **stock.columns())
    used = sorted(used_coupons.items())
    await transaction.execute(COUPONS_USED, codes=[code for code, _ in used], counts=[count for _, count in used])


async def _batches(database: Database, planner: Planner) -> AsyncGenerator[Batch]:
    """In their order; each maker has one in its hands and one before it."""
    loop, count = asyncio.get_running_loop(), maker_count(planner.orders)
    size = BATCH_ORDERS if planner.orders < BULK_FROM else BULK_BATCH_ORDERS
    with makers(planner, count) as (executor, make):
        under_way: deque[asyncio.Future[Batch]] = deque()
        for first in range(0, planner.orders, size):
            wanted = min(size, planner.orders - first)
            under_way.append(loop.run_in_executor(executor, make, first, await _numbers(database, wanted)))
            if len(under_way) > 2 * count:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()


async def _numbers(database: Database, count: int) -> list[int]:
    async with database.transaction() as transaction:
        return await numbers(transaction, count)  # a sequence never goes back: there is nothing to commit


async def _copy(transaction: Transaction, batch: Batch) -> None:
    await copy_rows(transaction, batch.orders)
    for table in _SERVICE_TABLES:
        if rows := batch.services[table.name]:
            await transaction.copy(table, SERVICE_COLUMNS[table.name], rows)
