"""What every change of an order has in common: find it, check the version, decide (pure), save, see to its errands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.access.viewer import EVERYTHING, Actor, OrderScope, Viewer
from domain.orders.flows import flow_of
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.paying_time import extended_until
from domain.orders.state import Step, refusal, settled, transition
from domain.orders.stock_back import units_of
from domain.orders.views import OrderView
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory
from domain.ports.promotions import Promotions
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import GroupStatus, MachineKind
from domain.values.faults import DomainFault
from domain.values.ids import IdKind, kind_of, new_id
from domain.values.refusals import NotFound, Refusal, VersionConflict

Decide = Callable[[Order, Step], Order | Refusal]
Check = Callable[[UnitOfWork], Awaitable[Refusal | None]]
"""What else is to be looked up, with the order locked."""

ID_KINDS = {
    MachineKind.ORDER: IdKind.ORDER,
    MachineKind.PAYMENT: IdKind.PAYMENT,
    MachineKind.REFUND: IdKind.REFUND,
    MachineKind.FULFILLMENT: IdKind.FULFILLMENT,
    MachineKind.AFTER_SALE: IdKind.AFTER_SALE,
}
ID_FIELDS = {
    MachineKind.ORDER: "orderId",
    MachineKind.PAYMENT: "paymentId",
    MachineKind.REFUND: "refundId",
    MachineKind.FULFILLMENT: "fulfillmentId",
    MachineKind.AFTER_SALE: "afterSaleId",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be changed, and which version of its order the caller has seen."""

    machine: MachineKind
    subject_id: str
    expected_version: int | None = None
    note: str | None = None


def step_for(ports: Ports, head: OrderView, actor: Actor, note: str | None = None) -> Step:
    policy = ports.policies.unit(head.business_unit)
    if policy is None:
        raise DomainFault(f"There is no policy for the business unit {head.business_unit}.")
    now = ports.clock.now()
    at_ms = int(now.timestamp() * 1000)
    flow = flow_of(head.order_type, head.flow_version)
    return Step(flow, policy, actor, now, lambda kind: new_id(kind, at_ms), note)


async def found(uow: UnitOfWork, scope: OrderScope, target: Target) -> Order | Refusal:
    """The order of the target, locked; or why it cannot be changed by this caller."""
    missing = NotFound(path=(ID_FIELDS[target.machine],))
    if kind_of(target.subject_id) is not ID_KINDS[target.machine]:
        return missing
    is_order = target.machine is MachineKind.ORDER
    order_id = target.subject_id if is_order else await uow.order_id_of(target.machine, target.subject_id)
    order = await uow.load(scope, order_id) if order_id else None
    if order is None:
        return missing
    if target.expected_version not in {None, order.head.version}:
        return VersionConflict(expected_version=target.expected_version or 0, current_version=order.head.version)
    return order


async def changed(
    uow: UnitOfWork,
    ports: Ports,
    viewer: Viewer,
    target: Target,
    decide: Decide,
    *,
    check: Check | None = None,
    lease_s: int = 0,
) -> Order | Refusal:
    """Find, check, decide, save. Whoever comes with an old version hears of that first."""
    before = await found(uow, viewer.scope, target)
    if isinstance(before, Refusal):
        return before
    refused = await check(uow) if check is not None else None
    if refused is not None:
        return refused
    after = decide(before, step_for(ports, before.head, viewer.actor, target.note))
    if isinstance(after, Order):
        await saved(uow, ports, before, after, lease_s=lease_s)
    return after


async def saved(uow: UnitOfWork, ports: Ports, before: Order, after: Order, *, lease_s: int = 0) -> None:
    """Write what differs. Errands of embedded services are done here, in the same transaction; others become jobs."""
    if after is before:
        return
    await uow.save(before, after)
    await see_to(uow, ports, after.head.id, after.errands, lease_s=lease_s)


async def see_to(
    uow: UnitOfWork, ports: Ports, order_id: str, errands: tuple[Errand, ...], *, lease_s: int = 0
) -> None:
    jobs = [errand for errand in errands if not await _done_here(uow, order_id, errand)]
    if jobs:
        await uow.queue(order_id, tuple(jobs), ports.clock.now(), lease_s=lease_s)


async def loaded(ports: Ports, order_id: str, scope: OrderScope = EVERYTHING) -> Order | None:
    """The order as it is, not locked any more."""
    async with ports.unit_of_work() as uow:
        return await uow.load(scope, order_id)


def taking(machine: MachineKind, subject_id: str, action: str) -> Decide:
    """The decision to take one step of the tables, and whatever follows from it."""

    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, machine, subject_id, action, step)
        if refused is not None:
            return refused
        return settled(transition(order, machine, subject_id, action, step), step)

    return decide


async def _done_here(uow: UnitOfWork, order_id: str, errand: Errand) -> bool:
    if errand.kind is ErrandKind.RELEASE_SEAT:
        await uow.release_seat(order_id)
        return True
    if errand.kind is ErrandKind.SETTLE_GROUP and errand.detail.get("outcome") == GroupStatus.FAILED:
        await uow.end_group(errand.subject_id, GroupStatus.FAILED)
        return False  # the others in it hear of it, each in its turn
    if errand.kind is ErrandKind.RELEASE_COUPONS:
        promotions = uow.local(Promotions)
        if promotions is None:
            return False
        await promotions.release(order_id)
        return True
    inventory = uow.local(Inventory)
    return inventory is not None and await _moved_here(inventory, order_id, errand)


async def _moved_here(inventory: Inventory, order_id: str, errand: Errand) -> bool:
    if errand.kind is ErrandKind.DEDUCT_STOCK:
        await inventory.deduct(order_id)
    elif errand.kind is ErrandKind.EXTEND_STOCK:
        await inventory.extend(order_id, extended_until(errand))
    elif errand.kind is ErrandKind.RELEASE_STOCK:
        await inventory.release(order_id)
    elif errand.kind is ErrandKind.WITHDRAW_STOCK:
        await inventory.withdraw(order_id, errand.subject_id, units_of(errand))
    elif errand.kind is ErrandKind.TAKE_STOCK_BACK:
        await inventory.take_back(order_id, errand.subject_id, units_of(errand))
    else:
        return False
    return True
