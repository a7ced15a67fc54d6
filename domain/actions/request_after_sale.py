"""requestAfterSale: a case begins about units of an order; what nobody has to look at goes on at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Target, found, saved, step_for
from domain.actions.transactions import Call, once
from domain.after_sales.commands import ExchangeLine, RequestAfterSale
from domain.after_sales.requesting import Request, request_of, requested
from domain.orders.model import Order
from domain.orders.state import refusal
from domain.ports.bundle import Ports
from domain.ports.products import ProductView
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import AfterSaleKind, MachineKind
from domain.values.faults import ServiceUnavailable
from domain.values.outcomes import AfterSaleChanged, Outcome
from domain.values.refusals import InputProblem, InvalidInput, Refusal, ServiceDown, UnknownProduct

MAX_REASON_LENGTH: Final = 500
MAX_ATTACHMENTS: Final = 10
MAX_ATTACHMENT_LENGTH: Final = 2000
MAX_LINES: Final = 200
_ACTION: Final = "requestAfterSale"

Products = Mapping[str, ProductView]
"""By SKU: those that are for sale."""


async def request_after_sale(ports: Ports, viewer: Viewer, command: RequestAfterSale) -> Outcome:
    """What goods are exchanged for is looked up before the transaction."""
    target = Target(MachineKind.ORDER, command.order_id, command.expected_version, command.note)
    try:
        products = await _products(ports, command.exchange_for or ())
    except ServiceUnavailable as fault:
        return ServiceDown(message=str(fault), service=fault.service)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        problem = _input_problem(command)
        if problem is not None:
            return problem
        order = await found(uow, viewer.scope, target)
        if isinstance(order, Refusal):
            return order
        step = step_for(ports, order.head, viewer.actor, command.note)
        refused = refusal(order, MachineKind.ORDER, order.head.id, _ACTION, step)
        request = refused or _checked(order, command, products)
        if isinstance(request, Refusal):
            return request
        after = requested(order, command, request, step)
        await saved(uow, ports, order, after)
        return AfterSaleChanged(order_id=order.head.id, after_sale_id=after.after_sales[-1].id)

    return at_once(await once(ports, viewer, Call.of(_ACTION, command), work))


async def _products(ports: Ports, wanted: Sequence[ExchangeLine]) -> Products:
    skus = sorted({line.sku for line in wanted})
    known = await ports.products.by_skus(skus) if skus else []
    return {product.sku: product for product in known if product is not None and product.is_available}


def _checked(order: Order, command: RequestAfterSale, products: Products) -> Request | Refusal:
    request = request_of(order, command)
    if not isinstance(request, Request):
        return InvalidInput(path=request[0].path, problems=request)
    unknown = tuple(line.sku for line in command.exchange_for or () if line.sku not in products)
    if unknown:
        return UnknownProduct(path=("exchangeFor",), skus=unknown)
    problems = tuple(_price_problems(order, command.exchange_for or (), products))
    return InvalidInput(path=problems[0].path, problems=problems) if problems else request


def _price_problems(order: Order, wanted: Sequence[ExchangeLine], products: Products) -> list[InputProblem]:
    """Only for what costs the same."""
    problems = []
    for position, line in enumerate(wanted):
        sold, product = order.line(line.line_id), products[line.sku]
        is_same = sold is not None and (sold.unit_price_minor, sold.currency) == (product.price_minor, product.currency)
        if not is_same:
            path = ("exchangeFor", str(position), "sku")
            problems.append(InputProblem(path, "DIFFERENT_PRICE", "Goods are exchanged for goods of the same price."))
    return problems


def _input_problem(command: RequestAfterSale) -> InvalidInput | None:
    problems = [problem for check in _CHECKS for problem in check(command)]
    return InvalidInput(path=problems[0].path, problems=tuple(problems)) if problems else None


def _reason_problems(command: RequestAfterSale) -> list[InputProblem]:
    if 0 < len(command.reason.strip()) <= MAX_REASON_LENGTH:
        return []
    return [InputProblem(("reason",), "INVALID_LENGTH", f"A reason has 1 to {MAX_REASON_LENGTH} characters.")]


def _line_problems(command: RequestAfterSale) -> list[InputProblem]:
    ids = [line.line_id for line in command.lines]
    if not 0 < len(ids) <= MAX_LINES:
        return [InputProblem(("lines",), "INVALID_LENGTH", f"Name 1 to {MAX_LINES} lines.")]
    if len(set(ids)) < len(ids):
        return [InputProblem(("lines",), "DUPLICATE_LINE", "A line is named twice.")]
    return []


def _amount_problems(command: RequestAfterSale) -> list[InputProblem]:
    if command.kind is AfterSaleKind.EXCHANGE and command.amount is not None:
        return [InputProblem(("amount",), "NOT_FOR_EXCHANGES", "An exchange gives no money back.")]
    return []


def _exchange_problems(command: RequestAfterSale) -> list[InputProblem]:
    """Each line for one SKU, in the same quantity."""
    wanted, quantities = command.exchange_for or (), {line.line_id: line.quantity for line in command.lines}
    if wanted and command.kind is not AfterSaleKind.EXCHANGE:
        return [InputProblem(("exchangeFor",), "ONLY_FOR_EXCHANGES", "Only an exchange has goods in return.")]
    problems, seen = [], set()
    for position, line in enumerate(wanted):
        path = ("exchangeFor", str(position))
        if line.line_id not in quantities:
            problems.append(InputProblem((*path, "lineId"), "UNKNOWN_LINE", "The request has no such line."))
        elif line.line_id in seen:
            problems.append(InputProblem((*path, "lineId"), "DUPLICATE_LINE", "A line is exchanged for one SKU."))
        elif line.quantity != quantities[line.line_id]:
            message = f"As many units as are given back: {quantities[line.line_id]}."
            problems.append(InputProblem((*path, "quantity"), "QUANTITY_OUT_OF_RANGE", message))
        seen.add(line.line_id)
    return problems


def _attachment_problems(command: RequestAfterSale) -> list[InputProblem]:
    if len(command.attachments) > MAX_ATTACHMENTS:
        return [InputProblem(("attachments",), "INVALID_LENGTH", f"At most {MAX_ATTACHMENTS} attachments.")]
    return [
        InputProblem(
            ("attachments", str(position)), "INVALID_LENGTH", f"It has 1 to {MAX_ATTACHMENT_LENGTH} characters."
        )
        for position, attachment in enumerate(command.attachments)
        if not 0 < len(attachment.strip()) <= MAX_ATTACHMENT_LENGTH
    ]


_CHECKS: Final[tuple[Callable[[RequestAfterSale], list[InputProblem]], ...]] = (
    _reason_problems,
    _line_problems,
    _amount_problems,
    _exchange_problems,
    _attachment_problems,
)
