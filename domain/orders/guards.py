"""Guards: each looks at stored columns and says why a step is blocked, or None. The tables name them."""

from domain.orders.state import Facts
from domain.orders.sums import capturable_minor
from domain.orders.views import FulfillmentView, PaymentView
from domain.values.enums import AfterSaleStatus, FulfillmentKind, FulfillmentStatus, OrderStatus, Role
from domain.values.refusals import BlockedReason

WORKING_ORDER = frozenset((OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT, OrderStatus.PARTIALLY_SHIPPED))


def no_payment_in_flight(facts: Facts) -> BlockedReason | None:
    if facts.head.payments_in_flight == 0:
        return None
    return BlockedReason("PAYMENT_IN_FLIGHT", "A payment is under way; wait for its outcome.")


def something_payable(facts: Facts) -> BlockedReason | None:
    if facts.head.payable_minor > 0:
        return None
    return BlockedReason("NOTHING_PAYABLE", "Nothing is open to be paid.")


def nothing_payable(facts: Facts) -> BlockedReason | None:
    """Goods leave when they are paid; an imported order was settled elsewhere."""
    if facts.head.is_imported or facts.head.payable_minor == 0:
        return None
    return BlockedReason("PAYMENT_DUE", "The order is not paid in full.")


def nothing_shipped(facts: Facts) -> BlockedReason | None:
    if facts.head.shipped_units == 0:
        return None
    return BlockedReason("ALREADY_SHIPPED", "Some units were shipped already.")


def no_open_after_sale(facts: Facts) -> BlockedReason | None:
    if facts.head.after_sale_status is not AfterSaleStatus.OPEN:
        return None
    return BlockedReason("AFTER_SALE_OPEN", "An after-sale case is open.")


def before_deadline(facts: Facts) -> BlockedReason | None:
    if facts.deadline is not None and facts.now < facts.deadline:
        return None
    return BlockedReason("DEADLINE_PASSED", "The receipt deadline has passed.")


def extensions_left(facts: Facts) -> BlockedReason | None:
    """A buyer extends a limited number of times, support as often as it must."""
    limit = facts.policy.limits.receipt_extensions
    if Role.SUPPORT in facts.actor.roles or facts.head.receipt_extensions < limit:
        return None
    return BlockedReason("NO_EXTENSION_LEFT", f"The deadline was extended {limit} times already.")


def order_confirmed(facts: Facts) -> BlockedReason | None:
    """A replacement is sent whatever has become of the order by then."""
    part = facts.subject
    is_replacement = isinstance(part, FulfillmentView) and part.kind is FulfillmentKind.REPLACEMENT
    if is_replacement or facts.head.status in WORKING_ORDER:
        return None
    return BlockedReason("ORDER_NOT_CONFIRMED", f"The order is {facts.head.status}; it must be confirmed first.")


def something_captured(facts: Facts) -> BlockedReason | None:
    payment = facts.subject
    if isinstance(payment, PaymentView) and payment.captured_minor > payment.refunded_minor:
        return None
    return BlockedReason("NOTHING_TO_REFUND", "Nothing is left to give back.")


def provider_silent(facts: Facts) -> BlockedReason | None:
    """A refund's alert, which begins when it is sent, has been given: the provider had its time."""
    if facts.deadline is None or facts.now >= facts.deadline:
        return None
    return BlockedReason("REFUND_UNDER_WAY", "The provider still has time to settle it.")


def something_to_capture(facts: Facts) -> BlockedReason | None:
    payment = facts.subject
    if isinstance(payment, PaymentView) and capturable_minor(facts.head, payment) > 0:
        return None
    return BlockedReason("NOTHING_TO_CAPTURE", "Nothing is left to capture: of the authorization, or of what is owed.")


def nothing_accepted(facts: Facts) -> BlockedReason | None:
    """What a warehouse has begun is not moved."""
    if facts.head.fulfillment_status is FulfillmentStatus.UNFULFILLED:
        return None
    return BlockedReason("ALREADY_ACCEPTED", "A warehouse has begun.")


def nothing_cancelled(facts: Facts) -> BlockedReason | None:
    """The shares of units that are off are settled."""
    if facts.head.cancelled_minor == 0:
        return None
    return BlockedReason("UNITS_CANCELLED", "Some units were cancelled.")
