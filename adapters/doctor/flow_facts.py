"""The flows' tables as columns of arrays, so that SQL can look steps and deadlines up in them."""

from collections.abc import Iterator
from typing import Any, Final

from domain.orders.flows import FLOWS
from domain.orders.state import BEFORE, REMEMBERED, SAME, Flow, Rule
from domain.values.enums import MachineKind

Columns = dict[str, list[Any]]

TERMINAL_STATUSES: Final = sorted(
    {
        state.name
        for flow in FLOWS.values()
        for state in flow.states
        if state.machine is MachineKind.ORDER and (state.is_terminal or state.window is not None)
    }
)
"""Also those that time makes terminal: what comes back of them later is another matter."""
REMEMBERED_STATES: Final = sorted(REMEMBERED)
"""What a subject comes back from to the state before."""


def steps() -> Columns:
    """Every legal step, a column each. An empty `source`: the subject begins. `target` may be SAME or BEFORE."""
    rows = [(*_flow(flow), *step) for flow in FLOWS.values() for rule in flow.rules for step in _steps(rule)]
    names = ("types", "versions", "machines", "sources", "actions", "targets")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def deadlines() -> Columns:
    """Every state that time takes a step out of, with its timer's name."""
    rows = [
        (*_flow(flow), state.machine.value, state.name, state.timer.name)
        for flow in FLOWS.values()
        for state in flow.states
        if state.timer is not None and state.timer.action != "alert"
    ]
    names = ("types", "versions", "machines", "states", "timers")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _flow(flow: Flow) -> tuple[str, int]:
    return flow.order_type.value, flow.version


def _steps(rule: Rule) -> Iterator[tuple[str, str, str, str]]:
    for source in rule.states:
        for target in rule.next:
            shown = source if target == SAME else target
            yield rule.machine.value, source or "", rule.action, "" if shown == BEFORE else str(shown)
