"""The vouchers of a virtual order: issued when it is paid, redeemed one by one, expired in time. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.access.viewer import SYSTEM
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, settled, transition, with_timer, without_timer
from domain.orders.sums import CLOSED_FOR_PAYMENT
from domain.orders.views import OrderLineView, TimerView, VoucherView
from domain.values.enums import MachineKind, OrderStatus, VoucherStatus
from domain.values.ids import IdKind
from domain.values.refusals import BlockedReason
from domain.values.replacing import replace

EXPIRY: Final = "voucherExpired"
"""The timer of the vouchers that expire at one time, and the action that it takes. Its subject is the first of them."""

_ORDER: Final = MachineKind.ORDER
_ENDED: Final = {
    VoucherStatus.REDEEMED: BlockedReason("VOUCHER_REDEEMED", "The voucher was redeemed already."),
    VoucherStatus.EXPIRED: BlockedReason("VOUCHER_EXPIRED", "The voucher has expired."),
    VoucherStatus.CANCELLED: BlockedReason("VOUCHER_CANCELLED", "The voucher is worth nothing any more."),
}

Codes = Mapping[str, Sequence[tuple[str, datetime | None]]]
"""By line id: each unit's code, and until when it can be redeemed."""


def ask_for_vouchers(order: Order, _step: Step) -> Order:
    """An effect: once it is paid, its codes are asked for."""
    if order.head.status is not OrderStatus.PAID or order.vouchers:
        return order
    return order.with_errands(Errand(ErrandKind.ISSUE_VOUCHERS, order.head.id))


def let_codes_go(order: Order, _step: Step) -> Order:
    """An effect: codes that were made for an order that is off are worth nothing."""
    if order.head.status not in CLOSED_FOR_PAYMENT:
        return order
    return order.with_errands(Errand(ErrandKind.CANCEL_VOUCHERS, order.head.id))


def issued(order: Order, codes: Codes, step: Step) -> Order:
    """The order with its vouchers, delivered. Where it has them, nothing is; where it is off meanwhile the codes go back, and so
    do those of units that are. What stands still gets them when it goes on: the service gives the same ones.
    """
    if order.vouchers:
        return order
    if order.head.status is not OrderStatus.PAID:
        return let_codes_go(order, step)
    by_system = step.as_(SYSTEM)
    found = [(line.id, *part) for line in order.lines for part in codes.get(line.id, ())[: _wanted(line)]]
    surplus = [part[0] for line in order.lines for part in codes.get(line.id, ())[_wanted(line) :]]
    vouchers = tuple(
        VoucherView(
            step.ids(IdKind.VOUCHER),
            order.head.id,
            line_id,
            position,
            code,
            VoucherStatus.ISSUED,
            step.now,
            expires_at,
            redeemed_at=None,
        )
        for position, (line_id, code, expires_at) in enumerate(found, start=1)
    )
    order = _with_expiries(replace(order, vouchers=vouchers))
    if surplus:
        order = order.with_errands(_cancellation(f"{order.head.id}:surplus", surplus))
    details = {"vouchers": str(len(vouchers))}
    return settled(transition(order, _ORDER, order.head.id, "vouchersIssued", by_system, details=details), by_system)


def not_issued(order: Order, message: str, step: Step) -> Order:
    """There are no codes: a person looks at it."""
    if order.head.status is not OrderStatus.PAID or order.vouchers:
        return order
    by_system = step.as_(SYSTEM)
    details = {"message": message}
    return settled(transition(order, _ORDER, order.head.id, "vouchersFailed", by_system, details=details), by_system)


def blocked_voucher(voucher: VoucherView, now: datetime) -> BlockedReason | None:
    """Why it cannot be redeemed."""
    if voucher.status is VoucherStatus.ISSUED and voucher.expires_at is not None and voucher.expires_at <= now:
        return _ENDED[VoucherStatus.EXPIRED]
    return _ENDED.get(voucher.status)


def redeemed(order: Order, voucher_id: str, step: Step) -> Order:
    order = _with_status(order, frozenset((voucher_id,)), VoucherStatus.REDEEMED, step.now)
    details = {"voucherId": voucher_id}
    return settled(transition(order, _ORDER, order.head.id, "redeemVoucher", step, details=details), step)


def expired(order: Order, step: Step) -> Order:
    """Every voucher whose time is over; nothing where none is left."""
    by_system = step.as_(SYSTEM)
    over = [v for v in order.vouchers if v.status is VoucherStatus.ISSUED and _is_over(v, step.now)]
    if not over or step.flow.rule(_ORDER, order.head.status, EXPIRY) is None:
        return order
    order = _with_status(order, frozenset(v.id for v in over), VoucherStatus.EXPIRED, step.now)
    details = {"vouchers": str(len(over))}
    return settled(transition(order, _ORDER, order.head.id, EXPIRY, by_system, details=details), by_system)


def refundable_units(order: Order, line_id: str) -> int:
    """Units of a line whose vouchers were not redeemed: only those can be given back."""
    statuses = (VoucherStatus.ISSUED, VoucherStatus.EXPIRED)
    return sum(1 for v in order.vouchers if v.line_id == line_id and v.status in statuses)


def withdrawn(order: Order, quantities: Mapping[str, int]) -> Order:
    """So many units of each line are given back: their vouchers are worth nothing any more, the expired ones last."""
    taken: list[VoucherView] = []
    for line_id, quantity in quantities.items():
        free = [v for v in order.vouchers if v.line_id == line_id and v.status is VoucherStatus.ISSUED]
        late = [v for v in order.vouchers if v.line_id == line_id and v.status is VoucherStatus.EXPIRED]
        taken += (free + late)[:quantity]
    if not taken:
        return order
    gone = frozenset(voucher.id for voucher in taken)
    vouchers = tuple(replace(v, status=VoucherStatus.CANCELLED) if v.id in gone else v for v in order.vouchers)
    order = _without_idle_expiries(replace(order, vouchers=vouchers))
    return order.with_errands(_cancellation(taken[0].id, [voucher.code for voucher in taken]))


def _cancellation(subject_id: str, codes: Sequence[str]) -> Errand:
    details = tuple((str(number), code) for number, code in enumerate(codes))
    return Errand(ErrandKind.CANCEL_VOUCHERS, subject_id, details=details)


def _wanted(line: OrderLineView) -> int:
    return line.quantity - line.cancelled_quantity


def _is_over(voucher: VoucherView, now: datetime) -> bool:
    return voucher.expires_at is not None and voucher.expires_at <= now


def _with_status(order: Order, voucher_ids: frozenset[str], status: VoucherStatus, now: datetime) -> Order:
    redeemed_at = now if status is VoucherStatus.REDEEMED else None
    changed = tuple(
        replace(v, status=status, redeemed_at=redeemed_at) if v.id in voucher_ids else v for v in order.vouchers
    )
    return _without_idle_expiries(replace(order, vouchers=changed))


def _with_expiries(order: Order) -> Order:
    """A timer for each time at which some of them expire."""
    firsts: dict[datetime, str] = {}
    for voucher in order.vouchers:
        if voucher.expires_at is not None:
            firsts.setdefault(voucher.expires_at, voucher.id)
    for due_at, voucher_id in firsts.items():
        order = with_timer(order, TimerView(order.head.id, voucher_id, EXPIRY, EXPIRY, _ORDER, due_at, None))
    return order


def _without_idle_expiries(order: Order) -> Order:
    """Timers of times at which nothing expires any more end."""
    waiting = {v.expires_at for v in order.vouchers if v.status is VoucherStatus.ISSUED}
    for timer in order.timers:
        if timer.name == EXPIRY and timer.due_at not in waiting:
            order = without_timer(order, timer.subject_id, EXPIRY)
    return order
