"""The way of every mutation: input, command, handler, outcome. What the input's types cannot say is checked on the way.

An input writes its command through `Reading`, which gathers what is wrong with it; one problem is enough that the handler is
not called.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

import strawberry

from domain.access.viewer import Viewer
from domain.orders.views import Json
from domain.ports.bundle import Ports
from domain.values.money import InvalidMoney, Money
from domain.values.refusals import InputProblem, InvalidInput
from domain.values.texts import text_problems
from resolvers.absent import given, required
from resolvers.context import Info

CommandT = TypeVar("CommandT")
OutcomeT = TypeVar("OutcomeT")
Handler = Callable[[Ports, Viewer, CommandT], Awaitable[OutcomeT]]


@strawberry.input(description="An exact amount in one currency.")
class MoneyInput:
    amount: Decimal = required("The amount, with no more digits than the currency has.")
    currency: str = required("ISO 4217 code.")


class Reading:
    """Reads the parts of an input, and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[InputProblem] = []

    def money(self, asked: MoneyInput | None, *path: str) -> Money | None:
        asked = given(asked)
        if asked is None:
            return None
        try:
            return Money.of(asked.amount, asked.currency)
        except InvalidMoney as error:
            self.problems.append(InputProblem(path, "INVALID_MONEY", str(error)))
            return None

    def json_object(self, asked: Any, *path: str) -> Json | None:
        asked = given(asked)
        if asked is None or isinstance(asked, dict):
            return asked
        self.problems.append(InputProblem(path, "NOT_AN_OBJECT", "It must be a JSON object."))
        return None

    def texts(self, asked: Any) -> None:
        """Anywhere in the input: texts that no database holds, and JSON that is nested without end."""
        self.problems += text_problems(asked)


async def answer(
    info: Info, asked: Any, read: Callable[[Reading], CommandT], handler: Handler[CommandT, OutcomeT]
) -> OutcomeT | InvalidInput:
    """The outcome of the handler, or what is wrong with the input. What was loaded before is forgotten."""
    reading = Reading()
    reading.texts(asked)
    command = read(reading)
    if reading.problems:
        return InvalidInput(path=reading.problems[0].path, problems=tuple(reading.problems))
    context = info.context
    try:
        return await handler(context.ports, context.viewer, command)
    finally:
        context.loaders.clear()
