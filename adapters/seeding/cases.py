"""What buyers and staff do about demo orders after they were sent: after-sale cases."""

from dataclasses import dataclass
from typing import Final

from adapters.seeding.acts import CARRIERS, FINANCE, MERCHANT, WAREHOUSE
from adapters.seeding.stage import Act, Stage
from domain.access.viewer import Actor
from domain.after_sales.claims import sent_units_left
from domain.after_sales.commands import ReceivedLine, RequestAfterSale
from domain.after_sales.requesting import Request, request_of, requested
from domain.after_sales.returning import return_received, return_shipped
from domain.orders.commands import LineQuantity
from domain.orders.effects import with_refund
from domain.orders.state import refusal, settled, transition
from domain.values.enums import AfterSaleKind, MachineKind

REASONS: Final = ("Arrived broken", "Another colour than in the picture", "Too small", "A part is missing")
REJECTIONS: Final = ("Worn", "The picture shows no damage")


@dataclass(frozen=True, slots=True)
class Claim:
    """The buyer asks about a unit of the first line that has one. Nothing is asked of what was paid elsewhere: nobody could
    give it back here.
    """

    kind: AfterSaleKind

    def __call__(self, stage: Stage) -> None:
        order, step = stage.order, stage.step(stage.buyer)
        line = next((line for line in order.lines if sent_units_left(order, line)), None)
        is_elsewhere = any(payment.external_reference for payment in order.payments)
        if line is None or is_elsewhere or _is_refused(stage):
            return
        lines, reason = (LineQuantity(line.id, 1),), stage.rolls.choice(REASONS)
        command = RequestAfterSale(None, order.head.id, self.kind, reason, lines)
        request = request_of(order, command)
        if isinstance(request, Request):
            stage.become(requested(order, command, request, step))


@dataclass(frozen=True, slots=True)
class OnCase:
    """One of the simple actions on every case that may take it; no actor: the buyer."""

    action: str
    actor: Actor | None = None
    notes: tuple[str, ...] = ()

    def __call__(self, stage: Stage) -> None:
        note = stage.rolls.choice(self.notes) if self.notes else None
        for case in stage.order.after_sales:
            stage.act(MachineKind.AFTER_SALE, case.id, self.action, self.actor or stage.buyer, note)


def send_back(stage: Stage) -> None:
    for case in stage.order.after_sales:
        order, step = stage.order, stage.step(stage.buyer)
        if refusal(order, MachineKind.AFTER_SALE, case.id, "shipReturn", step) is None:
            number = f"RT{case.number.replace('-', '')}"
            stage.become(return_shipped(order, case, CARRIERS[0], number, step))


@dataclass(frozen=True, slots=True)
class GetBack:
    """The warehouse looks at what came."""

    is_sound: bool

    def __call__(self, stage: Stage) -> None:
        for case in stage.order.after_sales:
            order, step = stage.order, stage.step(WAREHOUSE)
            if refusal(order, MachineKind.AFTER_SALE, case.id, "receiveReturn", step) is None:
                units = ((line.line_id, line.sent) for line in order.lines_of_case(case.id))
                lines = [
                    ReceivedLine(line_id, count if self.is_sound else 0, 0 if self.is_sound else count)
                    for line_id, count in units
                ]
                stage.become(return_received(order, case, lines, step))


def goodwill(stage: Stage) -> None:
    """Finance gives a tenth of the first payment back."""
    payment, step = stage.order.payments[0], stage.step(FINANCE, "Scratched on arrival")
    if refusal(stage.order, MachineKind.PAYMENT, payment.id, "refundPayment", step) is None:
        order = transition(stage.order, MachineKind.PAYMENT, payment.id, "refundPayment", step)
        amount = max(1, payment.captured_minor // 10)
        order = with_refund(
            order, payment, amount, step, reason="Scratched on arrival", is_excess=False, is_at_once=False
        )
        stage.become(settled(order, step))


def _is_refused(stage: Stage) -> bool:
    head, step = stage.order.head, stage.step(stage.buyer)
    return refusal(stage.order, MachineKind.ORDER, head.id, "requestAfterSale", step) is not None


CLAIM_MONEY: Final[Act] = Claim(AfterSaleKind.REFUND_ONLY)
CLAIM_RETURN: Final[Act] = Claim(AfterSaleKind.RETURN_REFUND)
AGREE: Final[Act] = OnCase("approveAfterSale", MERCHANT)
REJECT: Final[Act] = OnCase("rejectAfterSale", MERCHANT, REJECTIONS)
SEND_BACK: Final[Act] = send_back
APPEAL: Final[Act] = OnCase("appealAfterSale")
WITHDRAW: Final[Act] = OnCase("withdrawAfterSale")
GOT_SOUND: Final[Act] = GetBack(is_sound=True)
GOT_DAMAGED: Final[Act] = GetBack(is_sound=False)
GOODWILL: Final[Act] = goodwill
