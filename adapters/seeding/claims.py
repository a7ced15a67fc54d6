"""Demo orders with an after-sale case in each state that lasts, and money given back for goodwill."""

from typing import Final

from adapters.seeding.acts import ACCEPT, AUTHORIZE, CONFIRM, DELIVER, PACK, SHIP
from adapters.seeding.cases import (
    AGREE,
    APPEAL,
    CLAIM_RETURN,
    GOODWILL,
    GOT_DAMAGED,
    GOT_SOUND,
    REJECT,
    SEND_BACK,
    WITHDRAW,
)
from adapters.seeding.scripts import Beat, Moment, Script
from domain.policies import DAY_S, HOUR_S, MINUTE_S
from domain.values.enums import OrderStatus

_DELIVERED: Final = (
    Beat(40, 15 * MINUTE_S, AUTHORIZE),
    Beat(10 * MINUTE_S, 8 * HOUR_S, CONFIRM),
    Beat(HOUR_S, 8 * HOUR_S, ACCEPT),
    Beat(HOUR_S, 8 * HOUR_S, PACK),
    Beat(HOUR_S, DAY_S, SHIP),
    Beat(DAY_S, 4 * DAY_S, DELIVER),
)
_CLAIMED: Final = (*_DELIVERED, Beat(2 * HOUR_S, DAY_S, CLAIM_RETURN))
_AGREED: Final = (*_CLAIMED, Beat(HOUR_S, DAY_S, AGREE))
_REJECTED: Final = (*_CLAIMED, Beat(HOUR_S, DAY_S, REJECT))
_SENT_BACK: Final = (*_AGREED, Beat(HOUR_S, 3 * DAY_S, SEND_BACK))


def _while(deadline: str, *beats: Beat, most: float = 0.6) -> Moment:
    """The order is DELIVERED all the while: its own deadline rests. It has more than the one unit that the case is about."""
    return Moment(OrderStatus.DELIVERED, Script(beats, needs_two_units=True), deadline, most=most)


CLAIMS: Final = (
    _while("after_sale_review_s", *_CLAIMED),
    _while("return_shipment_s", *_AGREED),
    _while("return_receipt_s", *_SENT_BACK),
    _while("appeal_s", *_REJECTED),
    _while("after_sale_alert_s", *_REJECTED, Beat(HOUR_S, DAY_S, APPEAL)),
    _while("after_sale_alert_s", *_SENT_BACK, Beat(DAY_S, 4 * DAY_S, GOT_DAMAGED)),
    _while("receipt_after_delivery_s", *_SENT_BACK, Beat(DAY_S, 4 * DAY_S, GOT_SOUND), most=0.3),
    _while("receipt_after_delivery_s", *_CLAIMED, Beat(HOUR_S, DAY_S, WITHDRAW), most=0.3),
    _while("receipt_after_delivery_s", *_DELIVERED, Beat(2 * HOUR_S, DAY_S, GOODWILL), most=0.3),
)
