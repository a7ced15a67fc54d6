"""Conditions of a case's derived steps: each reads the order and the case, and says whether the system moves the case on."""

from domain.orders.model import Order
from domain.orders.sums import SENT
from domain.orders.views import AfterSaleView, FulfillmentView, RefundView
from domain.values.enums import AfterSaleKind, FulfillmentState, RefundState

_SETTLED = frozenset((RefundState.SUCCEEDED, RefundState.REJECTED))


def nothing_comes_back(_order: Order, case: AfterSaleView) -> bool:
    return case.kind is AfterSaleKind.REFUND_ONLY or case.sent_units == 0


def goods_come_back(order: Order, case: AfterSaleView) -> bool:
    return not nothing_comes_back(order, case)


def accepted_for_money(order: Order, case: AfterSaleView) -> bool:
    return _has_accepted(order, case) and case.kind is not AfterSaleKind.EXCHANGE


def accepted_for_exchange(order: Order, case: AfterSaleView) -> bool:
    return _has_accepted(order, case) and case.kind is AfterSaleKind.EXCHANGE


def nothing_accepted(order: Order, case: AfterSaleView) -> bool:
    return not _has_accepted(order, case)


def replacement_sent(order: Order, case: AfterSaleView) -> bool:
    part = _replacement(order, case)
    return part is not None and part.status in SENT


def replacement_off(order: Order, case: AfterSaleView) -> bool:
    part = _replacement(order, case)
    return part is not None and part.status is FulfillmentState.CANCELLED


def replacement_came_back(order: Order, case: AfterSaleView) -> bool:
    part = _replacement(order, case)
    return part is not None and part.status is FulfillmentState.RETURNED


def replacement_arrived(order: Order, case: AfterSaleView) -> bool:
    part = _replacement(order, case)
    return part is not None and part.status is FulfillmentState.DELIVERED


def nothing_is_left(order: Order) -> bool:
    """Of the whole order: every unit was cancelled."""
    return all(line.cancelled_quantity == line.quantity for line in order.lines)


def money_is_back(order: Order, case: AfterSaleView) -> bool:
    """Every refund of the case arrived, or was rejected by a person."""
    return all(refund.status in _SETTLED for refund in refunds_of(order, case))


def money_is_stuck(order: Order, case: AfterSaleView) -> bool:
    return any(_is_stuck(refund) for refund in refunds_of(order, case))


def money_moves_again(order: Order, case: AfterSaleView) -> bool:
    return not money_is_stuck(order, case)


def refunds_of(order: Order, case: AfterSaleView) -> tuple[RefundView, ...]:
    return tuple(refund for refund in order.refunds if refund.after_sale_id == case.id)


def _is_stuck(refund: RefundView) -> bool:
    """Failed; one that the system tries again is on its way already."""
    return refund.status is RefundState.FAILED


def _has_accepted(order: Order, case: AfterSaleView) -> bool:
    return any(line.accepted for line in order.lines_of_case(case.id))


def _replacement(order: Order, case: AfterSaleView) -> FulfillmentView | None:
    return order.fulfillment(case.replacement_id) if case.replacement_id else None
