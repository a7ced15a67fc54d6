"""The cube, kept from the change feed.

Theory of operation
    The upkeep is a reader of the feed like any other, with a place of its own in it: first all orders by their ids, then the steps.
    Of each part it takes the orders, takes out of the cube what these had put in (`rollup_orders` remembers it), and puts in what they
    are now: all in one transaction with its new place. So it may stop anywhere, and a part that is taken twice changes nothing. Only
    one is at it at a time: the place is a row, and that is locked.

    An order that was changed after the place is *pending*. Whoever reads the cube and wants the present adds what the pending orders
    are now and takes off what they had put in (`adapters/db/cube.py`); where they are many, the orders themselves are read.
"""

from typing import Any, Final

from adapters.db import rollup_statements as statements
from adapters.db.changes import place_values
from adapters.db.engine import Database, Transaction
from adapters.sql import Reader
from domain.ports.rollups import RollupAdvance, Rollups, RollupStatus
from domain.values.feed_positions import FeedPosition, FeedSnapshot, at_snapshot

LISTED_AT_ONCE: Final = 10_000
"""Orders."""
PLACES_AT_ONCE: Final = 40_000
"""Steps: an order that was written at once, with all its steps, has some ten."""
MOST_PENDING: Final = 5_000
"""Steps: with more than that pending, the orders themselves are read."""


class SqlRollups(Rollups):
    def __init__(self, database: Database) -> None:
        self._database = database

    async def advance(self) -> RollupAdvance | None:
        async with self._database.transaction() as transaction:
            row = await transaction.row(statements.CLAIM)
            if row is None:
                if await transaction.row(statements.STATE) is not None:
                    return None
                await transaction.execute(statements.BEGIN)
                row = await transaction.row(statements.CLAIM)
            if row is None:
                return None
            place = _place(row)
            done = await (_list(transaction, place) if place.is_listing else _follow(transaction, place))
            await transaction.commit()
        return done

    async def reset(self) -> None:
        async with self._database.transaction() as transaction:
            await transaction.row(statements.LOCK)
            for statement in statements.EMPTY:
                await transaction.execute(statement)
            await transaction.execute(statements.BEGIN_ANEW)
            await transaction.commit()

    async def lag_seconds(self) -> float:
        row = await self._database.row(statements.STATE)
        place = None if row is None else _place(row)
        if place is None or place.is_listing:
            return float(await self._database.value(statements.SINCE_BEGUN))
        statement = statements.BEHIND[place.snapshot is not None]
        return float(await self._database.value(statement, **place_values(place), limit=1))

    async def status(self) -> RollupStatus:
        orders, all_orders, cells = await self._database.row(statements.COUNTS) or (0, 0, 0)
        row = await self._database.row(statements.STATE)
        is_complete = row is not None and not _place(row).is_listing
        return RollupStatus(orders, all_orders, cells, is_complete, await self.lag_seconds())


async def pending_orders(reader: Reader) -> list[str] | None:
    """Those that were changed since the cube took them in, as far as the reader's snapshot goes. None: the cube is not complete yet, or
    they are too many.
    """
    row = await reader.row(statements.STATE)
    if row is None or (place := _place(row)).is_listing:
        return None
    statement = statements.PENDING[place.snapshot is not None]
    rows = await reader.rows(statement, **place_values(place), limit=MOST_PENDING + 1)
    return None if len(rows) > MOST_PENDING else list(dict.fromkeys(row["order_id"] for row in rows))


async def _list(transaction: Transaction, place: FeedPosition) -> RollupAdvance:
    rows = await transaction.rows(statements.NEXT_LISTED, listed=place.listed, limit=LISTED_AT_ONCE)
    ids = [row["id"] for row in rows]
    await _take_in(transaction, ids)
    if len(ids) < LISTED_AT_ONCE:
        await _move(transaction, at_snapshot(_held(place)))
    else:
        await _move(transaction, FeedPosition(place.transaction, 0, place.snapshot, ids[-1]))
    return RollupAdvance(len(ids), has_more=True)


async def _follow(transaction: Transaction, place: FeedPosition) -> RollupAdvance:
    statement = statements.NEXT[place.snapshot is not None]
    row = await transaction.row(statement, **place_values(place), limit=PLACES_AT_ONCE)
    if row is None:
        return RollupAdvance(0, has_more=False)
    await _take_in(transaction, row["ids"])
    await _move(transaction, place.past(int(row["transaction"]), row["position"]))
    return RollupAdvance(len(row["ids"]), has_more=row["seen"] == PLACES_AT_ONCE)


async def _take_in(transaction: Transaction, ids: list[str]) -> None:
    """Out with what was, in with what is: a changed order is never in twice, nor half."""
    touched = [row["hour"] for row in await transaction.rows(statements.TAKE_OUT, ids=ids)]
    await transaction.rows(statements.PUT_IN, ids=ids)
    if touched:
        days = list(dict.fromkeys(hour.replace(hour=0) for hour in touched))
        for statement, starts in zip(statements.DROP_EMPTY, (touched, days), strict=True):
            await transaction.execute(statement, touched=starts)


async def _move(transaction: Transaction, place: FeedPosition) -> None:
    held = None if place.snapshot is None else place.snapshot.text
    given = {"transaction": str(place.transaction), "number": place.number}
    await transaction.execute(statements.MOVE, **given, held=held, listed=place.listed)


def _place(row: Any) -> FeedPosition:
    snapshot = None if row["snapshot"] is None else FeedSnapshot.of(row["snapshot"])
    return FeedPosition(int(row["transaction"]), row["position"], snapshot, row["listed"])


def _held(place: FeedPosition) -> FeedSnapshot:
    if place.snapshot is None:
        raise AssertionError("orders are listed as a snapshot holds them")
    return place.snapshot
