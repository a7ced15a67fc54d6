"""What is left to reserve for an order, given what it reserved before. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.inventory.allocation import Pick
from domain.orders.views import Allocation
from domain.ports.inventory import Demand
from domain.values.faults import ServiceRejected


@dataclass(frozen=True, slots=True)
class Situation:
    free: Mapping[str, Mapping[str, int]]
    """SKU → warehouse → units that nobody reserved."""
    active: Mapping[str, Mapping[str, tuple[Allocation, ...]]]
    """Line → SKU → what it holds, or what left the stock for it."""
    attempts: Mapping[str, int]
    """Line → how often it was reserved."""
    allocations: Mapping[str, str]
    """Allocation → the warehouse where it is held, or left the stock."""

    @classmethod
    def of(cls, rows: Iterable[Any]) -> "Situation":
        """From rows of `stock_statements.SITUATION`."""
        free: defaultdict[str, dict[str, int]] = defaultdict(dict)
        active: defaultdict[str, defaultdict[str, tuple[Allocation, ...]]] = defaultdict(lambda: defaultdict(tuple))
        attempts: defaultdict[str, int] = defaultdict(int)
        allocations: dict[str, str] = {}
        for line_id, sku, warehouse, quantity, attempt, is_active, allocation_id in rows:
            if line_id is None:
                free[sku][warehouse] = quantity
                continue
            attempts[line_id] = max(attempts[line_id], attempt)
            if is_active:
                active[line_id][sku] += (Allocation(warehouse, quantity),)
                if allocation_id is not None:
                    allocations[allocation_id] = warehouse
        return cls(free, active, attempts, allocations)

    def kept(self, demands: Sequence[Demand]) -> dict[str, tuple[Allocation, ...]]:
        """The lines that have their units. Raises ServiceRejected where a line has something else than it demands."""
        if len({demand.line_id for demand in demands}) < len(demands):
            raise ServiceRejected("inventory", "a line is named twice")
        return {demand.line_id: self._units(demand) for demand in demands if demand.line_id in self.active}

    def _units(self, demand: Demand) -> tuple[Allocation, ...]:
        units = self.active[demand.line_id].get(demand.sku, ())
        if sum(part.quantity for part in units) != demand.quantity:
            raise ServiceRejected("inventory", f"line {demand.line_id} is reserved with other units than it demands")
        return units

    def parts(self, missing: Sequence[Demand], picks: Mapping[str, Sequence[Pick]]) -> dict[str, list[Any]]:
        """The columns of the new reservations, for `stock_statements.RESERVE`."""
        parts = [(demand, pick) for demand in missing for pick in picks[demand.line_id]]
        return {
            "line_ids": [demand.line_id for demand, _ in parts],
            "warehouses": [pick.warehouse for _, pick in parts],
            "attempts": [self.attempts.get(demand.line_id, 0) + 1 for demand, _ in parts],
            "skus": [demand.sku for demand, _ in parts],
            "quantities": [pick.quantity for _, pick in parts],
            "at_once": [demand.is_deducted for demand, _ in parts],
        }
