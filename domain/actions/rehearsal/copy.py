"""The copy: one order, its jobs, what it holds in stock. And the unit of work over it, which writes nothing anywhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from domain.access.viewer import OrderScope
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.views import UNPAID_STATUSES, Allocation
from domain.values.enums import MachineKind, StockPolicy


@dataclass(frozen=True, slots=True)
class Holding:
    """What an order line has of the stock."""

    sku: str
    held: int
    deducted: int
    allocations: tuple[Allocation, ...]


@dataclass
class OrderCopy:
    order: Order
    jobs: list[Errand] = field(default_factory=list)
    holdings: dict[str, Holding] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)
    on_hand: dict[str, int] = field(default_factory=dict)
    """By SKU, by how much the inventory's counts have changed."""
    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    """Units of the order that the real inventory counts as spoken for, by SKU and warehouse."""

    @classmethod
    def of(cls, order: Order) -> "OrderCopy":
        """What is not paid is held, what is paid was deducted, as the policy of each line says."""
        copy = cls(as_stored(order))
        is_unpaid = order.head.status in UNPAID_STATUSES
        for line in order.lines:
            if line.stock_policy is not StockPolicy.NONE and line.allocations:
                units = sum(part.quantity for part in line.allocations)
                is_held = is_unpaid and line.stock_policy is not StockPolicy.DEDUCT_ON_ORDER
                copy.holdings[line.id] = Holding(
                    line.sku, units if is_held else 0, 0 if is_held else units, line.allocations
                )
        for holding in copy.holdings.values():
            for part in holding.allocations:
                place = (holding.sku, part.warehouse)
                copy.counted[place] = copy.counted.get(place, 0) + part.quantity
        return copy

    def moved(self, sku: str, *, reserved: int = 0, on_hand: int = 0) -> None:
        self.reserved[sku] = self.reserved.get(sku, 0) + reserved
        self.on_hand[sku] = self.on_hand.get(sku, 0) + on_hand


def as_stored(order: Order) -> Order:
    return replace(order, events=(), errands=())


class CopiedWork:
    """A unit of work over the copy. Leaving it without `commit` takes everything back."""

    def __init__(self, copy: OrderCopy) -> None:
        self._copy = copy
        self._before = (copy.order, list(copy.jobs))
        self._is_committed = False

    async def __aenter__(self) -> Self:
        self._before = (self._copy.order, list(self._copy.jobs))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_committed:
            self._restore(self._before)

    async def commit(self) -> None:
        self._is_committed = True

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator["CopiedAttempt"]:
        before = (self._copy.order, list(self._copy.jobs))
        attempt = CopiedAttempt()
        yield attempt
        if attempt.is_undone:
            self._restore(before)

    def _restore(self, before: tuple[Order, list[Errand]]) -> None:
        self._copy.order, self._copy.jobs = before

    def local(self, _port: type[Any]) -> None:
        """No service joins: what it would do becomes a job, which is done right after the step."""

    async def load(self, _scope: OrderScope, order_id: str) -> Order | None:
        return self._copy.order if order_id == self._copy.order.head.id else None

    async def order_id_of(self, machine: MachineKind, subject_id: str) -> str | None:
        return self._copy.order.head.id if self._copy.order.subject(machine, subject_id) else None

    async def save(self, _before: Order, after: Order) -> None:
        self._copy.order = as_stored(after)

    async def queue(self, _order_id: str, errands: tuple[Errand, ...], _now: Any, *, lease_s: int = 0) -> int:  # noqa: ARG002  the port's name
        known = {(job.kind, job.subject_id) for job in self._copy.jobs}
        new = [errand for errand in errands if (errand.kind, errand.subject_id) not in known]
        self._copy.jobs += new
        return len(new)

    async def withdraw(self, order_id: str, kind: ErrandKind, subject_id: str) -> bool:
        await self.finish(order_id, kind, subject_id)
        return True

    async def finish(self, _order_id: str, kind: ErrandKind, subject_id: str) -> None:
        self._copy.jobs = [job for job in self._copy.jobs if (job.kind, job.subject_id) != (kind, subject_id)]

    async def shipment_of(self, carrier: str, tracking_number: str) -> tuple[str, str] | None:
        named = (each for each in self._copy.order.shipments if each.carrier == carrier)
        parcel = next((each for each in named if each.tracking_number == tracking_number), None)
        return (self._copy.order.head.id, parcel.id) if parcel else None

    async def order_of_voucher(self, voucher_id: str) -> str | None:
        return self._copy.order.head.id if self._copy.order.voucher(voucher_id) else None

    async def units_of_member(self, *_asked: Any, **_more: Any) -> dict[str, int]:
        """What else the member bought is no part of it."""
        return {}

    async def tracking_number_taken(self, _carrier: str, _tracking_number: str) -> bool:
        return False

    async def waiting_for(self, *_asked: Any) -> list[Any]:
        """Units that become free go to nobody: other orders are no part of it."""
        return []

    async def release_seat(self, _order_id: str) -> None:
        """The copy has no group."""

    async def end_group(self, _group_id: str, _status: Any) -> None:
        """The copy has no group."""


class CopiedAttempt:
    is_undone = False

    def undo(self) -> None:
        self.is_undone = True
