"""The services of a simulation: each says yes, and changes the copy's books and nothing else."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.actions.rehearsal.copy import Holding, OrderCopy
from domain.inventory.allocation import allocate, whole_from
from domain.inventory.holding import Holding as Wanted
from domain.orders.stock_back import PlacedUnits
from domain.orders.views import Allocation, PaymentView
from domain.payments.answers import ProviderAnswer, ProviderState
from domain.ports.inventory import Arranged, Demand, Inventory, Reserved, Short, Shortage, StockView
from domain.ports.payments import PaymentRequest
from domain.ports.promotions import ActivePromotions, PromotionRequest, Promotions
from domain.ports.voucher_codes import CodesIssued, VoucherCode, VoucherDemand
from domain.values.faults import DomainFault

METHOD = "simulation"


class CopiedStock:
    """The real inventory is only asked what there is."""

    def __init__(self, copy: OrderCopy, real: Inventory) -> None:
        self._copy, self._real = copy, real

    async def stock(self, skus: Sequence[str]) -> list[StockView | None]:
        return await self._real.stock(skus)

    async def reserve(self, _order_id: str, demands: Sequence[Demand], _expires_at: datetime) -> Reserved | Short:
        """What the order holds, it holds longer; the rest is taken if it is there."""
        missing = [demand for demand in demands if demand.line_id not in self._copy.holdings]
        views = await self._real.stock([demand.sku for demand in missing]) if missing else []
        free = {view.sku: {part.warehouse.code: part.sellable for part in view.by_warehouse} for view in views if view}
        picks = allocate([(one.line_id, one.sku, one.quantity) for one in missing], free)
        if isinstance(picks, tuple):
            return Short(tuple(Shortage(lack.sku, lack.requested, lack.available) for lack in picks))
        for demand in missing:
            self._copy.moved(demand.sku, reserved=demand.quantity)
            places = tuple(Allocation(pick.warehouse, pick.quantity) for pick in picks[demand.line_id])
            self._copy.holdings[demand.line_id] = Holding(demand.sku, demand.quantity, 0, places)
        return Reserved({demand.line_id: self._copy.holdings[demand.line_id].allocations for demand in demands})

    async def extend(self, _order_id: str, _expires_at: datetime) -> None:
        """What the copy holds never expires."""

    async def deduct(self, _order_id: str) -> None:
        for line_id, line in self._copy.holdings.items():
            self._copy.moved(line.sku, reserved=-line.held, on_hand=-line.held)
            self._copy.holdings[line_id] = replace(line, held=0, deducted=line.deducted + line.held)

    async def release(self, _order_id: str) -> None:
        for line_id in self._copy.holdings:
            self._give_back(line_id)

    async def withdraw(self, _order_id: str, _withdrawal_id: str, units: Sequence[PlacedUnits]) -> None:
        for part in units:
            line = self._copy.holdings.get(part.line_id)
            if line is None:
                continue
            held, deducted = min(part.quantity, line.held), max(0, part.quantity - line.held)
            self._copy.moved(line.sku, reserved=-held, on_hand=deducted)
            self._copy.holdings[part.line_id] = replace(line, held=line.held - held, deducted=line.deducted - deducted)

    async def take_back(self, _order_id: str, _return_id: str, units: Sequence[PlacedUnits]) -> None:
        for part in units:
            self._copy.moved(part.sku, on_hand=part.quantity)

    async def deallocate(self, _order_id: str, _allocation_id: str, line_ids: Collection[str], warehouse: str) -> None:
        for line_id in line_ids:
            line = self._copy.holdings.get(line_id)
            if line is not None and any(place.warehouse == warehouse for place in line.allocations):
                self._give_back(line_id)

    async def allocate(
        self,
        _order_id: str,
        _allocation_id: str,
        demands: Sequence[Demand],
        _expires_at: datetime,
        *,
        avoiding: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> str | None:
        views = await self._real.stock([demand.sku for demand in demands])
        free = {view.sku: {part.warehouse.code: part.available for part in view.by_warehouse} for view in views if view}

        def is_allowed(code: str) -> bool:
            return code not in avoiding and (among is None or code in among)

        warehouse = whole_from([(one.line_id, one.sku, one.quantity) for one in demands], free, is_allowed)
        if warehouse is None:
            return None
        for demand in demands:
            if demand.line_id in self._copy.holdings:
                self._give_back(demand.line_id)
            self._copy.moved(demand.sku, reserved=demand.quantity)
            places = (Allocation(warehouse, demand.quantity),)
            self._copy.holdings[demand.line_id] = Holding(demand.sku, demand.quantity, 0, places)
        return warehouse

    async def arrange(
        self, _order_id: str, line_ids: Collection[str], holdings: Sequence[Wanted], _expires_at: datetime
    ) -> Arranged | Short:
        """What is looked for is found in what the real inventory has, with all that the order has: it is asked of all lines."""
        free = await self._free({one.sku for one in holdings})
        certain = tuple(one for one in holdings if one.warehouse is not None)
        for one in certain:
            places = free.setdefault(one.sku, {})
            places[str(one.warehouse)] = places.get(str(one.warehouse), 0) - one.quantity
        sought = [one for one in holdings if one.warehouse is None]
        picks = allocate([(str(number), one.sku, one.quantity) for number, one in enumerate(sought)], free)
        if isinstance(picks, tuple):
            return Short(tuple(Shortage(lack.sku, lack.requested, lack.available) for lack in picks))
        found = tuple(
            replace(one, warehouse=pick.warehouse, quantity=pick.quantity)
            for number, one in enumerate(sought)
            for pick in picks[str(number)]
        )
        for line_id in line_ids:
            self._hold(line_id, [one for one in (*certain, *found) if one.line_id == line_id])
        return Arranged((*certain, *found))

    async def _free(self, skus: Collection[str]) -> dict[str, dict[str, int]]:
        """What there is for an order that holds nothing."""
        views = await self._real.stock(sorted(skus)) if skus else []
        free = {view.sku: {part.warehouse.code: part.sellable for part in view.by_warehouse} for view in views if view}
        for (sku, warehouse), units in self._copy.counted.items():
            if sku in free:
                free[sku][warehouse] = free[sku].get(warehouse, 0) + units
        return free

    def _hold(self, line_id: str, wanted: Sequence[Wanted]) -> None:
        """This and nothing else of the line."""
        before = self._copy.holdings.get(line_id)
        if before is None and not wanted:
            return
        sku = before.sku if before else wanted[0].sku
        held = sum(one.quantity for one in wanted if not one.is_deducted)
        deducted = sum(one.quantity for one in wanted if one.is_deducted)
        had_held, had_deducted = (before.held, before.deducted) if before else (0, 0)
        self._copy.moved(sku, reserved=held - had_held, on_hand=had_deducted - deducted)
        places = tuple(Allocation(str(one.warehouse), one.quantity) for one in wanted)
        self._copy.holdings[line_id] = Holding(sku, held, deducted, places)

    def _give_back(self, line_id: str) -> None:
        line = self._copy.holdings[line_id]
        self._copy.moved(line.sku, reserved=-line.held, on_hand=line.deducted)
        self._copy.holdings[line_id] = replace(line, held=0, deducted=0)


class CopiedPayments:
    """A provider that takes what it is asked for, and gives back what it is told to."""

    def __init__(self, copy: OrderCopy) -> None:
        self._copy = copy

    def takes(self, method: str) -> bool:
        return method == METHOD

    async def pay(self, request: PaymentRequest) -> ProviderAnswer:
        amount = request.amount_minor
        if request.is_captured_at_once:
            return ProviderAnswer(ProviderState.CAPTURED, amount, amount)
        return ProviderAnswer(ProviderState.AUTHORIZED, amount, 0)

    async def ask(self, _payment_id: str, _reference: str | None = None) -> None:
        """Of what really is under way, a simulation knows nothing."""

    async def capture(
        self, payment_id: str, _operation_id: str, amount_minor: int, _reference: str | None = None
    ) -> ProviderAnswer:
        payment = self._payment(payment_id)
        captured = payment.captured_minor + amount_minor
        is_whole = captured >= payment.authorized_minor
        state = ProviderState.CAPTURED if is_whole else ProviderState.AUTHORIZED
        return self._answer(state, payment, captured=captured)

    async def void(self, payment_id: str, _reference: str | None = None) -> ProviderAnswer:
        payment = self._payment(payment_id)
        return self._answer(ProviderState.VOIDED, payment, captured=payment.captured_minor)

    async def refund(
        self, payment_id: str, _refund_id: str, amount_minor: int, _reference: str | None = None
    ) -> ProviderAnswer:
        payment = self._payment(payment_id)
        answer = self._answer(ProviderState.CAPTURED, payment, captured=payment.captured_minor)
        return replace(answer, refunded_minor=payment.refunded_minor + amount_minor)

    def _answer(self, state: ProviderState, payment: PaymentView, *, captured: int) -> ProviderAnswer:
        return ProviderAnswer(state, payment.authorized_minor, captured, payment.refunded_minor)

    def _payment(self, payment_id: str) -> PaymentView:
        payment = self._copy.order.payment(payment_id)
        if payment is None:
            raise DomainFault(f"{payment_id} is no payment of the copy.")
        return payment


class CopiedPromotions:
    """The real promotions are only asked what holds; coupons are let go, or claimed again, on paper."""

    def __init__(self, real: Promotions) -> None:
        self._real = real

    async def active(self, request: PromotionRequest) -> ActivePromotions:
        return await self._real.active(request)

    async def release(self, _order_id: str) -> None:
        """Nothing of the copy's."""

    async def claim_only(self, *_asked: Any) -> None:
        """Nothing of the copy's."""


class CopiedCodes:
    """As many codes as are wanted, worth nothing."""

    async def issue(self, _order_id: str, demands: Sequence[VoucherDemand], _at: datetime) -> CodesIssued:
        return CodesIssued(
            {
                demand.line_id: tuple(VoucherCode(f"{METHOD}-{n}", None) for n in range(demand.quantity))
                for demand in demands
            }
        )

    async def cancel(self, _order_id: str, _codes: Sequence[str] | None = None) -> None:
        """Nothing of the copy's."""


class CopiedClock:
    """Time stands still, but for deadlines that pass."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def pass_until(self, at: datetime) -> None:
        self._now = max(self._now, at)
