"""The actions of a case's machine that one step of its table says: withdraw, approve, reject, appeal, rule."""

from collections.abc import Awaitable, Callable

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Check, Decide, Target, changed
from domain.actions.transactions import Call, once
from domain.after_sales.commands import ActOnAfterSale, RuleAfterSale
from domain.after_sales.requesting import amount_problem
from domain.orders.model import Order
from domain.orders.state import Step, refusal, settled, transition
from domain.orders.views import AfterSaleView
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import AfterSaleKind, AfterSaleState, MachineKind
from domain.values.faults import DomainFault
from domain.values.money import Money
from domain.values.outcomes import AfterSaleChanged, Outcome
from domain.values.refusals import InputProblem, InvalidInput, Refusal, invalid

_AFTER_SALE = MachineKind.AFTER_SALE
_NEEDS_NOTE = frozenset(("rejectAfterSale",))

Leads = Callable[[AfterSaleView], str | None]
"""Where the step leads; None: the table leaves no choice."""
ProblemOf = Callable[[UnitOfWork], Awaitable[InvalidInput | None]]
"""What is wrong with the input, whatever the order."""


async def act_on_after_sale(ports: Ports, viewer: Viewer, command: ActOnAfterSale) -> Outcome:
    """withdrawAfterSale, approveAfterSale, rejectAfterSale or appealAfterSale."""
    target = Target(_AFTER_SALE, command.after_sale_id, command.expected_version, command.note)
    decide = deciding(target, command.action, command.amount, lambda _case: None)

    async def problem(_uow: UnitOfWork) -> InvalidInput | None:
        if command.action not in _NEEDS_NOTE or (command.note or "").strip():
            return None
        return invalid("note", code="MISSING", message="Say in the note why it is rejected.")

    return await acted(ports, viewer, Call.of(command.action, command), target, decide, problem)


async def rule_after_sale(ports: Ports, viewer: Viewer, command: RuleAfterSale) -> Outcome:
    """Approved, the money goes back at once where the goods were sent back already."""
    target = Target(_AFTER_SALE, command.after_sale_id, command.expected_version, command.note)
    decide = deciding(target, "ruleAfterSale", command.amount, _approved if command.is_approved else _closed)

    async def problem(_uow: UnitOfWork) -> InvalidInput | None:
        if command.amount is None or command.is_approved:
            return None
        return invalid("amount", code="ONLY_APPROVED", message="A case that is closed has no amount.")

    return await acted(ports, viewer, Call.of("ruleAfterSale", command), target, decide, problem)


async def acted(
    ports: Ports,
    viewer: Viewer,
    call: Call,
    target: Target,
    decide: Decide,
    problem_of: ProblemOf,
    *,
    check: Check | None = None,
) -> Outcome:
    """The decision taken, at most once under the call's key, where the input has no problem."""

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        problem = await problem_of(uow)
        if problem is not None:
            return problem
        after = await changed(uow, ports, viewer, target, decide, check=check)
        if isinstance(after, Order):
            return AfterSaleChanged(order_id=after.head.id, after_sale_id=target.subject_id)
        return after

    return at_once(await once(ports, viewer, call, work))


def deciding(target: Target, action: str, amount: Money | None, leads: Leads) -> Decide:
    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, _AFTER_SALE, target.subject_id, action, step)
        if refused is not None:
            return refused
        case = case_in(order, target.subject_id)
        problem = _amount_problem(case, amount, action)
        if problem is not None:
            return InvalidInput(path=problem.path, problems=(problem,))
        if amount is not None:
            order = order.with_subject(_AFTER_SALE, case.id, amount_minor=amount.amount_minor)
        return settled(transition(order, _AFTER_SALE, case.id, action, step, to=leads(case)), step)

    return decide


def case_in(order: Order, after_sale_id: str) -> AfterSaleView:
    case = order.after_sale(after_sale_id)
    if case is None:
        raise DomainFault(f"The case {after_sale_id} is gone.")
    return case


def _amount_problem(case: AfterSaleView, amount: Money | None, action: str) -> InputProblem | None:
    """An exchange is approved without an amount; a ruling may turn it into money."""
    if amount is not None and case.kind is AfterSaleKind.EXCHANGE and action != "ruleAfterSale":
        return InputProblem(("amount",), "NOT_FOR_EXCHANGES", "An exchange gives no money back.")
    return amount_problem(amount, case.quote)


def _approved(case: AfterSaleView) -> str:
    is_sent_back = case.status is AfterSaleState.DISPUTED or case.return_shipment_id is not None
    return AfterSaleState.REFUNDING if is_sent_back else AfterSaleState.APPROVED


def _closed(_case: AfterSaleView) -> str:
    return AfterSaleState.CLOSED
