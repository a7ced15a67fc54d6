"""Orders of what is not sent: paid, they get vouchers; there is no address and no fulfillment."""

from typing import Final

from domain.orders.deposits import capture_all
from domain.orders.state import SAME, Clocks, Rule, State, TimerRule
from domain.orders.tables import modify
from domain.orders.tables.roles import M, P, S, roles
from domain.orders.tables.variant import Variant
from domain.orders.vouchers import EXPIRY, ask_for_vouchers, let_codes_go
from domain.values.enums import MachineKind, OrderStatus

_ORDER: Final = MachineKind.ORDER
_ISSUED: Final = (OrderStatus.DELIVERED, OrderStatus.RECEIVED, OrderStatus.COMPLETED)
_OF_GOODS: Final = (
    OrderStatus.ON_HOLD,
    OrderStatus.CONFIRMED,
    OrderStatus.IN_FULFILLMENT,
    OrderStatus.PARTIALLY_SHIPPED,
    OrderStatus.SHIPPED,
    OrderStatus.CANCEL_PENDING,
    OrderStatus.RETURNED,
)
_LEADS_TO_PAID: Final = ("placeOrder", "payOrder", "approveOrder", "modifyOrder")
_PAID_STATES: Final = (OrderStatus.PAID, OrderStatus.EXCEPTION, OrderStatus.REFUNDING, OrderStatus.CANCELLED)
"""Once it is paid its codes are made: what it costs does not change any more."""
_ENDS_EXCEPTION: Final = ("resolveException", "exceptionTimeout")

VARIANT: Final = Variant(
    OrderStatus.PENDING_PAYMENT,
    states=(
        State(
            _ORDER,
            OrderStatus.PAID,
            "Everything is captured or authorized; its vouchers are being issued.",
            TimerRule("voucherAlert", "alert", "voucher_alert_s"),
        ),
        State(
            _ORDER,
            OrderStatus.DELIVERED,
            "The buyer has the vouchers.",
            TimerRule("receiptTimeout", "receiptTimeout", "voucher_receipt_s"),
        ),
    ),
    rules=(
        Rule(
            _ORDER, (OrderStatus.PAID,), "vouchersIssued", (OrderStatus.DELIVERED,), roles(S), effects=(capture_all,),
        ),
        Rule(
            _ORDER, (OrderStatus.PAID,), "vouchersFailed", (OrderStatus.EXCEPTION,), roles(S), clocks=Clocks.REST,
        ),
        Rule(_ORDER, (OrderStatus.PAID,), "alert", (SAME,), roles(S)),
        Rule(_ORDER, _ISSUED, "redeemVoucher", (SAME,), roles(M, P), mutation="redeemVoucher"),
        Rule(_ORDER, _ISSUED, EXPIRY, (SAME,), roles(S)),
    ),
    without_states=frozenset((_ORDER, status) for status in _OF_GOODS),
    without_machines=frozenset((MachineKind.FULFILLMENT,)),
    without_rules=frozenset(
        (_ORDER, status, action)
        for status in _PAID_STATES
        for action in ("split", "splitOrder", *modify.DIFFERENCE, *(("payOrder",) if status is OrderStatus.PAID else ()))
    ),
    more_effects={(_ORDER, action): (ask_for_vouchers,) for action in _LEADS_TO_PAID}
    | {(_ORDER, action): (ask_for_vouchers, let_codes_go) for action in _ENDS_EXCEPTION},
)  # fmt: skip
