"""How leaves are written: for each scalar and enumeration the test that a value is as it should be, and what to do where not.

The test is a line of the generated code, so that most values cost no call; `write` does what graphql-core would do, and raises
Irregular where graphql-core would find an error.
"""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from types import GeneratorType
from typing import Any, Final, NamedTuple

from graphql import GraphQLEnumType, GraphQLNamedType, GraphQLScalarType, Undefined

_IS_WRONG: Final = {
    "String": "type({0}) is not str",
    "ID": "type({0}) is not str",
    "Boolean": "{0} is not True and {0} is not False",
    "Int": "type({0}) is not int or not -2147483648 <= {0} <= 2147483647",
    "Float": "type({0}) is not float or {0} - {0} != 0",
}
"""Of the built-in scalars: values that pass are written as they are. The difference of a float with itself is no number only
for infinities and for what is no number."""


_IS_NO_TEXT: Final = "type({0}) is not str"
"""Of scalars whose values are written as they are: most of them are texts."""


def as_it_is(value: Any) -> Any:
    """How a scalar writes its values that has nothing to do for it."""
    return value


class Irregular(Exception):
    """The answer is not as plain as the writer can write it: graphql-core shall write it from the same values."""


class Leaf(NamedTuple):
    is_wrong: str | None
    """A condition of generated code in which {0} is the value; None: every value is written by `write`."""
    name: str
    """Of `write`, in generated code."""
    write: Callable[[Any], Any]
    enumeration: type[Enum] | None = None
    """Whose members are written by their names."""


@lru_cache(1024)
def leaf_of(named_type: GraphQLNamedType) -> Leaf:
    if not isinstance(named_type, GraphQLScalarType | GraphQLEnumType):
        raise TypeError(f"{named_type} is no leaf")
    name, write = f"write_{named_type.name}", _written(named_type.coerce_output_value)
    if isinstance(named_type, GraphQLEnumType):
        return Leaf(None, name, write, _enumeration(named_type))
    as_given = _IS_NO_TEXT if named_type.coerce_output_value is as_it_is else None
    return Leaf(_IS_WRONG.get(named_type.name, as_given), name, write)


def is_odd(value: Any) -> bool:
    """Whether graphql-core does something else with it than to write it: whatever it is, a scalar might take it."""
    return value is Undefined or isinstance(value, Exception) or is_awaited(type(value))


def _may_be_awaited(kind: type[Any]) -> bool:
    return kind is GeneratorType or hasattr(kind, "__await__")


is_awaited: Final[Callable[[Any], bool]] = lru_cache(1024)(_may_be_awaited)
"""Whether values of the type may have to be waited for."""


def _written(coerce: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def write(value: Any) -> Any:
        if value is None or is_odd(value):
            raise Irregular
        written = coerce(value)
        if written is None or written is Undefined:
            raise Irregular
        return written

    return write


def _enumeration(named_type: GraphQLEnumType) -> type[Enum] | None:
    """The Python enumeration behind it, where the members' names are those of the values."""
    members = getattr(named_type, "wrapped_cls", None)
    if not (isinstance(members, type) and issubclass(members, Enum)):
        return None
    named = {name: member.value for name, member in members.__members__.items()}
    shown = {name: value.value for name, value in named_type.values.items()}
    has_aliases = len(named) != len(members)
    return members if named == shown and not has_aliases else None
