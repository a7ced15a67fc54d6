"""Demo orders of the other types: made to order, sold before they are there, virtual, bought in a group."""

from typing import Final

from adapters.seeding.acts import ACCEPT, COMPLETE, DELIVER, MERCHANT, PACK, PAY_HERE, RECEIVE, SHIP, OnFulfillments
from adapters.seeding.reverse import GIVE_UP
from adapters.seeding.scripts import Beat, Moment, Script
from adapters.seeding.stage import Act, Stage
from domain.access.viewer import SYSTEM
from domain.orders.groups import told
from domain.orders.vouchers import blocked_voucher, redeemed
from domain.policies import DAY_S, HOUR_S, MINUTE_S
from domain.values.enums import GroupStatus, OrderStatus, OrderType


def redeem(stage: Stage) -> None:
    """A voucher is used, where the desk of the business unit takes it."""
    voucher = next((each for each in stage.order.vouchers if blocked_voucher(each, stage.now) is None), None)
    if voucher is not None:
        stage.become(redeemed(stage.order, voucher.id, stage.step(MERCHANT)))


def form_group(stage: Stage) -> None:
    """The last seat is paid."""
    stage.books.end_group(GroupStatus.FORMED)
    stage.become(told(stage.order, GroupStatus.FORMED, stage.step(SYSTEM)))


START: Final[Act] = OnFulfillments("startProduction")
FINISH: Final[Act] = OnFulfillments("finishProduction")

_PAY: Final = Beat(40, 15 * MINUTE_S, PAY_HERE)
_ACCEPT: Final = Beat(HOUR_S, 8 * HOUR_S, ACCEPT)
_START: Final = Beat(HOUR_S, 12 * HOUR_S, START)
_FINISH: Final = Beat(4 * HOUR_S, DAY_S, FINISH)
_SHIP: Final = Beat(HOUR_S, DAY_S, SHIP)
_TO_THE_END: Final = (
    Beat(DAY_S, 4 * DAY_S, DELIVER),
    Beat(4 * HOUR_S, 4 * DAY_S, RECEIVE),
    Beat(HOUR_S, 4 * DAY_S, COMPLETE),
)
_MADE: Final = (_PAY, _ACCEPT, _START, _FINISH)
_PAID_LATER: Final = Beat(2 * DAY_S + HOUR_S, 4 * DAY_S, PAY_HERE)
"""Once the balance of a presale has opened."""
_FORM: Final = Beat(10 * MINUTE_S, 3 * HOUR_S, form_group)
_REDEEM: Final = Beat(HOUR_S, 8 * HOUR_S, redeem)


def _of(order_type: OrderType, status: OrderStatus, beats: tuple[Beat, ...], deadline: str, **more: bool) -> Moment:
    return Moment(status, Script(beats, order_type=order_type, **more), deadline)


_VIRTUAL, _MADE_TO_ORDER = OrderType.VIRTUAL, OrderType.MADE_TO_ORDER
_PRESALE, _GROUP_BUY = OrderType.PRESALE, OrderType.GROUP_BUY

VARIANTS: Final = (
    _of(_VIRTUAL, OrderStatus.PENDING_PAYMENT, (), "pay_s"),
    _of(_VIRTUAL, OrderStatus.DELIVERED, (_PAY,), "voucher_receipt_s"),
    _of(_VIRTUAL, OrderStatus.RECEIVED, (_PAY, _REDEEM, Beat(HOUR_S, 8 * HOUR_S, RECEIVE)), "completion_s"),
    _of(_VIRTUAL, OrderStatus.COMPLETED, (_PAY, _REDEEM, Beat(HOUR_S, 8 * HOUR_S, RECEIVE), _TO_THE_END[2]), "completion_s"),
    _of(_VIRTUAL, OrderStatus.EXCEPTION, (_PAY,), "exception_s", has_codes=False),
    _of(_MADE_TO_ORDER, OrderStatus.PENDING_DEPOSIT, (), "pay_s"),
    _of(_MADE_TO_ORDER, OrderStatus.CONFIRMED, (_PAY,), "accept_s"),
    _of(_MADE_TO_ORDER, OrderStatus.IN_FULFILLMENT, (_PAY, _ACCEPT, _START), "promise_s"),
    _of(_MADE_TO_ORDER, OrderStatus.PENDING_BALANCE, _MADE, "balance_s"),
    _of(_MADE_TO_ORDER, OrderStatus.SHIPPED, (*_MADE, _PAY, _SHIP), "receipt_after_delivery_s"),
    _of(_MADE_TO_ORDER, OrderStatus.COMPLETED, (*_MADE, _PAY, _SHIP, *_TO_THE_END), "completion_s"),
    Moment(
        OrderStatus.EXCEPTION, Script(_MADE, order_type=_MADE_TO_ORDER), "balance_s",
        seconds_after=(HOUR_S, 10 * HOUR_S),
    ),
    # Production had begun: the fee is kept.
    _of(_MADE_TO_ORDER, OrderStatus.CANCELLED, (_PAY, _ACCEPT, _START, Beat(HOUR_S, DAY_S, GIVE_UP)), "confirm_s"),
    _of(_PRESALE, OrderStatus.PENDING_DEPOSIT, (), "pay_s"),
    Moment(OrderStatus.PENDING_BALANCE, Script((_PAY,), order_type=_PRESALE), "balance_s", most=0.2),
    Moment(OrderStatus.PENDING_BALANCE, Script((_PAY,), order_type=_PRESALE), "balance_s", least=0.45, most=0.8),
    _of(_PRESALE, OrderStatus.PAID, (_PAY, _PAID_LATER), "confirm_s"),
    Moment(
        OrderStatus.CANCELLED, Script((_PAY,), order_type=_PRESALE), "balance_s",
        seconds_after=(3 * DAY_S, 5 * DAY_S),
    ),
    _of(_GROUP_BUY, OrderStatus.PENDING_PAYMENT, (), "pay_s"),
    _of(_GROUP_BUY, OrderStatus.GROUP_PENDING, (_PAY,), "group_s"),
    _of(_GROUP_BUY, OrderStatus.CONFIRMED, (_PAY, _FORM), "accept_s", is_pair=True),
    _of(
        _GROUP_BUY, OrderStatus.SHIPPED, (_PAY, _FORM, _ACCEPT, Beat(HOUR_S, 8 * HOUR_S, PACK), _SHIP),
        "receipt_after_delivery_s", is_pair=True,
    ),
    Moment(
        OrderStatus.CANCELLED, Script((_PAY,), order_type=_GROUP_BUY), "group_s", seconds_after=(HOUR_S, 10 * HOUR_S)
    ),
)  # fmt: skip
