"""Imports a folder of the Olist data set through importOrders' own path.

Theory of operation
    Everything is read and checked first: a fault in any file, with its line, ends the import before it began. Then batches are
    imported, each in one transaction. Orders that are there already are passed over, so an import that was interrupted goes on
    where it stopped, and one that is repeated imports nothing.

What is not handled here: reviews, product measures and places of sellers, for which an order has no room.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from adapters.imports.csv_files import ImportFault
from adapters.imports.olist_reading import CURRENCY, ORDERS, OlistOrder, read_olist
from domain.access.viewer import Viewer
from domain.actions.import_orders import MAX_ORDERS, import_orders
from domain.orders.flows import CURRENT
from domain.orders.import_commands import ImportedOrder, ImportOrders
from domain.orders.import_problems import import_problems
from domain.orders.import_sums import imported_sums
from domain.orders.importing import import_difference, times_out_of_order
from domain.ports.bundle import Ports
from domain.values.enums import ActorKind, Role
from domain.values.money import Money
from domain.values.outcomes import ImportFailure, OrdersImported, Outcome
from domain.values.refusals import InvalidInput, Refusal

CHANNEL: Final = "legacy-olist"
BUSINESS_UNIT: Final = "marketplace-br"
IMPORTER: Final = Viewer(ActorKind.SYSTEM, "import-olist", "Olist import", frozenset((Role.ADMIN,)))

Progress = Callable[[int, int], None]
"""Takes how many orders are done, of how many."""


@dataclass(frozen=True, slots=True)
class OlistReport:
    """What became of the source's orders. Differences are of the orders that were to be imported, now or before."""

    found: int
    imported: int
    skipped: int
    without_items: tuple[str, ...]
    """Their order ids: not imported."""
    failed: tuple[ImportFailure, ...]
    differences_minor: tuple[int, ...]
    out_of_order: int

    def text(self) -> str:
        return "\n".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        yield f"{self.found} orders found: {self.imported} imported, {self.skipped} were there already."
        if self.without_items:
            yield f"{len(self.without_items)} have no items and were not imported:"
            yield from (f"  {order_id}" for order_id in self.without_items)
        for failure in self.failed:
            yield f"{failure.external_number} was not imported: {failure.message}"
        over = [difference for difference in self.differences_minor if difference > 0]
        under = [-difference for difference in self.differences_minor if difference < 0]
        for kind, amounts in (("too much", over), ("too little", under)):
            if amounts:
                yield f"{len(amounts)} were paid {kind}, by up to {_shown(max(amounts))} (see importDifference)."
        if self.out_of_order:
            yield f"{self.out_of_order} have times out of order (marked in their attributes)."


async def import_olist(
    ports: Ports, folder: Path, since: date | None, progress: Progress, *, batch_orders: int = MAX_ORDERS
) -> OlistReport:
    """`since`: only orders placed on that day or later. Raises ImportFault, before anything was imported."""
    found = [order for order in read_olist(folder) if since is None or order.placed_on >= since]
    chosen = [order for order in found if order.order.lines]
    _check(chosen)
    wanted = [order.order for order in chosen]
    outcomes = []
    progress(0, len(wanted))
    for start in range(0, len(wanted), batch_orders):
        batch = wanted[start : start + batch_orders]
        outcomes.append(await _imported(ports, batch))
        progress(start + len(batch), len(wanted))
    return OlistReport(
        found=len(found),
        imported=sum(outcome.imported for outcome in outcomes),
        skipped=sum(outcome.skipped for outcome in outcomes),
        without_items=tuple(order.order.external_number for order in found if not order.order.lines),
        failed=tuple(failure for outcome in outcomes for failure in outcome.failed),
        differences_minor=tuple(filter(None, (import_difference(order, imported_sums(order)) for order in wanted))),
        out_of_order=sum(map(times_out_of_order, wanted)),
    )


def _check(orders: Sequence[OlistOrder]) -> None:
    for read in orders:
        problems = import_problems(read.order, CURRENT.get(read.order.order_type))
        if problems:
            where = ".".join(problems[0].path)
            raise ImportFault(f"{ORDERS}:{read.line}: the order cannot be imported: {where}: {problems[0].message}")


async def _imported(ports: Ports, batch: Sequence[ImportedOrder]) -> OrdersImported:
    outcome = await import_orders(ports, IMPORTER, ImportOrders(CHANNEL, BUSINESS_UNIT, tuple(batch)))
    if isinstance(outcome, OrdersImported):
        return outcome
    raise ImportFault(f"Orders of {CHANNEL} for {BUSINESS_UNIT} cannot be imported: {_reason(outcome)}")


def _reason(outcome: Outcome) -> str:
    if isinstance(outcome, InvalidInput):
        return outcome.problems[0].message
    return outcome.message if isinstance(outcome, Refusal) else "They were not imported."


def _shown(amount_minor: int) -> Decimal:
    return Money(amount_minor, CURRENCY).amount
