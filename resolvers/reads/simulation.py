"""simulateActions: a question in the words of the mutations."""

from typing import Annotated

import strawberry

from domain.actions.rehearsal.script import SimulatedAction
from domain.actions.simulate_actions import Simulation
from domain.actions.simulate_actions import simulate_actions as simulated
from domain.values.enums import AfterSaleKind, ExceptionResolution
from domain.values.faults import BadRequest
from resolvers.absent import given, optional, required
from resolvers.actions.after_sale_inputs import ReceivedLineInput, received_lines
from resolvers.actions.answering import MoneyInput, Reading
from resolvers.actions.line_quantity import LineQuantityInput, line_quantities
from resolvers.context import Info


@strawberry.input(description="An action of a chain; each reads of these fields what its mutation's input has.")
class SimulatedActionInput:
    action: str = required(
        "The mutation's name, or that of a deadline's action (`payTimeout`): then its time has come."
    )
    subject_id: strawberry.ID | None = optional(
        "What it is about; left out: the order, or the newest of its parts, so what an earlier step made."
    )
    lines: list[LineQuantityInput] | None = optional(
        "The units; modifyOrder: how many there are to be; splitOrder: what is taken off."
    )
    amount: MoneyInput | None = optional("How much.")
    kind: AfterSaleKind | None = optional("requestAfterSale: what is wanted.")
    approve: bool | None = optional("ruleAfterSale: for the buyer?")
    succeeded: bool | None = optional(
        "resolveIntercept: was it stopped? recordTracking: did it arrive, or was it refused?"
    )
    resolution: ExceptionResolution | None = optional("resolveException: how.")
    received: list[ReceivedLineInput] | None = optional("What came back.")

    def to_domain(self, reading: Reading, position: int) -> SimulatedAction:
        received = given(self.received)
        return SimulatedAction(
            action=self.action,
            subject_id=given(self.subject_id),
            lines=line_quantities(self.lines),
            amount=reading.money(self.amount, "actions", str(position), "amount"),
            kind=given(self.kind),
            is_approved=given(self.approve),
            is_successful=given(self.succeeded),
            resolution=given(self.resolution),
            received=None
            if received is None
            else tuple((line.line_id, line.accepted, line.damaged) for line in received_lines(received)),
        )


async def simulate_actions(
    info: Info,
    order_id: Annotated[strawberry.ID, strawberry.argument(description="The order, which stays as it is.")],
    actions: Annotated[list[SimulatedActionInput], strawberry.argument(description="One after the other: at most 20.")],
) -> Simulation | None:
    reading = Reading()
    asked = [action.to_domain(reading, position) for position, action in enumerate(actions)]
    if reading.problems:
        raise BadRequest(reading.problems[0].message)
    return await simulated(info.context.ports, info.context.viewer, order_id, asked)
