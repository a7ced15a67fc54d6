"""What becomes of demo orders: scripts of acts, with how long people take and how often it goes this way.

`LIVES` are whole lives; they end when they end, or at the reference time. `MOMENTS` stop in a state that does not last, for
demos of orders under way: the last act lies a part of the state's own deadline before the reference time.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from adapters.seeding.acts import (
    ACCEPT,
    AUTHORIZE,
    CANCEL,
    CAPTURE_PART,
    COMPLETE,
    CONFIRM,
    DECLINE,
    DECLINE_BY_ALL,
    DECLINE_ONE,
    DELIVER,
    DELIVER_ONE,
    EXTEND,
    HOLD,
    LET_GO,
    PACK,
    PAY,
    PAY_PART,
    RECEIVE,
    RELEASE,
    RESTOCK,
    SHIP,
    SHIP_PART,
    TRACK_DELIVERED,
    TRACK_OUT,
    TRACK_REFUSED,
    TRACK_TRANSIT,
)
from adapters.seeding.cases import AGREE, CLAIM_MONEY, CLAIM_RETURN, REJECT, SEND_BACK
from adapters.seeding.dice import span_s
from adapters.seeding.reverse import GIVE_UP, GIVE_UP_ONE, NOTHING_CAME, TRACK_LOST
from adapters.seeding.stage import Act, ScriptedAct
from domain.policies import DAY_S, HOUR_S, MINUTE_S, Timeouts
from domain.values.enums import OrderStatus, OrderType


@dataclass(frozen=True, slots=True)
class Beat:
    """An act, and how long after the one before: between the two, after a deadline of the unit's where one is named."""

    least_s: int
    most_s: int
    act: Act
    deadline: str | None = None

    def drawn(self, rolls: Random, timeouts: Timeouts) -> ScriptedAct:
        waited_s: int = getattr(timeouts, self.deadline) if self.deadline else 0
        return ScriptedAct(waited_s + span_s(rolls, self.least_s, self.most_s), self.act)


@dataclass(frozen=True, slots=True)
class Script:
    beats: tuple[Beat, ...]
    weight: int = 1
    needs_two_units: bool = False
    """Where a part is shipped there must be two."""
    refunds_fail: int = 0
    is_reviewed: bool = False
    """A person looks at it before it can be paid."""
    order_type: OrderType = OrderType.PHYSICAL
    has_codes: bool = True
    """Of a virtual order: whether there are vouchers to be had."""
    is_pair: bool = False
    """Of a group buy: two orders have its seats, this one and the next."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The state in which the script leaves the order, and how long ago it did: parts of `deadline`, or seconds after it."""

    status: OrderStatus
    script: Script
    deadline: str
    least: float = 0.05
    most: float = 0.6
    seconds_after: tuple[int, int] | None = None

    def age_s(self, rolls: Random, timeouts: Timeouts) -> float:
        deadline_s: int = getattr(timeouts, self.deadline)
        if self.seconds_after is not None:
            return deadline_s + rolls.uniform(*self.seconds_after)
        return deadline_s * rolls.uniform(self.least, self.most)


_PAY: Final = Beat(40, 15 * MINUTE_S, PAY)
_CONFIRM: Final = Beat(10 * MINUTE_S, 8 * HOUR_S, CONFIRM)
_ACCEPT: Final = Beat(HOUR_S, 10 * HOUR_S, ACCEPT)
_PACK: Final = Beat(HOUR_S, 12 * HOUR_S, PACK)
_SHIP: Final = Beat(HOUR_S, DAY_S, SHIP)
_SHIP_PART: Final = Beat(HOUR_S, DAY_S, SHIP_PART)
_DELIVER: Final = Beat(DAY_S, 5 * DAY_S, DELIVER)
_RECEIVE: Final = Beat(4 * HOUR_S, 6 * DAY_S, RECEIVE)
_COMPLETE: Final = Beat(DAY_S, 5 * DAY_S, COMPLETE)
_AUTHORIZE: Final = replace(_PAY, act=AUTHORIZE)
_DECLINE: Final = replace(_PAY, act=DECLINE)
_PAY_PART: Final = replace(_PAY, act=PAY_PART)
_PAY_AGAIN: Final = Beat(MINUTE_S, 10 * MINUTE_S, PAY)
_ACCEPT_IN_TIME: Final = replace(_ACCEPT, deadline="confirm_s")
"""Nobody confirms, so that time does; then it is accepted."""
_CAPTURE_PART: Final = Beat(10 * MINUTE_S, HOUR_S, CAPTURE_PART)
_LET_GO: Final = Beat(10 * MINUTE_S, 3 * HOUR_S, LET_GO)
_TO_THE_DOOR: Final = (_ACCEPT, _PACK, _SHIP, _DELIVER)
_DECLINED: Final = Beat(HOUR_S, 8 * HOUR_S, DECLINE_ONE)
_BACKORDERED: Final = replace(_DECLINED, act=DECLINE_BY_ALL)
_IN_TRANSIT: Final = Beat(4 * HOUR_S, DAY_S, TRACK_TRANSIT)
_OUT: Final = Beat(8 * HOUR_S, DAY_S, TRACK_OUT)
_HANDED_OVER: Final = Beat(HOUR_S, 8 * HOUR_S, TRACK_DELIVERED)
_REFUSED: Final = replace(_HANDED_OVER, act=TRACK_REFUSED)
_TRACKED: Final = (_ACCEPT, _PACK, _SHIP, _IN_TRANSIT, _OUT, _HANDED_OVER)
_TO_THE_END: Final = (*_TO_THE_DOOR, _RECEIVE, _COMPLETE)
_CLAIM_MONEY: Final = Beat(2 * HOUR_S, 2 * DAY_S, CLAIM_MONEY)
_CLAIM_RETURN: Final = Beat(2 * HOUR_S, 2 * DAY_S, CLAIM_RETURN)
_AGREE: Final = Beat(HOUR_S, DAY_S, AGREE)
_REJECT: Final = Beat(HOUR_S, DAY_S, REJECT)
_SEND_BACK: Final = Beat(DAY_S, 5 * DAY_S, SEND_BACK)
_BY_CARD: Final = (_AUTHORIZE, _CONFIRM)
_GIVE_UP: Final = Beat(HOUR_S, 12 * HOUR_S, GIVE_UP)
_GIVE_UP_ONE: Final = Beat(HOUR_S, 12 * HOUR_S, GIVE_UP_ONE)
_LOST: Final = Beat(DAY_S, 3 * DAY_S, TRACK_LOST)
_NOTHING_CAME: Final = Beat(DAY_S, 2 * DAY_S, NOTHING_CAME)

LIVES: Final = (
    Script((_PAY, _CONFIRM, *_TO_THE_END), 35),
    Script((_PAY, _CONFIRM, *_TRACKED, _RECEIVE, _COMPLETE), 7),
    Script((_PAY, _CONFIRM, _DECLINED, Beat(4 * HOUR_S, 2 * DAY_S, RESTOCK), *_TO_THE_END), 2),
    Script((_PAY, _ACCEPT_IN_TIME, _PACK, _SHIP, _DELIVER), 20),
    Script((_DECLINE, _PAY_AGAIN, _CONFIRM, *_TO_THE_DOOR, _RECEIVE), 7),
    Script((_AUTHORIZE, _CONFIRM, *_TO_THE_DOOR, _RECEIVE), 8),
    Script((_PAY_PART, _PAY_AGAIN, _CONFIRM, *_TO_THE_END), 3),
    Script((_PAY, _CONFIRM, _ACCEPT, _PACK, _SHIP_PART, _SHIP, _DELIVER, _RECEIVE), 5, needs_two_units=True),
    Script((_PAY, Beat(HOUR_S, 3 * HOUR_S, HOLD), Beat(2 * HOUR_S, 2 * DAY_S, RELEASE), _CONFIRM, *_TO_THE_END), 2),
    Script((_PAY, _CONFIRM, _ACCEPT, _PACK, _SHIP, Beat(DAY_S, 4 * DAY_S, EXTEND), _DELIVER, _RECEIVE), 1),
    Script((_AUTHORIZE, _CAPTURE_PART, _CONFIRM, *_TO_THE_DOOR), 1),
    Script((_AUTHORIZE, _LET_GO, Beat(HOUR_S, 10 * HOUR_S, PAY), _CONFIRM, *_TO_THE_DOOR, _RECEIVE), 1),
    Script((_AUTHORIZE, _LET_GO), 1),
    Script((_PAY, _CONFIRM, *_TO_THE_DOOR, _CLAIM_MONEY, _AGREE, Beat(4 * HOUR_S, DAY_S, RECEIVE), _COMPLETE), 2),
    Script((_PAY, _CONFIRM, *_TO_THE_DOOR, _CLAIM_RETURN, _AGREE, _SEND_BACK), 1),
    Script((_PAY, _CONFIRM, *_TO_THE_DOOR, _CLAIM_RETURN, _REJECT), 1),
    Script((*_BY_CARD, _GIVE_UP), 2),
    Script((*_BY_CARD, _GIVE_UP_ONE, *_TO_THE_DOOR, _RECEIVE), 2),
    Script((*_BY_CARD, _ACCEPT, _PACK, _SHIP, _LOST, _NOTHING_CAME), 1),
    Script((_PAY_PART,), 1),
    Script((Beat(MINUTE_S, 20 * MINUTE_S, CANCEL),), 3),
    Script((_DECLINE,), 2),
    Script((), 4),
)

_CONFIRMED: Final = (_PAY, _CONFIRM)
_PACKED: Final = (*_CONFIRMED, _ACCEPT, _PACK)
SHIPPED_IN_PART: Final = Moment(
    OrderStatus.PARTIALLY_SHIPPED, Script((*_PACKED, _SHIP_PART), needs_two_units=True), "shipment_alert_s"
)
MOMENTS: Final = (
    Moment(OrderStatus.PENDING_REVIEW, Script((), is_reviewed=True), "review_s"),
    Moment(OrderStatus.PENDING_PAYMENT, Script(()), "pay_s"),
    Moment(OrderStatus.PAID, Script((_PAY,)), "confirm_s"),
    Moment(OrderStatus.CONFIRMED, Script(_CONFIRMED), "accept_s"),
    Moment(OrderStatus.IN_FULFILLMENT, Script((*_CONFIRMED, _ACCEPT)), "promise_s"),
    SHIPPED_IN_PART,
    Moment(OrderStatus.SHIPPED, Script((*_PACKED, _SHIP)), "receipt_after_shipment_s"),
    Moment(OrderStatus.DELIVERED, Script((*_PACKED, _SHIP, _DELIVER)), "receipt_after_delivery_s"),
    Moment(OrderStatus.RECEIVED, Script((*_PACKED, _SHIP, _DELIVER, _RECEIVE)), "completion_s"),
    Moment(OrderStatus.PARTIALLY_PAID, Script((_PAY_PART,)), "pay_s"),
    Moment(OrderStatus.ON_HOLD, Script((_PAY, Beat(HOUR_S, 5 * HOUR_S, HOLD))), "hold_alert_s"),
    Moment(OrderStatus.EXCEPTION, Script((_AUTHORIZE, _LET_GO)), "exception_s"),
    # The money was not given back at the fourth attempt: the fifth comes an hour after it.
    Moment(
        OrderStatus.REFUNDING, Script((_PAY_PART, _AUTHORIZE, _LET_GO), refunds_fail=4), "exception_s",
        seconds_after=(30 * MINUTE_S, HOUR_S),
    ),
    Moment(OrderStatus.PAID, Script((_AUTHORIZE,)), "confirm_s"),
    Moment(OrderStatus.PENDING_PAYMENT, Script((_DECLINE,)), "pay_s"),
    Moment(OrderStatus.PAID, Script((_AUTHORIZE, _CAPTURE_PART)), "confirm_s"),
    Moment(OrderStatus.IN_FULFILLMENT, Script(_PACKED), "promise_s"),
    Moment(
        OrderStatus.IN_FULFILLMENT, Script((_AUTHORIZE, _CONFIRM, _ACCEPT)), "accept_s"
    ),
    Moment(OrderStatus.CONFIRMED, Script((*_CONFIRMED, _BACKORDERED)), "confirm_s"),
    Moment(OrderStatus.SHIPPED, Script((*_PACKED, _SHIP, _IN_TRANSIT, _OUT)), "receipt_after_delivery_s"),
    Moment(OrderStatus.DELIVERED, Script((*_PACKED, _SHIP, _IN_TRANSIT, _HANDED_OVER)), "receipt_after_delivery_s"),
    Moment(OrderStatus.SHIPPED, Script((*_PACKED, _SHIP, _IN_TRANSIT, _REFUSED)), "receipt_after_delivery_s"),
    Moment(
        OrderStatus.PARTIALLY_SHIPPED, Script((*_PACKED, _SHIP_PART, Beat(DAY_S, 2 * DAY_S, DELIVER_ONE)), needs_two_units=True),
        "accept_s",
    ),
    Moment(OrderStatus.CANCEL_PENDING, Script((*_BY_CARD, _ACCEPT, _PACK, _SHIP, _GIVE_UP)), "intercept_s"),
    # The last of the system's own attempts comes six hours after the first.
    Moment(
        OrderStatus.REFUND_EXCEPTION, Script((_AUTHORIZE, _CAPTURE_PART, _GIVE_UP), refunds_fail=6), "refund_alert_s",
        least=0.4, most=0.8
    ),
    Moment(
        OrderStatus.RETURNED, Script((*_BY_CARD, _ACCEPT, _PACK, _SHIP, _LOST, _NOTHING_CAME)), "return_alert_s"
    ),
)  # fmt: skip
