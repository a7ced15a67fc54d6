"""A provider's callback: something happened to a payment. What it was is asked, not read from the callback.

Theory of operation
    Callbacks come in any order, several times, before or after the answer of the call that caused them. So a callback is
    taken as a hint: the provider is asked how the payment stands now, and that goes through `settlement.answered`, as every
    answer does. What was asked is applied only while the payment is as it was before asking; else somebody else's answer
    may be the newer one, and the provider is asked again.

    The event's id is a key of the provider's, kept like any caller's: an event that comes again is known and does nothing.
    A payment is recorded before its provider hears of it; one that is unknown here is none of ours and is refused.
"""

from typing import Final

from domain.access.viewer import EVERYTHING, PROVIDER, Viewer
from domain.actions.changes import Target, found, saved, step_for
from domain.actions.transactions import Call, InFlight, once
from domain.orders.views import PaymentView
from domain.payments.answers import ProviderAnswer
from domain.payments.settlement import answered
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.faults import DomainFault, ServiceUnavailable
from domain.values.outcomes import Outcome, PaymentChanged
from domain.values.refusals import NotFound, Refusal, RequestInProgress, ServiceDown

MAX_ASKED: Final = 8
"""How often the provider is asked about one event before it is told to come again."""
_UNKNOWN: Final = NotFound(path=("paymentId",))


class _Moved(Exception):
    """The payment is not what the provider was asked about any more."""


async def take_payment_event(ports: Ports, provider: str, event_id: str, payment_id: str) -> Outcome:
    """`is_replayed`: the event was taken before. NotFound is not kept: what is unknown may be another's mistake."""
    call = Call("paymentEvent", event_id, payment_id)
    viewer = Viewer(PROVIDER.kind, provider, None, PROVIDER.roles)
    for _ in range(MAX_ASKED):
        payment = await _known(ports, payment_id)
        if payment is None:
            return _UNKNOWN
        try:
            return await _taken(ports, viewer, call, payment)
        except _Moved:
            continue
        except ServiceUnavailable as fault:
            return ServiceDown(message=str(fault), service=fault.service)
    return RequestInProgress(retry_after_ms=ports.terms.retry_after_ms)


async def _known(ports: Ports, payment_id: str) -> PaymentView | None:
    async with ports.unit_of_work() as uow:
        order = await found(uow, EVERYTHING, Target(MachineKind.PAYMENT, payment_id))
    return None if isinstance(order, Refusal) else order.payment(payment_id)


async def _taken(ports: Ports, viewer: Viewer, call: Call, asked: PaymentView) -> Outcome:
    is_elsewhere = asked.external_reference is not None
    answer = None if is_elsewhere else await ports.payments.ask(asked.id, asked.provider_reference)

    async def take(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        await _apply(uow, ports, asked, answer)
        return PaymentChanged(order_id=asked.order_id, payment_id=asked.id)

    outcome = await once(ports, viewer, call, take)
    if isinstance(outcome, InFlight):
        raise DomainFault("An event is taken in one transaction.")
    return outcome


async def _apply(uow: UnitOfWork, ports: Ports, asked: PaymentView, answer: ProviderAnswer | None) -> None:
    before = await uow.load(EVERYTHING, asked.order_id)
    if before is None or before.payment(asked.id) != asked:
        raise _Moved
    if answer is not None:
        after = answered(before, asked.id, answer, step_for(ports, before.head, PROVIDER))
        await saved(uow, ports, before, after)
