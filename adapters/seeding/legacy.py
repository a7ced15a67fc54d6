"""Orders of legacy systems: what each system says of them, and what the importer makes of it.

They come in by the importer's own rules, so each has one event, no timer, and holds no stock. What a system says depends on it:
the former ERP has taxes, invoices and its own words for states; the marketplace's has freight, boletos and vouchers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from adapters.seeding.acts import CARRIERS, MERCHANT
from adapters.seeding.dice import span_s
from adapters.seeding.plans import LegacyPlan, PlannedLine, sold_price_minor
from adapters.seeding.terms import shipping_offers, tax_rates
from domain.orders.flows import CURRENT
from domain.orders.import_commands import (
    ImportedBuyer,
    ImportedLine,
    ImportedOrder,
    ImportedPayment,
    ImportedShipment,
)
from domain.orders.importing import imported
from domain.orders.model import Order
from domain.orders.state import Step
from domain.policies import DAY_S, HOUR_S, MINUTE_S
from domain.values.enums import OrderStatus, OrderType
from domain.values.ids import IdKind, uuid7
from domain.values.money import at_rate, minor_digits

STATUSES: Final = (OrderStatus.COMPLETED, OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.SHIPPED)
_STATUS_WEIGHTS: Final = (62, 22, 11, 5)
_PAID_ALL_THE_SAME: Final = 0.2
"""Of the cancelled ones: the system does not tell what became of the money."""
_DIFFERENCE: Final = 0.015
_IN_TWO_PAYMENTS: Final = 0.06
_WITHOUT_PARCEL: Final = 0.04
_WITHOUT_NUMBER: Final = 0.15
_DISCOUNTED: Final = 0.1


@dataclass(frozen=True, slots=True)
class LegacySystem:
    methods: tuple[str, ...]
    method_weights: tuple[int, ...]
    words: Mapping[OrderStatus, str]
    external_number: Callable[[Random, int], str]
    """From the number of our sequence, so that no two orders have the same."""


SYSTEMS: Final[Mapping[str, LegacySystem]] = {
    "legacy-erp": LegacySystem(
        ("card", "invoice", "wire"), (70, 22, 8),
        {
            OrderStatus.COMPLETED: "CLOSED",
            OrderStatus.DELIVERED: "POD",
            OrderStatus.CANCELLED: "VOID",
            OrderStatus.SHIPPED: "DESPATCHED",
        },
        lambda _rolls, number: f"SO-{number:08d}",
    ),
    "legacy-olist": LegacySystem(
        ("credit_card", "boleto", "voucher", "debit_card"), (74, 19, 5, 2),
        {
            OrderStatus.COMPLETED: "delivered",
            OrderStatus.DELIVERED: "delivered",
            OrderStatus.CANCELLED: "canceled",
            OrderStatus.SHIPPED: "shipped",
        },
        lambda rolls, number: f"{number:08x}{rolls.randbytes(12).hex()}",
    ),
}  # fmt: skip
OTHER: Final = LegacySystem(("card", "cash"), (80, 20), {}, lambda _rolls, number: f"OLD-{number}")
"""Of a channel that the packaged policies do not have: it keeps its own words for itself."""


@dataclass(frozen=True, slots=True)
class _Course:
    """What happened when; None: it did not, or nobody wrote it down."""

    status: OrderStatus
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None


def legacy_order(plan: LegacyPlan, number: int) -> Order:
    """`number` of the sequence of order numbers."""
    rolls, at_ms = plan.rolls, int(plan.imported_at.timestamp() * 1000)

    def ids(kind: IdKind) -> str:
        return f"{kind}{uuid7(at_ms, rolls.randbytes(10))}"

    step = Step(CURRENT[OrderType.PHYSICAL], plan.unit, MERCHANT, plan.imported_at, ids)
    return imported(told(plan, number), plan.channel, f"{plan.placed_at:%Y%m%d}{number:08d}", step)


def told(plan: LegacyPlan, number: int) -> ImportedOrder:
    """What the legacy system says of the order."""
    rolls, system = plan.rolls, SYSTEMS.get(plan.channel.code, OTHER)
    buyer, course = plan.member.buyer, _course(plan)
    prices = [sold_price_minor(line.product, plan.placed_at, plan.reference) for line in plan.lines]
    goods_minor = sum(price * line.quantity for price, line in zip(prices, plan.lines, strict=True))
    discount_minor = goods_minor // 20 if rolls.random() < _DISCOUNTED else 0
    shipping_minor = _shipping_minor(plan, goods_minor)
    tax_minor = _tax_minor(plan, prices)
    total_minor = goods_minor - discount_minor + shipping_minor + tax_minor
    return ImportedOrder(
        external_number=system.external_number(rolls, number),
        status=course.status,
        placed_at=plan.placed_at,
        buyer=ImportedBuyer(buyer.member_id, buyer.name, buyer.level),
        currency=plan.unit.currency,
        lines=tuple(_line(plan, line, price) for line, price in zip(plan.lines, prices, strict=True)),
        payments=_payments(plan, system, course.paid_at, total_minor, number),
        shipments=_shipments(plan, course, number),
        paid_at=course.paid_at,
        completed_at=course.completed_at,
        cancelled_at=course.cancelled_at,
        shipping_address=plan.member.address,
        shipping=_amount(plan, shipping_minor),
        discount=_amount(plan, discount_minor),
        tax=_amount(plan, tax_minor),
        legacy_status=system.words.get(course.status),
    )


def _course(plan: LegacyPlan) -> _Course:
    """As far as it had come when it was imported."""
    rolls = plan.rolls
    (status,) = rolls.choices(STATUSES, _STATUS_WEIGHTS)
    paid_at = _later(rolls, plan.placed_at, MINUTE_S, 2 * DAY_S)
    if status is OrderStatus.CANCELLED:
        is_paid = rolls.random() < _PAID_ALL_THE_SAME
        cancelled_at = _later(rolls, paid_at, HOUR_S, 5 * DAY_S)
        return _Course(status, paid_at if is_paid else None, cancelled_at=cancelled_at)
    shipped_at = _later(rolls, paid_at, 4 * HOUR_S, 4 * DAY_S)
    delivered_at = _later(rolls, shipped_at, DAY_S, 9 * DAY_S)
    if status is OrderStatus.SHIPPED or delivered_at > plan.imported_at:
        return _Course(OrderStatus.SHIPPED, paid_at, shipped_at)
    completed_at = _later(rolls, delivered_at, 5 * DAY_S, 20 * DAY_S)
    if status is OrderStatus.DELIVERED or completed_at > plan.imported_at:
        return _Course(OrderStatus.DELIVERED, paid_at, shipped_at, delivered_at)
    return _Course(status, paid_at, shipped_at, delivered_at, completed_at)


def _later(rolls: Random, at: datetime, least_s: float, most_s: float) -> datetime:
    return at + timedelta(seconds=int(span_s(rolls, least_s, most_s)))


def _line(plan: LegacyPlan, line: PlannedLine, price_minor: int) -> ImportedLine:
    product = line.product
    return ImportedLine(
        sku=product.sku,
        quantity=line.quantity,
        unit_price=_decimal(plan, price_minor),
        name=product.name,
        category=product.category,
        seller=product.seller.id if product.seller else None,
    )


def _shipping_minor(plan: LegacyPlan, goods_minor: int) -> int:
    offer = shipping_offers(plan.unit, plan.member.address.country or plan.unit.country)[0]
    is_free = offer.free_from_minor is not None and goods_minor >= offer.free_from_minor
    return 0 if is_free else offer.amount_minor


def _tax_minor(plan: LegacyPlan, prices: list[int]) -> int:
    """Nothing where the prices include it: these systems did not tell it apart."""
    if plan.unit.prices_include_tax:
        return 0
    address = plan.member.address
    rates = tax_rates(address.country or plan.unit.country, address.region, {p.product.category for p in plan.lines})
    return sum(
        at_rate(price * line.quantity, rates[line.product.category])
        for price, line in zip(prices, plan.lines, strict=True)
    )


def _payments(
    plan: LegacyPlan, system: LegacySystem, paid_at: datetime | None, total_minor: int, number: int
) -> tuple[ImportedPayment, ...]:
    rolls = plan.rolls
    if paid_at is None:
        return ()
    paid_minor = total_minor
    if rolls.random() < _DIFFERENCE:
        paid_minor = max(1, total_minor + rolls.choice((-1, 1)) * rolls.randint(1, max(1, total_minor // 10)))
    parts = [paid_minor]
    if rolls.random() < _IN_TWO_PAYMENTS:
        parts = [paid_minor - paid_minor // 3, paid_minor // 3]
    return tuple(
        ImportedPayment(
            rolls.choices(system.methods, system.method_weights)[0],
            _decimal(plan, part),
            paid_at,
            f"{number:08d}/{position}",
        )
        for position, part in enumerate(parts, start=1)
    )


def _shipments(plan: LegacyPlan, course: _Course, number: int) -> tuple[ImportedShipment, ...]:
    rolls = plan.rolls
    if course.shipped_at is None or rolls.random() < _WITHOUT_PARCEL:
        return ()
    carrier = CARRIERS[2] if plan.unit.currency == "BRL" else CARRIERS[number % 2]
    tracking_number = None if rolls.random() < _WITHOUT_NUMBER else f"L{carrier[:2].upper()}{number:09d}"
    return (ImportedShipment(course.shipped_at, course.delivered_at, carrier, tracking_number),)


def _amount(plan: LegacyPlan, amount_minor: int) -> Decimal | None:
    return _decimal(plan, amount_minor) if amount_minor else None


def _decimal(plan: LegacyPlan, amount_minor: int) -> Decimal:
    return Decimal(amount_minor).scaleb(-minor_digits(plan.unit.currency))
