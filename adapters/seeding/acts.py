"""What people do to a demo order: each act is one call of the domain's own steps, by the actor who would take it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.embedded.provider_rules import Operation
from adapters.seeding.stage import Act, Stage
from domain.access.viewer import SYSTEM, Actor
from domain.actions.stock_holding import balance_dates, held_until
from domain.orders.backorders import allocated, declined, stocked_lines
from domain.orders.shipping import remaining, shipped
from domain.orders.state import refusal
from domain.orders.tracking import checkpoints_of, tracked
from domain.orders.views import CheckpointView, FulfillmentView, PaymentView, ShipmentView
from domain.payments import settlement
from domain.payments.answers import ProviderAnswer, ProviderState
from domain.values.enums import ActorKind, FulfillmentState, MachineKind, PaymentState, Role, TrackingStatus
from domain.values.ids import IdKind

EXTERNAL: Final = "external"
CARRIERS: Final = ("DHL", "UPS", "Correios")
REASONS: Final = ("Ordered by mistake", "Found it elsewhere", "Wrong size", "Delivery takes too long")
DECLINE_NOTES: Final = ("Damaged on the shelf", "No capacity this week", "Not found where it should be")
HUBS: Final = ("Leipzig", "Hamburg", "Louisville", "Cajamar")
CARRIER_LATENCY_S: Final = (1, 600)
"""How long a carrier takes to tell."""
HOLD_NOTES: Final = ("Address looks odd, asked the buyer", "Large order: credit is checked", "Buyer is on holiday")


def staff(role: Role) -> Actor:
    """The one that the role's demo key stands for."""
    return Actor(ActorKind.STAFF, f"demo-{role.lower()}", f"Demo {role.lower()}", frozenset((role,)))


MERCHANT: Final = staff(Role.MERCHANT)
WAREHOUSE: Final = staff(Role.WAREHOUSE)
FINANCE: Final = staff(Role.FINANCE)
SUPPORT: Final = staff(Role.SUPPORT)


@dataclass(frozen=True, slots=True)
class Pay:
    """An attempt to pay. `part`: which share of what is payable."""

    method: str = "test_card"
    part: float = 1.0
    is_captured_at_once: bool = True
    is_here: bool = False
    """Never elsewhere: it may have to be given back."""

    def __call__(self, stage: Stage) -> None:
        head = stage.order.head
        payer = stage.buyer
        if refusal(stage.order, MachineKind.ORDER, head.id, "payOrder", stage.step(payer)) is not None:
            return
        stage.books.hold_until(held_until(stage.unit, stage.now, balance=balance_dates(stage.order)))
        is_external = self._may_be_external and stage.channel.may_assert_payments and stage.rolls.random() < 0.6
        payment = self._payment(stage, EXTERNAL if is_external else self.method)
        order = settlement.started(stage.order, payment, {}, stage.step(payer))
        if is_external:
            answer = ProviderAnswer(ProviderState.CAPTURED, payment.amount_minor, payment.amount_minor)
            order = settlement.answered(order, payment.id, answer, stage.step(payer))
        stage.become(order)

    @property
    def _may_be_external(self) -> bool:
        """Only what is paid whole: a part may have to be given back, which nobody can do for a payment made elsewhere."""
        return self.method == "test_card" and self.part == 1.0 and not self.is_here

    def _payment(self, stage: Stage, method: str) -> PaymentView:
        head = stage.order.head
        amount_minor = max(1, int(head.payable_minor * self.part))
        return PaymentView(
            id=stage.ids(IdKind.PAYMENT),
            order_id=head.id,
            status=PaymentState.CREATED,
            method=method,
            currency=head.currency,
            amount_minor=amount_minor,
            authorized_minor=0,
            captured_minor=0,
            refunded_minor=0,
            excess_minor=0,
            is_captured_at_once=self.is_captured_at_once,
            provider_reference=None,
            external_reference=f"REMIT-{head.number}" if method == EXTERNAL else None,
            next_action=None,
            created_at=stage.now,
        )


@dataclass(frozen=True, slots=True)
class OnOrder:
    """One of the simple actions of the order's machine; no actor: the buyer."""

    action: str
    actor: Actor | None = None
    notes: tuple[str, ...] = ()

    def __call__(self, stage: Stage) -> None:
        note = stage.rolls.choice(self.notes) if self.notes else None
        stage.act(MachineKind.ORDER, stage.order.head.id, self.action, self.actor or stage.buyer, note)


@dataclass(frozen=True, slots=True)
class OnFulfillments:
    """A step of every fulfillment that may take it; `is_first_only`: of the first of them."""

    action: str
    is_first_only: bool = False

    def __call__(self, stage: Stage) -> None:
        for fulfillment in stage.order.fulfillments:
            is_done = stage.act(MachineKind.FULFILLMENT, fulfillment.id, self.action, WAREHOUSE)
            if is_done and self.is_first_only:
                return


@dataclass(frozen=True, slots=True)
class Decline:
    """Of the first fulfillment that comes from stock: by its warehouse, or by one after the other until none is left."""

    by_all: bool = False

    def __call__(self, stage: Stage) -> None:
        for fulfillment in stage.order.fulfillments:
            if fulfillment.status is FulfillmentState.ALLOCATED and stocked_lines(stage.order, fulfillment.id):
                while _is_declined(stage, fulfillment.id) and self.by_all:
                    continue
                return


def _is_declined(stage: Stage, fulfillment_id: str) -> bool:
    order, step = stage.order, stage.step(WAREHOUSE, stage.rolls.choice(DECLINE_NOTES))
    part = order.fulfillment(fulfillment_id)
    is_refused = refusal(order, MachineKind.FULFILLMENT, fulfillment_id, "declineFulfillment", step) is not None
    if part is None or part.warehouse is None or is_refused:
        return False
    warehouse = stage.moved(part)
    if warehouse is None:
        stage.put_back(part)
    stage.become(declined(order, part.id, warehouse, step))
    return True


def restock(stage: Stage) -> None:
    """What somebody waits for comes in, in a warehouse that keeps its goods and did not decline it; else nowhere."""
    for part in stage.order.fulfillments:
        if part.status is not FulfillmentState.BACKORDERED:
            continue
        lines = stocked_lines(stage.order, part.id)
        places = set.intersection(*({*stage.stock[line.sku]} for line in lines)) - {*part.declined_by}
        if places:
            warehouse = min(places)
            stage.take(part.id, len(part.declined_by), warehouse)
            stage.become(allocated(stage.order, part.id, warehouse, stage.step(SYSTEM)))


@dataclass(frozen=True, slots=True)
class Track:
    """What the carrier says of every parcel that has not arrived."""

    status: TrackingStatus
    message: str

    def __call__(self, stage: Stage) -> None:
        for parcel in stage.order.shipments:
            if parcel.delivered_at is None:
                self._record(stage, parcel)

    def _record(self, stage: Stage, parcel: ShipmentView) -> None:
        step = stage.step(WAREHOUSE)
        if refusal(stage.order, MachineKind.FULFILLMENT, parcel.sent_with, "recordTracking", step) is not None:
            return
        said = len(checkpoints_of(stage.order, parcel.id)) + 1
        checkpoint = CheckpointView(
            shipment_id=parcel.id,
            event_id=f"{parcel.tracking_number}-{said}",
            order_id=stage.order.head.id,
            at=stage.now - timedelta(seconds=stage.rolls.uniform(*CARRIER_LATENCY_S)),
            status=self.status,
            location=stage.rolls.choice(HUBS),
            message=self.message,
            recorded_at=stage.now,
        )
        stage.become(tracked(stage.order, parcel, checkpoint, step))


@dataclass(frozen=True, slots=True)
class Ship:
    """All that remains of every fulfillment; `is_in_part`: of several fulfillments the first, of a single one some units."""

    is_in_part: bool = False

    def __call__(self, stage: Stage) -> None:
        ready = [f for f in stage.order.fulfillments if f.status in _SHIPPABLE]
        if self.is_in_part and len(stage.order.fulfillments) > 1:
            ready = ready[:1]
        for fulfillment in ready:
            quantities = remaining(stage.order, fulfillment.id)
            if self.is_in_part and len(stage.order.fulfillments) == 1:
                quantities = _some(quantities)
            _send(stage, fulfillment, quantities)


_SHIPPABLE: Final = frozenset((FulfillmentState.READY, FulfillmentState.ACCEPTED, FulfillmentState.PARTIALLY_SHIPPED))


def _some(quantities: dict[str, int]) -> dict[str, int]:
    """Less than all of it, where there is more than one unit."""
    line_id, quantity = next(iter(quantities.items()))
    if len(quantities) > 1:
        return {line_id: quantity}
    return {line_id: max(1, quantity // 2)}


def _send(stage: Stage, fulfillment: FulfillmentView, quantities: dict[str, int]) -> None:
    order, step = stage.order, stage.step(WAREHOUSE)
    if refusal(order, MachineKind.FULFILLMENT, fulfillment.id, "shipFulfillment", step) is not None:
        return
    parcel = sum(s.fulfillment_id == fulfillment.id for s in order.shipments) + 1
    number = f"{fulfillment.number.replace('-', '')}{parcel:02d}"
    carrier = CARRIERS[len(fulfillment.warehouse or "") % 2] if order.head.currency != "BRL" else CARRIERS[2]
    stage.become(shipped(order, fulfillment.id, carrier, f"{carrier[:2].upper()}{number}", quantities, step))


@dataclass(frozen=True, slots=True)
class LetGo:
    """Finance voids what is authorized."""

    def __call__(self, stage: Stage) -> None:
        for payment in stage.order.payments:
            step = stage.step(FINANCE)
            if payment.status is not PaymentState.AUTHORIZED:
                continue
            stage.books.operate(Operation.VOID, payment.id, f"void:{payment.id}", 0, stage.now)
            stage.become(settlement.voided(stage.order, payment.id, "voidPayment", step))


@dataclass(frozen=True, slots=True)
class CapturePart:
    """Finance takes the first part of what is authorized."""

    part: float

    def __call__(self, stage: Stage) -> None:
        for payment in stage.order.payments:
            amount_minor = int(payment.open_authorization_minor * self.part)
            if amount_minor:
                operation_id = f"{payment.id}:capture:{payment.captured_minor}"
                answer = stage.books.operate(Operation.CAPTURE, payment.id, operation_id, amount_minor, stage.now)
                stage.become(settlement.captured(stage.order, payment.id, answer, stage.step(FINANCE)))


PAY: Final[Act] = Pay()
PAY_HERE: Final[Act] = Pay(is_here=True)
AUTHORIZE: Final[Act] = Pay("test_card_authorize", is_captured_at_once=False)
DECLINE: Final[Act] = Pay("test_card_declined")
PAY_PART: Final[Act] = Pay(part=0.4)
CONFIRM: Final[Act] = OnOrder("confirmOrder", MERCHANT)
ACCEPT: Final[Act] = OnFulfillments("acceptFulfillment")
PACK: Final[Act] = OnFulfillments("packFulfillment")
SHIP: Final[Act] = Ship()
SHIP_PART: Final[Act] = Ship(is_in_part=True)
DECLINE_ONE: Final[Act] = Decline()
DECLINE_BY_ALL: Final[Act] = Decline(by_all=True)
RESTOCK: Final[Act] = restock
TRACK_TRANSIT: Final[Act] = Track(TrackingStatus.IN_TRANSIT, "Sorted")
TRACK_OUT: Final[Act] = Track(TrackingStatus.OUT_FOR_DELIVERY, "With the driver")
TRACK_DELIVERED: Final[Act] = Track(TrackingStatus.DELIVERED, "Handed over")
TRACK_REFUSED: Final[Act] = Track(TrackingStatus.REFUSED, "Not taken")
DELIVER: Final[Act] = OnFulfillments("deliverFulfillment")
DELIVER_ONE: Final[Act] = OnFulfillments("deliverFulfillment", is_first_only=True)
RECEIVE: Final[Act] = OnOrder("confirmReceipt")
EXTEND: Final[Act] = OnOrder("extendReceipt", SUPPORT)
COMPLETE: Final[Act] = OnOrder("completeOrder", MERCHANT)
CANCEL: Final[Act] = OnOrder("cancelOrder", notes=REASONS)
HOLD: Final[Act] = OnOrder("holdOrder", SUPPORT, HOLD_NOTES)
RELEASE: Final[Act] = OnOrder("releaseOrder", SUPPORT)
LET_GO: Final[Act] = LetGo()
CAPTURE_PART: Final[Act] = CapturePart(0.5)
