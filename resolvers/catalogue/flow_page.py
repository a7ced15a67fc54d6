"""`docs/order-logic.md`: the parts that are rendered from the tables. What stands between two marks is written anew, the rest is left."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Final

from domain.orders.diagram import Machine, machines_of
from domain.orders.flows import CURRENT
from domain.orders.state import BEFORE, SAME, Flow, Rule, State
from domain.policies import DAY_S, HOUR_S, MINUTE_S, Timeouts
from domain.values.enums import MachineKind, OrderType, Role

MACHINES: Final = {
    MachineKind.ORDER: "The order",
    MachineKind.FULFILLMENT: "A fulfillment: what one warehouse or seller sends",
    MachineKind.PAYMENT: "A payment",
    MachineKind.REFUND: "A refund",
    MachineKind.AFTER_SALE: "An after-sale case",
}
_SYSTEM: Final = frozenset((Role.SYSTEM, Role.PROVIDER))
_MARKS: Final = re.compile(r"<!-- begin (\w+) -->\n.*?<!-- end \1 -->", re.DOTALL)
_UNITS: Final = ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "m"), (1, "s"))


def with_rendered_parts(page: str) -> str:
    """The page with every marked part as the tables say now. Raises KeyError for a mark of another name."""
    return _MARKS.sub(lambda found: f"<!-- begin {found[1]} -->\n{_PARTS[found[1]]()}\n<!-- end {found[1]} -->", page)


def _diagrams() -> str:
    """A machine that is alike in several order types is drawn once."""
    return "\n\n".join(part for kind in MACHINES for part in _diagrams_of(kind))


def _diagrams_of(kind: MachineKind) -> Iterator[str]:
    drawn: dict[str, list[OrderType]] = {}
    for flow in CURRENT.values():
        machine = _machine(flow, kind)
        if machine is not None:
            drawn.setdefault(machine.mermaid, []).append(flow.order_type)
    for mermaid, order_types in drawn.items():
        whose = "" if len(drawn) == 1 else f" ({_listed(order_types)})"
        yield f"### {MACHINES[kind]}{whose}\n\n```mermaid\n{mermaid.rstrip()}\n```"


def _machine(flow: Flow, kind: MachineKind) -> Machine | None:
    return next((machine for machine in machines_of(flow) if machine.kind is kind), None)


def _persons() -> str:
    """What persons and partners may do: each mutation once, with each set of roles that may."""
    rows: dict[tuple[MachineKind, str, tuple[str, ...]], dict[str, None]] = {}
    for _, rule in _rules():
        roles = tuple(role.value for role in Role if role in rule.roles - _SYSTEM)
        if rule.mutation and roles:
            states = rows.setdefault((rule.machine, rule.mutation, roles), {})
            states.update(dict.fromkeys(state or "(new)" for state in rule.states))
    lines = (
        f"| `{action}` | {kind.lower().replace('_', '-')} | {', '.join(states)} | {', '.join(roles)} |"
        for (kind, action, roles), states in _by_machine(rows)
    )
    return "\n".join(["| action | on | while it is | by |", "|---|---|---|---|", *lines])


def _by_machine(
    rows: Mapping[tuple[MachineKind, str, tuple[str, ...]], dict[str, None]],
) -> list[tuple[tuple[MachineKind, str, tuple[str, ...]], dict[str, None]]]:
    places = list(MACHINES)
    return sorted(rows.items(), key=lambda row: places.index(row[0][0]))


def _timeouts() -> str:
    """Each timer of each state: how long, by which key of the policy, and what happens then."""
    defaults: dict[str, int] = {part.name: getattr(Timeouts(), part.name) for part in fields(Timeouts)}
    rows: dict[tuple[MachineKind, str, str, str, str], list[OrderType]] = {}
    for flow in CURRENT.values():
        for state in flow.states:
            if state.timer is not None:
                then = _then(flow, state)
                key = (state.machine, state.name, state.timer.name, state.timer.timeout, then)
                rows.setdefault(key, []).append(flow.order_type)
    places = list(MACHINES)
    lines = (
        f"| {kind.lower().replace('_', '-')} {state}{_only(types)} | {_span(defaults[timeout])} | `timeouts.{timeout.removesuffix('_s')}` | {then} |"
        for (kind, state, _, timeout, then), types in sorted(rows.items(), key=lambda row: places.index(row[0][0]))
    )
    return "\n".join(["| while | after | set by | the system |", "|---|---|---|---|", *lines])


_FOLLOWS: Final = {
    "cancelTimeout": "counts the parcels as not stopped; the order goes on where they are",
    "acceptTimeout": "once the order is confirmed: asks the next warehouse that has the units; where none has, tells a person",
}
"""What a step that leaves the state as it is brings about at once."""


def _then(flow: Flow, state: State) -> str:
    if state.timer is None or state.timer.action == "alert":
        return "tells a person; nothing else changes"
    rule = flow.rule(state.machine, state.name, state.timer.action)
    words = {SAME: "leaves it as it is", BEFORE: "puts it back where it was"}
    if state.timer.action in _FOLLOWS:
        return f"takes `{state.timer.action}`: {_FOLLOWS[state.timer.action]}"
    targets = [words.get(target, f"goes to {target}") for target in (rule.next if rule else ())]
    return f"takes `{state.timer.action}`: {' or '.join(dict.fromkeys(targets))}"


def _only(order_types: list[OrderType]) -> str:
    return "" if len(order_types) == len(CURRENT) else f" ({_listed(order_types)})"


def _listed(order_types: list[OrderType]) -> str:
    return ", ".join(order_types)


def _rules() -> Iterator[tuple[Flow, Rule]]:
    yield from ((flow, rule) for flow in CURRENT.values() for rule in flow.rules)


def _span(seconds: int) -> str:
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size} {unit}"


_PARTS: Final[Mapping[str, Callable[[], str]]] = {"diagrams": _diagrams, "persons": _persons, "timeouts": _timeouts}
