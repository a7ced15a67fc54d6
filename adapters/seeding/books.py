"""What the embedded services would have written down for one order: reservations, coupon claims, payments, operations.

The rules are the services' own (`allocate`, `first_answer`, `operate`); only the rows are kept here until they are copied.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from adapters.embedded.provider_rules import Operation, first_answer, operate
from adapters.embedded.voucher_codes import ALPHABET, GROUPS, SIGNS
from domain.inventory.allocation import StockBySku, allocate
from domain.orders.stock_back import PlacedUnits
from domain.orders.views import Allocation, PaymentView
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.ports.inventory import Demand
from domain.ports.payments import PaymentRequest
from domain.values.enums import GroupStatus
from domain.values.faults import DomainFault

HELD: Final = "HELD"
VALID: Final = timedelta(days=365)
"""How long a voucher can be redeemed."""
_DEDUCTED: Final = "DEDUCTED"
_RELEASED: Final = "RELEASED"


@dataclass(slots=True)
class Reservation:
    """One row of `reservations`, its columns in their order."""

    order_id: str
    line_id: str
    warehouse: str
    attempt: int
    sku: str
    quantity: int
    state: str
    is_at_once: bool
    expires_at: datetime | None
    reserved_at: datetime
    ended_at: datetime | None = None
    returned_at: datetime | None = None
    allocation_id: str | None = None


@dataclass(slots=True)
class Claim:
    order_id: str
    code: str
    member_id: str
    state: str
    claimed_at: datetime
    released_at: datetime | None = None


@dataclass(slots=True)
class ProviderPayment:
    method: str
    answer: ProviderAnswer
    row: tuple[Any, ...]
    """The columns that never change: id, order, method, amount, currency."""
    created_at: datetime


@dataclass(slots=True)
class Code:
    """One row of `voucher_codes`, its columns in their order."""

    code: str
    order_id: str
    line_id: str
    position: int
    sku: str
    issued_at: datetime
    expires_at: datetime
    cancelled_at: datetime | None = None


@dataclass(slots=True)
class Group:
    """One row of `order_groups`, its columns in their order."""

    id: str
    business_unit: str
    size: int
    joined: int
    status: str
    deadline: datetime
    created_at: datetime


@dataclass(slots=True)
class SeatRow:
    order_id: str
    group_id: str
    claimed_at: datetime
    released_at: datetime | None = None


@dataclass(slots=True)
class Books:
    order_id: str
    reservations: list[Reservation] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    payments: dict[str, ProviderPayment] = field(default_factory=dict)
    operations: list[tuple[Any, ...]] = field(default_factory=list)
    returns: list[tuple[Any, ...]] = field(default_factory=list)
    """Rows of `stock_returns`: what left and came back."""
    codes: list[Code] = field(default_factory=list)
    group: Group | None = None
    """The one that the order has opened."""
    seat: SeatRow | None = None

    def reserve(
        self, demands: Sequence[Demand], stock: StockBySku, expires_at: datetime, now: datetime
    ) -> dict[str, tuple[Allocation, ...]]:
        picks = allocate([(demand.line_id, demand.sku, demand.quantity) for demand in demands], stock)
        if isinstance(picks, tuple):
            raise DomainFault(f"The demo's stock does not hold an order: {picks}.")
        for demand in demands:
            at_once = demand.is_deducted
            self.reservations += [
                Reservation(
                    order_id=self.order_id,
                    line_id=demand.line_id,
                    warehouse=pick.warehouse,
                    attempt=1,
                    sku=demand.sku,
                    quantity=pick.quantity,
                    state=_DEDUCTED if at_once else HELD,
                    is_at_once=at_once,
                    expires_at=expires_at,
                    reserved_at=now,
                    ended_at=now if at_once else None,
                )
                for pick in picks[demand.line_id]
            ]
        return {
            line: tuple(Allocation(pick.warehouse, pick.quantity) for pick in parts) for line, parts in picks.items()
        }

    def allocate(
        self, allocation_id: str, demands: Sequence[Demand], warehouse: str, expires_at: datetime, now: datetime
    ) -> None:
        """Units of another warehouse, or of a later day."""
        for demand in demands:
            attempts = (row.attempt for row in self.reservations if row.line_id == demand.line_id)
            self.reservations.append(
                Reservation(
                    order_id=self.order_id,
                    line_id=demand.line_id,
                    warehouse=warehouse,
                    attempt=max(attempts, default=0) + 1,
                    sku=demand.sku,
                    quantity=demand.quantity,
                    state=HELD,
                    is_at_once=False,
                    expires_at=expires_at,
                    reserved_at=now,
                    allocation_id=allocation_id,
                )
            )

    def deallocate(self, allocation_id: str, line_ids: Collection[str], warehouse: str, now: datetime) -> None:
        """What the warehouse had for them is its again: of the allocation, or of the placement where there was none."""
        is_later = any(row.allocation_id == allocation_id for row in self.reservations)
        for row in self.reservations:
            is_its = row.allocation_id == (allocation_id if is_later else None)
            if is_its and row.line_id in line_ids and row.warehouse == warehouse:
                _give_back(row, now)

    def hold_until(self, expires_at: datetime) -> None:
        for row in self._held():
            row.expires_at = expires_at

    def extend(self, expires_at: datetime) -> None:
        for row in self._held():
            row.expires_at = max(row.expires_at or expires_at, expires_at)

    def deduct(self, now: datetime) -> None:
        for row in self._held():
            row.state, row.ended_at = _DEDUCTED, now

    def release(self, now: datetime) -> None:
        for row in self.reservations:
            _give_back(row, now)

    def withdraw(self, units: Iterable[PlacedUnits], now: datetime) -> None:
        """These are wanted no more; what is taken out of a reservation is one of its own."""
        for unit in units:
            left = unit.quantity
            for row in sorted(self.reservations, key=lambda row: -row.attempt):
                is_active = row.state == HELD or (row.state == _DEDUCTED and row.returned_at is None)
                taken = min(left, row.quantity)
                if is_active and taken and (row.line_id, row.warehouse) == (unit.line_id, unit.warehouse):
                    self._take_out(row, taken, now)
                    left -= taken

    def take_back(self, return_id: str, units: Iterable[PlacedUnits], now: datetime) -> None:
        self.returns += [
            (return_id, unit.line_id, unit.warehouse, self.order_id, unit.sku, unit.quantity, True, now)
            for unit in units
        ]

    def issue(self, line_id: str, sku: str, units: int, rolls: Random, now: datetime) -> list[Code]:
        new = [
            Code(_code(rolls), self.order_id, line_id, position, sku, now, now + VALID)
            for position in range(1, units + 1)
        ]
        self.codes += new
        return new

    def cancel_codes(self, codes: Collection[str], now: datetime) -> None:
        """None named: all of them."""
        for code in self.codes:
            if code.cancelled_at is None and (not codes or code.code in codes):
                code.cancelled_at = now

    def end_group(self, status: GroupStatus) -> None:
        """Every seat of one that formed is taken."""
        if self.group is not None:
            self.group.status = status.value
            self.group.joined = self.group.size if status is GroupStatus.FORMED else self.group.joined

    def release_seat(self, now: datetime) -> None:
        """That of an open group only."""
        if self.seat is not None and self.group is not None and self.group.status == GroupStatus.OPEN:
            self.seat.released_at = now
            self.group.joined -= 1

    def _take_out(self, row: Reservation, quantity: int, now: datetime) -> None:
        if quantity == row.quantity:
            _give_back(row, now)
            return
        attempt = max(each.attempt for each in self.reservations if each.line_id == row.line_id) + 1
        ended = replace(row, attempt=attempt, quantity=quantity)
        _give_back(ended, now)
        row.quantity -= quantity
        self.reservations.append(ended)

    def claim(self, codes: Iterable[str], member_id: str, now: datetime) -> None:
        self.claims += [Claim(self.order_id, code, member_id, "CLAIMED", now) for code in codes]

    def give_coupons_back(self, now: datetime) -> None:
        for claim in self.claims:
            claim.state, claim.released_at = _RELEASED, now

    def pay(self, payment: PaymentView, now: datetime) -> ProviderAnswer:
        answer = first_answer(
            PaymentRequest(
                payment_id=payment.id,
                order_id=payment.order_id,
                method=payment.method,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                is_captured_at_once=payment.is_captured_at_once,
            )
        )
        row = (payment.id, payment.order_id, payment.method, payment.amount_minor, payment.currency)
        self.payments[payment.id] = ProviderPayment(payment.method, answer, row, now)
        return answer

    def operate(
        self, operation: Operation, payment_id: str, operation_id: str, amount_minor: int, now: datetime
    ) -> ProviderAnswer:
        payment = self.payments[payment_id]
        outcome = operate(payment.method, payment.answer, operation, amount_minor)
        if isinstance(outcome, OperationDeclined):
            raise DomainFault(f"The provider refuses {operation} of {payment_id}: {outcome.message}")
        payment.answer = outcome
        self.operations.append((operation_id, payment_id, operation.value, amount_minor, None, None, now))
        return outcome

    def payment_rows(self) -> list[tuple[Any, ...]]:
        return [_payment_row(payment) for payment in self.payments.values()]

    def _held(self) -> Iterable[Reservation]:
        return (row for row in self.reservations if row.state == HELD)


def _code(rolls: Random) -> str:
    return "-".join("".join(rolls.choice(ALPHABET) for _ in range(SIGNS)) for _ in range(GROUPS))


def _give_back(row: Reservation, now: datetime) -> None:
    if row.state == HELD:
        row.state, row.ended_at = _RELEASED, now
    elif row.state == _DEDUCTED and row.returned_at is None:
        row.returned_at = now


def _payment_row(payment: ProviderPayment) -> tuple[Any, ...]:
    answer = payment.answer
    state: ProviderState = answer.state
    return (
        *payment.row,
        state.value,
        answer.authorized_minor,
        answer.captured_minor,
        answer.refunded_minor,
        answer.reference,
        answer.decline_code,
        answer.decline_message,
        payment.created_at,
    )
