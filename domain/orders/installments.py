"""In which parts an order is paid: the whole at once, or a deposit and a balance. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.orders.state import Step, timer_due
from domain.orders.views import InstallmentView
from domain.policies import DepositRules
from domain.values.enums import InstallmentKind, MachineKind, OrderStatus, OrderType
from domain.values.money import at_rate

BY_DEPOSIT: Final = frozenset((OrderType.MADE_TO_ORDER, OrderType.PRESALE))


@dataclass(frozen=True, slots=True)
class BalanceDates:
    """From when until when a presale's balance is paid."""

    opens_at: datetime
    due_at: datetime


def amounts(order_type: OrderType, total_minor: int, rules: DepositRules) -> tuple[tuple[InstallmentKind, int], ...]:
    """What costs nothing has one part. A deposit is at least one minor unit: before it is paid nothing begins."""
    if order_type not in BY_DEPOSIT or total_minor == 0:
        return ((InstallmentKind.FULL, total_minor),)
    deposit = max(1, at_rate(total_minor, rules.share))
    return ((InstallmentKind.DEPOSIT, deposit), (InstallmentKind.BALANCE, total_minor - deposit))


def installments_of(
    order_id: str,
    order_type: OrderType,
    total_minor: int,
    currency: str,
    balance: BalanceDates | None,
    step: Step,
) -> tuple[InstallmentView, ...]:
    """The first is open from now until the payment deadline. A balance opens when the machine says so, or a presale's dates."""
    parts = amounts(order_type, total_minor, step.policy.deposits)
    return tuple(
        InstallmentView(order_id, position, kind, amount, 0, currency, *_dates(kind, balance, step))
        for position, (kind, amount) in enumerate(parts, start=1)
    )


def first_status(order_type: OrderType, total_minor: int) -> OrderStatus:
    if total_minor == 0:
        return OrderStatus.PAID
    return OrderStatus.PENDING_DEPOSIT if order_type in BY_DEPOSIT else OrderStatus.PENDING_PAYMENT


def _dates(kind: InstallmentKind, balance: BalanceDates | None, step: Step) -> tuple[datetime | None, datetime | None]:
    if kind is InstallmentKind.BALANCE:
        return (balance.opens_at, balance.due_at) if balance else (None, None)
    first = OrderStatus.PENDING_PAYMENT if kind is InstallmentKind.FULL else OrderStatus.PENDING_DEPOSIT
    return step.now, _deadline(first, step)


def _deadline(first: OrderStatus, step: Step) -> datetime | None:
    """A free order of a type with deposits has no such state: nothing is due."""
    found = next((s for s in step.flow.states if s.machine is MachineKind.ORDER and s.name == first), None)
    return timer_due(found.timer, step.policy, step.now) if found and found.timer else None
