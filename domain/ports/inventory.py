"""The inventory service: what is there, what is spoken for, and the one door through which units leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.inventory.holding import Holding
from domain.orders.stock_back import PlacedUnits
from domain.orders.views import Allocation
from domain.values.ids import IdKind, foreign_id


@dataclass(frozen=True, slots=True)
class WarehouseView:
    id: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class WarehouseStockView:
    warehouse: WarehouseView
    on_hand: int
    reserved: int
    allowance: int = 0
    """So many units more may be sold than are there."""

    @property
    def available(self) -> int:
        return max(0, self.on_hand - self.reserved)

    @property
    def sellable(self) -> int:
        return max(0, self.on_hand - self.reserved + self.allowance)


StockPart = tuple[str, str, int, int, int]
"""A warehouse's code and name, its units on hand, those of them that are reserved, and its allowance."""


@dataclass(frozen=True, slots=True)
class StockView:
    """The counts are the sums of the parts, each part's `available` never below 0.

    Lists ask for the counts and seldom for the parts, so these become views when they are asked for.
    """

    sku: str
    on_hand: int
    reserved: int
    available: int
    parts: tuple[StockPart, ...]

    @property
    def by_warehouse(self) -> tuple[WarehouseStockView, ...]:
        return tuple(
            WarehouseStockView(
                WarehouseView(foreign_id(IdKind.WAREHOUSE, code), code, name), on_hand, reserved, allowance
            )
            for code, name, on_hand, reserved, allowance in self.parts
        )

    @property
    def sellable(self) -> int:
        return sum([part.sellable for part in self.by_warehouse])


@dataclass(frozen=True, slots=True)
class Restocked:
    """The stock after units arrived. `is_replayed`: they were booked before, under the same receipt."""

    stock: StockView
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """Units that one order line wants. `is_deducted` ones leave the stock at once, others are reserved."""

    line_id: str
    sku: str
    quantity: int
    is_deducted: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """Where each line's units were found; for each line its parts sum to its demand."""

    allocations: Mapping[str, tuple[Allocation, ...]]


@dataclass(frozen=True, slots=True)
class Shortage:
    sku: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True)
class Short:
    """Nothing was reserved: these SKUs have too little."""

    lines: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True)
class Arranged:
    """Where everything is that was asked for: each in one warehouse, what was found in several is several."""

    holdings: tuple[Holding, ...]


class Inventory(Protocol):
    async def stock(self, skus: Sequence[str]) -> list[StockView | None]:
        """N SKUs → n results, same order; None: unknown SKU. One round trip. Raises ServiceUnavailable."""
        ...

    async def warehouses(self, codes: Sequence[str]) -> list[WarehouseView | None]:
        """N codes → n results, same order; None: unknown code. One round trip. Raises ServiceUnavailable."""
        ...

    async def reserve(self, order_id: str, demands: Sequence[Demand], expires_at: datetime) -> Reserved | Short:
        """All lines or none, from as few warehouses as possible. Idempotent by order and line: what is still held is
        kept (and its expiry moved to `expires_at`), what was deducted stays so, what had expired is reserved anew.
        """
        ...

    async def extend(self, order_id: str, expires_at: datetime) -> None:
        """What the order has reserved is held until then; what is held longer stays so. Nothing is reserved anew. Idempotent."""
        ...

    async def deduct(self, order_id: str) -> None:
        """What the order has reserved leaves the stock. Idempotent."""
        ...

    async def release(self, order_id: str) -> None:
        """The order is off and nothing of it moved: what it has reserved is free again, what was deducted comes back.
        Idempotent.
        """
        ...

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
        """For units that are to be sent from one place: they are reserved in the first warehouse, by its code, that has all of
        them, is none of `avoiding` and, where given, one of `among`. Its code; None: there is none, and nothing is reserved.
        Idempotent by `allocation_id`, as long as it is held or was deducted.
        """
        ...

    async def deallocate(self, order_id: str, allocation_id: str, line_ids: Collection[str], warehouse: str) -> None:
        """The warehouse does not send these lines: what they hold there is free again, what was deducted comes back. It is that
        of the allocation; where there was none of this id, what was reserved when the order was placed. Idempotent.
        """
        ...

    async def arrange(
        self, order_id: str, line_ids: Collection[str], holdings: Sequence[Holding], expires_at: datetime
    ) -> Arranged | Short:
        """For these lines the order holds what is asked for and nothing else, all of it or nothing is changed. What it holds as
        asked stays (a reservation's expiry is moved), what it holds besides is free again or comes back to the stock, what
        is missing is reserved, or deducted. Idempotent.
        """
        ...

    async def withdraw(self, order_id: str, withdrawal_id: str, units: Sequence[PlacedUnits]) -> None:
        """Units that never left are wanted no more: what is reserved for them is free again, what was deducted comes back; the
        order's other units stay as they are. Idempotent by `withdrawal_id`.
        """
        ...

    async def take_back(self, order_id: str, return_id: str, units: Sequence[PlacedUnits]) -> None:
        """Units that had left are in the warehouse again, and can be sold. Idempotent by `return_id`."""
        ...

    async def restock(self, sku: str, warehouse: str, quantity: int, receipt: str | None = None) -> Restocked | None:
        """Units arrived. None: unknown SKU or warehouse, and nothing changed. Idempotent by `receipt`, for good; without one
        each call is an arrival. Raises ServiceRejected where the receipt was of something else.
        """
        ...

    async def allow(self, sku: str, warehouse: str, quantity: int) -> StockView | None:
        """So many units more may be sold there than are there; 0: none. None: unknown SKU or warehouse. Raises ServiceRejected
        where more was sold already.
        """
        ...

    async def expire(self, now: datetime, limit: int) -> int:
        """Ends reservations past their expiry, at most `limit` orders; how many orders it touched."""
        ...
