"""How the tables of an order type come out of those for physical goods: rows of its own, beside or in place of others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.orders.state import Effect, Rule, State
from domain.values.enums import MachineKind, OrderStatus
from domain.values.replacing import replace

IMPORT: Final = "importOrders"


@dataclass(frozen=True, slots=True)
class Variant:
    """What is different for an order type. Its rows take the place of those about the same state and action."""

    first: OrderStatus
    """Where an order begins that costs something."""
    states: tuple[State, ...] = ()
    rules: tuple[Rule, ...] = ()
    """They come before the others, so that a derived step of theirs goes first."""
    without_states: frozenset[tuple[MachineKind, str]] = frozenset()
    without_machines: frozenset[MachineKind] = frozenset()
    without_rules: frozenset[tuple[MachineKind, str, str]] = frozenset()
    """Machine, state, action."""
    more_effects: Mapping[tuple[MachineKind, str], tuple[Effect, ...]] = field(default_factory=dict)
    """By machine and action: what its rows bring besides."""

    def varied_states(self, states: tuple[State, ...]) -> tuple[State, ...]:
        own = {(state.machine, state.name): state for state in self.states}
        kept = [own.pop((state.machine, state.name), state) for state in states if not self._is_lost(state)]
        return (*own.values(), *kept)

    def varied_rules(self, rules: tuple[Rule, ...], states: tuple[State, ...]) -> tuple[Rule, ...]:
        """`states`: those of the order type."""
        replaced = {(rule.machine, state, rule.action) for rule in self.rules for state in rule.states}
        names = {(state.machine, str(state.name)) for state in states}
        gone = replaced | self.without_rules
        return (*self.rules, *(rule for each in rules for rule in self._varied(each, names, gone)))

    def _varied(
        self, rule: Rule, names: set[tuple[MachineKind, str]], gone: set[tuple[MachineKind, str | None, str]]
    ) -> Iterator[Rule]:
        lost = self.without_states
        sources = tuple(
            state
            for state in rule.states
            if (rule.machine, state, rule.action) not in gone
            and (state is None or ((rule.machine, state) not in lost and (rule.machine, str(state)) in names))
        )
        targets = tuple(name for name in rule.next if (rule.machine, name) not in lost)
        if rule.action == IMPORT:
            targets = tuple(name for machine, name in sorted(names) if machine is rule.machine)
        if rule.machine in self.without_machines or not sources or not targets:
            return
        effects = (*rule.effects, *self.more_effects.get((rule.machine, rule.action), ()))
        yield replace(rule, states=sources, next=targets, effects=effects)

    def _is_lost(self, state: State) -> bool:
        return state.machine in self.without_machines or (state.machine, state.name) in self.without_states
