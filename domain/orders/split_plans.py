"""How an order would be split: by the unit's rules, by other dimensions, or by hand. For the preview and for the real thing. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from domain.orders.model import Order
from domain.orders.splitting import HandPart, Part, split, split_by_hand
from domain.policies import SplitRules
from domain.values.enums import SplitDimension, StockPolicy
from domain.values.refusals import InputProblem


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A part by hand as it was asked for: line ids and quantities, in their order."""

    lines: tuple[tuple[str, int], ...]
    warehouse: str | None = None


def planned(order: Order, rules: SplitRules, by: Collection[SplitDimension] | None) -> tuple[Part, ...]:
    return split(order.lines, order.head.shipping_minor, rules, by)


def planned_by_hand(order: Order, rules: SplitRules, parts: Sequence[WantedPart]) -> tuple[Part, ...]:
    """The parts must have no problem."""
    places = _places(order, parts)
    wanted = [HandPart(place, dict(part.lines)) for part, place in zip(parts, places, strict=True)]
    return split_by_hand(order.lines, order.head.shipping_minor, wanted, rules)


def hand_problems(order: Order, parts: Sequence[WantedPart]) -> tuple[InputProblem, ...]:
    """What is wrong with them: unknown lines, lines twice in a part, no units, other units than those of the order."""
    if not parts:
        return (InputProblem(("parts",), "EMPTY", "An order is split into at least one part."),)
    problems = []
    for at, part in enumerate(parts):
        problems += _part_problems(order, part, ("parts", str(at), "lines"))
    if problems:
        return tuple(problems)
    for line in order.lines:
        units = sum(quantity for part in parts for line_id, quantity in part.lines if line_id == line.id)
        if units != line.quantity:
            message = f"The parts have {units} units of the line {line.id}; it has {line.quantity}."
            problems.append(InputProblem(("parts",), "NOT_THE_ORDER", message))
    return tuple(problems)


def _part_problems(order: Order, part: WantedPart, path: tuple[str, ...]) -> list[InputProblem]:
    if not part.lines:
        return [InputProblem(path, "EMPTY", "A part has at least one line.")]
    problems = []
    seen: set[str] = set()
    for at, (line_id, quantity) in enumerate(part.lines):
        where = (*path, str(at))
        if order.line(line_id) is None:
            problems.append(InputProblem((*where, "lineId"), "UNKNOWN_LINE", "The order has no such line."))
        if line_id in seen:
            problems.append(InputProblem((*where, "lineId"), "DUPLICATE_LINE", "A line is named twice."))
        if quantity < 1:
            problems.append(InputProblem((*where, "quantity"), "NOT_POSITIVE", "A quantity is at least 1."))
        seen.add(line_id)
    return problems


def _places(order: Order, parts: Sequence[WantedPart]) -> Iterator[str | None]:
    """For each part the warehouse where all of its units are already, the first one by its code; earlier parts choose first."""
    stocked = [line for line in order.lines if line.stock_policy is not StockPolicy.NONE]
    left = {line.id: {there.warehouse: there.quantity for there in line.allocations} for line in stocked}
    for part in parts:
        wanted = {line_id: quantity for line_id, quantity in part.lines if line_id in left}
        places = sorted({at for line_id in wanted for at in left[line_id]})
        place = next((at for at in places if all(left[each].get(at, 0) >= wanted[each] for each in wanted)), None)
        place = part.warehouse or place
        for line_id, quantity in wanted.items():
            if place in left[line_id]:
                left[line_id][place] -= quantity
        yield place
