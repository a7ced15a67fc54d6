"""Random operations for any schema, out of a seeded random source: the same number draws the same operation everywhere.

A plain random source instead of hypothesis: how often each kind of plan step was exercised is asserted over the whole run, and
must not depend on what a shrinker or a database of examples did. An operation that the schema refuses is drawn again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Final, NamedTuple

import orjson
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLSchema,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
)

MAX_DRAWS: Final = 50
MAX_DEPTH: Final = 8
"""Of fragments and fields in each other."""
_META: Final = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
_SCALARS: Final[Mapping[str, tuple[Sequence[Any], Sequence[Any]]]] = {
    "Int": ((0, 1, 5, -3), ("x", 1.5, 2**31)),
    "Float": ((0.5, 2, -1.5), ("x", True)),
    "String": (("a", "", 'ü"\\'), (5, [])),
    "ID": (("p1", "p2", 7), (1.5,)),
    "Boolean": ((True, False), ("yes", 1)),
}
"""What they take, and what they refuse."""


class Drawn(NamedTuple):
    text: str
    variables: dict[str, Any]


@dataclass(slots=True)
class Pool:
    """Values for arguments, by the argument's name or by its type's: so that some of them find something."""

    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    fields: int = 60
    depth: int = 5
    left_out: frozenset[str] = frozenset()
    """Root fields that are not drawn."""


def operation(schema: GraphQLSchema, seed: str, pool: Pool | None = None, *, kind: str = "query") -> Drawn:
    random = Random(seed)
    for _ in range(MAX_DRAWS):
        drawing = _Drawing(schema, random, pool or Pool())
        drawn = drawing.operation(kind)
        if not validate(schema, parse(drawn.text)):
            return drawn
    raise LookupError("the schema takes nothing of what is drawn")


class _Drawing:
    def __init__(self, schema: GraphQLSchema, random: Random, pool: Pool) -> None:
        self._schema = schema
        self._random = random
        self._pool = pool
        self._left = random.randint(5, pool.fields)
        self._names = count(1)
        self._fragments: dict[str, tuple[str, str]] = {}
        """By name: the type and the text."""
        self._variables: dict[str, tuple[str, Any]] = {}
        """By name: the definition and the value; Ellipsis where none is sent."""

    def operation(self, kind: str) -> Drawn:
        root = self._schema.mutation_type if kind == "mutation" else self._schema.query_type
        if root is None:
            raise LookupError(f"the schema has no {kind}")
        selected = self._selection(root, 0)
        defined = ", ".join(f"${name}: {definition}" for name, (definition, _) in self._variables.items())
        fragments = (f"fragment {name} on {kind} {text}" for name, (kind, text) in self._fragments.items())
        values = {name: value for name, (_, value) in self._variables.items() if value is not ...}
        text = "\n".join((f"{kind} Drawn{f'({defined})' if defined else ''} {selected}", *fragments))
        return Drawn(text, values)

    def _chance(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def _selection(self, of: Any, depth: int) -> str:
        parts = [
            part for _ in range(self._random.randint(*(1, 4) if depth else (3, 7))) if (part := self._part(of, depth))
        ]
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _part(self, of: Any, depth: int) -> str:
        roll = self._random.randrange(100)
        if roll < 8 or (depth > MAX_DEPTH and not hasattr(of, "fields")):
            return self._directed("__typename")
        if (roll < 25 and depth < MAX_DEPTH) or not hasattr(of, "fields"):
            return self._fragment(of, depth + 1)
        return self._field(of, depth)

    def _fragment(self, of: Any, depth: int) -> str:
        condition = self._random.choice(list(self._related(of)))
        if self._chance(40):
            return self._spread(condition, depth)
        on = f" on {condition.name}" if condition is not of or self._chance(50) else ""
        return f"{self._directed(f'...{on}')} {self._selection(condition, depth)}"

    def _spread(self, condition: Any, depth: int) -> str:
        known = [name for name, (kind, _) in self._fragments.items() if kind == condition.name]
        if known and self._chance(50):
            name = self._random.choice(known)
        else:
            text = self._selection(condition, depth)
            name = f"F{next(self._names)}"
            self._fragments[name] = (condition.name, text)
        return self._directed(f"...{name}")

    def _related(self, of: Any) -> Iterator[Any]:
        """Types that a value of this one may be of too."""
        yield of
        if is_abstract_type(of):
            yield from self._schema.get_possible_types(of)
        yield from getattr(of, "interfaces", ())

    def _field(self, of: Any, depth: int) -> str:
        choices = list(self._choices(of, depth))
        if not choices:
            return "__typename"
        name, definition = self._random.choice(choices)
        self._left -= 1
        given = self._arguments(definition)
        named = get_named_type(definition.type)
        alias = f"a{next(self._names)}: " if given or self._chance(15) else ""
        beneath = "" if is_leaf_type(named) else " " + self._selection(named, depth + 1)
        return self._directed(f"{alias}{name}{given}") + beneath

    def _choices(self, of: Any, depth: int) -> Iterator[tuple[str, GraphQLField]]:
        is_deep = depth >= self._pool.depth or self._left <= 0
        fields = {name: one for name, one in of.fields.items() if depth or name not in self._pool.left_out}
        leaves = {name: one for name, one in fields.items() if is_leaf_type(get_named_type(one.type))}
        yield from (leaves if is_deep else fields).items()
        if depth == 0 and of is self._schema.query_type and self._chance(5):
            yield from _META.items()

    def _directed(self, text: str) -> str:
        if not self._chance(12):
            return text
        name = self._random.choice(("skip", "include"))
        value = self._random.choice((True, False)) if self._chance(50) else None
        condition = (
            ("true" if value else "false") if value is not None else self._variable("Boolean!", self._chance(60))
        )
        return f"{text} @{name}(if: {condition})"

    def _arguments(self, definition: GraphQLField) -> str:
        given = [
            f"{name}: {self._argument(name, argument)}"
            for name, argument in definition.args.items()
            if is_required_argument(argument) or self._chance(60)
        ]
        return f"({', '.join(given)})" if given else ""

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        if not self._chance(45):
            return _literal(self._value(argument.type, name))
        value = self._value(argument.type, name, wrong=1)
        if is_non_null_type(argument.type) and self._chance(50):
            return self._optional_variable(argument, name)
        return self._variable(str(argument.type), value)

    def _optional_variable(self, argument: GraphQLArgument, name: str) -> str:
        """One that may be null, with a default: allowed where null is not, and found out only when it is run."""
        inner = str(argument.type).removesuffix("!")
        default = _literal(self._value(argument.type, name))
        sent = self._random.choice((..., ..., self._value(argument.type, name), None))
        return self._variable(f"{inner} = {default}", sent)

    def _variable(self, definition: str, value: Any) -> str:
        name = f"v{next(self._names)}"
        self._variables[name] = (definition, value)
        return f"${name}"

    def _value(self, of: Any, name: str, wrong: int = 0, depth: int = 0) -> Any:
        """A value as JSON has it, in a hundred cases `wrong` times one that the type refuses."""
        if is_non_null_type(of):
            return self._some_value(of.of_type, name, wrong, depth)
        return None if self._chance(15) else self._some_value(of, name, wrong, depth)

    def _some_value(self, of: Any, name: str, wrong: int, depth: int) -> Any:
        if is_list_type(of):
            return [self._value(of.of_type, name, wrong, depth + 1) for _ in range(self._random.randint(0, 2))]
        if isinstance(of, GraphQLInputObjectType):
            return {
                key: self._value(one.type, key, wrong, depth + 1)
                for key, one in of.fields.items()
                if is_required_input_field(one) or (depth < 3 and self._chance(40))
            }
        return self._leaf(of, name, is_wrong=self._chance(wrong))

    def _leaf(self, of: Any, name: str, *, is_wrong: bool) -> Any:
        if isinstance(of, GraphQLEnumType):
            return _Name("NONE" if is_wrong else self._random.choice(list(of.values)))
        known = self._pool.values.get(name) or self._pool.values.get(of.name)
        if known and not is_wrong and self._chance(80):
            return self._random.choice(known)
        right, refused = _SCALARS.get(of.name, ((4, 0, "text"), (3, "silence")))
        return self._random.choice(refused if is_wrong else right)


class _Name(str):
    """Of an enumeration's value: text in JSON, a bare word in a document."""

    __slots__ = ()


def _literal(value: Any) -> str:
    if isinstance(value, _Name):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(one) for one in value) + "]"
    return orjson.dumps(value).decode()
