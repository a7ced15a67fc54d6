"""A batch of demo orders as rows, ready to be copied. Pure, and a function of its arguments only: any process may make it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from adapters.db.tables import group_seats, order_groups
from adapters.db.work_tables import jobs
from adapters.embedded.tables import (
    coupon_claims,
    provider_operations,
    provider_payments,
    reservations,
    stock_returns,
    voucher_codes,
)
from adapters.seeding.books import HELD, Books
from adapters.seeding.legacy import legacy_order
from adapters.seeding.order_rows import COLUMNS, Rows, job_row, order_rows
from adapters.seeding.plans import LegacyPlan, Planner
from adapters.seeding.play import Played, played


@dataclass(slots=True)
class StockMoves:
    """By SKU and warehouse: what orders hold, what left for them, what came back."""

    reserved: Counter[tuple[str, str]] = field(default_factory=Counter)
    deducted: Counter[tuple[str, str]] = field(default_factory=Counter)
    restocked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, books: Books) -> None:
        for row in books.reservations:
            place = row.sku, row.warehouse
            if row.state == HELD:
                self.reserved[place] += row.quantity
            elif row.state == "DEDUCTED":
                self.deducted[place] += row.quantity
                self.restocked[place] += row.quantity if row.returned_at else 0
        for _, _, warehouse, _, sku, quantity, *_ in books.returns:
            self.restocked[sku, warehouse] += quantity

    def add(self, others: "StockMoves") -> None:
        self.reserved.update(others.reserved)
        self.deducted.update(others.deducted)
        self.restocked.update(others.restocked)

    def columns(self) -> dict[str, list[Any]]:
        places = sorted({*self.reserved, *self.deducted})
        return {
            "skus": [sku for sku, _ in places],
            "warehouses": [warehouse for _, warehouse in places],
            "reserved": [self.reserved[place] for place in places],
            "deducted": [self.deducted[place] for place in places],
            "restocked": [self.restocked[place] for place in places],
        }


@dataclass(frozen=True, slots=True)
class Batch:
    order_count: int
    orders: Rows
    services: Rows
    stock: StockMoves
    used_coupons: Counter[str]


SERVICE_COLUMNS: Final = {
    reservations.name: (
        "order_id", "line_id", "warehouse", "attempt", "sku", "quantity", "state", "is_at_once", "expires_at",
        "reserved_at", "ended_at", "returned_at", "allocation_id",
    ),
    coupon_claims.name: ("order_id", "code", "member_id", "state", "claimed_at", "released_at"),
    provider_payments.name: (
        "payment_id", "order_id", "method", "amount_minor", "currency", "state", "authorized_minor", "captured_minor",
        "refunded_minor", "reference", "decline_code", "decline_message", "created_at",
    ),
    provider_operations.name: (
        "operation_id", "payment_id", "kind", "amount_minor", "decline_code", "decline_message", "at",
    ),
    stock_returns.name: (
        "return_id", "line_id", "warehouse", "order_id", "sku", "quantity", "had_left", "returned_at",
    ),
    voucher_codes.name: (
        "code", "order_id", "line_id", "position", "sku", "issued_at", "expires_at", "cancelled_at",
    ),
}  # fmt: skip

_RESERVATION: Final = attrgetter(*SERVICE_COLUMNS[reservations.name])
_CLAIM: Final = attrgetter(*SERVICE_COLUMNS[coupon_claims.name])
_CODE: Final = attrgetter(*SERVICE_COLUMNS[voucher_codes.name])
_GROUP: Final = attrgetter(*COLUMNS[order_groups.name])
_SEAT: Final = attrgetter(*COLUMNS[group_seats.name])


Make = Callable[[int, Sequence[int]], Batch]
"""The orders from an index on, one for each number."""


def made(planner: Planner, first: int, numbers: Sequence[int]) -> Batch:
    """The orders from index `first` on, one for each number."""
    lives = [life_of(planner, first + at, number) for at, number in enumerate(numbers)]
    rows = order_rows(life.order for life in lives)
    rows[jobs.name] = [row for life in lives for row in _job_rows(life)]
    rows[order_groups.name] = [_GROUP(life.books.group) for life in lives if life.books.group]
    rows[group_seats.name] = [_SEAT(life.books.seat) for life in lives if life.books.seat]
    moves = StockMoves()
    for life in lives:
        moves.count(life.books)
    used = Counter(claim.code for life in lives for claim in life.books.claims if claim.state == "CLAIMED")
    return Batch(len(lives), rows, _service_rows([life.books for life in lives]), moves, used)


def life_of(planner: Planner, index: int, number: int) -> Played:
    """`number` of the sequence of order numbers."""
    plan = planner.plan(index)
    if isinstance(plan, LegacyPlan):
        order = legacy_order(plan, number)
        return Played(order, Books(order.head.id), ())
    return played(plan, number, planner.reference)


def _job_rows(life: Played) -> Iterable[tuple[Any, ...]]:
    return (job_row(life.order.head.id, later.errand, later.queued_at) for later in life.pending)


def _service_rows(books: Sequence[Books]) -> Rows:
    return {
        reservations.name: [_RESERVATION(row) for each in books for row in each.reservations],
        coupon_claims.name: [_CLAIM(claim) for each in books for claim in each.claims],
        provider_payments.name: [row for each in books for row in each.payment_rows()],
        provider_operations.name: [row for each in books for row in each.operations],
        stock_returns.name: [row for each in books for row in each.returns],
        voucher_codes.name: [_CODE(code) for each in books for code in each.codes],
    }
