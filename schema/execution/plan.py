"""What an operation is compiled to: a tree of selections, each of the fields of one object type.

A field with a *slot* needs more than its parent to be written: it is loaded, called, of an abstract type, or something beneath it
is. Its values are found before anything is written (`levels.py`), for all parents of its selection at once. What has no slot is
read from its parent while the answer is written (`writer.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from graphql import FieldNode, GraphQLField, GraphQLNamedType, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails

from schema.execution.sources import Source


class Shape(NamedTuple):
    """The lists around a type, and what of them is never null: `[Order!]!` is a required list of required items."""

    is_required: bool
    item: "Shape | None" = None


@dataclass(slots=True, eq=False)
class Field:
    key: str
    """Its name in the answer."""
    home: int
    """The number of the selection that it is part of."""
    parent_type: GraphQLObjectType
    definition: GraphQLField
    details: list[FieldDetails]
    source: Source
    shape: Shape
    named_type: GraphQLNamedType
    selections: "dict[str, Selection]"
    """By the name of the object's type; empty for leaves."""
    slot: int | None = None
    arguments: Mapping[str, Any] | None = None
    """Where they are the same for every request; None: they depend on variables, or are made for each call."""

    @property
    def known_slot(self) -> int:
        if self.slot is None:
            raise TypeError(f"{self.key} is read from its parent")
        return self.slot

    @property
    def nodes(self) -> list[FieldNode]:
        return [detail.node for detail in self.details]

    @property
    def name(self) -> str:
        return self.details[0].node.name.value


@dataclass(slots=True, eq=False)
class Selection:
    number: int
    object_type: GraphQLObjectType
    fields: tuple[Field, ...]
    slotted: tuple[Field, ...] = ()
    calls: bool = False
    """Whether a resolver is called here or beneath: resolvers may ask for their path."""
    known_class: type[Any] | None = None
    """Whose exact instances are of the type."""


Write = Callable[..., dict[str, Any]]


@dataclass(slots=True, eq=False)
class Part:
    """What is run at once: a whole query, or one field of a mutation."""

    selection: Selection
    grouped: dict[str, list[FieldDetails]]
    slots: int
    selections: int
    source: str = ""
    """Of `write`."""
    write: Write = field(default=dict)


@dataclass(slots=True, eq=False)
class Plan:
    parts: tuple[Part, ...]
    attributes: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """Those of loaded rows that are read, by loader; None, or no such loader: all."""

    def visit(self, visitor: "Visitor") -> None:
        """Shows the visitor each field from the outside in."""
        for part in self.parts:
            _visit(part.selection, visitor, 0)

    def fields(self) -> Iterator[Field]:
        for part in self.parts:
            for top in part.selection.fields:
                yield top
                yield from fields_beneath(top)


def has_containers(arguments: Mapping[str, Any]) -> bool:
    """Whether they are made anew for each call, as a resolver may change what it is given."""
    return any(isinstance(value, list | dict) for value in arguments.values())


class Visitor(Protocol):
    """What looks at a plan before it is run: a cost, a limit, an explanation."""

    def field(self, selection: Selection, field: Field, depth: int, /) -> None: ...


def _visit(selection: Selection, visitor: Visitor, depth: int) -> None:
    for one in selection.fields:
        visitor.field(selection, one, depth)
        for inner in one.selections.values():
            _visit(inner, visitor, depth + 1)


def fields_beneath(top: Field) -> Iterator[Field]:
    for selection in top.selections.values():
        for one in selection.fields:
            yield one
            yield from fields_beneath(one)
