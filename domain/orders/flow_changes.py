"""What differs between two flows, and which orders could not go on if they were moved from the one to the other. Pure.

An order stays on the version that it was placed under, so nothing is stranded by a new version alone. What is asked here is
what would be, before a version is taken out or orders are moved.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.orders.state import BEFORE, SAME, Flow, Rule, State
from domain.values.enums import MachineKind

Place = tuple[MachineKind, str]


@dataclass(frozen=True, slots=True)
class Stranded:
    """A state in which a subject of the old flow cannot go on in the new one, and why."""

    machine: MachineKind
    state: str
    reason: str


def differences(old: Flow, new: Flow) -> tuple[str, ...]:
    """A line each: `-` what is gone, `+` what is new, `~` what is another."""
    return (*_compared(_states(old), _states(new)), *_compared(_steps(old), _steps(new)))


def stranding(old: Flow, new: Flow) -> tuple[Stranded, ...]:
    """Every state of the old flow that lasts, out of which the new one has no way to an end."""
    ends = _ending(new)
    known = {(state.machine, state.name) for state in new.states}
    return tuple(
        Stranded(state.machine, str(state.name), _reason((state.machine, str(state.name)), known))
        for state in old.states
        if not _is_end(state) and (state.machine, str(state.name)) not in ends
    )


def _reason(place: Place, known: set[Place]) -> str:
    return "nothing leads from it to an end" if place in known else "the state is gone"


def _ending(flow: Flow) -> set[Place]:
    """The states from which some steps lead to a terminal state, or to one that is in time."""
    ending: set[Place] = {(state.machine, str(state.name)) for state in flow.states if _is_end(state)}
    while True:
        more = {
            (rule.machine, str(source))
            for rule in flow.rules
            for source in rule.states
            if source is not None and _leads_to(rule, ending)
        } - ending
        if not more:
            return ending
        ending |= more


def _is_end(state: State) -> bool:
    return state.is_terminal or state.window is not None


def _leads_to(rule: Rule, ending: set[Place]) -> bool:
    """A way back counts: what is come back to is another state of the same flow, and judged by itself."""
    return any(target == BEFORE or (target != SAME and (rule.machine, str(target)) in ending) for target in rule.next)


_SHOWN: Final = ("next", "roles", "guards", "effects", "clocks", "when", "mutation")


def _states(flow: Flow) -> dict[str, Any]:
    return {f"{s.machine.lower()} state {s.name}": (s.timer, s.is_terminal, s.window) for s in flow.states}


def _steps(flow: Flow) -> dict[str, Any]:
    return {
        f"{rule.machine.lower()} {state or '(none)'} {rule.action}": tuple(getattr(rule, name) for name in _SHOWN)
        for rule in flow.rules
        for state in rule.states
    }


def _compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"- {name}" for name in old if name not in new)
    yield from (f"+ {name}" for name in new if name not in old)
    yield from (f"~ {name}" for name, content in old.items() if name in new and new[name] != content)
