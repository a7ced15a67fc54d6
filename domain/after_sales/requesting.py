"""A case begins: whether what is asked for can be claimed, and the order with the case. Pure.

Its units that have not left are cancelled with the request, and their money goes back at once, whatever becomes of the case: it
is about those that left. Where none of its units left, it is settled with that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.access.viewer import SYSTEM
from domain.after_sales.claims import Claim, claim_of, units_left
from domain.after_sales.commands import ExchangeLine, RequestAfterSale
from domain.orders.model import Order
from domain.orders.refund_quotes import UnitsRefund
from domain.orders.refunding import units_refund
from domain.orders.state import Step, begun, settled, transition
from domain.orders.units_off import not_moving, picked, with_unmoved_units_off
from domain.orders.views import AfterSaleLineView, AfterSaleView
from domain.orders.vouchers import withdrawn
from domain.values.enums import AfterSaleKind, AfterSaleState, MachineKind
from domain.values.ids import IdKind
from domain.values.money import Money
from domain.values.refusals import InputProblem
from domain.values.replacing import replace

_ORDER, _AFTER_SALE = MachineKind.ORDER, MachineKind.AFTER_SALE
_ACTION = "requestAfterSale"


@dataclass(frozen=True, slots=True)
class Request:
    """What is claimed, and what that is worth."""

    claims: tuple[Claim, ...]
    quote: UnitsRefund

    @property
    def sent_units(self) -> int:
        return sum(claim.sent for claim in self.claims)


def request_of(order: Order, asked: RequestAfterSale) -> Request | tuple[InputProblem, ...]:
    """What the command claims of the order, or what is wrong with it."""
    claims, problems = [], []
    for position, wanted in enumerate(asked.lines):
        path, line = ("lines", str(position)), order.line(wanted.line_id)
        claim = claim_of(order, line, asked.kind, wanted.quantity) if line is not None else None
        if line is None:
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", "The order has no such line."))
        elif claim is None:
            message = _range(units_left(order, line, asked.kind))
            problems.append(InputProblem((*path, "quantity"), "QUANTITY_OUT_OF_RANGE", message))
        else:
            claims.append(claim)
    if problems:
        return tuple(problems)
    quote = units_refund(order, _quoted(claims))
    request = Request(tuple(claims), quote)
    problem = amount_problem(asked.amount, quote, is_settled=request.sent_units == 0)
    return request if problem is None else (problem,)


def requested(order: Order, asked: RequestAfterSale, request: Request, step: Step) -> Order:
    """The order with the case, as far as it comes by itself."""
    order = transition(order, _ORDER, order.head.id, _ACTION, step)
    case = _case(order, asked, request, step)
    lines = tuple(_line(case, claim, asked.exchange_for or ()) for claim in request.claims)
    order = replace(order, after_sales=(*order.after_sales, case), after_sale_lines=order.after_sale_lines + lines)
    order = begun(order, _AFTER_SALE, case.id, _ACTION, step)
    order = _without_unsent(order, case, request, step)
    if _is_approved_by_itself(case, step):
        order = transition(order, _AFTER_SALE, case.id, "autoApprove", step.as_(SYSTEM))
    return settled(order, step)


def amount_problem(amount: Money | None, quote: UnitsRefund, *, is_settled: bool = False) -> InputProblem | None:
    """What is wrong with agreeing to this amount. `is_settled`: all of it goes back anyway."""
    if amount is None:
        return None
    if amount.currency != quote.currency:
        return InputProblem(("amount", "currency"), "WRONG_CURRENCY", f"The order is in {quote.currency}.")
    least = quote.total_minor if is_settled else 0
    if not least <= amount.amount_minor <= quote.total_minor:
        most = Money(quote.total_minor, quote.currency).amount
        message = f"It is {most} {quote.currency}: units that have not left are given back whole."
        if not is_settled:
            message = f"It is at most {most} {quote.currency}, and not below 0."
        return InputProblem(("amount", "amount"), "AMOUNT_OUT_OF_RANGE", message)
    return None


def _range(left: int) -> str:
    return f"Between 1 and {left} units of this line can be claimed." if left else "No unit of this line is left."


def _quoted(claims: Sequence[Claim]) -> dict[str, int]:
    """Units by line id: those that left; where none did, those that have not."""
    sent = {claim.line_id: claim.sent for claim in claims if claim.sent}
    return sent or {claim.line_id: claim.unsent for claim in claims}


def _case(order: Order, asked: RequestAfterSale, request: Request, step: Step) -> AfterSaleView:
    return AfterSaleView(
        id=step.ids(IdKind.AFTER_SALE),
        order_id=order.head.id,
        number=f"{order.head.number}-A{len(order.after_sales) + 1}",
        kind=asked.kind,
        status=AfterSaleState.REQUESTED,
        reason=asked.reason,
        attachments=asked.attachments,
        currency=order.head.currency,
        sent_units=request.sent_units,
        asked_minor=None if asked.amount is None else asked.amount.amount_minor,
        amount_minor=None,
        quote=request.quote,
        return_shipment_id=None,
        replacement_id=None,
        created_at=step.now,
    )


def _line(case: AfterSaleView, claim: Claim, exchange_for: Sequence[ExchangeLine]) -> AfterSaleLineView:
    instead = next((given for given in exchange_for if given.line_id == claim.line_id), None)
    return AfterSaleLineView(
        after_sale_id=case.id,
        line_id=claim.line_id,
        order_id=case.order_id,
        quantity=claim.sent + claim.unsent,
        cancelled=claim.unsent,
        received=0,
        accepted=0,
        damaged=0,
        exchange_sku=instead.sku if instead else None,
        exchange_options=instead.options if instead else None,
    )


def _without_unsent(order: Order, case: AfterSaleView, request: Request, step: Step) -> Order:
    unsent = {claim.line_id: claim.unsent for claim in request.claims if claim.unsent}
    if not unsent:
        return order
    units = picked(not_moving(order), unsent)
    order = withdrawn(order, unsent)
    return with_unmoved_units_off(order, units, step.as_(SYSTEM), reason=case.reason, after_sale_id=case.id)


def _is_approved_by_itself(case: AfterSaleView, step: Step) -> bool:
    """Nothing of it left, or nobody looks at so little."""
    if case.sent_units == 0:
        return True
    wanted = case.quote.total_minor if case.asked_minor is None else case.asked_minor
    return case.kind is not AfterSaleKind.EXCHANGE and wanted < step.policy.after_sales.auto_approve_limit_minor
