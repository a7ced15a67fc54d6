"""Which action a simulated step stands for: the real handler with its command, made from what the step says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from domain.access.viewer import Viewer
from domain.actions.act_on_after_sale import act_on_after_sale, rule_after_sale
from domain.actions.act_on_fulfillment import act_on_fulfillment
from domain.actions.act_on_order import act_on_order
from domain.actions.act_on_payment import act_on_payment
from domain.actions.act_on_refund import act_on_refund
from domain.actions.act_on_return import intercept_fulfillment, resolve_intercept, return_fulfillment
from domain.actions.cancel_order import cancel_order
from domain.actions.decline_fulfillment import decline_fulfillment
from domain.actions.modify_order import modify_order
from domain.actions.pay_order import pay_order
from domain.actions.receive_return import receive_return
from domain.actions.record_tracking import record_tracking
from domain.actions.redeem_voucher import redeem_voucher
from domain.actions.refund_payment import refund_payment
from domain.actions.rehearsal.services import METHOD
from domain.actions.request_after_sale import request_after_sale
from domain.actions.resolve_exception import resolve_exception
from domain.actions.review_order import approve_order
from domain.actions.ship_fulfillment import ship_fulfillment
from domain.actions.ship_return import ship_return
from domain.actions.split_order import split_order
from domain.after_sales import commands as after_sales
from domain.orders import commands, reverse_commands
from domain.orders.commands import LineQuantity
from domain.orders.model import Order
from domain.ports.bundle import Ports
from domain.values.enums import AfterSaleKind, ExceptionResolution, TrackingStatus, VoucherStatus
from domain.values.ids import IdKind, new_id
from domain.values.money import Money
from domain.values.outcomes import Outcome

WORDS: Final = METHOD
"""The reason, the note, the carrier of a simulated step."""
Received = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class SimulatedAction:
    """What is left out is None. `received`: line, accepted, damaged."""

    action: str
    subject_id: str | None = None
    lines: tuple[LineQuantity, ...] | None = None
    amount: Money | None = None
    kind: AfterSaleKind | None = None
    is_approved: bool | None = None
    is_successful: bool | None = None
    resolution: ExceptionResolution | None = None
    received: Received | None = None


SubjectOf = Callable[[Order], str | None]
"""What the action is about where the step does not say it; None: there is nothing."""


@dataclass(frozen=True, slots=True)
class Take:
    """One row of the script. `needs`: fields of the step that the action cannot do without."""

    subject_of: SubjectOf
    handler: Callable[[Ports, Viewer, Any], Awaitable[Outcome]]
    command: Callable[[SimulatedAction, str, Order], Any]
    needs: tuple[str, ...] = ()


def _order(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    return commands.ActOnOrder(asked.action, subject_id, note=WORDS)


def _fulfillment(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    return commands.ActOnFulfillment(asked.action, subject_id, note=WORDS)


def _payment(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    return commands.ActOnPayment(asked.action, subject_id, asked.amount, note=WORDS)


def _refund(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    return reverse_commands.ActOnRefund(asked.action, subject_id, note=WORDS)


def _case(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    return after_sales.ActOnAfterSale(asked.action, subject_id, asked.amount, note=WORDS)


def _request(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    kind = asked.kind or AfterSaleKind.RETURN_REFUND
    return after_sales.RequestAfterSale(None, subject_id, kind, WORDS, asked.lines or (), asked.amount)


def _returned(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    lines = None if asked.received is None else tuple(reverse_commands.ReceivedLine(*one) for one in asked.received)
    return reverse_commands.ReturnFulfillment(subject_id, lines, note=WORDS)


def _received(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    return after_sales.ReceiveReturn(subject_id, tuple(after_sales.ReceivedLine(*one) for one in asked.received or ()))


def _modified(asked: SimulatedAction, subject_id: str, _order: Order) -> Any:
    return commands.ModifyOrder(subject_id, set_lines=asked.lines or ())


def _tracking() -> str:
    return new_id(IdKind.SHIPMENT, 0)


def _split_off(asked: SimulatedAction, subject_id: str, order: Order) -> Any:
    """The units that are named are one part, what is left is another; with none named the unit's rules say."""
    if asked.lines is None:
        return commands.SplitOrder(subject_id)
    named = {line.line_id: line.quantity for line in asked.lines}
    left = ((line.id, line.quantity - named.get(line.id, 0)) for line in order.lines)
    rest = tuple(LineQuantity(line_id, units) for line_id, units in left if units > 0)
    parts = (asked.lines, rest) if rest else (asked.lines,)
    return commands.SplitOrder(subject_id, parts=tuple(commands.SplitPart(lines) for lines in parts))


def _tracked(asked: SimulatedAction, subject_id: str, order: Order) -> Any:
    """The carrier says that the parcel arrived, or that it was refused."""
    parcel = order.shipment(subject_id)
    carrier, number = (parcel.carrier, parcel.tracking_number) if parcel else (WORDS, None)
    status = TrackingStatus.DELIVERED if asked.is_successful else TrackingStatus.REFUSED
    return commands.RecordTracking(carrier, number or subject_id, _tracking(), order.head.updated_at, status)


def _of_order(order: Order) -> str:
    return order.head.id


def _newest(parts: str) -> SubjectOf:
    def newest(order: Order) -> str | None:
        found: tuple[Any, ...] = getattr(order, parts)
        return str(found[-1].id) if found else None

    return newest


def _open_voucher(order: Order) -> str | None:
    return next((each.id for each in order.vouchers if each.status is VoucherStatus.ISSUED), None)


_ON_ORDER: Final = partial(Take, _of_order)
_ON_PAYMENT: Final = partial(Take, _newest("payments"))
_ON_REFUND: Final = partial(Take, _newest("refunds"))
_ON_PART: Final = partial(Take, _newest("fulfillments"))
_ON_CASE: Final = partial(Take, _newest("after_sales"))

SCRIPT: Final[dict[str, Take]] = {
    **dict.fromkeys(
        (
            "rejectOrder",
            "holdOrder",
            "releaseOrder",
            "confirmOrder",
            "confirmReceipt",
            "extendReceipt",
            "completeOrder",
        ),
        _ON_ORDER(act_on_order, _order),
    ),
    "approveOrder": _ON_ORDER(approve_order, _order),
    "cancelOrder": _ON_ORDER(cancel_order, lambda asked, one, _: commands.CancelOrder(one, WORDS, asked.lines)),
    "modifyOrder": _ON_ORDER(modify_order, _modified, ("lines",)),
    "splitOrder": _ON_ORDER(split_order, _split_off),
    "redeemVoucher": Take(
        _open_voucher, redeem_voucher, lambda _asked, one, _: commands.RedeemVoucher(one, note=WORDS)
    ),
    "recordTracking": Take(_newest("shipments"), record_tracking, _tracked, ("is_successful",)),
    "payOrder": _ON_ORDER(pay_order, lambda asked, one, _: commands.PayOrder(one, METHOD, None, asked.amount)),
    "resolveException": _ON_ORDER(
        resolve_exception,
        lambda asked, one, _: reverse_commands.ResolveException(one, asked.resolution or ExceptionResolution.RETRY),
        ("resolution",),
    ),
    "requestAfterSale": _ON_ORDER(request_after_sale, _request, ("kind", "lines")),
    **dict.fromkeys(("capturePayment", "voidPayment"), _ON_PAYMENT(act_on_payment, _payment)),
    "refundPayment": _ON_PAYMENT(
        refund_payment,
        lambda asked, one, _: reverse_commands.RefundPayment(one, asked.amount, WORDS, None),
        ("amount",),
    ),
    **dict.fromkeys(("approveRefund", "rejectRefund", "retryRefund"), _ON_REFUND(act_on_refund, _refund)),
    **dict.fromkeys(
        ("acceptFulfillment", "packFulfillment", "startProduction", "finishProduction", "deliverFulfillment"),
        _ON_PART(act_on_fulfillment, _fulfillment),
    ),
    "declineFulfillment": _ON_PART(decline_fulfillment, _fulfillment),
    "shipFulfillment": _ON_PART(
        ship_fulfillment, lambda asked, one, _: commands.ShipFulfillment(one, WORDS, _tracking(), asked.lines)
    ),
    "interceptFulfillment": _ON_PART(intercept_fulfillment, _fulfillment),
    "resolveIntercept": _ON_PART(
        resolve_intercept,
        lambda asked, one, _: reverse_commands.ResolveIntercept(one, bool(asked.is_successful)),
        ("is_successful",),
    ),
    "returnFulfillment": _ON_PART(return_fulfillment, _returned),
    **dict.fromkeys(
        ("withdrawAfterSale", "approveAfterSale", "rejectAfterSale", "appealAfterSale"),
        _ON_CASE(act_on_after_sale, _case),
    ),
    "ruleAfterSale": _ON_CASE(
        rule_after_sale,
        lambda asked, one, _: after_sales.RuleAfterSale(one, bool(asked.is_approved), asked.amount),
        ("is_approved",),
    ),
    "shipReturn": _ON_CASE(ship_return, lambda _asked, one, _: after_sales.ShipReturn(one, WORDS, _tracking())),
    "receiveReturn": _ON_CASE(receive_return, _received, ("received",)),
}
"""By action. What is not here is the beginning of an order, which is not there yet."""
