"""Demo orders that are given up after they were paid, in whole or in part, and goods that never arrive."""

from dataclasses import dataclass
from typing import Final

from adapters.seeding.acts import REASONS, WAREHOUSE, Track
from adapters.seeding.stage import Act, Stage
from domain.orders.cancelling import Cancellation, cancellation, cancelled
from domain.orders.intercepting import returned
from domain.orders.refunding import units_gone
from domain.orders.state import refusal
from domain.values.enums import FulfillmentState, MachineKind, TrackingStatus


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The buyer cancels what can be cancelled; `is_one_unit`: of an order with more, one unit."""

    is_one_unit: bool = False

    def __call__(self, stage: Stage) -> None:
        order, step = stage.order, stage.step(stage.buyer, stage.rolls.choice(REASONS))
        rule = step.flow.rule(MachineKind.ORDER, order.head.status, "cancelOrder")
        is_refused = refusal(order, MachineKind.ORDER, order.head.id, "cancelOrder", step) is not None
        if rule is None or rule.effects or is_refused:
            return
        asked = cancellation(order, rule, self._units(stage), step.policy)
        if isinstance(asked, Cancellation):
            stage.become(cancelled(order, asked, step))

    def _units(self, stage: Stage) -> dict[str, int] | None:
        if not self.is_one_unit or stage.order.head.unit_count == 1:
            return None
        return {next(line.id for line in stage.order.lines if units_gone(line) < line.quantity): 1}


def nothing_came(stage: Stage) -> None:
    """The warehouse gave up on parcels that were lost."""
    for part in stage.order.fulfillments:
        if part.status is FulfillmentState.RETURNING:
            stage.become(returned(stage.order, part.id, {}, stage.step(WAREHOUSE)))


GIVE_UP: Final[Act] = GiveUp()
GIVE_UP_ONE: Final[Act] = GiveUp(is_one_unit=True)
TRACK_LOST: Final[Act] = Track(TrackingStatus.LOST, "Cannot be found")
NOTHING_CAME: Final[Act] = nothing_came
