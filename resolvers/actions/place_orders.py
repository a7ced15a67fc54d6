"""placeOrders."""

from typing import Annotated

import strawberry

from domain.actions import place_orders as handler
from domain.orders.commands import PlaceOrder, PlaceOrders
from domain.values.enums import BatchPolicy
from domain.values.outcomes import Outcome
from domain.values.refusals import InvalidInput
from resolvers.absent import required
from resolvers.actions.answering import Reading, answer
from resolvers.actions.place_order import PlaceOrderInput
from resolvers.context import Info


@strawberry.input(description="Orders to place.")
class PlaceOrdersInput:
    idempotency_key: str = required("The same key with the same orders places them once, however often it is sent.")
    orders: list[PlaceOrderInput] = required("The orders, each with a key of its own: at most 100.")
    policy: BatchPolicy = strawberry.field(
        default=BatchPolicy.EACH, description="Whether one that cannot be placed keeps the others from it."
    )

    def to_command(self, _reading: Reading) -> PlaceOrders:
        return PlaceOrders(self.idempotency_key, tuple(_read(order) for order in self.orders), self.policy)


def _read(order: PlaceOrderInput) -> PlaceOrder | InvalidInput:
    """What is wrong with the form of one order is the result of that one."""
    reading = Reading()
    command = order.to_command(reading)
    if reading.problems:
        return InvalidInput(path=reading.problems[0].path, problems=tuple(reading.problems))
    return command


async def place_orders(
    info: Info,
    asked: Annotated[PlaceOrdersInput, strawberry.argument(name="input", description="The orders to place.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.place_orders)
