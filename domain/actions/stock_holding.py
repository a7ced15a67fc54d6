"""Holding stock: what an order's lines want of the inventory, and for how long; where a fulfillment's units are found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.orders.backorders import allocated, allocation_id, stocked_lines
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.placement import DraftLine
from domain.orders.state import Step
from domain.orders.views import UNPAID_STATUSES, Allocation, FulfillmentView, OrderLineView
from domain.policies import UnitPolicy
from domain.ports.inventory import Demand, Inventory, Reserved, Short
from domain.values.enums import FulfillmentState, StockPolicy
from domain.values.refusals import OutOfStock, ShortLine


def demands_of(lines: Sequence[DraftLine]) -> tuple[Demand, ...]:
    return tuple(
        Demand(line.line_id, line.product.sku, line.quantity, line.stock_policy is StockPolicy.DEDUCT_ON_ORDER)
        for line in lines
        if line.stock_policy is not StockPolicy.NONE
    )


def held_until(policy: UnitPolicy, now: datetime) -> datetime:
    """A reservation outlives the payment deadline a little, so that the timer finds it, not the sweep."""
    timeouts = policy.timeouts
    return now + timedelta(seconds=max(timeouts.pay_s, timeouts.payment_s) + timeouts.reservation_grace_s)


def out_of_stock(short: Short) -> OutOfStock:
    return OutOfStock(
        path=("lines",), lines=tuple(ShortLine(part.sku, part.requested, part.available) for part in short.lines)
    )


async def hold_again(inventory: Inventory, order: Order, step: Step) -> Order | OutOfStock:
    """The last check before the provider is asked: what is still held is held longer, what had expired is taken anew."""
    demands = _demands_again(order.lines)
    if order.head.status not in UNPAID_STATUSES or not demands:
        return order
    answer = await inventory.reserve(order.head.id, demands, held_until(step.policy, step.now))
    return _with_allocations(order, answer.allocations) if isinstance(answer, Reserved) else out_of_stock(answer)


def with_allocations_of(order: Order, held: Order) -> Order:
    """The order, its units taken from where they were found for another copy of it."""
    return _with_allocations(order, {line.id: line.allocations for line in held.lines})


async def taken_elsewhere(
    inventory: Inventory,
    order: Order,
    part: FulfillmentView,
    step: Step,
    refusing: Sequence[str],
    among: Collection[str] | None = None,
) -> str | None:
    """The warehouse that has all of its units, which are held there now, none of those that declined it."""
    demands = tuple(Demand(line.line_id, line.sku, line.remaining_quantity) for line in stocked_lines(order, part.id))
    until, allocation = held_until(step.policy, step.now), allocation_id(part.id, len(refusing))
    return await inventory.allocate(order.head.id, allocation, demands, until, avoiding=refusing, among=among)


async def given_back(inventory: Inventory, order: Order, part: FulfillmentView, decline: int, warehouse: str) -> None:
    """What the warehouse had for it before its n-th decline, from 0."""
    lines = [line.line_id for line in order.lines_of(part.id)]
    await inventory.deallocate(order.head.id, allocation_id(part.id, decline), lines, warehouse)


def with_units_in(order: Order, fulfillment_id: str, declines: int, warehouse: str, step: Step) -> Order:
    """The order after its units were found, if it still waits. What was taken for one that is off is given back."""
    part = order.fulfillment(fulfillment_id)
    if part is None or part.status is FulfillmentState.CANCELLED:
        return order.with_errands(Errand(ErrandKind.RELEASE_STOCK, allocation_id(fulfillment_id, declines)))
    if part.status is not FulfillmentState.BACKORDERED or len(part.declined_by) != declines:
        return order
    return allocated(order, fulfillment_id, warehouse, step)


def _demands_again(lines: Sequence[OrderLineView]) -> tuple[Demand, ...]:
    return tuple(
        Demand(line.id, line.sku, line.quantity, line.stock_policy is StockPolicy.DEDUCT_ON_ORDER)
        for line in lines
        if line.stock_policy is not StockPolicy.NONE
    )


def _with_allocations(order: Order, allocations: Mapping[str, tuple[Allocation, ...]]) -> Order:
    def moved(line: OrderLineView) -> OrderLineView:
        found = allocations.get(line.id, line.allocations)
        return line if found == line.allocations else replace(line, allocations=found)

    return order.with_lines(moved)
