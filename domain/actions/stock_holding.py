"""Holding stock: what an order's lines want of the inventory, and for how long; where a fulfillment's units are found."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.orders.backorders import allocated, allocation_id, stocked_lines
from domain.orders.conditions import lines_without_stock
from domain.orders.deposits import balance_of
from domain.orders.installments import BalanceDates
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.placement import DraftLine
from domain.orders.state import Step
from domain.orders.sums import CLOSED_FOR_PAYMENT
from domain.orders.views import UNPAID_STATUSES, Allocation, FulfillmentLineView, FulfillmentView, OrderLineView
from domain.policies import UnitPolicy
from domain.ports.inventory import Demand, Inventory, Reserved, Short
from domain.values.enums import FulfillmentKind, FulfillmentState, OrderStatus, StockPolicy
from domain.values.refusals import OutOfStock, ShortLine


def demands_of(lines: Sequence[DraftLine], *, is_paid: bool = False) -> tuple[Demand, ...]:
    """What is taken when the order is placed; of one that costs nothing also what is taken with the payment."""
    return tuple(
        Demand(line.line_id, line.product.sku, line.quantity, line.stock_policy is StockPolicy.DEDUCT_ON_ORDER)
        for line in lines
        if line.stock_policy is not StockPolicy.NONE
        and (is_paid or line.stock_policy is not StockPolicy.DEDUCT_ON_PAYMENT)
    )


async def shortages(inventory: Inventory, lines: Sequence[DraftLine]) -> OutOfStock | None:
    """What is taken with the payment must be there when the order is placed; nothing is held for it."""
    wanted: dict[str, int] = {}
    for line in lines:
        if line.stock_policy is StockPolicy.DEDUCT_ON_PAYMENT:
            wanted[line.product.sku] = wanted.get(line.product.sku, 0) + line.quantity
    views = await inventory.stock(list(wanted)) if wanted else []
    there = {view.sku: view.sellable for view in views if view is not None}
    short = tuple(
        ShortLine(sku, units, there.get(sku, 0)) for sku, units in wanted.items() if there.get(sku, 0) < units
    )
    return OutOfStock(path=("lines",), lines=short) if short else None


def held_until(
    policy: UnitPolicy, now: datetime, *, is_reviewed: bool = False, balance: BalanceDates | None = None
) -> datetime:
    """A reservation outlives the payment deadline a little, so that the timer finds it, not the sweep. One of an order that
    is reviewed first lasts for both, whenever it is approved; one of a presale until its balance is due.
    """
    timeouts = policy.timeouts
    if balance is not None:
        now = max(now, balance.due_at)
    unpaid_s = max(timeouts.pay_s, timeouts.payment_s) + (timeouts.review_s if is_reviewed else 0)
    return now + timedelta(seconds=unpaid_s + timeouts.reservation_grace_s)


def out_of_stock(short: Short) -> OutOfStock:
    return OutOfStock(
        path=("lines",), lines=tuple(ShortLine(part.sku, part.requested, part.available) for part in short.lines)
    )


async def hold_again(inventory: Inventory, order: Order, step: Step) -> Order | OutOfStock:
    """The last check before the provider is asked: what is still held is held longer, what had expired is taken anew. What is
    made to order left the stock with its deposit.
    """
    demands = _demands_again(order.lines)
    if order.head.status not in UNPAID_STATUSES or order.fulfillments or not demands:
        return order
    answer = await inventory.reserve(
        order.head.id, demands, held_until(step.policy, step.now, balance=balance_dates(order))
    )
    return _with_allocations(order, answer.allocations) if isinstance(answer, Reserved) else out_of_stock(answer)


async def hold_missing(inventory: Inventory, order: Order, step: Step) -> Order:
    """For an order that was paid and whose units were not there: what is there now; as it was, where there is too little."""
    demands = tuple(Demand(line.id, line.sku, line.quantity) for line in lines_without_stock(order))
    if order.head.status is not OrderStatus.EXCEPTION or not demands:
        return order
    answer = await inventory.reserve(order.head.id, demands, held_until(step.policy, step.now))
    return _with_allocations(order, answer.allocations) if isinstance(answer, Reserved) else order


def balance_dates(order: Order) -> BalanceDates | None:
    """Of its balance, where they are known beforehand."""
    balance = balance_of(order)
    if balance is None or balance.opens_at is None or balance.due_at is None:
        return None
    return BalanceDates(balance.opens_at, balance.due_at)


def with_allocations_of(order: Order, held: Order) -> Order:
    """The order, its units taken from where they were found for another copy of it. A line that has other units by now is where
    the change that gave it those has put it.
    """
    now = {line.id: line.quantity for line in order.lines}
    found = {line.id: line.allocations for line in held.lines if now.get(line.id) == line.quantity}
    return _with_allocations(order, found)


async def taken_elsewhere(
    inventory: Inventory,
    order: Order,
    part: FulfillmentView,
    step: Step,
    refusing: Sequence[str],
    among: Collection[str] | None = None,
) -> str | None:
    """The warehouse that has all of its units, which are held there now, none of those that declined it."""
    demands = tuple(
        Demand(_held_as(part, line), line.sku, line.remaining_quantity) for line in stocked_lines(order, part.id)
    )
    until, allocation = held_until(step.policy, step.now), allocation_id(part.id, len(refusing))
    return await inventory.allocate(order.head.id, allocation, demands, until, avoiding=refusing, among=among)


async def given_back(inventory: Inventory, order: Order, part: FulfillmentView, decline: int, warehouse: str) -> None:
    """What the warehouse had for it before its n-th decline, from 0."""
    lines = [_held_as(part, line) for line in order.lines_of(part.id)]
    await inventory.deallocate(order.head.id, allocation_id(part.id, decline), lines, warehouse)


def _held_as(part: FulfillmentView, line: FulfillmentLineView) -> str:
    """The name under which the inventory holds a line's units: those of a replacement are apart from those that were sold."""
    return line.line_id if part.kind is FulfillmentKind.ORIGINAL else f"{part.id}:{line.line_id}"


def with_units_in(order: Order, fulfillment_id: str, declines: int, warehouse: str, step: Step) -> Order:
    """The order after its units were found, if it still waits. What was taken for one that is off is given back."""
    part = order.fulfillment(fulfillment_id)
    if part is None or part.status is FulfillmentState.CANCELLED:
        return order.with_errands(let_go_again(order, fulfillment_id, declines))
    if part.status is not FulfillmentState.BACKORDERED or len(part.declined_by) != declines:
        return order
    return allocated(order, fulfillment_id, warehouse, step)


def let_go_again(order: Order, fulfillment_id: str, declines: int) -> Errand:
    """Units were taken for a fulfillment that does not want them any more."""
    kind = ErrandKind.RELEASE_STOCK if order.head.status in CLOSED_FOR_PAYMENT else ErrandKind.ARRANGE_STOCK
    return Errand(kind, allocation_id(fulfillment_id, declines))


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
