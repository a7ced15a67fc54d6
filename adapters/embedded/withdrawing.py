"""Which reservations of an order end, whole or in part, when some of its units are wanted no more. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.orders.stock_back import PlacedUnits


@dataclass(frozen=True, slots=True)
class Taking:
    """Units taken out of one reservation; what is taken becomes one of its own, `new_attempt`, which has ended."""

    line_id: str
    warehouse: str
    attempt: int
    quantity: int
    new_attempt: int


def takings(rows: Iterable[Any], units: Sequence[PlacedUnits]) -> tuple[Taking, ...]:
    """`rows` of `withdrawal_statements.ACTIVE`: line, warehouse, attempt, quantity, whether it is active. The latest first: an
    older one belongs to an allocation that came before.
    """
    ordered = sorted(rows, key=lambda row: -row["attempt"])
    last: dict[str, int] = {}
    for row in ordered:
        last[row["line_id"]] = max(last.get(row["line_id"], 0), row["attempt"])
    found: list[Taking] = []
    for unit in units:
        left = unit.quantity
        for row in ordered:
            quantity = min(left, row["quantity"])
            is_its = row["is_active"] and (row["line_id"], row["warehouse"]) == (unit.line_id, unit.warehouse)
            if is_its and quantity:
                last[unit.line_id] += 1
                found.append(Taking(unit.line_id, unit.warehouse, row["attempt"], quantity, last[unit.line_id]))
                left -= quantity
    return tuple(found)


def columns_of(found: Sequence[Taking]) -> dict[str, list[Any]]:
    """The parameters of `withdrawal_statements.WITHDRAW`."""
    return {
        "line_ids": [taking.line_id for taking in found],
        "warehouses": [taking.warehouse for taking in found],
        "attempts": [taking.attempt for taking in found],
        "quantities": [taking.quantity for taking in found],
        "new_attempts": [taking.new_attempt for taking in found],
    }
