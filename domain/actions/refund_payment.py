"""refundPayment: money goes back because a person says so, whatever becomes of the goods."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Decide, Target, changed
from domain.actions.transactions import Call, once
from domain.orders.effects import with_refund
from domain.orders.model import Order
from domain.orders.refunding import payment_refundable_minor, refundable_minor
from domain.orders.reverse_commands import RefundPayment
from domain.orders.state import Step, refusal, settled, transition
from domain.orders.views import PaymentView
from domain.orders.voucher_refunds import vouchers_refundable_minor, without_vouchers_given_back
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault
from domain.values.money import Money
from domain.values.outcomes import Outcome, RefundChanged
from domain.values.refusals import ActionRejected, BlockedReason, InvalidInput, Refusal, invalid

MAX_REASON_LENGTH = 500
_ACTION = "refundPayment"


async def refund_payment(ports: Ports, viewer: Viewer, command: RefundPayment) -> Outcome:
    """The refund is approved by itself up to the unit's limit; else finance approves it."""
    target = Target(MachineKind.PAYMENT, command.payment_id, command.expected_version, command.reason)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        if not 0 < len(command.reason.strip()) <= MAX_REASON_LENGTH:
            message = f"A reason has 1 to {MAX_REASON_LENGTH} characters."
            return invalid("reason", code="INVALID_LENGTH", message=message)
        after = await changed(uow, ports, viewer, target, _refunding(command))
        if not isinstance(after, Order):
            return after
        refund = after.refunds[-1]
        return RefundChanged(order_id=after.head.id, payment_id=refund.payment_id, refund_id=refund.id)

    return at_once(await once(ports, viewer, Call.of(_ACTION, command), work))


def _refunding(command: RefundPayment) -> Decide:
    def decide(order: Order, step: Step) -> Order | Refusal:
        payment_id = command.payment_id
        refused = refusal(order, MachineKind.PAYMENT, payment_id, _ACTION, step)
        if refused is not None:
            return refused
        payment = order.payment(payment_id)
        if payment is None or command.amount is None:
            raise DomainFault(f"{payment_id} is gone, or nothing was said of how much.")
        problem = _amount_problem(order, payment, command.amount)
        if problem is not None:
            return problem
        amount_minor = command.amount.amount_minor
        details = {"amountMinor": str(amount_minor)}
        order = transition(order, MachineKind.PAYMENT, payment_id, _ACTION, step, details=details)
        order = with_refund(
            order, payment, amount_minor, step, reason=command.reason, is_excess=False, is_at_once=False
        )
        if order.vouchers:
            order = without_vouchers_given_back(order, step, reason=command.reason)
        # A fee that is given back after all is not kept any more.
        order = order.with_head(kept_minor=min(order.head.kept_minor, refundable_minor(order)))
        return settled(order, step)

    return decide


def _amount_problem(order: Order, payment: PaymentView, amount: Money) -> InvalidInput | ActionRejected | None:
    if amount.currency != payment.currency:
        return invalid("amount", "currency", code="WRONG_CURRENCY", message=f"The payment is in {payment.currency}.")
    limit = payment_refundable_minor(order, payment)
    if order.vouchers and limit > 0:
        limit = min(limit, vouchers_refundable_minor(order))
        if limit == 0:
            message = "What is left of it was paid for vouchers that were redeemed."
            reason = BlockedReason("VOUCHER_REDEEMED", message)
            return ActionRejected(message=message, action=_ACTION, state=payment.status, blocked_by=(reason,))
    if not 0 < amount.amount_minor <= limit:
        shown = Money(limit, payment.currency).amount
        message = f"More than nothing and at most {shown} {payment.currency} can be given back."
        return invalid("amount", "amount", code="AMOUNT_OUT_OF_RANGE", message=message)
    return None
