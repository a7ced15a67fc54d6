"""simulateActions: a chain of actions on a copy of an order. Nothing is written, and no service is asked for more than its stock.

Theory of operation
    The very handlers that the mutations call run on ports that know one order only, in memory: so what a simulation says is
    what the tables, the guards and the rules of money say. After each action the errands that it left are done at once,
    by services that always say yes: a payment succeeds, a refund arrives. Time stands still, unless an action of the chain is
    a deadline of the order (`payTimeout`): then it is that time, and the system does what it does then.

    The chain ends with the first action that cannot be taken; its step says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from domain.access.viewer import SYSTEM, Viewer
from domain.actions.changes import loaded, step_for
from domain.actions.errands import perform
from domain.actions.fire_timer import fire_timer
from domain.actions.rehearsal.copy import CopiedWork, OrderCopy
from domain.actions.rehearsal.script import SCRIPT, SimulatedAction
from domain.actions.rehearsal.services import CopiedClock, CopiedCodes, CopiedPayments, CopiedPromotions, CopiedStock
from domain.orders.model import ErrandKind, Order
from domain.orders.state import Flow, refusal
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import DueTimer
from domain.values.enums import (
    AfterSaleStatus,
    FulfillmentStatus,
    MachineKind,
    OrderStatus,
    PaymentStatus,
    RefundState,
    Role,
)
from domain.values.faults import BadRequest, DomainFault
from domain.values.ids import IdKind, kind_of
from domain.values.refusals import ActionRejected, BlockedReason, InvalidInput, Refusal

MAX_ACTIONS: Final = 20
MAX_ERRANDS: Final = 1000
"""Of one step: more than any order has; a chain of errands without end is our bug."""
OF_MANY_ORDERS: Final = frozenset((ErrandKind.FILL_BACKORDERS, ErrandKind.SETTLE_GROUP, ErrandKind.RELEASE_SEAT))


@dataclass(frozen=True, slots=True)
class StockDelta:
    """By how much the counts of a SKU would change."""

    sku: str
    reserved: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    action: str
    enabled: bool
    blocked_by: tuple[BlockedReason, ...]
    status: OrderStatus
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus
    after_sale_status: AfterSaleStatus
    refund_minor: int
    """What goes back to the buyer because of it."""
    currency: str
    stock: tuple[StockDelta, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    ok: bool
    steps: tuple[SimulatedStep, ...]


async def simulate_actions(
    ports: Ports, viewer: Viewer, order_id: str, actions: Sequence[SimulatedAction]
) -> Simulation | None:
    """None: there is no such order for the viewer. Raises BadRequest where there are too many actions."""
    if len(actions) > MAX_ACTIONS:
        raise BadRequest(f"At most {MAX_ACTIONS} actions can be simulated at once.")
    order = await loaded(ports, order_id, viewer.scope) if kind_of(order_id) is IdKind.ORDER else None
    if order is None:
        return None
    rehearsal = _Rehearsal(order, ports, viewer)
    steps: list[SimulatedStep] = []
    for asked in actions:
        steps.append(await rehearsal.step(asked))
        if not steps[-1].enabled:
            break
    return Simulation(all(step.enabled for step in steps), tuple(steps))


class _Rehearsal:
    def __init__(self, order: Order, ports: Ports, viewer: Viewer) -> None:
        self._copy, self._viewer, self._clock = OrderCopy.of(order), viewer, CopiedClock(ports.clock.now())
        self._ports = _ports_over(self._copy, self._clock, ports)

    async def step(self, asked: SimulatedAction) -> SimulatedStep:
        copy, before = self._copy, self._copy.order
        counts = {sku: (copy.reserved[sku], copy.on_hand[sku]) for sku in copy.reserved}
        reasons = await self._taken(asked)
        if not reasons:
            await self._settled()
        head = copy.order.head
        return SimulatedStep(
            action=asked.action,
            enabled=not reasons,
            blocked_by=reasons,
            status=head.status,
            payment_status=head.payment_status,
            fulfillment_status=head.fulfillment_status,
            after_sale_status=head.after_sale_status,
            refund_minor=_refunded(before, copy.order),
            currency=head.currency,
            stock=_deltas(copy, counts),
        )

    async def _taken(self, asked: SimulatedAction) -> tuple[BlockedReason, ...]:
        """The action on the copy; the reasons why it cannot be taken."""
        take = SCRIPT.get(asked.action)
        if take is None:
            return await self._in_time(asked)
        order = self._copy.order
        missing = next((name for name in take.needs if getattr(asked, name) is None), None)
        subject_id = asked.subject_id or take.subject_of(order)
        if missing is not None or subject_id is None:
            message = (
                f"{asked.action} needs {_spoken(missing) if missing else 'a subjectId: nothing is there to act on'}."
            )
            return (BlockedReason("INCOMPLETE", message),)
        outcome = await take.handler(self._ports, self._viewer, take.command(asked, subject_id, order))
        return _reasons(outcome) if isinstance(outcome, Refusal) else ()

    async def _in_time(self, asked: SimulatedAction) -> tuple[BlockedReason, ...]:
        """A deadline passes: the nearest one of the action's name."""
        before = self._copy.order
        step = step_for(self._ports, before.head, SYSTEM)
        running = [
            (timer.due_at, timer)
            for timer in before.timers
            if timer.due_at and timer.action == asked.action and asked.subject_id in {None, timer.subject_id}
        ]
        if not running:
            return _not_running(asked.action, step.flow)
        due_at, timer = min(running, key=lambda each: each[0])
        self._clock.pass_until(due_at)
        due = DueTimer(before.head.id, timer.subject_id, timer.name, timer.action, timer.machine)
        await fire_timer(self._ports, due)
        if self._copy.order.head.version > before.head.version:
            return ()
        subject_id = before.head.id if timer.machine is MachineKind.ORDER else timer.subject_id
        refused = refusal(before, timer.machine, subject_id, timer.action, step)
        return _reasons(refused) if refused else (BlockedReason("REFUSED", "Nothing would follow from it."),)

    async def _settled(self) -> None:
        for _ in range(MAX_ERRANDS):
            if not self._copy.jobs:
                return
            errand = self._copy.jobs.pop(0)
            if errand.kind not in OF_MANY_ORDERS:
                await perform(self._ports, self._copy.order.head.id, errand)
        raise DomainFault(f"The errands of {self._copy.order.head.id} have no end.")


def _ports_over(copy: OrderCopy, clock: CopiedClock, ports: Ports) -> Ports:
    """Each of them serves what the handlers ask of it here; the casts say that it need not do more."""
    return replace(
        ports,
        unit_of_work=cast("Any", lambda: CopiedWork(copy)),
        inventory=cast("Any", CopiedStock(copy, ports.inventory)),
        payments=cast("Any", CopiedPayments(copy)),
        promotions=cast("Any", CopiedPromotions(ports.promotions)),
        voucher_codes=cast("Any", CopiedCodes()),
        clock=clock,
        embedded=frozenset(),
    )


def _not_running(action: str, flow: Flow) -> tuple[BlockedReason, ...]:
    if any(rule.action == action and rule.mutation is None and Role.SYSTEM in rule.roles for rule in flow.rules):
        return (BlockedReason("NO_DEADLINE", f"No deadline for {action} runs now."),)
    return (BlockedReason("NOT_SIMULATED", f"{action} is no action that can be simulated."),)


def _spoken(name: str) -> str:
    words = {"is_successful": "succeeded", "is_approved": "approve"}
    return words.get(name, name)


def _reasons(refused: Refusal) -> tuple[BlockedReason, ...]:
    if isinstance(refused, ActionRejected):
        return refused.blocked_by
    if isinstance(refused, InvalidInput):
        return tuple(BlockedReason("INVALID_INPUT", problem.message) for problem in refused.problems)
    return (BlockedReason("REFUSED", refused.message),)


def _refunded(before: Order, after: Order) -> int:
    known = {refund.id for refund in before.refunds}
    new = (refund for refund in after.refunds if refund.id not in known and refund.status is not RefundState.REJECTED)
    return sum(refund.amount_minor for refund in new)


def _deltas(copy: OrderCopy, before: dict[str, tuple[int, int]]) -> tuple[StockDelta, ...]:
    changed = []
    for sku in sorted({**copy.reserved, **copy.on_hand}):
        reserved, on_hand = before.get(sku, (0, 0))
        delta = StockDelta(sku, copy.reserved.get(sku, 0) - reserved, copy.on_hand.get(sku, 0) - on_hand)
        changed += [delta] if delta.reserved or delta.on_hand else []
    return tuple(changed)
