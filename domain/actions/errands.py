"""Errands: what a step wants done outside of the order, done at least once and written down when it is.

Theory of operation
    A step queues its errands in its own transaction, so none is lost and none is done for a step that was rolled back.
    Whoever performs one (the request that caused it, or the worker) first asks the service, with no transaction open, then
    applies the answer and finishes the job in one transaction. Every service call is idempotent by the id it names and every
    answer may be applied twice: a crash at any point means that the errand is done again, not that it is done double.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from domain.access.viewer import EVERYTHING, SYSTEM, Actor
from domain.actions.backorders import fill_backorders
from domain.actions.changes import loaded, saved, step_for
from domain.actions.stock_holding import given_back, taken_elsewhere, with_units_in
from domain.actions.transactions import in_transaction
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.state import Step
from domain.orders.sums import IN_FLIGHT, capturable_minor
from domain.orders.views import PaymentView
from domain.payments import settlement
from domain.payments.answers import OperationDeclined
from domain.ports.bundle import Ports
from domain.ports.payments import PaymentRequest
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import FulfillmentState
from domain.values.faults import DomainFault

Apply = Callable[[Order, Step], Order]
Ask = Callable[[Ports, Order, Errand], Awaitable[Apply | None]]
"""Asks the service; answers with what that means for the order, if anything."""


async def perform(ports: Ports, order_id: str, errand: Errand, actor: Actor = SYSTEM) -> Order | None:
    """Do it and write it down; the order afterwards. None: it is about no order, or about one that does not exist. Raises
    ServiceUnavailable.
    """
    if errand.kind is ErrandKind.FILL_BACKORDERS:  # about many orders: each is a transaction of its own
        await fill_backorders(ports, order_id, errand)
        return None
    order = await loaded(ports, order_id)
    if order is None:
        await _without_order(ports, order_id, errand)
        apply = None
    else:
        apply = await _ASK[errand.kind](ports, order, errand)

    async def write(uow: UnitOfWork) -> Order | None:
        before = await uow.load(EVERYTHING, order_id)
        # Finished first: what follows from the answer may queue the same errand again.
        await uow.finish(order_id, errand.kind, errand.subject_id)
        if before is None or apply is None:
            return before
        after = apply(before, step_for(ports, before.head, actor))
        await saved(uow, ports, before, after)
        return after

    return await in_transaction(ports, write)


async def _without_order(ports: Ports, order_id: str, errand: Errand) -> None:
    """A placement that never came to be: what it had claimed is free again."""
    if errand.kind is not ErrandKind.UNDO_PLACEMENT:
        raise DomainFault(f"{errand.kind} is for the order {order_id}, which does not exist.")
    await ports.inventory.release(order_id)
    await ports.promotions.release(order_id)


async def _pay(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    payment = order.payment(errand.subject_id)
    if payment is None:
        return None
    if _is_given_up(ports, order, payment):
        known = await ports.payments.ask(payment.id)
        return None if known is None else lambda now, step: settlement.answered(now, payment.id, known, step)
    detail = errand.detail
    request = PaymentRequest(
        payment_id=payment.id,
        order_id=order.head.id,
        method=payment.method,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        is_captured_at_once=payment.is_captured_at_once,
        token=detail.get("token"),
        return_url=detail.get("returnUrl"),
    )
    answer = await ports.payments.pay(request)
    return lambda now, step: settlement.answered(now, payment.id, answer, step)


def _is_given_up(ports: Ports, order: Order, payment: PaymentView) -> bool:
    """Its time is over, and with it that of the stock held for it: nobody is charged any more."""
    allowed = timedelta(seconds=step_for(ports, order.head, SYSTEM).policy.timeouts.payment_s)
    return payment.status not in IN_FLIGHT or ports.clock.now() >= payment.created_at + allowed


async def _capture(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    payment = order.payment(errand.subject_id)
    if payment is None or str(payment.captured_minor) != errand.detail["from"]:
        return None
    amount = min(errand.amount_minor, capturable_minor(order.head, payment))
    if amount == 0:
        return None
    operation_id = f"{payment.id}:capture:{payment.captured_minor}"
    answer = await ports.payments.capture(payment.id, operation_id, amount)
    return lambda now, step: settlement.captured(now, payment.id, answer, step)


async def _void(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    payment = order.payment(errand.subject_id)
    return await let_go(ports, payment, "voidPayment") if payment else None


async def let_go(ports: Ports, payment: PaymentView, action: str) -> Apply | None:
    """Void what is open of a payment. Where a capture came first, that is what the order hears of."""
    if payment.open_authorization_minor == 0:
        return None
    answer = await ports.payments.void(payment.id)
    if not isinstance(answer, OperationDeclined):
        return lambda now, step: settlement.voided(now, payment.id, action, step)
    known = await ports.payments.ask(payment.id)
    if known is None or known.captured_minor <= payment.captured_minor:
        return None
    return lambda now, step: settlement.captured(now, payment.id, known, step)


async def _refund(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    """An open rest of the payment's authorization is let go first."""
    refund = order.refund(errand.subject_id)
    payment = order.payment(refund.payment_id) if refund else None
    if refund is None or payment is None or payment.external_reference is not None:
        return None  # what was paid elsewhere is given back elsewhere: the refund's alert tells a person
    without_rest = await let_go(ports, payment, "voidPayment")
    answer = await ports.payments.refund(refund.payment_id, refund.id, refund.amount_minor)

    def apply(now: Order, step: Step) -> Order:
        now = without_rest(now, step.as_(SYSTEM)) if without_rest else now
        return settlement.refunded(now, refund.id, answer, step)

    return apply


async def _deduct_stock(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    await ports.inventory.deduct(order.head.id)
    return None


async def _release_stock(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    await ports.inventory.release(order.head.id)
    return None


async def _move_stock(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    """From the warehouse that declined to one that has the units, unless they were found meanwhile."""
    asked = errand.detail
    part, declines = order.fulfillment(asked["fulfillment"]), int(asked["declines"])
    if part is None:
        return None
    await given_back(ports.inventory, order, part, declines - 1, asked["warehouse"])
    if part.status is not FulfillmentState.BACKORDERED or len(part.declined_by) != declines:
        return None
    step = step_for(ports, order.head, SYSTEM)
    warehouse = await taken_elsewhere(ports.inventory, order, part, step, part.declined_by)
    if warehouse is None:
        return None
    return lambda now, step: with_units_in(now, part.id, declines, warehouse, step)


async def _release_coupons(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    await ports.promotions.release(order.head.id)
    return None


async def _placed_after_all(_ports: Ports, _order: Order, _errand: Errand) -> Apply | None:
    return None


_ASK: Final[dict[ErrandKind, Ask]] = {
    ErrandKind.PAY: _pay,
    ErrandKind.CAPTURE: _capture,
    ErrandKind.VOID: _void,
    ErrandKind.REFUND: _refund,
    ErrandKind.DEDUCT_STOCK: _deduct_stock,
    ErrandKind.RELEASE_STOCK: _release_stock,
    ErrandKind.RELEASE_COUPONS: _release_coupons,
    ErrandKind.MOVE_STOCK: _move_stock,
    ErrandKind.UNDO_PLACEMENT: _placed_after_all,
}
