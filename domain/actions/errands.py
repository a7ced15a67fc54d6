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
from domain.actions.settle_group import settle_group
from domain.actions.stock_arranging import find_units, rearranged
from domain.actions.stock_holding import given_back, taken_elsewhere, with_units_in
from domain.actions.transactions import in_transaction
from domain.after_sales.exchanging import replaced
from domain.orders import vouchers
from domain.orders.arranging import is_arranged, wanted_holdings
from domain.orders.backorders import look_again, stocked_lines
from domain.orders.model import Errand, ErrandKind, Order
from domain.orders.paying_time import extended_until
from domain.orders.refund_steps import IS_RETRY, is_given_back
from domain.orders.state import Step
from domain.orders.stock_back import PlacedUnits, units_of
from domain.orders.sums import CLOSED_FOR_PAYMENT, IN_FLIGHT, capturable_minor
from domain.orders.views import PaymentView
from domain.payments import settlement
from domain.payments.answers import OperationDeclined
from domain.ports.bundle import Ports
from domain.ports.payments import PaymentRequest
from domain.ports.unit_of_work import UnitOfWork
from domain.ports.voucher_codes import CodesRefused, VoucherDemand
from domain.values.enums import DiscountKind, FulfillmentState
from domain.values.faults import DomainFault
from domain.values.refusals import OutOfStock

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
    if errand.kind is ErrandKind.SETTLE_GROUP:  # as well
        await settle_group(ports, order_id, errand)
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
        known = await ports.payments.ask(payment.id, payment.provider_reference)
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
    answer = await ports.payments.capture(payment.id, operation_id, amount, payment.provider_reference)
    return lambda now, step: settlement.captured(now, payment.id, answer, step)


async def _void(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    payment = order.payment(errand.subject_id)
    return await let_go(ports, payment, "voidPayment") if payment else None


async def let_go(ports: Ports, payment: PaymentView, action: str) -> Apply | None:
    """Void what is open of a payment. Where a capture came first, that is what the order hears of."""
    if payment.open_authorization_minor == 0:
        return None
    answer = await ports.payments.void(payment.id, payment.provider_reference)
    if not isinstance(answer, OperationDeclined):
        return lambda now, step: settlement.voided(now, payment.id, action, step)
    known = await ports.payments.ask(payment.id, payment.provider_reference)
    if known is None or known.captured_minor <= payment.captured_minor:
        return None
    return lambda now, step: settlement.captured(now, payment.id, known, step)


async def _refund(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    """An open rest of the payment's authorization is let go first. One that is tried again may have been done already: then
    that is what the order hears. A try that was declined is over: the next one has a name of its own.
    """
    refund = order.refund(errand.subject_id)
    payment = order.payment(refund.payment_id) if refund else None
    if refund is None or payment is None or payment.external_reference is not None:
        return None  # what was paid elsewhere is given back elsewhere: the refund's alert tells a person
    without_rest = await let_go(ports, payment, "voidPayment")
    known = await ports.payments.ask(payment.id, payment.provider_reference) if IS_RETRY in errand.detail else None
    if known is not None and is_given_back(order, refund, known.refunded_minor):
        return lambda now, step: settlement.refunded(now, refund.id, known, step)
    operation_id = f"{refund.id}:{refund.attempts}" if refund.attempts else refund.id
    answer = await ports.payments.refund(payment.id, operation_id, refund.amount_minor, payment.provider_reference)

    def apply(now: Order, step: Step) -> Order:
        now = without_rest(now, step.as_(SYSTEM)) if without_rest else now
        return settlement.refunded(now, refund.id, answer, step)

    return apply


async def _deduct_stock(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    await ports.inventory.deduct(order.head.id)
    return None


async def _extend_stock(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    await ports.inventory.extend(order.head.id, extended_until(errand))
    return None


async def _release_stock(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    await ports.inventory.release(order.head.id)
    return None


async def _withdraw_stock(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    units = units_of(errand)
    await ports.inventory.withdraw(order.head.id, errand.subject_id, units)
    await _offer(ports, order, errand, units)
    return None


async def _take_stock_back(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    units = units_of(errand)
    await ports.inventory.take_back(order.head.id, errand.subject_id, units)
    await _offer(ports, order, errand, units)
    return None


async def _offer(ports: Ports, order: Order, errand: Errand, units: tuple[PlacedUnits, ...]) -> None:
    """To those that wait: the walk that was queued with the step may have come before the units."""
    await fill_backorders(ports, order.head.id, look_again(errand.subject_id, *sorted({part.sku for part in units})))


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


async def _replace_units(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    """A replacement's units, held in the one warehouse that has them all; those that are not counted are there anyway."""
    part = order.fulfillment(errand.subject_id)
    if part is None or part.status is not FulfillmentState.CREATED:
        return None
    if not stocked_lines(order, part.id):
        return lambda now, step: replaced(now, part.id, None, is_found=True, step=step)
    step = step_for(ports, order.head, SYSTEM)
    warehouse = await taken_elsewhere(ports.inventory, order, part, step, ())
    return lambda now, step: replaced(now, part.id, warehouse, is_found=warehouse is not None, step=step)


async def _arrange_stock(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    """The inventory holds what the order wants, wherever the units are that it looks for; nothing for lines that were never
    written; and nothing at all for an order that is off, as it may have been held after the order's own release.
    """
    unwritten = tuple(line_id for line_id in errand.detail if order.line(line_id) is None)
    if unwritten:
        await ports.inventory.arrange(order.head.id, unwritten, (), ports.clock.now())
    if order.head.status in CLOSED_FOR_PAYMENT and order.head.shipped_units == 0:
        await ports.inventory.release(order.head.id)
    if not is_arranged(order):
        return None
    wanted = wanted_holdings(order)
    found = await find_units(ports.inventory, order, step_for(ports, order.head, SYSTEM))
    if isinstance(found, OutOfStock):
        return None  # what it had is gone: who needs it is told when it is not there
    return lambda now, step: rearranged(now, wanted, found, errand.subject_id, step)


async def _arrange_coupons(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    """It claims those of its ledger."""
    if not is_arranged(order):
        return None
    codes = tuple(row.code for row in order.discounts if row.kind is DiscountKind.COUPON and row.code is not None)
    await ports.promotions.claim_only(order.head.id, order.head.member_id, codes, order.head.placed_at)
    return None


async def _release_coupons(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    await ports.promotions.release(order.head.id)
    return None


async def _issue_vouchers(ports: Ports, order: Order, _errand: Errand) -> Apply | None:
    """A code for each unit; or the service's word why there is none."""
    if order.vouchers:
        return None
    demands = tuple(
        VoucherDemand(line.id, line.sku, line.quantity - line.cancelled_quantity)
        for line in order.lines
        if line.quantity > line.cancelled_quantity
    )
    answer = await ports.voucher_codes.issue(order.head.id, demands, ports.clock.now())
    if isinstance(answer, CodesRefused):
        return lambda now, step: vouchers.not_issued(now, answer.message, step)
    codes = {line_id: [(one.code, one.expires_at) for one in found] for line_id, found in answer.codes.items()}
    return lambda now, step: vouchers.issued(now, codes, step)


async def _cancel_vouchers(ports: Ports, order: Order, errand: Errand) -> Apply | None:
    """Those that the errand names, or all of the order."""
    await ports.voucher_codes.cancel(order.head.id, tuple(errand.detail.values()) or None)
    return None


async def _placed_after_all(_ports: Ports, _order: Order, _errand: Errand) -> Apply | None:
    return None


_ASK: Final[dict[ErrandKind, Ask]] = {
    ErrandKind.PAY: _pay,
    ErrandKind.CAPTURE: _capture,
    ErrandKind.VOID: _void,
    ErrandKind.REFUND: _refund,
    ErrandKind.DEDUCT_STOCK: _deduct_stock,
    ErrandKind.EXTEND_STOCK: _extend_stock,
    ErrandKind.RELEASE_STOCK: _release_stock,
    ErrandKind.RELEASE_COUPONS: _release_coupons,
    ErrandKind.MOVE_STOCK: _move_stock,
    ErrandKind.WITHDRAW_STOCK: _withdraw_stock,
    ErrandKind.TAKE_STOCK_BACK: _take_stock_back,
    ErrandKind.ARRANGE_STOCK: _arrange_stock,
    ErrandKind.ARRANGE_COUPONS: _arrange_coupons,
    ErrandKind.REPLACE_UNITS: _replace_units,
    ErrandKind.ISSUE_VOUCHERS: _issue_vouchers,
    ErrandKind.CANCEL_VOUCHERS: _cancel_vouchers,
    ErrandKind.UNDO_PLACEMENT: _placed_after_all,
}
