"""payOrder: an attempt to pay what is open, whole or in part.

    1. One transaction: the amount is checked, the stock is held again until the payment's own deadline, the attempt is
       recorded with the errand to pay, the idempotency key is in flight.
    2. No transaction: the provider is asked.
    3. One transaction: its answer moves the payment and the order on, the errand is finished.
    4. The key keeps the outcome.

A crash after 1 is found by the worker, which performs the errand when its lease has run out; the same key finds it done. A
payment that was made elsewhere (method `external`) is asserted in step 1 and needs no other.
"""

from dataclasses import replace

from domain.access.viewer import Viewer
from domain.actions.changes import Target, found, loaded, saved, step_for
from domain.actions.errands import perform
from domain.actions.stock_holding import hold_again, with_allocations_of
from domain.actions.transactions import Call, InFlight, finished, once
from domain.orders.commands import PayOrder
from domain.orders.conditions import lines_without_stock
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step, refusal
from domain.orders.sums import IN_FLIGHT
from domain.orders.views import PaymentView
from domain.payments.answers import ProviderAnswer, ProviderState
from domain.payments.settlement import MAX_ATTEMPTS, answered, started
from domain.ports.bundle import Ports
from domain.ports.inventory import Inventory
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind, OrderStatus, PaymentState, Role
from domain.values.faults import DomainFault, ServiceUnavailable
from domain.values.ids import IdKind, kind_of
from domain.values.money import Money
from domain.values.outcomes import OrderPaid, Outcome
from domain.values.refusals import (
    ActionRejected,
    BlockedReason,
    Forbidden,
    InputProblem,
    InvalidInput,
    PaymentDeclined,
    Refusal,
    ServiceDown,
    invalid,
)

EXTERNAL = "external"
MAX_REFERENCE_LENGTH = 200
MAX_HISTORY = 1000
_SECURED = frozenset((PaymentState.AUTHORIZED, PaymentState.CAPTURED))


async def pay_order(ports: Ports, viewer: Viewer, command: PayOrder) -> Outcome:
    try:
        return await _paid(ports, viewer, command)
    except ServiceUnavailable as fault:  # of the inventory: nothing was recorded yet
        return ServiceDown(message=str(fault), service=fault.service)


async def _paid(ports: Ports, viewer: Viewer, command: PayOrder) -> Outcome:
    call = Call.of("payOrder", command)
    if call.problem is not None:
        return call.problem
    held = await _held_elsewhere(ports, viewer, command)
    if isinstance(held, Refusal):
        return held

    async def begin(uow: UnitOfWork, resumed: str | None) -> Outcome | InFlight:
        if resumed is not None:
            return InFlight(command.order_id, resumed)
        return await _begun(uow, ports, viewer, command, held)

    begun = await once(ports, viewer, call, begin)
    if not isinstance(begun, InFlight):
        return begun
    outcome = await _settled(ports, begun, command)
    storable = None if isinstance(outcome, ServiceDown) else outcome
    await finished(ports, viewer, call, begun.subject_id, storable)
    return outcome


async def _held_elsewhere(ports: Ports, viewer: Viewer, command: PayOrder) -> Order | Refusal | None:
    """Where the inventory is another system it is asked before the transaction, not inside. None: it is embedded, or the
    transaction will say no: what is refused holds nothing longer.
    """
    if Inventory in ports.embedded or kind_of(command.order_id) is not IdKind.ORDER:
        return None
    order = await loaded(ports, command.order_id, viewer.scope)
    if order is None or _problems(ports, command) or command.expected_version not in {None, order.head.version}:
        return None
    step = step_for(ports, order.head, viewer.actor)
    if _refused(ports, order, command, step) is not None:
        return None
    return _or_paid_elsewhere(order, command, await hold_again(ports.inventory, order, step))


def _or_paid_elsewhere(order: Order, command: PayOrder, held: Order | Refusal) -> Order | Refusal:
    """The last check comes too late for money that was taken elsewhere: units that are taken with the payment are missing then,
    and the order is an exception.
    """
    is_too_late = command.method == EXTERNAL and bool(lines_without_stock(order))
    return order if is_too_late and isinstance(held, Refusal) else held


async def _begun(
    uow: UnitOfWork, ports: Ports, viewer: Viewer, command: PayOrder, held_elsewhere: Order | None
) -> Outcome | InFlight:
    problems = _problems(ports, command)
    if problems:
        return InvalidInput(path=problems[0].path, problems=problems)
    before = await found(uow, viewer.scope, Target(MachineKind.ORDER, command.order_id, command.expected_version))
    if isinstance(before, Refusal):
        return before
    step = step_for(ports, before.head, viewer.actor)
    refused = _refused(ports, before, command, step)
    if refused is not None:
        return refused
    inventory = uow.local(Inventory)
    if inventory is not None:
        held = _or_paid_elsewhere(before, command, await hold_again(inventory, before, step))
    else:
        held = with_allocations_of(before, held_elsewhere) if held_elsewhere else before
    if isinstance(held, Refusal):
        return held
    after = _recorded(held, command, step)
    is_external = command.method == EXTERNAL
    await saved(uow, ports, before, after, lease_s=0 if is_external else ports.terms.lease_s)
    payment = after.payments[-1]
    if is_external:
        return OrderPaid(order_id=after.head.id, payment_id=payment.id)
    return InFlight(after.head.id, payment.id)


async def _settled(ports: Ports, begun: InFlight, command: PayOrder) -> Outcome:
    """The second half: ask the provider, unless the worker did so already."""
    order = await loaded(ports, begun.order_id)
    payment = order.payment(begun.subject_id) if order else None
    if payment is None:
        raise DomainFault(f"The payment {begun.subject_id} is gone.")
    if payment.status in IN_FLIGHT:
        errand = Errand(ErrandKind.PAY, payment.id, payment.amount_minor, tuple(sorted(_details(command).items())))
        try:
            order = await perform(ports, begun.order_id, errand)
        except ServiceUnavailable as fault:
            return ServiceDown(message=str(fault), service=fault.service)
    payment = order.payment(begun.subject_id) if order else None
    if payment is not None and payment.status is PaymentState.FAILED:
        return PaymentDeclined(message=await _decline_message(ports, order, payment.id), payment_id=payment.id)
    return OrderPaid(order_id=begun.order_id, payment_id=begun.subject_id)


async def _decline_message(ports: Ports, order: Order | None, payment_id: str) -> str:
    """The provider's sentence: of this very request, or from the history when the worker was faster."""
    events = order.events if order else ()
    if order is not None and not events:
        events = (await ports.order_views.history([order.head.id], MAX_HISTORY, 0))[0].items
    details = next((e.details for e in events if (e.subject_id, e.action) == (payment_id, "paymentDeclined")), {})
    return str(details.get("message") or "The payment was declined.")


def _problems(ports: Ports, command: PayOrder) -> tuple[InputProblem, ...]:
    problems = []
    if command.method != EXTERNAL and not ports.payments.takes(command.method):
        problems.append(InputProblem(("method",), "UNKNOWN_METHOD", f"{command.method!r} is no method of payment."))
    if command.method != EXTERNAL and (command.external_reference or command.paid_at):
        message = "externalReference and paidAt are for the method external."
        problems.append(InputProblem(("externalReference",), "EXTERNAL_ONLY", message))
    if command.method == EXTERNAL and (command.payment_token or command.return_url or not command.is_captured_at_once):
        message = "A payment that was made elsewhere takes no token, no returnUrl, and is captured."
        problems.append(InputProblem(("method",), "PROVIDER_ONLY", message))
    if command.external_reference is not None and not 0 < len(command.external_reference) <= MAX_REFERENCE_LENGTH:
        message = f"A reference has 1 to {MAX_REFERENCE_LENGTH} characters."
        problems.append(InputProblem(("externalReference",), "INVALID_LENGTH", message))
    if command.paid_at is not None and command.paid_at > ports.clock.now():
        problems.append(InputProblem(("paidAt",), "IN_THE_FUTURE", "It cannot have been paid in the future."))
    return tuple(problems)


def _refused(ports: Ports, order: Order, command: PayOrder, step: Step) -> Refusal | None:
    head = order.head
    if command.method == EXTERNAL and not _may_assert(ports, order, step):
        return Forbidden(message="You may not say that an order was paid elsewhere.", path=("method",))
    refused = refusal(order, MachineKind.ORDER, head.id, "payOrder", step)
    if refused is not None:
        return refused
    if any(p.method == command.method and p.status in IN_FLIGHT for p in order.payments):
        return _rejected(order, "PAYMENT_IN_FLIGHT", "A payment by this method is under way; wait for its outcome.")
    if len(order.payments) >= MAX_ATTEMPTS:
        return _rejected(order, "TOO_MANY_ATTEMPTS", f"An order takes at most {MAX_ATTEMPTS} attempts to pay it.")
    if _open_amount(order) <= 0:
        return _rejected(
            order, "PAYMENT_IN_FLIGHT", "Payments under way cover all that is open; wait for their outcome."
        )
    return _amount_problem(order, command)


def _amount_problem(order: Order, command: PayOrder) -> InvalidInput | None:
    amount, head = command.amount, order.head
    if amount is None:
        return None
    if amount.currency != head.currency:
        message = f"The order is in {head.currency}."
        return invalid("amount", "currency", code="WRONG_CURRENCY", message=message)
    limit = _open_amount(order)
    if not 0 < amount.amount_minor <= limit:
        message = f"More than nothing and at most {Money(limit, head.currency).amount} {head.currency} can be paid now."
        return invalid("amount", "amount", code="AMOUNT_OUT_OF_RANGE", message=message)
    return None


def _open_amount(order: Order) -> int:
    """What is payable and not under way already."""
    return order.head.payable_minor - sum(p.amount_minor for p in order.payments if p.status in IN_FLIGHT)


def _may_assert(ports: Ports, order: Order, step: Step) -> bool:
    if Role.FINANCE in step.actor.roles:
        return True
    channel = ports.policies.channel(order.head.channel)
    return Role.PARTNER in step.actor.roles and channel is not None and channel.may_assert_payments


def _rejected(order: Order, code: str, message: str) -> ActionRejected:
    reasons = (BlockedReason(code, message),)
    return ActionRejected(message=message, action="payOrder", state=order.head.status, blocked_by=reasons)


def _recorded(order: Order, command: PayOrder, step: Step) -> Order:
    amount = command.amount.amount_minor if command.amount else _open_amount(order)
    is_external = command.method == EXTERNAL
    payment = PaymentView(
        id=step.ids(IdKind.PAYMENT),
        order_id=order.head.id,
        status=PaymentState.CREATED,
        method=command.method,
        currency=order.head.currency,
        amount_minor=amount,
        authorized_minor=0,
        captured_minor=0,
        refunded_minor=0,
        excess_minor=0,
        is_captured_at_once=command.is_captured_at_once,
        provider_reference=None,
        external_reference=(command.external_reference or EXTERNAL) if is_external else None,
        next_action=None,
        created_at=step.now,
    )
    order = started(order, payment, _details(command), step)
    if not is_external:
        return order
    answer = ProviderAnswer(ProviderState.CAPTURED, amount, amount, reference=None)
    return _paid_at(answered(order, payment.id, answer, step), command)


def _details(command: PayOrder) -> dict[str, str]:
    """What the provider is told, and nobody else."""
    details = {"token": command.payment_token, "returnUrl": command.return_url}
    return {name: value for name, value in details.items() if value}


def _paid_at(order: Order, command: PayOrder) -> Order:
    if command.paid_at is None or order.head.status is not OrderStatus.PAID:
        return order
    return replace(order, head=replace(order.head, paid_at=command.paid_at))
