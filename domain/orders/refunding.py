"""What units of an order are worth when they are off or come back, and from which payments the money goes. Pure.

Theory of operation
    Each unit has its share of its line's price, discount and tax, and of the line's share of the shipping. Shares are those of
    the units that are gone so far, less those of the units that were gone before: so in whatever pieces units go, the pieces sum
    to the whole, and the last unit of a line takes the remainder. `OrderLineView.refunded_minor` keeps the worth (without the
    shipping) of the units of a line that are gone, paid or not.

    What was not paid is not given back: the worth of units that go first lowers what is still owed. Never more goes back than
    was captured, less what went back and what is on its way back.
"""

from collections.abc import Mapping

from domain.orders.model import Order
from domain.orders.refund_quotes import PaymentShare, UnitsRefund, UnitsWorth
from domain.orders.views import OrderLineView, PaymentView
from domain.values.enums import RefundState
from domain.values.money import share

UNDERWAY = frozenset((RefundState.REQUESTED, RefundState.PROCESSING, RefundState.FAILED))
"""Refunds that hold their money: it may still go back."""


def units_refund(order: Order, quantities: Mapping[str, int], *, fees_minor: int = 0) -> UnitsRefund:
    """What goes back when these units (by line id; each line has as many left) are cancelled or returned now. The same function
    for quotes and for the real thing.
    """
    worth = tuple(
        _worth(line, quantities[line.id], shipping_minor)
        for line, shipping_minor in _with_shipping(order)
        if quantities.get(line.id, 0)
    )
    amount = sum(units.amount_minor for units in worth)
    maximum = refundable_minor(order)
    due = maximum if _is_whole(order, quantities) else max(0, amount - _unpaid_minor(order))
    total = max(0, min(due, maximum) - fees_minor)
    currency = order.head.currency
    return UnitsRefund(
        order.head.id, currency, worth, min(fees_minor, due), total, maximum, over_payments(order, total)
    )


def over_payments(order: Order, amount_minor: int) -> tuple[PaymentShare, ...]:
    """The amount, as far as there is something to give back: the first payment first."""
    shares, left = [], amount_minor
    for payment in order.payments:
        part = min(left, payment_refundable_minor(order, payment))
        if part > 0:
            shares.append(PaymentShare(payment.id, part, payment.currency))
            left -= part
    return tuple(shares)


def refundable_minor(order: Order) -> int:
    """What is captured, did not go back, and is not on its way back."""
    return sum(payment_refundable_minor(order, payment) for payment in order.payments)


def payment_refundable_minor(order: Order, payment: PaymentView) -> int:
    return payment.captured_minor - payment.refunded_minor - refunds_open(order, payment.id)


def refunds_open(order: Order, payment_id: str) -> int:
    """What is on its way back to a payment, in minor units."""
    return sum(r.amount_minor for r in order.refunds if r.payment_id == payment_id and r.status in UNDERWAY)


def units_gone(line: OrderLineView) -> int:
    """Units that are off, came back, or may be kept for nothing: their money is settled."""
    return line.cancelled_quantity + line.returned_quantity + line.kept_quantity


def _worth(line: OrderLineView, quantity: int, shipping_minor: int) -> UnitsWorth:
    gone = units_gone(line)
    quantity = max(0, min(quantity, line.quantity - gone))
    tax = _share_of(line.tax_minor, gone, quantity, line.quantity)
    whole = _share_of(line.total_minor, gone, quantity, line.quantity)
    if gone + quantity == line.quantity:
        whole = max(0, line.total_minor - line.refunded_minor)
    shipping = _share_of(shipping_minor, gone, quantity, line.quantity)
    return UnitsWorth(line.id, quantity, whole - min(tax, whole), min(tax, whole), shipping, line.currency)


def _share_of(amount_minor: int, gone: int, quantity: int, units: int) -> int:
    """Of `quantity` units after the first `gone` of `units`."""
    return _first(amount_minor, gone + quantity, units) - _first(amount_minor, gone, units)


def _first(amount_minor: int, gone: int, units: int) -> int:
    return share(amount_minor, [gone, max(0, units - gone)])[0] if units else 0


def _with_shipping(order: Order) -> tuple[tuple[OrderLineView, int], ...]:
    """Each line with its share of the shipping, by what its units cost."""
    weights = [line.unit_price_minor * line.quantity - line.discount_minor for line in order.lines]
    return tuple(zip(order.lines, share(order.head.shipping_minor, weights), strict=True))


def _unpaid_minor(order: Order) -> int:
    """What is owed of the units that are not gone."""
    gone = sum(
        line.refunded_minor + _first(shipping, units_gone(line), line.quantity)
        for line, shipping in _with_shipping(order)
    )
    return max(0, order.head.total_minor - gone - order.head.captured_minor)


def _is_whole(order: Order, quantities: Mapping[str, int]) -> bool:
    """With the last unit of an order of which nothing was sent, all that was paid goes back, also what was paid too much."""
    return order.head.shipped_units == 0 and all(
        units_gone(line) + quantities.get(line.id, 0) == line.quantity for line in order.lines
    )
