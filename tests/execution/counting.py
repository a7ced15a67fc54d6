"""What an operation exercised: kinds of plan steps, null cases, abstract types and failing loads."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from graphql import GraphQLInterfaceType, GraphQLUnionType

from schema.execution.plan import Field
from schema.execution.sources import Attribute, Called, Computed, Contextual, Loaded, TypeName
from tests.execution.comparing import Path, nulled_at
from tests.execution.declaring import Visit
from tests.execution.running import Comparison

_STEPS: Final = {
    Attribute: "attribute",
    Called: "called",
    Computed: "computed",
    Contextual: "contextual",
    Loaded: "loaded",
    TypeName: "type name",
}
_MESSAGES: Final = {
    "Cannot return null": "null where there must be none",
    "Expected value of type": "denied by its type",
    "must resolve to an Object type": "wrong name of a type",
    "does not exist inside the schema": "wrong name of a type",
    "non-object type": "wrong name of a type",
    "is not a possible type": "wrong name of a type",
    "Expected Iterable": "no list",
}


def counted(comparison: Comparison) -> Counter[str]:
    found = Counter(_nulls(comparison))
    found.update(_messages(comparison))
    if comparison.plan is not None:
        found.update(kind for field in comparison.plan.fields() for kind in _steps(field))
    if isinstance(comparison.context, Visit):
        found.update(comparison.context.met)
    return found


def _steps(field: Field) -> Iterator[str]:
    source = field.source
    has_more = (isinstance(source, Computed) and source.parts) or (isinstance(source, Loaded) and source.then)
    yield _STEPS[type(source)] + (" with more" if has_more else "")
    if isinstance(field.named_type, GraphQLInterfaceType):
        yield "interface"
    if isinstance(field.named_type, GraphQLUnionType):
        yield "union"


def _messages(comparison: Comparison) -> Iterator[str]:
    return (kind for error in comparison.every for part, kind in _MESSAGES.items() if part in error.message)


def _nulls(comparison: Comparison) -> Iterator[str]:
    data = comparison.core.data
    if not comparison.core.is_executed:
        yield "refused"
        return
    nulled: set[Path] = set()
    for error in comparison.every:
        path = nulled_at(data, error.path) or ()
        nulled.add(path)
        yield _kind(path, error.path)
    yield from ("null" for path in _null_paths(data, ()) if path not in nulled)


def _kind(nulled: Path, failed: Path) -> str:
    if not nulled:
        return "failure that reaches the top"
    place = "item" if isinstance(nulled[-1], int) else "field"
    return f"failing {place}" if nulled == failed else f"failure that reaches the {place}"


def _null_paths(data: Any, path: Path) -> Iterator[Path]:
    if data is None:
        yield path
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _null_paths(value, (*path, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            yield from _null_paths(value, (*path, position))
