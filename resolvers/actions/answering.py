"""The way of every mutation: input, command, handler, outcome. What the input's types cannot say is checked on the way.

An input writes its command through `Reading`, which gathers what is wrong with it; one problem is enough that the handler is
not called.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from domain.access.viewer import Viewer
from domain.orders.views import Json
from domain.ports.bundle import Ports
from domain.values.money import InvalidMoney, Money
from domain.values.refusals import InputProblem, InvalidInput
from resolvers.absent import given, required
from resolvers.context import Info

CommandT = TypeVar("CommandT")
OutcomeT = TypeVar("OutcomeT")
Path = tuple[str, ...]
Handler = Callable[[Ports, Viewer, CommandT], Awaitable[OutcomeT]]

MAX_DEPTH: Final = 20


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
        for path, problem in _problems(asked):
            self.problems.append(InputProblem(path, *problem))


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


def _problems(asked: Any) -> Iterator[tuple[Path, tuple[str, str]]]:
    rest: list[tuple[Path, Any]] = [((), asked)]
    while rest:
        path, value = rest.pop()
        if isinstance(value, str):
            if not is_text(value):
                yield path, ("INVALID_TEXT", "A text has no NUL and no halves of surrogate pairs.")
        elif len(path) > MAX_DEPTH:
            yield path[:MAX_DEPTH], ("TOO_DEEP", f"At most {MAX_DEPTH} levels can be nested.")
        else:
            rest += [((*path, name), part) for name, part in reversed(_parts(value))]


def is_text(value: str) -> bool:
    """Without a NUL, and without half of a surrogate pair."""
    return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _parts(value: Any) -> list[tuple[str, Any]]:
    """What the value is made of, by the names that the caller knows; the keys of JSON count as values too."""
    if isinstance(value, dict):
        return [(key if is_text(key) else "", part) for key, part in value.items()] + [("", key) for key in value]
    if isinstance(value, list):
        return [(str(position), part) for position, part in enumerate(value)]
    if is_dataclass(value):
        return [(to_camel_case(part.name), getattr(value, part.name)) for part in fields(value)]
    return []
