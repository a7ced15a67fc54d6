"""From what an order holds to what it is to hold: which reservations stay, which end, which begin. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.inventory.allocation import Lack, allocate
from domain.inventory.holding import Holding


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation that is active, by its key."""

    line_id: str
    sku: str
    warehouse: str
    quantity: int
    attempt: int
    allocation_id: str | None


@dataclass(frozen=True, slots=True)
class Arrangement:
    kept: tuple[Holding, ...]
    ended: tuple[Held, ...]
    begun: tuple[Holding, ...]
    """Each in one warehouse."""
    attempts: Mapping[str, int]
    """By line: how often it was reserved before."""

    @property
    def holdings(self) -> tuple[Holding, ...]:
        return self.kept + self.begun

    def ended_columns(self) -> dict[str, list[Any]]:
        """For `stock_statements.END`."""
        return {
            "line_ids": [held.line_id for held in self.ended],
            "warehouses": [held.warehouse for held in self.ended],
            "attempts": [held.attempt for held in self.ended],
        }

    def begun_columns(self) -> dict[str, list[Any]]:
        """For `stock_statements.RESERVE_EACH`."""
        attempts, tried = dict(self.attempts), []
        for holding in self.begun:
            attempts[holding.line_id] = attempts.get(holding.line_id, 0) + 1
            tried.append(attempts[holding.line_id])
        return {
            "line_ids": [holding.line_id for holding in self.begun],
            "warehouses": [holding.warehouse for holding in self.begun],
            "attempts": tried,
            "skus": [holding.sku for holding in self.begun],
            "quantities": [holding.quantity for holding in self.begun],
            "at_once": [holding.is_deducted for holding in self.begun],
            "allocation_ids": [holding.allocation_id for holding in self.begun],
        }


def arrangement(
    rows: Iterable[Any], line_ids: Collection[str], holdings: Sequence[Holding]
) -> Arrangement | tuple[Lack, ...]:
    """From rows of `stock_statements.SITUATION`. Of the lines that are named nothing else is held afterwards."""
    free: defaultdict[str, dict[str, int]] = defaultdict(dict)
    active: list[Held] = []
    attempts: defaultdict[str, int] = defaultdict(int)
    for line_id, sku, warehouse, quantity, attempt, is_active, allocation_id in rows:
        if line_id is None:
            free[sku][warehouse] = quantity
            continue
        attempts[line_id] = max(attempts[line_id], attempt)
        if is_active and line_id in line_ids:
            active.append(Held(line_id, sku, warehouse, quantity, attempt, allocation_id))
    kept, missing, ended = _matched(active, holdings)
    for held in ended:
        free[held.sku][held.warehouse] = free[held.sku].get(held.warehouse, 0) + held.quantity
    begun = _begun(missing, free)
    if isinstance(begun, tuple):
        return begun
    return Arrangement(tuple(kept), tuple(ended), tuple(begun), attempts)


def _matched(active: Sequence[Held], holdings: Sequence[Holding]) -> tuple[list[Holding], list[Holding], list[Held]]:
    """What is held as it is to be, what is still to be found, what is held besides."""
    left, kept, missing = list(active), list[Holding](), list[Holding]()
    for holding in holdings:
        found = [held for held in left if _belongs(held, holding)]
        if sum(held.quantity for held in found) != holding.quantity:
            missing.append(holding)
            continue
        kept += [replace(holding, warehouse=held.warehouse, quantity=held.quantity) for held in found]
        left = [held for held in left if held not in found]
    return kept, missing, left


def _belongs(held: Held, holding: Holding) -> bool:
    return (
        (held.line_id, held.sku, held.allocation_id) == (holding.line_id, holding.sku, holding.allocation_id)
        and holding.warehouse in {None, held.warehouse}
    )  # fmt: skip


def _begun(missing: Sequence[Holding], free: dict[str, dict[str, int]]) -> list[Holding] | tuple[Lack, ...]:
    """Those of a certain warehouse first; the others from what they leave, of as few warehouses as possible."""
    placed = [holding for holding in missing if holding.warehouse is not None]
    for holding in placed:
        there = free[holding.sku]
        there[str(holding.warehouse)] = there.get(str(holding.warehouse), 0) - holding.quantity
    lacks = tuple(_overdrawn(placed, free))
    if lacks:
        return lacks
    anywhere = [holding for holding in missing if holding.warehouse is None]
    picks = allocate([(str(key), each.sku, each.quantity) for key, each in enumerate(anywhere)], free)
    if isinstance(picks, tuple):
        return picks
    found = (
        replace(each, warehouse=pick.warehouse, quantity=pick.quantity)
        for key, each in enumerate(anywhere)
        for pick in picks[str(key)]
    )
    return [*placed, *found]


def _overdrawn(placed: Sequence[Holding], free: Mapping[str, Mapping[str, int]]) -> Iterator[Lack]:
    """The places that gave more than they have."""
    taken: dict[tuple[str, str], int] = {}
    for holding in placed:
        place = (holding.sku, str(holding.warehouse))
        taken[place] = taken.get(place, 0) + holding.quantity
    for (sku, warehouse), units in taken.items():
        if free[sku][warehouse] < 0:
            yield Lack(sku, units, max(0, free[sku][warehouse] + units))
