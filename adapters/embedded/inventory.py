"""The inventory service: reservations are rows that end once, stock counts move with them in the same statement."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from adapters.embedded.arranging import arrangement
from adapters.embedded.connection import Connection, answers_as, is_storable, storable
from adapters.embedded.reserving import Situation
from adapters.embedded.stock_statements import (
    ALLOW,
    DEALLOCATE,
    DEDUCT,
    END,
    EXPIRE,
    EXTEND,
    EXTEND_ALL,
    LOCK_ORDER,
    NAME_RECEIPT,
    RECEIPT,
    RECEIVE,
    RELEASE,
    RESERVE,
    RESERVE_EACH,
    SITUATION,
    SKUS,
    STOCK,
    WAREHOUSES,
)
from adapters.embedded.withdrawal_statements import ACTIVE, NOTE, WITHDRAW
from adapters.embedded.withdrawing import columns_of, takings
from adapters.sql import Statement
from adapters.view_filling import filler
from domain.inventory.allocation import Pick, allocate, whole_from
from domain.inventory.holding import Holding
from domain.orders.stock_back import PlacedUnits
from domain.orders.views import Allocation
from domain.ports.inventory import (
    Arranged,
    Demand,
    Reserved,
    Restocked,
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
    async def extend(self, order_id: str, expires_at: datetime) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            await transaction.execute(EXTEND_ALL, order_id=order_id, expires_at=expires_at)
            await transaction.commit()

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
    async def arrange(
        self, order_id: str, line_ids: Collection[str], holdings: Sequence[Holding], expires_at: datetime
    ) -> Arranged | Short:
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            former = await transaction.rows(SKUS, order_id=order_id)
            skus = storable(sorted({row[0] for row in former} | {holding.sku for holding in holdings}))
            rows = await transaction.rows(SITUATION, order_id=order_id, skus=skus)
            found = arrangement(rows, frozenset(line_ids), holdings)
            if isinstance(found, tuple):
                return Short(tuple(Shortage(lack.sku, lack.requested, lack.available) for lack in found))
            if found.ended:
                await transaction.execute(END, order_id=order_id, **found.ended_columns())
            if found.begun:
                await transaction.execute(
                    RESERVE_EACH, order_id=order_id, expires_at=expires_at, **found.begun_columns()
                )
            if found.kept:
                lines = sorted({holding.line_id for holding in found.kept})
                await transaction.execute(EXTEND, order_id=order_id, line_ids=lines, expires_at=expires_at)
            await transaction.commit()
        return Arranged(found.holdings)

    @_answers
    async def withdraw(self, order_id: str, withdrawal_id: str, units: Sequence[PlacedUnits]) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            noted = await transaction.value(NOTE, **_returned(order_id, withdrawal_id, units), had_left=False)
            found = takings(await transaction.rows(ACTIVE, order_id=order_id), units) if noted else ()
            if found:
                await transaction.execute(WITHDRAW, order_id=order_id, **columns_of(found))
            await transaction.commit()

    @_answers
    async def take_back(self, order_id: str, return_id: str, units: Sequence[PlacedUnits]) -> None:
        async with self._sql.transaction() as transaction:
            await transaction.execute(LOCK_ORDER, order_id=order_id)
            await transaction.value(NOTE, **_returned(order_id, return_id, units), had_left=True)
            await transaction.commit()

    @_answers
    async def restock(self, sku: str, warehouse: str, quantity: int, receipt: str | None = None) -> Restocked | None:
        if quantity < 1:
            raise ServiceRejected(_SERVICE, f"{quantity} units cannot arrive")
        if not (is_storable(sku) and is_storable(warehouse)):
            return None
        arrival = {"sku": sku, "warehouse": warehouse, "quantity": quantity}
        async with self._sql.transaction() as transaction:
            is_new = receipt is None or await transaction.execute(NAME_RECEIPT, receipt=receipt, **arrival)
            if is_new and not await _received(transaction, arrival):
                return None
            if not is_new:
                _check_same(receipt, await transaction.row(RECEIPT, receipt=receipt), arrival)
            await transaction.commit()
        found = (await self.stock([sku]))[0]
        return Restocked(found, is_replayed=not is_new) if found is not None else None

    @_answers
    async def allow(self, sku: str, warehouse: str, quantity: int) -> StockView | None:
        if quantity < 0:
            raise ServiceRejected(_SERVICE, f"{quantity} units cannot be allowed")
        if not (is_storable(sku) and is_storable(warehouse)):
            return None
        async with self._sql.transaction() as transaction:
            try:
                is_known = await transaction.execute(ALLOW, sku=sku, warehouse=warehouse, quantity=quantity)
            except asyncpg.CheckViolationError as error:
                raise ServiceRejected(_SERVICE, "more than that was sold already") from error
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


async def _received(transaction: Any, arrival: Mapping[str, Any]) -> bool:
    try:
        return bool(await transaction.execute(RECEIVE, **arrival))
    except asyncpg.NumericValueOutOfRangeError as error:
        message = f"{arrival['quantity']} more units than there are cannot be counted"
        raise ServiceRejected(_SERVICE, message) from error


def _check_same(receipt: str | None, before: Any, arrival: Mapping[str, Any]) -> None:
    if tuple(before) != tuple(arrival.values()):
        sku, warehouse, quantity = before
        raise ServiceRejected(_SERVICE, f'"{receipt}" was the receipt of {quantity} units of {sku} in {warehouse}')


def _returned(order_id: str, return_id: str, units: Sequence[PlacedUnits]) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "return_id": return_id,
        "line_ids": [part.line_id for part in units],
        "skus": [part.sku for part in units],
        "warehouses": [part.warehouse for part in units],
        "quantities": [part.quantity for part in units],
    }


def _counted(rows: Iterable[Any]) -> dict[str, _Counted]:
    """By SKU. Summed here and not in SQL: a SKU lies in one or two warehouses, and PostgreSQL takes longer to make arrays of
    so few parts than both take to pass them on one by one.
    """
    counted: dict[str, _Counted] = {}
    for row in rows:
        sku, part = row[0], row[1:]
        _, _, on_hand, reserved, _ = part
        available = on_hand - reserved if on_hand > reserved else 0
        before = counted.get(sku)
        if before is None:
            counted[sku] = (sku, on_hand, reserved, available, (part,))
        else:
            _, hand, held, free, parts = before
            counted[sku] = (sku, hand + on_hand, held + reserved, free + available, (*parts, part))
    return counted
