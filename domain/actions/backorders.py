"""Filling backorders: stock that came in goes to those who wait for it, the longest waiting first.

A job for each receipt, and for each fulfillment that began or ceased to wait; so none of them is lost, and a crash means that
the queue is walked again. Each fulfillment is a transaction of its own, under its order's lock: walks may cross.

First in, first out means: while one waits, no warehouse that it may go to gives the SKU to one behind it, even where that one
wants less. Those behind may still have what only they can use: stock of warehouses that the ones before them were declined by.
"""

from dataclasses import dataclass
from typing import Final

from domain.access.viewer import EVERYTHING, SYSTEM
from domain.actions.changes import loaded, saved, step_for
from domain.actions.stock_holding import taken_elsewhere, with_units_in
from domain.actions.transactions import in_transaction
from domain.orders.backorders import allocated, stocked_lines
from domain.orders.model import Errand, Order
from domain.orders.views import FulfillmentView
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory
from domain.ports.unit_of_work import UnitOfWork, Waiting
from domain.values.enums import FulfillmentState

PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class _Waits:
    """It was not filled; those behind it may have stock of these warehouses only."""

    leaves: frozenset[str]


async def fill_backorders(ports: Ports, order_id: str, errand: Errand) -> None:
    """Idempotent. Raises ServiceUnavailable."""
    for _, sku in errand.details:
        await _walked(ports, sku)
    await in_transaction(ports, lambda uow: uow.finish(order_id, errand.kind, errand.subject_id))


async def _walked(ports: Ports, sku: str) -> None:
    last: Waiting | None = None
    among: frozenset[str] | None = None
    while page := await _page(ports, sku, last):
        for waiting in page:
            outcome = await _filled(ports, waiting, sku, among)
            if outcome is not None:
                among = outcome.leaves if among is None else among & outcome.leaves
            if among is not None and not among:
                return
        last = page[-1]


async def _page(ports: Ports, sku: str, after: Waiting | None) -> list[Waiting]:
    async with ports.unit_of_work() as uow:
        return await uow.waiting_for(sku, after, PAGE)


async def _filled(ports: Ports, waiting: Waiting, sku: str, among: frozenset[str] | None) -> _Waits | None:
    """None: it waits no more, by this or by somebody else, or never waited for this SKU."""
    if Inventory not in ports.embedded:
        return await _filled_apart(ports, waiting, sku, among)

    async def work(uow: UnitOfWork) -> _Waits | None:
        order, inventory = await uow.load(EVERYTHING, waiting.order_id), uow.local(Inventory)
        part = _still_waiting(order, waiting, sku)
        if order is None or part is None or inventory is None:
            return None
        step = step_for(ports, order.head, SYSTEM)
        warehouse = await taken_elsewhere(inventory, order, part, step, part.declined_by, among)
        if warehouse is None:
            return _Waits(frozenset(part.declined_by))
        await saved(uow, ports, order, allocated(order, part.id, warehouse, step))
        return None

    return await in_transaction(ports, work)


async def _filled_apart(ports: Ports, waiting: Waiting, sku: str, among: frozenset[str] | None) -> _Waits | None:
    """The inventory is asked with no transaction open; what it holds for us runs out if we never come to write it down."""
    seen = await loaded(ports, waiting.order_id)
    part = _still_waiting(seen, waiting, sku)
    if seen is None or part is None:
        return None
    step = step_for(ports, seen.head, SYSTEM)
    warehouse = await taken_elsewhere(ports.inventory, seen, part, step, part.declined_by, among)
    if warehouse is None:
        return _Waits(frozenset(part.declined_by))
    declines = len(part.declined_by)

    async def work(uow: UnitOfWork) -> None:
        order = await uow.load(EVERYTHING, waiting.order_id)
        if order is not None:
            after = with_units_in(
                order, waiting.fulfillment_id, declines, warehouse, step_for(ports, order.head, SYSTEM)
            )
            await saved(uow, ports, order, after)

    await in_transaction(ports, work)
    return None


def _still_waiting(order: Order | None, waiting: Waiting, sku: str) -> FulfillmentView | None:
    part = order.fulfillment(waiting.fulfillment_id) if order else None
    if order is None or part is None or part.status is not FulfillmentState.BACKORDERED:
        return None
    return part if any(line.sku == sku for line in stocked_lines(order, part.id)) else None
