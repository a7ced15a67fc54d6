"""From which warehouses an order's units are taken: from as few as possible, since each is a parcel. Pure.

The warehouses are chosen for the whole order by greedy set cover: always the one that has most of the units still wanted,
the first code on a tie; so one that has everything is taken alone. Those that later choices made needless are dropped
again. Within the chosen ones a SKU comes from a single warehouse wherever one of them has enough of it. Greedy is not
always the fewest (finding those is NP-hard), but near it, and cheap enough to run while stock rows are locked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Wanted = tuple[str, str, int]
"""`(line_id, sku, quantity)`. Several lines may want the same SKU."""

StockBySku = Mapping[str, Mapping[str, int]]
"""SKU → warehouse code → sellable units. What is not listed is not there; below zero counts as none."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Units of one line that one warehouse gives."""

    warehouse: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Lack:
    """A SKU of which the order wants more than all warehouses have."""

    sku: str
    requested: int
    available: int


def allocate(demands: Sequence[Wanted], stock: StockBySku) -> dict[str, tuple[Pick, ...]] | tuple[Lack, ...]:
    """All lines or none: the picks of each line, which sum to its quantity; or every SKU that lacks, in the lines' order."""
    wanted = _wanted_by_sku(demands)
    sellable = {sku: _above_zero(stock.get(sku, {})) for sku in wanted}
    lacks = tuple(
        Lack(sku, units, available)
        for sku, units in wanted.items()
        if (available := sum(sellable[sku].values())) < units
    )
    if lacks:
        return lacks
    chosen = _without_needless(_cover(wanted, sellable), wanted, sellable)
    sources = {sku: list(_sources(units, chosen, sellable[sku])) for sku, units in wanted.items()}
    return {line_id: tuple(_deal(sources[sku], quantity)) for line_id, sku, quantity in demands}


def whole_from(demands: Sequence[Wanted], stock: StockBySku, allowed: Callable[[str], bool]) -> str | None:
    """The warehouse that has all of it alone, the first code where several have; None: none of the allowed ones has."""
    wanted = _wanted_by_sku(demands)
    places = sorted({warehouse for sku in wanted for warehouse in stock.get(sku, {}) if allowed(warehouse)})
    found = (at for at in places if all(stock.get(sku, {}).get(at, 0) >= units for sku, units in wanted.items()))
    return next(found, None)


def _wanted_by_sku(demands: Sequence[Wanted]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for _, sku, quantity in demands:
        wanted[sku] = wanted.get(sku, 0) + quantity
    return wanted


def _above_zero(by_warehouse: Mapping[str, int]) -> dict[str, int]:
    return {warehouse: units for warehouse, units in by_warehouse.items() if units > 0}


def _cover(wanted: Mapping[str, int], sellable: StockBySku) -> list[str]:
    """Warehouses that together have everything, most useful first."""
    missing = dict(wanted)
    candidates = sorted({warehouse for by_warehouse in sellable.values() for warehouse in by_warehouse})
    chosen: list[str] = []
    while any(missing.values()):
        gains = {warehouse: _gain(warehouse, missing, sellable) for warehouse in candidates}
        best = max(candidates, key=lambda warehouse: gains[warehouse])
        chosen.append(best)
        candidates.remove(best)
        missing = {sku: units - min(units, sellable[sku].get(best, 0)) for sku, units in missing.items()}
    return chosen


def _gain(warehouse: str, missing: Mapping[str, int], sellable: StockBySku) -> int:
    return sum(min(units, sellable[sku].get(warehouse, 0)) for sku, units in missing.items())


def _without_needless(chosen: Sequence[str], wanted: Mapping[str, int], sellable: StockBySku) -> list[str]:
    kept = list(chosen)
    for warehouse in chosen:
        others = [other for other in kept if other != warehouse]
        if all(_has_enough(units, others, sellable[sku]) for sku, units in wanted.items()):
            kept = others
    return kept


def _has_enough(units: int, warehouses: Sequence[str], by_warehouse: Mapping[str, int]) -> bool:
    return sum(by_warehouse.get(warehouse, 0) for warehouse in warehouses) >= units


def _sources(units: int, chosen: Sequence[str], by_warehouse: Mapping[str, int]) -> Iterator[Pick]:
    """Where one SKU's units come from: the first warehouse with enough, else the fullest ones in turn."""
    alone = [warehouse for warehouse in chosen if by_warehouse.get(warehouse, 0) >= units]
    in_turn = alone or sorted(chosen, key=lambda warehouse: -by_warehouse.get(warehouse, 0))
    for warehouse in in_turn:
        if taken := min(units, by_warehouse.get(warehouse, 0)):
            yield Pick(warehouse, taken)
            units -= taken


def _deal(sources: list[Pick], quantity: int) -> Iterator[Pick]:
    """The next `quantity` units off the front of `sources`, which lines of the same SKU share."""
    while quantity:
        first = sources.pop(0)
        taken = min(quantity, first.quantity)
        yield Pick(first.warehouse, taken)
        quantity -= taken
        if taken < first.quantity:
            sources.insert(0, Pick(first.warehouse, first.quantity - taken))
