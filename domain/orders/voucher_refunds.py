"""Money that a person gives back of an order with vouchers. Pure.

Such a refund names an amount, not units. It is for vouchers that were not redeemed: it never takes what the redeemed ones are
worth. A voucher whose whole worth went back so is worth nothing any more, and its unit is off; less than that leaves it as it is.
"""

from bisect import bisect_right

from domain.access.viewer import SYSTEM
from domain.orders.model import Order
from domain.orders.refunding import units_refund
from domain.orders.state import Step
from domain.orders.units_off import Quantities, not_moving, picked, with_unmoved_units_off
from domain.orders.vouchers import refundable_units, withdrawn
from domain.values.enums import RefundState


def vouchers_refundable_minor(order: Order) -> int:
    """What can go back for its vouchers at most: those not redeemed, less what went back without taking one."""
    return max(0, _worth_minor(order, _free_units(order)) - _given_minor(order))


def without_vouchers_given_back(order: Order, step: Step, *, reason: str) -> Order:
    """As many of its vouchers as were given back, of what went back by now, are withdrawn."""
    units = _units_given_back(order)
    if not units:
        return order
    off = picked(not_moving(order), units)
    return with_unmoved_units_off(withdrawn(order, units), off, step.as_(SYSTEM), reason=reason, has_refund=False)


def _units_given_back(order: Order) -> dict[str, int]:
    """Whole units, the first lines first; all of them once nothing is left that could go back."""
    free, given = _free_units(order), _given_minor(order)
    if given == 0:
        return {}
    if given >= _worth_minor(order, free):
        return free
    units: dict[str, int] = {}
    for line_id, count in free.items():
        worth = [_worth_minor(order, {line_id: number}) for number in range(count + 1)]
        found = bisect_right(worth, given) - 1 if worth[-1] else 0
        if worth[found]:
            units[line_id] = found
            given -= worth[found]
    return units


def _free_units(order: Order) -> dict[str, int]:
    """By line id: units whose vouchers were not redeemed."""
    return {line.id: units for line in order.lines if (units := refundable_units(order, line.id))}


def _worth_minor(order: Order, units: Quantities) -> int:
    return units_refund(order, units).worth_minor


def _given_minor(order: Order) -> int:
    """What went back, or is on its way, for no unit."""
    back = (refund for refund in order.refunds if refund.status is not RefundState.REJECTED and not refund.is_excess)
    return max(0, sum(refund.amount_minor for refund in back) - sum(line.refunded_minor for line in order.lines))
