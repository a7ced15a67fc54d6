"""recordTracking: what a carrier says of a parcel, found by carrier and number; each of its events once."""

from datetime import timedelta
from typing import Final

from domain.access.viewer import Viewer
from domain.actions.changes import saved, step_for
from domain.actions.transactions import in_transaction
from domain.after_sales.returning import return_tracked
from domain.orders.commands import RecordTracking
from domain.orders.model import Order
from domain.orders.state import refusal
from domain.orders.tracking import MAX_CHECKPOINTS, checkpoints_of, tracked
from domain.orders.views import CheckpointView, ShipmentView
from domain.ports.bundle import Ports
from domain.ports.unit_of_work import UnitOfWork
from domain.values.enums import MachineKind
from domain.values.outcomes import Outcome, TrackingRecorded
from domain.values.refusals import ActionRejected, BlockedReason, Forbidden, InputProblem, InvalidInput, NotFound
from domain.values.texts import text_problems

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far a carrier's clock may be ahead of ours."""
_LENGTHS: Final = {"carrier": 100, "trackingNumber": 100, "eventId": 255, "location": 200, "message": 1000}


async def record_tracking(ports: Ports, viewer: Viewer, command: RecordTracking) -> Outcome:
    """The same event again changes nothing, whatever became of the parcel since."""
    problems = tuple(text_problems(command)) or _problems(ports, command)
    if problems:
        return InvalidInput(path=problems[0].path, problems=problems)
    return await in_transaction(ports, lambda uow: _recorded(uow, ports, viewer, command))


async def _recorded(uow: UnitOfWork, ports: Ports, viewer: Viewer, command: RecordTracking) -> Outcome:
    found = await uow.shipment_of(command.carrier, command.tracking_number)
    order = await uow.load(viewer.scope, found[0]) if found else None
    shipment = order.shipment(found[1]) if order and found else None
    if order is None or shipment is None:
        return NotFound(path=("trackingNumber",))
    step = step_for(ports, order.head, viewer.actor)
    refused = refusal(order, *_subject(shipment), "recordTracking", step)
    if isinstance(refused, Forbidden):
        return refused
    known = checkpoints_of(order, shipment.id)
    outcome = TrackingRecorded(
        order_id=order.head.id,
        shipment_id=shipment.id,
        fulfillment_id=shipment.fulfillment_id,
        after_sale_id=shipment.after_sale_id,
        is_replayed=any(checkpoint.event_id == command.event_id for checkpoint in known),
    )
    if outcome.is_replayed:
        return outcome
    if refused is not None:
        return refused
    if len(known) >= MAX_CHECKPOINTS:
        return _full(order, shipment)
    checkpoint = CheckpointView(
        shipment_id=shipment.id,
        event_id=command.event_id,
        order_id=order.head.id,
        at=command.at,
        status=command.status,
        location=command.location,
        message=command.message,
        recorded_at=step.now,
    )
    record = tracked if shipment.after_sale_id is None else return_tracked
    await saved(uow, ports, order, record(order, shipment, checkpoint, step))
    return outcome


def _subject(shipment: ShipmentView) -> tuple[MachineKind, str]:
    """Whose step it is: the fulfillment's that it is a parcel of, or the case's that it comes back for."""
    if shipment.after_sale_id is not None:
        return MachineKind.AFTER_SALE, shipment.after_sale_id
    return MachineKind.FULFILLMENT, shipment.sent_with


def _problems(ports: Ports, command: RecordTracking) -> tuple[InputProblem, ...]:
    needed = {"carrier": command.carrier, "trackingNumber": command.tracking_number, "eventId": command.event_id}
    given = {"location": command.location, "message": command.message}
    problems = [
        InputProblem((name,), "INVALID_LENGTH", f"It has 1 to {_LENGTHS[name]} characters.")
        for name, text in needed.items()
        if not 0 < len(text.strip()) <= len(text) <= _LENGTHS[name]
    ]
    problems += [
        InputProblem((name,), "INVALID_LENGTH", f"It has at most {_LENGTHS[name]} characters.")
        for name, text in given.items()
        if text is not None and len(text) > _LENGTHS[name]
    ]
    if command.at > ports.clock.now() + CLOCK_SKEW:
        problems.append(InputProblem(("at",), "IN_THE_FUTURE", "It cannot have happened in the future."))
    return tuple(problems)


def _full(order: Order, shipment: ShipmentView) -> ActionRejected:
    message = f"A shipment has at most {MAX_CHECKPOINTS} checkpoints."
    subject = order.subject(*_subject(shipment))
    state = str(subject.status) if subject else ""
    reasons = (BlockedReason("TOO_MANY_CHECKPOINTS", message),)
    return ActionRejected(message=message, action="recordTracking", state=state, blocked_by=reasons)
