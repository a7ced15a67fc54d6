"""The machine of an after-sale case, and the order's row from which one begins."""

from typing import Final

from domain.after_sales.conditions import (
    accepted_for_exchange,
    accepted_for_money,
    goods_come_back,
    money_is_back,
    money_is_stuck,
    money_moves_again,
    nothing_accepted,
    nothing_comes_back,
    nothing_is_left,
    replacement_arrived,
    replacement_came_back,
    replacement_off,
    replacement_sent,
)
from domain.after_sales.exchanging import make_replacement
from domain.after_sales.guards import something_left, window_end, window_open
from domain.after_sales.refunding import agree, follow_ruling, refund_case
from domain.after_sales.restocking import restock_accepted
from domain.orders.cancelling import give_up
from domain.orders.state import SAME, Rule, State, TimerRule
from domain.orders.tables.roles import B, C, F, M, P, S, W, roles
from domain.values.enums import AfterSaleState, MachineKind, OrderStatus

_CASE: Final = MachineKind.AFTER_SALE
_ALERT: Final = TimerRule("afterSaleAlert", "alert", "after_sale_alert_s")
_ALERTED: Final = (
    AfterSaleState.ARBITRATION,
    AfterSaleState.DISPUTED,
    AfterSaleState.EXCHANGING,
    AfterSaleState.REFUNDING,
    AfterSaleState.REFUND_EXCEPTION,
)
_AFTER_SHIPMENT: Final = (
    AfterSaleState.RETURN_IN_TRANSIT,
    AfterSaleState.ARBITRATION,
    AfterSaleState.DISPUTED,
    AfterSaleState.REFUNDING,
    AfterSaleState.EXCHANGING,
    AfterSaleState.EXCHANGE_SHIPPED,
    AfterSaleState.REFUND_EXCEPTION,
    AfterSaleState.COMPLETED,
    AfterSaleState.CLOSED,
)
"""A carrier may speak of a return late, or after a case was settled without it."""

_NOTHING_SENT: Final = (OrderStatus.PAID, OrderStatus.CONFIRMED, OrderStatus.IN_FULFILLMENT)
CLAIMABLE: Final = (
    *_NOTHING_SENT,
    OrderStatus.PARTIALLY_SHIPPED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.RECEIVED,
    OrderStatus.COMPLETED,
)


def _state(
    name: AfterSaleState, description: str, timer: TimerRule | None = None, *, is_terminal: bool = False
) -> State:
    return State(_CASE, name, description, timer, is_terminal)


STATES: Final = (
    _state(
        AfterSaleState.REQUESTED,
        "Asked for; it is approved by itself when nobody answers.",
        TimerRule("autoApprove", "autoApprove", "after_sale_review_s"),
    ),
    _state(AfterSaleState.APPROVED, "Agreed to; it goes on by itself."),
    _state(
        AfterSaleState.REJECTED,
        "Refused; the buyer may appeal for a while.",
        TimerRule("appealTimeout", "appealTimeout", "appeal_s"),
    ),
    _state(AfterSaleState.ARBITRATION, "Support or finance rules on it.", _ALERT),
    _state(
        AfterSaleState.AWAITING_RETURN,
        "The buyer sends the goods back.",
        TimerRule("returnShipment", "returnShipmentTimeout", "return_shipment_s"),
    ),
    _state(
        AfterSaleState.RETURN_IN_TRANSIT,
        "The goods are on their way back.",
        TimerRule("returnReceipt", "returnReceiptTimeout", "return_receipt_s"),
    ),
    _state(AfterSaleState.INSPECTING, "What came back is looked at; what follows is decided at once."),
    _state(AfterSaleState.DISPUTED, "Nothing that came back was accepted; support or finance rules on it.", _ALERT),
    _state(AfterSaleState.EXCHANGING, "The replacement is being made ready.", _ALERT),
    _state(
        AfterSaleState.EXCHANGE_SHIPPED,
        "The replacement is on its way.",
        TimerRule("exchangeTimeout", "exchangeTimeout", "exchange_s"),
    ),
    _state(AfterSaleState.REFUNDING, "The money is on its way back.", _ALERT),
    _state(AfterSaleState.REFUND_EXCEPTION, "A refund failed for good; finance tries again, or rejects it.", _ALERT),
    _state(AfterSaleState.COMPLETED, "Settled.", is_terminal=True),
    _state(AfterSaleState.WITHDRAWN, "Taken back by who asked for it.", is_terminal=True),
    _state(AfterSaleState.CLOSED, "Ended without an agreement.", is_terminal=True),
)

RULES: Final = (
    Rule(
        MachineKind.ORDER, CLAIMABLE, "requestAfterSale", (SAME,), roles(B, P, C),
        guards=(window_open, something_left), mutation="requestAfterSale", until=window_end,
    ),
    Rule(
        MachineKind.ORDER, _NOTHING_SENT, "cancelLast", (OrderStatus.REFUNDING,), roles(S), effects=(give_up,),
        when=nothing_is_left,
    ),
    Rule(_CASE, (None,), "requestAfterSale", (AfterSaleState.REQUESTED,), roles(B, P, C)),
    Rule(
        _CASE, (AfterSaleState.REQUESTED, AfterSaleState.AWAITING_RETURN), "withdrawAfterSale",
        (AfterSaleState.WITHDRAWN,), roles(B, P, C), mutation="withdrawAfterSale",
    ),
    Rule(
        _CASE, (AfterSaleState.REQUESTED,), "approveAfterSale", (AfterSaleState.APPROVED,), roles(M, C),
        effects=(agree,), mutation="approveAfterSale",
    ),
    Rule(
        _CASE, (AfterSaleState.REQUESTED,), "autoApprove", (AfterSaleState.APPROVED,), roles(S), effects=(agree,),
    ),
    Rule(
        _CASE, (AfterSaleState.REQUESTED,), "rejectAfterSale", (AfterSaleState.REJECTED,), roles(M, C),
        mutation="rejectAfterSale",
    ),
    Rule(
        _CASE, (AfterSaleState.REJECTED,), "appealAfterSale", (AfterSaleState.ARBITRATION,), roles(B, P),
        mutation="appealAfterSale",
    ),
    Rule(_CASE, (AfterSaleState.REJECTED,), "appealTimeout", (AfterSaleState.CLOSED,), roles(S)),
    Rule(
        _CASE, (AfterSaleState.ARBITRATION,), "ruleAfterSale",
        (AfterSaleState.APPROVED, AfterSaleState.REFUNDING, AfterSaleState.CLOSED), roles(C, F),
        effects=(follow_ruling,), mutation="ruleAfterSale",
    ),
    Rule(
        _CASE, (AfterSaleState.DISPUTED,), "ruleAfterSale", (AfterSaleState.REFUNDING, AfterSaleState.CLOSED),
        roles(C, F), effects=(follow_ruling,), mutation="ruleAfterSale",
    ),
    Rule(
        _CASE, (AfterSaleState.APPROVED,), "refundUnits", (AfterSaleState.REFUNDING,), roles(S),
        effects=(refund_case,), of_case=nothing_comes_back,
    ),
    Rule(
        _CASE, (AfterSaleState.APPROVED,), "awaitReturn", (AfterSaleState.AWAITING_RETURN,), roles(S),
        of_case=goods_come_back,
    ),
    Rule(
        _CASE, (AfterSaleState.AWAITING_RETURN,), "shipReturn", (AfterSaleState.RETURN_IN_TRANSIT,), roles(B, P, C),
        mutation="shipReturn",
    ),
    Rule(
        _CASE, (AfterSaleState.AWAITING_RETURN,), "returnShipmentTimeout", (AfterSaleState.CLOSED,), roles(S),
    ),
    Rule(
        _CASE, (AfterSaleState.RETURN_IN_TRANSIT,), "receiveReturn", (AfterSaleState.INSPECTING,), roles(W, M),
        mutation="receiveReturn",
    ),
    Rule(
        _CASE, (AfterSaleState.RETURN_IN_TRANSIT,), "returnReceiptTimeout", (AfterSaleState.ARBITRATION,), roles(S),
    ),
    Rule(_CASE, _AFTER_SHIPMENT, "recordTracking", (SAME,), roles(W, M, P, S), mutation="recordTracking"),
    Rule(
        _CASE, (AfterSaleState.INSPECTING,), "refundReturned", (AfterSaleState.REFUNDING,), roles(S),
        effects=(restock_accepted, refund_case), of_case=accepted_for_money,
    ),
    Rule(
        _CASE, (AfterSaleState.INSPECTING,), "exchangeReturned", (AfterSaleState.EXCHANGING,), roles(S),
        effects=(restock_accepted, make_replacement), of_case=accepted_for_exchange,
    ),
    Rule(
        _CASE, (AfterSaleState.INSPECTING,), "disputeReturned", (AfterSaleState.DISPUTED,), roles(S),
        of_case=nothing_accepted,
    ),
    Rule(
        _CASE, (AfterSaleState.EXCHANGING,), "shipReplacement", (AfterSaleState.EXCHANGE_SHIPPED,), roles(S),
        of_case=replacement_sent,
    ),
    Rule(
        _CASE, (AfterSaleState.EXCHANGING,), "refundReturned", (AfterSaleState.REFUNDING,), roles(S),
        effects=(refund_case,), of_case=replacement_off,
    ),
    Rule(
        _CASE, (AfterSaleState.EXCHANGE_SHIPPED,), "deliverReplacement", (AfterSaleState.COMPLETED,), roles(S),
        of_case=replacement_arrived,
    ),
    Rule(
        _CASE, (AfterSaleState.EXCHANGE_SHIPPED,), "refundReturned", (AfterSaleState.REFUNDING,), roles(S),
        effects=(refund_case,), of_case=replacement_came_back,
    ),
    Rule(_CASE, (AfterSaleState.EXCHANGE_SHIPPED,), "exchangeTimeout", (AfterSaleState.COMPLETED,), roles(S)),
    Rule(
        _CASE, (AfterSaleState.REFUNDING,), "refundAll", (AfterSaleState.COMPLETED,), roles(S), of_case=money_is_back,
    ),
    Rule(
        _CASE, (AfterSaleState.REFUNDING,), "refundFailed", (AfterSaleState.REFUND_EXCEPTION,), roles(S),
        of_case=money_is_stuck,
    ),
    Rule(
        _CASE, (AfterSaleState.REFUND_EXCEPTION,), "retryRefund", (AfterSaleState.REFUNDING,), roles(F, S),
        of_case=money_moves_again,
    ),
    Rule(_CASE, _ALERTED, "alert", (SAME,), roles(S)),
)  # fmt: skip
