"""redeemVoucher: a voucher is used, once."""

from domain.access.viewer import Viewer
from domain.actions.act_on_order import at_once
from domain.actions.changes import Target, changed
from domain.actions.transactions import Call, once
from domain.orders.commands import RedeemVoucher
from domain.orders.model import Order
from domain.orders.state import Step, refusal
from domain.orders.vouchers import blocked_voucher, redeemed
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.ids import IdKind, kind_of
from domain.values.outcomes import OrderChanged, Outcome
from domain.values.refusals import ActionRejected, NotFound, Refusal

_ACTION = "redeemVoucher"


async def redeem_voucher(ports: Ports, viewer: Viewer, command: RedeemVoucher) -> Outcome:
    def decide(order: Order, step: Step) -> Order | Refusal:
        refused = refusal(order, MachineKind.ORDER, order.head.id, _ACTION, step)
        return refused or _redeemed(order, command.voucher_id, step)

    async def work(uow: UnitOfWork, _resumed: str | None) -> Outcome:
        missing = NotFound(path=("voucherId",))
        if kind_of(command.voucher_id) is not IdKind.VOUCHER:
            return missing
        order_id = await uow.order_of_voucher(command.voucher_id)
        if order_id is None:
            return missing
        target = Target(MachineKind.ORDER, order_id, command.expected_version, command.note)
        after = await changed(uow, ports, viewer, target, decide)
        if isinstance(after, NotFound):
            return missing
        return OrderChanged(order_id=after.head.id) if isinstance(after, Order) else after

    return at_once(await once(ports, viewer, Call.of(_ACTION, command), work))


def _redeemed(order: Order, voucher_id: str, step: Step) -> Order | Refusal:
    voucher = order.voucher(voucher_id)
    if voucher is None:
        return NotFound(path=("voucherId",))
    reason = blocked_voucher(voucher, step.now)
    if reason is not None:
        return ActionRejected(message=reason.message, action=_ACTION, state=order.head.status, blocked_by=(reason,))
    return redeemed(order, voucher_id, step)
