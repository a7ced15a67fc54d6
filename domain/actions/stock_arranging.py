"""Changes of an order after which it holds other units or coupons: one transaction where inventory and promotion are embedded,
else a saga.

    1. One transaction: the change is decided on the locked order. Where one of them is another system, errands to arrange stock
       and coupons as the order says are queued, held back by a lease, and the idempotency key is in flight.
    2. No transaction: the services are asked to hold what the changed order wants, stock first, as placements do.
    3. One transaction: the change is written, if the order is still the one it was decided on.

A crash after 1, or a refusal in 3, leaves the errands: they make the services hold again what the order as it is wants. After a
change that was written they find everything in place.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.access.viewer import EVERYTHING, Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import saved
from domain.actions.pricing_terms import coupon_refused
from domain.actions.stock_holding import held_until, out_of_stock
from domain.actions.transactions import Call, InFlight, concluded, once
from domain.inventory.holding import Holding
from domain.orders.arranging import arrange_after, arranged, wanted_holdings
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, settled
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory, Short
from domain.ports.promotions import Promotions
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import StockPolicy
from domain.values.faults import ServiceUnavailable
from domain.values.ids import IdKind, new_id
from domain.values.outcomes import Outcome, Success
from domain.values.refusals import NotFound, OutOfStock, Refusal, ServiceDown


@dataclass(frozen=True, slots=True)
class Change:
    """What was decided: the order before and after, and what the caller is told."""

    before: Order
    after: Order
    step: Step
    outcome: Success
    coupon_codes: tuple[str, ...] | None = None
    """What it is to claim; None: as before."""
    moves_units: bool = True
    """Whether it holds other units afterwards; without, it is written as it is."""
    check: Callable[[UnitOfWork], Awaitable[Refusal | None]] | None = None
    """What must hold still when it is written, where that is a transaction of its own."""


Decide = Callable[[UnitOfWork], Awaitable[Change | Outcome]]
"""On the locked order. An outcome of its own: nothing is to be changed."""


async def changed_with_stock(ports: Ports, viewer: Viewer, call: Call, decide: Decide) -> Outcome:
    if not {Inventory, Promotions} <= ports.embedded:
        return await _by_saga(ports, viewer, call, decide)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        change, inventory, promotions = await decide(uow), uow.local(Inventory), uow.local(Promotions)
        if not isinstance(change, Change):
            return change
        if not change.moves_units and change.coupon_codes is None:
            return await _written(uow, ports, change)
        found = await _held(change, inventory or ports.inventory, promotions or ports.promotions)
        if isinstance(found, Refusal):
            return found
        await saved(uow, ports, change.before, _arranged(change, found))
        return change.outcome

    return at_once(await once(ports, viewer, call, work))


async def _held(change: Change, inventory: Inventory, promotions: Promotions) -> Sequence[Holding] | Refusal:
    """What the changed order wants is held for it: where its units are."""
    found = await find_units(inventory, change.after, change.step) if change.moves_units else ()
    if isinstance(found, OutOfStock) or change.coupon_codes is None:
        return found
    head, now = change.after.head, change.step.now
    refused = await promotions.claim_only(head.id, head.member_id, change.coupon_codes, now)
    return found if refused is None else coupon_refused(refused)


def _arranged(change: Change, found: Sequence[Holding]) -> Order:
    return arranged(change.after, found, change.step) if change.moves_units else settled(change.after, change.step)


async def _written(uow: UnitOfWork, ports: Ports, change: Change) -> Outcome:
    await saved(uow, ports, change.before, settled(change.after, change.step))
    return change.outcome


async def find_units(inventory: Inventory, order: Order, step: Step) -> Sequence[Holding] | OutOfStock:
    """The inventory holds what the order wants. Where what is looked for is not there, the order holds the rest."""
    wanted = wanted_holdings(order)
    line_ids = [line.id for line in order.lines if line.stock_policy is not StockPolicy.NONE]
    until = held_until(step.policy, step.now)
    answer = await inventory.arrange(order.head.id, line_ids, wanted, until)
    certain = [each for each in wanted if each.warehouse is not None]
    if isinstance(answer, Short) and 0 < len(certain) < len(wanted):
        answer = await inventory.arrange(order.head.id, line_ids, certain, until)
    return out_of_stock(answer) if isinstance(answer, Short) else answer.holdings


async def _by_saga(ports: Ports, viewer: Viewer, call: Call, decide: Decide) -> Outcome:
    decided: list[tuple[Change, tuple[Errand, ...]]] = []
    cause = new_id(IdKind.EVENT, int(ports.clock.now().timestamp() * 1000))

    async def begin(uow: UnitOfWork, _resumed: str | None) -> Outcome | InFlight:
        decided.clear()  # of a run that had to give way
        change = await decide(uow)
        if not isinstance(change, Change):
            return change
        if not change.moves_units and change.coupon_codes is None:
            return await _written(uow, ports, change)
        restore = _restoring(change, cause)
        decided.append((change, restore))
        order_id = change.before.head.id
        await uow.queue(order_id, restore, ports.clock.now(), lease_s=ports.terms.lease_s)
        return InFlight(order_id, cause)

    begun = await once(ports, viewer, call, begin)
    if not isinstance(begun, InFlight):
        return begun
    return await _saga_finished(ports, viewer, call, *decided[0])


async def _saga_finished(
    ports: Ports, viewer: Viewer, call: Call, change: Change, restore: tuple[Errand, ...]
) -> Outcome:
    order_id = change.before.head.id
    found: Sequence[Holding] | Refusal
    try:
        found = await _held(change, ports.inventory, ports.promotions)
    except ServiceUnavailable as fault:
        found = ServiceDown(message=str(fault), service=fault.service)

    async def write(uow: UnitOfWork) -> Outcome:
        now = await uow.load(EVERYTHING, order_id)
        is_ours = [await uow.withdraw(order_id, errand.kind, errand.subject_id) for errand in restore]
        refused = found if isinstance(found, Refusal) else _overtaken(change, now, is_ours=all(is_ours))
        if refused is None and change.check is not None:
            refused = await change.check(uow)
        if refused is not None or now is None or isinstance(found, Refusal):
            await uow.queue(order_id, restore, ports.clock.now())
            return refused or NotFound(path=("orderId",))
        await saved(uow, ports, now, _arranged(change, found))
        return change.outcome

    return await concluded(ports, viewer, call, restore[0].subject_id, write)


def _restoring(change: Change, cause: str) -> tuple[Errand, ...]:
    """What makes everything as the order says, whatever became of the change."""
    new_lines = {line.id for line in change.after.lines} - {line.id for line in change.before.lines}
    return arrange_after(cause, *sorted(new_lines)), Errand(ErrandKind.ARRANGE_COUPONS, cause)


def _overtaken(change: Change, now: Order | None, *, is_ours: bool) -> ServiceDown | None:
    """By another change, or by the worker, which held us for dead and made everything as it was."""
    if is_ours and now is not None and now.head.version == change.before.head.version:
        return None
    return ServiceDown(message="The order was changed meanwhile.", service="order-center")


def rearranged(order: Order, wanted: Sequence[Holding], found: Sequence[Holding], cause_id: str, step: Step) -> Order:
    """What the inventory's answer means for the order now; if it wants other units by now, it is asked again."""
    if tuple(wanted) != wanted_holdings(order):
        return order.with_errands(arrange_after(cause_id))
    return arranged(order, found, step)
