"""placeOrders: a batch, each order by its own key as `placeOrder` would place it.

    EACH             one after the other; a refusal keeps no other from being placed. The batch's key is in flight meanwhile:
                     after a crash the same batch finds what was placed by the orders' own keys, and goes on with the rest.
    ALL_OR_NOTHING   all in one transaction, or none. Where inventory or promotion is another system, a saga as of one order:
                     an errand for each order would undo it; all are claimed; a last transaction withdraws the errands and
                     writes every order, or none.

The outcome of a batch lies under its key once nothing is left to try: an order that met a service that is down, or its own key
in use, is tried again by the same batch.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.member_limits import member_limit
from domain.actions.place_order import Allocations, claimed, drafted, place_order, written
from domain.actions.pricing_terms import PricedWish
from domain.actions.transactions import Call, InFlight, concluded, finished, once, once_within
from domain.orders.commands import PlaceOrder, PlaceOrders
from domain.orders.model import Errand, ErrandKind
from domain.orders.placement import Draft
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory
from domain.ports.promotions import Promotions
from domain.ports.unit_of_work import TransientConflict, UnitOfWork
from domain.values.enums import BatchPolicy, Role
from domain.values.faults import ServiceUnavailable
from domain.values.outcomes import OrderPlaced, OrdersPlaced, Outcome
from domain.values.refusals import (
    Forbidden,
    InvalidInput,
    LimitExceeded,
    NotAttempted,
    Refusal,
    RequestInProgress,
    ServiceDown,
    invalid,
)

MAX_ORDERS: Final = 100
BATCH: Final = "batch"
"""What the key of a batch in flight is about."""
Drafted = tuple[Draft, PricedWish]
Take = Callable[[UnitOfWork, int], Awaitable[Allocations | Refusal]]
"""The stock and the coupons of the n-th order."""


async def place_orders(ports: Ports, viewer: Viewer, command: PlaceOrders) -> Outcome:
    call = Call.of("placeOrders", command)
    problem = call.problem or _problem(viewer, command)
    if problem is not None:
        return problem
    try:
        return await _BY_POLICY[command.policy](ports, viewer, call, command.orders)
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)


def _problem(viewer: Viewer, command: PlaceOrders) -> Refusal | None:
    if not viewer.actor.roles & {Role.BUYER, Role.PARTNER, Role.MERCHANT, Role.SUPPORT}:
        return Forbidden(message="None of your roles may placeOrders.")
    if not command.orders:
        return invalid("orders", code="EMPTY", message="A batch has at least one order.")
    if len(command.orders) > MAX_ORDERS:
        return LimitExceeded(message=f"A batch has at most {MAX_ORDERS} orders.", path=("orders",), limit=MAX_ORDERS)
    return None


async def _each(ports: Ports, viewer: Viewer, call: Call, orders: Sequence[PlaceOrder | InvalidInput]) -> Outcome:
    async def begin(_uow: UnitOfWork, _resumed: str | None) -> Outcome | InFlight:
        return InFlight(BATCH, BATCH)

    begun = await once(ports, viewer, call, begin)
    if not isinstance(begun, InFlight):
        return begun
    outcomes = [
        order if isinstance(order, InvalidInput) else await place_order(ports, viewer, order) for order in orders
    ]
    outcome = _outcome(outcomes)
    is_open = any(isinstance(one, ServiceDown | RequestInProgress) for one in outcomes)
    await finished(ports, viewer, call, BATCH, None if is_open else outcome)
    return outcome


async def _all(ports: Ports, viewer: Viewer, call: Call, orders: Sequence[PlaceOrder | InvalidInput]) -> Outcome:
    """What is wrong with an order before anything is claimed is told of all of them."""
    drafts = [order if isinstance(order, InvalidInput) else await _drafted(ports, viewer, order) for order in orders]
    batch = _Batch(ports, viewer, call, orders, drafts)
    if {Inventory, Promotions} <= ports.embedded or any(isinstance(draft, Refusal) for draft in drafts):
        return await batch.placed_at_once()
    return await batch.placed_by_saga()


async def _drafted(ports: Ports, viewer: Viewer, order: PlaceOrder) -> Drafted | Refusal:
    return Call.of("placeOrder", order).problem or await drafted(ports, viewer, order)


_BY_POLICY: Final = {BatchPolicy.EACH: _each, BatchPolicy.ALL_OR_NOTHING: _all}


class _Batch:
    """All or nothing. `drafts` by position; where one is a refusal, nothing is placed."""

    def __init__(
        self,
        ports: Ports,
        viewer: Viewer,
        call: Call,
        orders: Sequence[PlaceOrder | InvalidInput],
        drafts: Sequence[Drafted | Refusal],
    ) -> None:
        self._ports, self._viewer, self._call = ports, viewer, call
        self._orders, self._drafts = orders, drafts

    async def placed_at_once(self) -> Outcome:
        async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
            async def take(uow: UnitOfWork, position: int) -> Allocations | Refusal:
                inventory, promotions = uow.local(Inventory), uow.local(Promotions)
                return await claimed(
                    self._ports,
                    self._draft(position),
                    inventory or self._ports.inventory,
                    promotions or self._ports.promotions,
                )

            return await self._written(uow, take)

        return at_once(await once(self._ports, self._viewer, self._call, work))

    async def placed_by_saga(self) -> Outcome:
        ids = [self._draft(position)[0].order_id for position in range(len(self._drafts))]

        async def begin(uow: UnitOfWork, _resumed: str | None) -> Outcome | InFlight:
            await self._undo(uow, ids, lease_s=self._ports.terms.lease_s)
            return InFlight(ids[0], ids[0])

        begun = await once(self._ports, self._viewer, self._call, begin)
        if not isinstance(begun, InFlight):
            return begun
        taken, down = await self._taken()

        async def take(_uow: UnitOfWork, position: int) -> Allocations | Refusal:
            return taken[position]

        async def write(uow: UnitOfWork) -> Outcome:
            mine = [one for one in ids if await uow.withdraw(one, ErrandKind.UNDO_PLACEMENT, one)]
            if len(mine) < len(ids):
                await self._undo(uow, ids)  # also of those that were claimed after the worker had been there
                return ServiceDown(message="The placement took too long and was undone.", service="order-center")
            outcome = down or await self._written(uow, take)
            await self._undo(uow, _unused(ids, outcome))
            return outcome

        return await concluded(self._ports, self._viewer, self._call, ids[0], write)

    async def _taken(self) -> tuple[list[Allocations | Refusal], ServiceDown | None]:
        """Of each order until one gets nothing."""
        taken: list[Allocations | Refusal] = []
        try:
            for position in range(len(self._drafts)):
                draft = self._draft(position)
                taken.append(await claimed(self._ports, draft, self._ports.inventory, self._ports.promotions))
                if isinstance(taken[-1], Refusal):
                    break
        except ServiceUnavailable as fault:
            return taken, ServiceDown(message=str(fault), service=fault.service)
        return taken, None

    async def _written(self, uow: UnitOfWork, take: Take) -> Outcome:
        """Every order, or the first refusal and nothing."""
        refused = {at: draft for at, draft in enumerate(self._drafts) if isinstance(draft, Refusal)}
        if refused:
            return self._nothing(refused)
        outcomes: list[Outcome] = []
        async with uow.attempt() as attempt:
            for position in range(len(self._drafts)):
                outcome = await self._one(uow, position, take)
                if isinstance(outcome, RequestInProgress):
                    raise TransientConflict("Somebody places one of the orders right now.")
                if isinstance(outcome, Refusal):
                    attempt.undo()
                    return self._nothing({position: outcome})
                outcomes.append(outcome)
        return _outcome(outcomes)

    async def _one(self, uow: UnitOfWork, position: int, take: Take) -> Outcome:
        draft, order = self._draft(position), self._orders[position]

        async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
            refused = await member_limit(uow, draft[1], self._ports.clock.now())
            if refused is not None:
                return refused
            allocations = await take(uow, position)
            if isinstance(allocations, Refusal):
                return allocations
            return await written(uow, self._ports, self._viewer, draft, allocations)

        call = Call.of("placeOrder", order)
        return at_once(await once_within(self._ports, self._viewer, call, uow, work))

    async def _undo(self, uow: UnitOfWork, order_ids: Sequence[str], *, lease_s: int = 0) -> None:
        for order_id in order_ids:
            errand = Errand(ErrandKind.UNDO_PLACEMENT, order_id)
            await uow.queue(order_id, (errand,), self._ports.clock.now(), lease_s=lease_s)

    def _draft(self, position: int) -> Drafted:
        draft = self._drafts[position]
        assert not isinstance(draft, Refusal)  # noqa: S101  nothing is begun where one is refused
        return draft

    def _nothing(self, refused: dict[int, Refusal]) -> Outcome:
        return _outcome([refused.get(position, NotAttempted()) for position in range(len(self._drafts))])


def _outcome(outcomes: Sequence[Outcome]) -> OrdersPlaced:
    placed = sum(isinstance(one, OrderPlaced) for one in outcomes)
    return OrdersPlaced(results=tuple(outcomes), placed=placed, failed=len(outcomes) - placed)


def _unused(ids: Sequence[str], outcome: Outcome) -> list[str]:
    """The orders that did not come to be, whatever they had claimed."""
    results = outcome.results if isinstance(outcome, OrdersPlaced) else ()
    made = {one.order_id for one in results if isinstance(one, OrderPlaced)}
    return [order_id for order_id in ids if order_id not in made]
