"""The tables of a flow as data for readers, and as Mermaid state diagrams. Pure: what is drawn is what runs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from domain.orders.state import BEFORE, SAME, Flow, Rule, State
from domain.values.enums import MachineKind, Role

_HEADER: Final = "stateDiagram-v2"
_INDENT: Final = "    "
_IN_TIME: Final = ": (after-sale window over)"


@dataclass(frozen=True, slots=True)
class FlowState:
    name: str
    is_initial: bool
    is_terminal: bool
    description: str
    window: str | None = None
    """What ends it in time, without a step."""


@dataclass(frozen=True, slots=True)
class FlowTransition:
    """One row of a table; empty `from_states`: the subject does not exist yet."""

    from_states: tuple[str, ...]
    action: str
    to_states: tuple[str, ...]
    roles: tuple[Role, ...]
    guards: tuple[str, ...]
    effects: tuple[str, ...]
    timer: str | None
    """The timer that takes the step."""
    mutation: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    kind: MachineKind
    states: tuple[FlowState, ...]
    transitions: tuple[FlowTransition, ...]

    @property
    def mermaid(self) -> str:
        """This machine alone, its states under their own names."""
        lines = [f"{name} --> {target}{label}" for name, target, label in _edges(self, prefix="")]
        return "\n".join([_HEADER, *_indented(lines)]) + "\n"


def machines_of(flow: Flow) -> tuple[Machine, ...]:
    """Every machine of the flow, in the order of its tables."""
    kinds = dict.fromkeys(state.machine for state in flow.states)
    return tuple(_machine(flow, kind) for kind in kinds)


def mermaid_of(flow: Flow) -> str:
    """All machines in one diagram, each a composite state; ids are prefixed, because Mermaid's are global."""
    lines = [line for machine in machines_of(flow) for line in _composite(machine)]
    return "\n".join([_HEADER, *_indented(lines)]) + "\n"


def _machine(flow: Flow, kind: MachineKind) -> Machine:
    states = tuple(state for state in flow.states if state.machine is kind)
    rules = tuple(rule for rule in flow.rules if rule.machine is kind)
    names = tuple(str(state.name) for state in states)
    begun = {target for rule in rules if _begins(rule, names) for target in rule.next}
    transitions = (transition for rule in rules for transition in _transitions(rule, rules, states))
    return Machine(kind, tuple(_flow_state(state, begun) for state in states), tuple(transitions))


def _flow_state(state: State, begun: set[str]) -> FlowState:
    return FlowState(str(state.name), state.name in begun, state.is_terminal, state.description, state.window)


def _begins(rule: Rule, names: tuple[str, ...]) -> bool:
    """Whether the rule says where a subject begins; one that may begin in any state says nothing."""
    return None in rule.states and not set(names) <= set(rule.next)


def _transitions(rule: Rule, rules: tuple[Rule, ...], states: tuple[State, ...]) -> Iterator[FlowTransition]:
    """One for the whole rule; where it leads back to its own state, one for each."""
    names = tuple(str(name) for name in rule.states if name is not None)
    parts = [(name,) for name in names] if SAME in rule.next else [names]
    for part in parts:
        yield FlowTransition(
            from_states=part,
            action=rule.action,
            to_states=tuple(dict.fromkeys(_targets(rule, part, rules, states))),
            roles=tuple(role for role in Role if role in rule.roles),
            guards=tuple(_word(guard.__name__) for guard in rule.guards),
            effects=tuple(_word(effect.__name__) for effect in rule.effects),
            timer=_timer(rule, part, states),
            mutation=rule.mutation,
        )


def _targets(rule: Rule, sources: tuple[str, ...], rules: tuple[Rule, ...], states: tuple[State, ...]) -> Iterator[str]:
    known = {state.name for state in states}
    for target in rule.next:
        if target == SAME:
            yield from sources
        elif target == BEFORE:
            yield from (
                str(name) for other in rules for name in other.states if name and set(other.next) & set(sources)
            )
        elif target in known:
            yield str(target)


def _timer(rule: Rule, sources: tuple[str, ...], states: tuple[State, ...]) -> str | None:
    timers = (state.timer for state in states if state.name in sources)
    return next((timer.name for timer in timers if timer is not None and timer.action == rule.action), None)


def _word(function_name: str) -> str:
    first, *others = function_name.split("_")
    return first + "".join(part.capitalize() for part in others)


def _composite(machine: Machine) -> list[str]:
    prefix = f"{machine.kind}_"
    states = [f'state "{state.name}" as {prefix}{state.name}' for state in machine.states]
    edges = [f"{name} --> {target}{label}" for name, target, label in _edges(machine, prefix)]
    return [f"state {machine.kind} {{", *_indented([*states, *edges]), "}"]


def _edges(machine: Machine, prefix: str) -> list[tuple[str, str, str]]:
    """One arrow for each pair of states, labelled with every action that leads along it."""
    names = tuple(state.name for state in machine.states)
    actions: dict[tuple[str, str], list[str]] = {}
    for transition in machine.transitions:
        if not transition.from_states and set(names) <= set(transition.to_states):
            continue
        for source in [prefix + name for name in transition.from_states] or ["[*]"]:
            for target in transition.to_states:
                actions.setdefault((source, prefix + target), []).append(transition.action)
    arrows = [(*pair, f": {', '.join(dict.fromkeys(taken))}") for pair, taken in actions.items()]
    ends = [(prefix + state.name, "[*]", "") for state in machine.states if state.is_terminal]
    return arrows + ends + [(prefix + state.name, "[*]", _IN_TIME) for state in machine.states if state.window]


def _indented(lines: Iterable[str]) -> list[str]:
    return [_INDENT + line for line in lines]
