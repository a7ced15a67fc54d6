"""The inventory service: reservations are rows that end once, stock counts move with them in the same statement."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from adapters.embedded.connection import Connection, answers_as, is_storable, storable
from adapters.embedded.reserving import Situation
from adapters.embedded.stock_statements import (
    DEALLOCATE,
    DEDUCT,
    EXPIRE,
    EXTEND,
    LOCK_ORDER,
    RECEIVE,
    RELEASE,
    RESERVE,
    SITUATION,
    STOCK,
    WAREHOUSES,
)
from adapters.sql import Statement
from adapters.view_filling import filler
from domain.inventory.allocation import Pick, allocate, whole_from
from domain.orders.views import Allocation
from domain.ports.inventory import (
    Demand,
    Reserved,
    Short,
    Shortage,
    StockPart,
    StockView,
    WarehouseView,
)
from domain.values.faults import ServiceRejected
from domain.values.ids import IdKind, foreign_id

_SERVICE = "inventory"
_answers = answers_as(_SERVICE)
_stocks: Final = filler(StockView, ("sku", "on_hand", "reserved", "available", "parts"), {})
_Counted = tuple[str, int, int, int, tuple[StockPart, ...]]


class EmbeddedInventory:
    def __init__(self, connection: Connection) -> None:
        self._sql = connection

    @_answers
    async def stock(self, skus: Sequence[str]) -> list[StockView | None]:
        counted = _counted(await self._sql.rows(STOCK, skus=storable(skus)))
        found = dict(zip(counted, _stocks(counted.values()), strict=True))
        return [found.get(sku) for sku in skus]

    @_answers
    async def warehouses(self, codes: Sequence[str]) -> list[WarehouseView | None]:
        rows = await self._sql.rows(WAREHOUSES, codes=storable(codes))
        found = {code: WarehouseView(foreign_id(IdKind.WAREHOUSE, code), code, name) for code, name in rows}
        return [found.get(code) for code in codes]

    @_answers
    async def reserve(self, order_id: str, demands: Sequence[Demand], expires_at: datetime) -> Reserved | Short:
        if not demands:
            return Reserved({})
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            skus = storable(sorted({demand.sku for demand in demands}))
            situation = Situation.of(await transaction.rows(SITUATION, order_id=order_id, skus=skus))
            kept = situation.kept(demands)
            missing = [demand for demand in demands if demand.line_id not in kept]
            picks = allocate([(demand.line_id, demand.sku, demand.quantity) for demand in missing], situation.free)
            if isinstance(picks, tuple):
                return Short(tuple(Shortage(lack.sku, lack.requested, lack.available) for lack in picks))
            if kept:
                await transaction.execute(EXTEND, order_id=order_id, line_ids=list(kept), expires_at=expires_at)
            if missing:
                parts = situation.parts(missing, picks)
                await transaction.execute(
                    RESERVE, order_id=order_id, expires_at=expires_at, allocation_id=None, **parts
                )
            await transaction.commit()
        taken = {line_id: tuple(Allocation(p.warehouse, p.quantity) for p in line) for line_id, line in picks.items()}
        return Reserved({**kept, **taken})

    @_answers
    async def deduct(self, order_id: str) -> None:
        await self._change(DEDUCT, order_id)

    @_answers
    async def release(self, order_id: str) -> None:
        await self._change(RELEASE, order_id)

    @_answers
    async def allocate(
        self,
        order_id: str,
        allocation_id: str,
        demands: Sequence[Demand],
        expires_at: datetime,
        *,
        avoiding: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> str | None:
        def is_allowed(warehouse: str) -> bool:
            return warehouse not in avoiding and (among is None or warehouse in among)

        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            skus = storable(sorted({demand.sku for demand in demands}))
            situation = Situation.of(await transaction.rows(SITUATION, order_id=order_id, skus=skus))
            known = situation.allocations.get(allocation_id)
            if known is not None:
                return known
            warehouse = whole_from([(d.line_id, d.sku, d.quantity) for d in demands], situation.free, is_allowed)
            if warehouse is None:
                return None
            picks = {demand.line_id: (Pick(warehouse, demand.quantity),) for demand in demands}
            parts = situation.parts(demands, picks)
            await transaction.execute(
                RESERVE, order_id=order_id, expires_at=expires_at, allocation_id=allocation_id, **parts
            )
            await transaction.commit()
        return warehouse

    @_answers
    async def deallocate(self, order_id: str, allocation_id: str, line_ids: Collection[str], warehouse: str) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            await transaction.execute(
                DEALLOCATE,
                order_id=order_id,
                allocation_id=allocation_id,
                line_ids=sorted(line_ids),
                warehouse=warehouse,
            )
            await transaction.commit()

    @_answers
    async def restock(self, sku: str, warehouse: str, quantity: int) -> StockView | None:
        if quantity < 1:
            raise ServiceRejected(_SERVICE, f"{quantity} units cannot arrive")
        if not (is_storable(sku) and is_storable(warehouse)):
            return None
        async with self._sql.transaction() as transaction:
            try:
                is_known = await transaction.execute(RECEIVE, sku=sku, warehouse=warehouse, quantity=quantity)
            except asyncpg.NumericValueOutOfRangeError as error:
                raise ServiceRejected(_SERVICE, f"{quantity} more units than there are cannot be counted") from error
            await transaction.commit()
        return (await self.stock([sku]))[0] if is_known else None

    @_answers
    async def expire(self, now: datetime, limit: int) -> int:
        async with self._sql.transaction() as transaction:
            order_count: int = await transaction.value(EXPIRE, now=now, limit=limit)
            await transaction.commit()
        return order_count

    async def _change(self, statement: Statement, order_id: str) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            await transaction.execute(statement, order_id=order_id)
            await transaction.commit()


def _counted(rows: Iterable[Any]) -> dict[str, _Counted]:
    """By SKU. Summed here and not in SQL: a SKU lies in one or two warehouses, and PostgreSQL takes longer to make arrays of
    so few parts than both take to pass them on one by one.
    """
    counted: dict[str, _Counted] = {}
    for row in rows:
        sku, part = row[0], row[1:]
        _, _, on_hand, reserved = part
        available = on_hand - reserved if on_hand > reserved else 0
        before = counted.get(sku)
        if before is None:
            counted[sku] = (sku, on_hand, reserved, available, (part,))
        else:
            _, hand, held, free, parts = before
            counted[sku] = (sku, hand + on_hand, held + reserved, free + available, (*parts, part))
    return counted
