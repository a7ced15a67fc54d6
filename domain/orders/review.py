"""Which orders a person looks at before they can be paid, by the rules of the business unit. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.orders.model import Order
from domain.orders.state import Step, settled, timer_due, transition
from domain.orders.views import Address
from domain.policies import RiskRules, UnitPolicy
from domain.values.enums import InstallmentKind, MachineKind, OrderStatus, Role
from domain.values.replacing import replace

TRUSTED: Final = frozenset((Role.MERCHANT, Role.SUPPORT))
"""Who places an order for a buyer has looked at it already."""


@dataclass(frozen=True, slots=True)
class Reviewable:
    """What the rules look at."""

    total_minor: int
    level: str | None
    address: Address | None
    units: tuple[tuple[str, int], ...]
    """SKU and units, a pair for each line."""


def _foreign_country(order: Reviewable, policy: UnitPolicy) -> bool:
    return order.address is not None and order.address.country not in {None, policy.country}


def _no_level(order: Reviewable, _policy: UnitPolicy) -> bool:
    return order.level is None


def _many_units(order: Reviewable, policy: UnitPolicy) -> bool:
    """At least half of what one order may have of one SKU."""
    return any(2 * units >= policy.limits.units_per_sku for units in _by_sku(order.units).values())


SIGNS: Final[dict[str, Callable[[Reviewable, UnitPolicy], bool]]] = {
    "foreign_country": _foreign_country,
    "no_level": _no_level,
    "many_units": _many_units,
}
"""Signs of risk, by the field of RiskRules that says how many points one is worth."""


def is_reviewed(order: Reviewable, policy: UnitPolicy, roles: frozenset[Role]) -> bool:
    """By amount, by level, by risk: one is enough. Only what buyers and partners place."""
    rules = policy.review
    if roles & TRUSTED:
        return False
    is_large = rules.from_total_minor is not None and order.total_minor >= rules.from_total_minor
    return is_large or order.level in rules.levels or risk_points(order, policy) >= rules.risk.review_from


def risk_points(order: Reviewable, policy: UnitPolicy) -> int:
    risk: RiskRules = policy.review.risk
    return sum(getattr(risk, name) for name, holds in SIGNS.items() if holds(order, policy))


def status_after_review(order: Order) -> OrderStatus:
    """Where an approved order begins."""
    if order.head.total_minor == 0:
        return OrderStatus.PAID
    is_deposit = any(part.kind is InstallmentKind.DEPOSIT for part in order.installments)
    return OrderStatus.PENDING_DEPOSIT if is_deposit else OrderStatus.PENDING_PAYMENT


def approved(order: Order, step: Step) -> Order:
    target = status_after_review(order)
    return settled(transition(order, MachineKind.ORDER, order.head.id, "approveOrder", step, to=target), step)


def without_dates(order: Order) -> Order:
    """Nothing is due while it is looked at."""
    return _first_installment(order, opens_at=None, due_at=None)


def open_first_installment(order: Order, step: Step) -> Order:
    """From the approval on it can be paid, until the deadline of the state that it entered."""
    timer = step.flow.state(MachineKind.ORDER, order.head.status).timer
    due_at = timer_due(timer, step.policy, step.now) if timer else None
    return _first_installment(order, opens_at=step.now, due_at=due_at)


def _first_installment(order: Order, **dates: datetime | None) -> Order:
    first, *others = order.installments
    return replace(order, installments=(replace(first, **dates), *others))


def _by_sku(units: Iterable[tuple[str, int]]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for sku, quantity in units:
        counted[sku] = counted.get(sku, 0) + quantity
    return counted
