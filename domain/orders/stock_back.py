"""Units that go back to stock: those that never left, and those that left and came back. Pure.

The inventory is told by an errand under the id of the event with which they go back: done again, it changes nothing. Where
units become free, those that wait for their SKU are looked at again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.orders.backorders import look_again
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.views import Allocation, OrderLineView
from domain.values.enums import StockPolicy
from domain.values.replacing import replace


@dataclass(frozen=True, slots=True)
class PlacedUnits:
    """Units of an order line, and the warehouse that they go back to."""

    line_id: str
    sku: str
    warehouse: str
    quantity: int


def with_units_withdrawn(order: Order, units: Iterable[PlacedUnits]) -> Order:
    """They never left, and are wanted no more: what they hold is free again, what was deducted for them comes back."""
    units = _stocked(order, units)
    if not units:
        return order
    taken: dict[tuple[str, str], int] = {}
    for part in units:
        taken[part.line_id, part.warehouse] = taken.get((part.line_id, part.warehouse), 0) + part.quantity
    order = order.with_lines(lambda line: _without(line, taken))
    return _told(order, ErrandKind.WITHDRAW_STOCK, units)


def with_units_taken_back(order: Order, units: Iterable[PlacedUnits]) -> Order:
    """They left and came back, and can be sold again."""
    units = _stocked(order, units)
    return _told(order, ErrandKind.TAKE_STOCK_BACK, units) if units else order


def units_of(errand: Errand) -> tuple[PlacedUnits, ...]:
    """What an errand of either kind is about."""
    return tuple(_read(line_id, words) for line_id, words in errand.details)


def _stocked(order: Order, units: Iterable[PlacedUnits]) -> tuple[PlacedUnits, ...]:
    counted = {line.id for line in order.lines if line.stock_policy is not StockPolicy.NONE}
    return tuple(part for part in units if part.line_id in counted and part.quantity > 0)


def _told(order: Order, kind: ErrandKind, units: tuple[PlacedUnits, ...]) -> Order:
    event_id = order.events[-1].id
    details = tuple((part.line_id, f"{part.quantity} {part.warehouse} {part.sku}") for part in units)
    skus = sorted({part.sku for part in units})
    return order.with_errands(Errand(kind, event_id, details=details), look_again(event_id, *skus))


def _read(line_id: str, words: str) -> PlacedUnits:
    quantity, warehouse, sku = words.split(" ", 2)
    return PlacedUnits(line_id, sku, warehouse, int(quantity))


def _without(line: OrderLineView, taken: Mapping[tuple[str, str], int]) -> OrderLineView:
    left = {warehouse: quantity for (line_id, warehouse), quantity in taken.items() if line_id == line.id}
    if not left:
        return line
    kept = []
    for part in line.allocations:
        quantity = min(part.quantity, left.get(part.warehouse, 0))
        left[part.warehouse] = left.get(part.warehouse, 0) - quantity
        if part.quantity > quantity:
            kept.append(Allocation(part.warehouse, part.quantity - quantity))
    return replace(line, allocations=tuple(kept))
