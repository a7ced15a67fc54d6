"""The change feed in SQL: the steps of the orders by their places, and before them the orders themselves as a snapshot holds them."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, DateTime, Text, any_, bindparam, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from adapters.db import change_statements as statements
from adapters.db.change_signal import ChangeSignal
from adapters.db.engine import Transaction
from adapters.db.order_requests import Request, order_request
from adapters.db.tables import order_events, order_tombstones, orders
from adapters.db.text_values import storable
from adapters.sql import Reader, prepare
from domain.access.viewer import OrderScope
from domain.ports.changes import ChangePage, ChangeQuery, OrderChange, OrderChanges, Tombstones, Watch
from domain.ports.order_views import OrderQuery
from domain.values.enums import ChangeKind
from domain.values.faults import BadRequest
from domain.values.feed_positions import FeedPosition, FeedSnapshot, at_snapshot

SCAN: Final = 5_000
"""Places that are looked at for one page, where not every one of them is wanted."""

STEP_NUMBERS: Final = "order_events_position_seq"
"""Tombstones have theirs from it, too: no two places of the feed are the same."""


class SqlOrderChanges(OrderChanges):
    """Without a signal nobody tells that something was written: a watch then looks again at intervals."""

    def __init__(self, reader: Reader, signal: ChangeSignal | None = None) -> None:
        self._reader = reader
        self._signal = signal or ChangeSignal()

    async def page(self, query: ChangeQuery) -> ChangePage:
        if query.after is not None and not query.after.is_listing:
            return await self._steps(query, query.after)
        listed = await self._listing(query)
        if listed.position.is_listing:
            return listed
        rest = replace(query, after=listed.position, limit=query.limit - len(listed.changes))
        steps = await self._steps(rest, listed.position)
        return replace(steps, changes=(*listed.changes, *steps.changes))

    def watch(self) -> contextlib.AbstractAsyncContextManager[Watch]:
        return self._watched()

    @contextlib.asynccontextmanager
    async def _watched(self) -> AsyncIterator[Watch]:
        async with self._signal.watch() as watch:
            yield watch

    async def _listing(self, query: ChangeQuery) -> ChangePage:
        """Where no order is left, its position is the one that the steps go on from."""
        asked, limit = _request(query), query.limit
        scan = _scan(asked, limit)
        after = query.after
        given = None if after is None or after.snapshot is None else after.snapshot.text
        rows = await self._reader.rows(
            statements.listing_statement(asked.shape),
            **asked.values,
            listed=(after.listed or "") if after else "",
            snapshot=given,
            scan=scan,
            limit=limit + 1,
        )
        page = rows[0]
        snapshot = FeedSnapshot.of(page["snapshot"])
        start = at_snapshot(snapshot)
        found = [row for row in rows if row["order_id"] is not None]
        places = [replace(start, listed=row["order_id"]) for row in found[:limit]]
        changes = tuple(map(_change, found, places))
        if len(found) > limit:
            position = places[-1] if places else replace(start, listed=(after.listed or "") if after else "")
        elif page["seen"] == scan:
            position = replace(start, listed=page["last_listed"])
        else:
            position = start
        return ChangePage(changes, position, has_more=True, lag_seconds=page["lag_seconds"])

    async def _steps(self, query: ChangeQuery, after: FeedPosition) -> ChangePage:
        asked, limit = _request(query), query.limit
        scan = _scan(asked, limit)
        rows = await self._reader.rows(
            statements.steps_statement(asked.shape, has_snapshot=after.snapshot is not None),
            **asked.values,
            **_stones_of(query.scope),
            **place_values(after),
            scan=scan,
            limit=limit + 1,
        )
        page = rows[0]
        check_reached(after, FeedSnapshot.of(page["snapshot"]))
        found = [row for row in rows if row["order_id"] is not None]
        places = [after.past(int(row["transaction"]), row["number"]) for row in found[:limit]]
        changes = tuple(map(_change, found, places))
        if len(found) > limit:
            position, has_more = places[-1] if places else after, True
        elif page["seen"]:
            position = after.past(int(page["last_transaction"]), page["last_number"])
            has_more = page["seen"] == scan
        else:
            position, has_more = after, False
        return ChangePage(changes, position, has_more=has_more, lag_seconds=page["lag_seconds"])


class SqlTombstones(Tombstones):
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def bury(self, order_ids: Sequence[str], at: datetime) -> int:
        return await self._transaction.execute(_BURY, ids=storable(order_ids), at=at)


async def lag_seconds(reader: Reader) -> float:
    """The age of the oldest step that is written but cannot be read yet."""
    lag: float = await reader.value(statements.LAG_STATEMENT)
    return lag


def place_values(after: FeedPosition) -> dict[str, Any]:
    """The parameters of `place_after`, and of `not_held` where the position has a snapshot."""
    snapshot = {} if after.snapshot is None else {"snapshot": after.snapshot.text}
    return {"transaction": str(after.transaction), "number": after.number, **snapshot}


def check_reached(after: FeedPosition, now: FeedSnapshot) -> None:
    """Raises BadRequest: a position that nobody has come to yet is another database's, or from before this one was restored."""
    furthest = max(after.transaction, after.snapshot.next if after.snapshot else 0)
    if furthest > now.next:
        raise BadRequest("The cursor is ahead of everything that was written here.", "INVALID_CURSOR")


def _request(query: ChangeQuery) -> Request:
    return order_request(OrderQuery(query.scope, query.filter))


def _scan(asked: Request, limit: int) -> int:
    """One more than the page tells whether there is more; where some are passed over, more are looked at."""
    return max(SCAN, limit + 1) if asked.shape else limit + 1


def _stones_of(scope: OrderScope) -> dict[str, Any]:
    """A buyer's orders leave no trace of whose they were."""
    units = frozenset[str]() if scope.member_id is not None else scope.business_units
    return {"business_units": _codes(units), "channels": _codes(scope.channels)}


def _codes(codes: frozenset[str] | None) -> list[str] | None:
    return None if codes is None else storable(sorted(codes))


def _change(row: Any, position: FeedPosition) -> OrderChange:
    return OrderChange(row["order_id"], row["version"], ChangeKind(row["kind"]), row["at"], position)


def _bury() -> Any:
    place: ColumnElement[Any] = func.greatest(
        func.pg_current_xact_id(),
        select(order_events.c.feed_xid)
        .where(order_events.c.order_id == orders.c.id)
        .order_by(order_events.c.sequence.desc())
        .limit(literal_column("1"))
        .scalar_subquery(),
    )
    buried = select(
        orders.c.id,
        orders.c.business_unit,
        orders.c.channel,
        orders.c.version + literal(1),
        bindparam("at", type_=DateTime(timezone=True)),
        func.nextval(literal(STEP_NUMBERS, Text())),
        place,
    ).where(orders.c.id == any_(bindparam("ids", type_=ARRAY(Text()))))
    names = ["order_id", "business_unit", "channel", "version", "at", "position", "feed_xid"]
    return prepare(insert(order_tombstones).from_select(names, buried).on_conflict_do_nothing())


_BURY: Final = _bury()
