"""The output: one generated function for each part of a plan, straight code that reads attributes and makes dictionaries.

It takes the found values of each slot in the order in which it comes to them, which is the order in which their level was found.
It checks what it writes, but reports nothing: at the first thing that is not as it should be it raises Irregular (or whatever
reading raised), and the answer is written by graphql-core from the same values (`replay.py`).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

from graphql import is_abstract_type, is_leaf_type

from schema.execution.leaves import Irregular, is_odd, leaf_of
from schema.execution.plan import Field, Part, Selection, Shape
from schema.execution.sources import TYPE_NAME, Attribute, Computed, Contextual, Parts, Uncompiled

INDENT: Final = "    "
FUNCTION: Final = "write"


def written(part: Part) -> Part:
    """The same part, with its code. Raises Uncompiled where Python does not take it: lists in lists in lists …"""
    writer = _Writer()
    part.source = writer.function(part)
    try:
        exec(compile(part.source, "<plan>", "exec"), writer.names)  # noqa: S102  made here, of names that a schema allows
    except (SyntaxError, RecursionError, MemoryError, OverflowError) as error:
        raise Uncompiled("it is nested too deeply") from error
    part.write = writer.names[FUNCTION]
    return part


class _Writer:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 1
        self._numbers = count(1)
        self.names: dict[str, Any] = {"Irregular": Irregular, "is_odd": is_odd}
        """What the code refers to."""

    def function(self, part: Part) -> str:
        answer = self._object(part.selection, "root")
        self._line(f"return {answer}")
        slots = [
            f"{INDENT}slot{one.slot}_next = iter(values[{one.slot}]).__next__" for one in _slotted(part.selection)
        ] + [
            f"{INDENT}slot{one.slot}_type = iter(types[{one.slot}]).__next__"
            for one in _slotted(part.selection)
            if is_abstract_type(one.named_type)
        ]
        return "\n".join([f"def {FUNCTION}(root, context, values, types, info):", *slots, *self._lines, ""])

    def _object(self, selection: Selection, parent: str) -> str:
        """Code that reads the fields, and the expression of the dictionary."""
        written = [(one.key, self._field(one, parent)) for one in selection.fields]
        return "{" + ", ".join(f'"{key}": {value}' for key, value in written) + "}"

    def _field(self, field: Field, parent: str) -> str:
        if field.source is TYPE_NAME:
            return f'"{field.parent_type.name}"'
        value = self._name(field.key)
        parts = field.source.parts if isinstance(field.source, Computed) else None
        if parts is not None and field.slot is None and _is_written_by(parts, field):
            self._parts(field, parts, parent, value)
        else:
            self._line(f"{value} = {self._read(field, parent)}")
            self._value(field, field.shape, value)
        return value

    def _read(self, field: Field, parent: str) -> str:
        source = field.source
        if field.slot is not None:
            return f"slot{field.slot}_next()"
        if isinstance(source, Attribute):
            return f"{parent}.{source.name}"
        of = self._known(f"{field.name}_of_{field.parent_type.name}", getattr(source, "of", None))
        return f"{of}({parent}, context)" if isinstance(source, Contextual) else f"{of}({parent})"

    def _parts(self, field: Field, parts: Parts, parent: str, value: str) -> None:
        (selection,) = field.selections.values()
        first = f"{parent}.{parts.reads[0]}"
        self._line(f"{value} = {first}")
        given = ", ".join([value, *(f"{parent}.{name}" for name in parts.reads[1:])])
        leaves = {
            one.key: f'"{selection.object_type.name}"'
            if one.source is TYPE_NAME
            else f"{self._known(f'{one.name}_of_{selection.object_type.name}', parts.write[one.name])}({given})"
            for one in selection.fields
        }
        written = "{" + ", ".join(f'"{key}": {leaf}' for key, leaf in leaves.items()) + "}"
        with self._unless_null(field.shape, value):
            self._line(f"{value} = {written}")

    def _value(self, field: Field, shape: Shape, value: str) -> None:
        """Code that puts what is written of the value in its place."""
        if shape.item is not None:
            self._list(field, shape, shape.item, value)
        elif is_leaf_type(field.named_type):
            self._leaf(field, shape, value)
        else:
            with self._unless_null(shape, value):
                self._branch(field, value)

    def _list(self, field: Field, shape: Shape, inner: Shape, value: str) -> None:
        items, item = self._name(f"all_{field.key}"), self._name(field.key)
        with self._unless_null(shape, value):
            self._line(f"if type({value}) is not tuple and type({value}) is not list: raise Irregular")
            self._line(f"{items} = []")
            self._line(f"for {item} in {value}:")
            with self._indented():
                self._value(field, inner, item)
                self._line(f"{items}.append({item})")
            self._line(f"{value} = {items}")

    def _leaf(self, field: Field, shape: Shape, value: str) -> None:
        leaf = leaf_of(field.named_type)
        write = self._known(leaf.name, leaf.write)
        if leaf.enumeration is not None:
            members = self._known(field.named_type.name, leaf.enumeration)
            line = f"{value} = {value}._name_ if type({value}) is {members} else {write}({value})"
        else:
            line = f"{value} = {write}({value})"
        wrong = leaf.is_wrong.format(value) if leaf.is_wrong else None
        tests = [f"{value} is not None"] * (not shape.is_required) + [f"({wrong})"] * (wrong is not None)
        self._line(f"if {' and '.join(tests)}: {line}" if tests else line)

    def _branch(self, field: Field, value: str) -> None:
        if not is_abstract_type(field.named_type):
            (selection,) = field.selections.values()
            self._checked_object(field, selection, value)
            return
        kind = self._name("type")
        self._line(f"{kind} = slot{field.slot}_type()")
        for number, (name, selection) in enumerate(field.selections.items()):
            self._line(f'{"elif" if number else "if"} {kind} == "{name}":')
            with self._indented():
                self._checked_object(field, selection, value)
        self._line("else: raise Irregular" if field.selections else "raise Irregular")

    def _checked_object(self, field: Field, selection: Selection, value: str) -> None:
        self._line(f"if {self._is_another(field, selection, value)}: raise Irregular")
        self._line(f"{value} = {self._object(selection, value)}")

    def _is_another(self, field: Field, selection: Selection, value: str) -> str:
        """The condition that the value is not of the type."""
        kind, known = selection.object_type, selection.known_class
        is_another = f"is_odd({value})"
        if kind.is_type_of is not None:
            is_type_of, asked = self._known(f"is_{kind.name}", kind.is_type_of), self._known("field", field)
            is_another += f" or {is_type_of}({value}, info({asked})) is not True"
        return (
            is_another
            if known is None
            else f"type({value}) is not {self._known(known.__name__, known)} and ({is_another})"
        )

    @contextmanager
    def _unless_null(self, shape: Shape, value: str) -> Iterator[None]:
        """What stands inside is for values; a null stays one, unless there must not be any."""
        if shape.is_required:
            self._line(f"if {value} is None: raise Irregular")
            yield
            return
        self._line(f"if {value} is not None:")
        with self._indented():
            yield

    @contextmanager
    def _indented(self) -> Iterator[None]:
        self._depth += 1
        yield
        self._depth -= 1

    def _line(self, text: str) -> None:
        self._lines.append(INDENT * self._depth + text)

    def _name(self, of: str) -> str:
        """A variable of its own."""
        return f"{of}_{next(self._numbers)}"

    def _known(self, name: str, value: Any) -> str:
        """The name under which the code finds the value; the same name for the same value.

        It ends with an underscore, variables end with a digit: no schema can make one of the other.
        """
        known = f"{name}_"
        while self.names.setdefault(known, value) is not value:
            known = f"{self._name(name)}_"
        return known


def _is_written_by(parts: Parts, field: Field) -> bool:
    """Whether all that is selected of the object is among its parts."""
    if field.shape.item is not None or len(field.selections) != 1:
        return False
    (selection,) = field.selections.values()
    return all(one.source is TYPE_NAME or one.name in parts.write for one in selection.fields)


def _slotted(selection: Selection) -> Iterable[Field]:
    for one in selection.slotted:
        yield one
        for inner in one.selections.values():
            yield from _slotted(inner)
