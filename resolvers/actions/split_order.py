"""splitOrder, and previewSplit: the same question, answered without doing it."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from domain.actions import split_order as handler
from domain.orders.commands import SplitOrder, SplitPart
from domain.orders.splitting import Part, PartLine
from domain.orders.views import SplitReason
from domain.values.enums import SplitDimension
from domain.values.faults import BadRequest
from domain.values.outcomes import Outcome
from domain.values.refusals import Refusal
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.actions.line_quantity import LineQuantityInput, line_quantities
from resolvers.context import Info


@strawberry.input(description="Units that are to be sent together.")
class SplitPartInput:
    warehouse: str | None = optional("The code of the warehouse that is to send them; where they are, when left out.")
    lines: list[LineQuantityInput] = required("The units.")

    def to_part(self) -> SplitPart:
        return SplitPart(line_quantities(self.lines) or (), given(self.warehouse))


@strawberry.input(description="A paid order to split anew, before a warehouse has begun.")
class SplitOrderInput:
    order_id: strawberry.ID = required("The order.")
    by: list[SplitDimension] | None = optional(
        "By what it is split, in place of the unit's rules. Units of different warehouses are always apart."
    )
    parts: list[SplitPartInput] | None = optional("The parts by hand, in place of `by`: every unit once.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")

    def to_command(self, _reading: Reading) -> SplitOrder:
        return SplitOrder(
            self.order_id,
            _dimensions(self.by),
            _parts(self.parts),
            given(self.expected_version),
            given(self.idempotency_key),
        )


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part of a plan, with the currency of its money."""

    part: Part
    currency: str

    @property
    def reasons(self) -> tuple[SplitReason, ...]:
        return self.part.reasons

    @property
    def lines(self) -> tuple[PartLine, ...]:
        return self.part.lines


@dataclass(frozen=True, slots=True)
class Plan:
    order_id: str
    parts: tuple[PartPlan, ...]


async def split_order(
    info: Info,
    asked: Annotated[SplitOrderInput, strawberry.argument(name="input", description="The order, and how to split it.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.split_order)


async def preview_split(
    info: Info,
    order_id: Annotated[strawberry.ID, strawberry.argument(description="The order.")],
    by: Annotated[
        list[SplitDimension] | None,
        strawberry.argument(description="By what it would be split; by the unit's rules when left out."),
    ] = strawberry.UNSET,
    parts: Annotated[
        list[SplitPartInput] | None, strawberry.argument(description="The parts by hand, in place of `by`.")
    ] = strawberry.UNSET,
) -> Plan | None:
    """Raises BadRequest for parts that are not the order."""
    context = info.context
    found = await handler.preview_split(
        context.ports, context.viewer, SplitOrder(order_id, _dimensions(by), _parts(parts))
    )
    if found is None:
        return None
    if isinstance(found, Refusal):
        problems = getattr(found, "problems", ())
        raise BadRequest(problems[0].message if problems else found.message)
    order, planned = found
    return Plan(order.head.id, tuple(PartPlan(part, order.head.currency) for part in planned))


def _dimensions(asked: list[SplitDimension] | None) -> tuple[SplitDimension, ...] | None:
    asked = given(asked)
    return None if asked is None else tuple(asked)


def _parts(asked: list[SplitPartInput] | None) -> tuple[SplitPart, ...] | None:
    asked = given(asked)
    return None if asked is None else tuple(part.to_part() for part in asked)
