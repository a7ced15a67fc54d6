"""capturePayment and voidPayment: what is authorized is taken, or let go.

The wish is recorded as a job in one transaction, the provider is asked with none open, its answer is applied in another:
so money that was taken is never unknown to us, whatever crashes in between.
"""

from collections.abc import Callable
from typing import Final

from domain.access.viewer import Viewer
from domain.actions.changes import Target, found, loaded, step_for
from domain.actions.errands import perform
from domain.actions.transactions import Call, InFlight, finished, once
from domain.orders.commands import ActOnPayment
from domain.orders.effects import capture_of
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import refusal
from domain.orders.sums import capturable_minor
from domain.orders.views import OrderView, PaymentView
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault, ServiceUnavailable
from domain.values.money import Money
from domain.values.outcomes import Outcome, PaymentChanged
from domain.values.refusals import (
    ActionRejected,
    BlockedReason,
    InvalidInput,
    PaymentDeclined,
    Refusal,
    ServiceDown,
    invalid,
)

_ERRANDS: Final[dict[str, Callable[[PaymentView, int], Errand]]] = {
    "capturePayment": capture_of,
    "voidPayment": lambda payment, _amount_minor: Errand(ErrandKind.VOID, payment.id),
}


async def act_on_payment(ports: Ports, viewer: Viewer, command: ActOnPayment) -> Outcome:
    call = Call.of(command.action, command)

    async def begin(uow: UnitOfWork, resumed: str | None) -> Outcome | InFlight:
        if resumed is not None:
            order_id = await uow.order_id_of(MachineKind.PAYMENT, command.payment_id)
            return InFlight(order_id or "", resumed)
        return await _begun(uow, ports, viewer, command)

    begun = await once(ports, viewer, call, begin)
    if not isinstance(begun, InFlight):
        return begun
    outcome = await _settled(ports, viewer, begun, command)
    await finished(ports, viewer, call, begun.subject_id, None if isinstance(outcome, ServiceDown) else outcome)
    return outcome


async def _begun(uow: UnitOfWork, ports: Ports, viewer: Viewer, command: ActOnPayment) -> Outcome | InFlight:
    payment_id = command.payment_id
    target = Target(MachineKind.PAYMENT, payment_id, command.expected_version, command.note)
    order = await found(uow, viewer.scope, target)
    if isinstance(order, Refusal):
        return order
    step = step_for(ports, order.head, viewer.actor, command.note)
    refused = refusal(order, MachineKind.PAYMENT, payment_id, command.action, step)
    if refused is not None:
        return refused
    payment = order.payment(payment_id)
    if payment is None:
        raise DomainFault(f"The payment {payment_id} is gone.")
    problem = _amount_problem(order.head, payment, command)
    if problem is not None:
        return problem
    errand = _errand(payment, command, _amount(order.head, payment, command))
    queued = await uow.queue(order.head.id, (errand,), ports.clock.now(), lease_s=ports.terms.lease_s)
    return InFlight(order.head.id, _begun_at(errand)) if queued else _busy(payment, command.action)


async def _settled(ports: Ports, viewer: Viewer, begun: InFlight, command: ActOnPayment) -> Outcome:
    """The second half: ask the provider and apply its answer."""
    before = await loaded(ports, begun.order_id)
    payment = before.payment(command.payment_id) if before else None
    if before is None or payment is None:
        raise DomainFault(f"The payment {command.payment_id} is gone.")
    errand = _errand(payment, command, _amount(before.head, payment, command))
    if _begun_at(errand) != begun.subject_id:  # the worker was faster: once more would be too much
        return PaymentChanged(order_id=begun.order_id, payment_id=payment.id)
    try:
        order = await perform(ports, begun.order_id, errand, viewer.actor)
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)
    if order is not None and _was_declined(order, payment.id):
        return PaymentDeclined(message="The provider declined the capture.", payment_id=payment.id)
    return PaymentChanged(order_id=begun.order_id, payment_id=payment.id)


def _was_declined(order: Order, payment_id: str) -> bool:
    return any((event.subject_id, event.action) == (payment_id, "captureDeclined") for event in order.events)


def _errand(payment: PaymentView, command: ActOnPayment, amount_minor: int) -> Errand:
    return _ERRANDS[command.action](payment, amount_minor)


def _begun_at(errand: Errand) -> str:
    """The payment and how much of it was captured when the errand was begun: what is in flight under the key."""
    return f"{errand.subject_id}:{errand.detail.get('from', '')}"


def _amount(head: OrderView, payment: PaymentView, command: ActOnPayment) -> int:
    wanted: Money | None = command.amount
    return wanted.amount_minor if wanted is not None else capturable_minor(head, payment)


def _amount_problem(head: OrderView, payment: PaymentView, command: ActOnPayment) -> InvalidInput | None:
    amount = command.amount
    if amount is None:
        return None
    if command.action == "voidPayment":
        return invalid("amount", code="WHOLE_ONLY", message="An authorization is let go as a whole.")
    if amount.currency != payment.currency:
        return invalid("amount", "currency", code="WRONG_CURRENCY", message=f"The payment is in {payment.currency}.")
    limit = capturable_minor(head, payment)
    if not 0 < amount.amount_minor <= limit:
        shown = Money(limit, payment.currency).amount
        message = f"More than nothing and at most {shown} {payment.currency} can be captured."
        return invalid("amount", "amount", code="AMOUNT_OUT_OF_RANGE", message=message)
    return None


def _busy(payment: PaymentView, action: str) -> ActionRejected:
    message = "Another capture or release of this payment is under way."
    reasons = (BlockedReason("PAYMENT_BUSY", message),)
    return ActionRejected(message=message, action=action, state=payment.status, blocked_by=reasons)
