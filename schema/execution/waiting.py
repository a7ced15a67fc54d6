"""What has to be waited for: values that are awaitable, and awaitable items of lists. A list may be anything that can be iterated,
and may be so only once: it is made a list before anybody looks into it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from graphql.pyutils import is_iterable
from strawberry.execution import optimized_is_awaitable as is_awaitable

from schema.execution.plan import Shape

Values = list[Any]


def attempted(of: Callable[..., Any], *given: Any) -> Any:
    """What it gives, or what it raises."""
    try:
        return of(*given)
    except Exception as error:  # noqa: BLE001  it is the field's error
        return error


def listed(shape: Shape, value: Any) -> Any:
    """The value with lists where its type has lists; what cannot be iterated stays what it is."""
    inner = shape.item
    if inner is None:
        return value
    if type(value) is not list and type(value) is not tuple:
        if is_awaitable(value) or not is_iterable(value):
            return value
        value = attempted(list, value)
        if isinstance(value, Exception):
            return value
    return value if inner.item is None else [listed(inner, item) for item in value]


def has_awaitables(shape: Shape, values: Sequence[Any]) -> bool:
    if any(map(is_awaitable, values)):
        return True
    inner = shape.item
    return inner is not None and any(has_awaitables(inner, value) for value in values if _is_list(value))


async def await_all(waiting: Sequence[tuple[Shape, Values]]) -> None:
    """Puts in the place of awaitables what each gave or raised: first the values, then the items of those that are lists."""
    while waiting:
        await _await([place for _, values in waiting for place in _awaitables(values)])
        waiting = [inner for shape, values in waiting for inner in _within(shape, values)]


def _within(shape: Shape, values: Values) -> Iterator[tuple[Shape, Values]]:
    """The lists that hold awaitables, as copies: the originals are somebody's."""
    if shape.item is None:
        return
    for position, given in enumerate(values):
        value = values[position] = listed(shape, given)
        if _is_list(value) and has_awaitables(shape.item, value):
            values[position] = items = list(value)
            yield shape.item, items


def _is_list(value: Any) -> bool:
    return type(value) is list or type(value) is tuple


def _awaitables(values: Values) -> Iterator[tuple[Values, int]]:
    return ((values, position) for position, value in enumerate(values) if is_awaitable(value))


async def _await(places: Sequence[tuple[Values, int]]) -> None:
    if len(places) == 1:
        ((values, position),) = places
        values[position] = await _outcome(values[position])
    elif places:
        outcomes = await asyncio.gather(*(_outcome(values[position]) for values, position in places))
        for (values, position), outcome in zip(places, outcomes, strict=True):
            values[position] = outcome


async def _outcome(of: Awaitable[Any]) -> Any:
    try:
        return await of
    except Exception as error:  # noqa: BLE001  it is the field's error
        return error
