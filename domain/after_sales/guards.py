"""Guards of after-sale cases: each looks at stored columns and says why a step is blocked, or None."""

from datetime import datetime, timedelta

from domain.orders.state import Facts
from domain.values.enums import FulfillmentStatus, OrderStatus
from domain.values.refusals import BlockedReason

_NOTHING_LEFT = frozenset((FulfillmentStatus.CANCELLED, FulfillmentStatus.RETURNED))


def window_end(facts: Facts) -> datetime | None:
    """Some time after the order's completion; None: it is not completed. A source that completed an order may not say when:
    then it is counted from its placement.
    """
    head = facts.head
    if head.status is not OrderStatus.COMPLETED:
        return None
    return (head.completed_at or head.placed_at) + timedelta(seconds=facts.policy.after_sales.window_s)


def window_open(facts: Facts) -> BlockedReason | None:
    end = window_end(facts)
    if end is None or facts.now < end:
        return None
    return BlockedReason("WINDOW_CLOSED", "The time in which units could be claimed is over.")


def something_left(facts: Facts) -> BlockedReason | None:
    if facts.head.fulfillment_status not in _NOTHING_LEFT:
        return None
    return BlockedReason("NOTHING_LEFT", "Every unit was cancelled or came back.")
