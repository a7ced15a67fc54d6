"""Holding stock: what an order's lines want of the inventory, and for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.orders.model import Order
from domain.orders.placement import DraftLine
from domain.orders.state import Step
from domain.orders.views import UNPAID_STATUSES, Allocation, OrderLineView
from domain.policies import UnitPolicy
from domain.ports.inventory import Demand, Inventory, Reserved, Short
from domain.values.enums import StockPolicy
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
