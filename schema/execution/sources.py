"""Where a field's value comes from: read off its Strawberry declaration, once for each field.

Attribute   the parent's attribute
Computed    a pure function of the parent
Contextual  a function of the parent and the request's context, without waiting
Loaded      a loader's value for an attribute of the parent: asked for once for all parents of a level
Called      anything else: a resolver with arguments, called for each parent
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from graphql import GraphQLField, default_field_resolver
from strawberry.types.field import StrawberryField

_BACKREF: Final = "strawberry-definition"
"""Under which Strawberry keeps its own definition of a field or an enumeration."""


class Uncompiled(Exception):
    """The operation is left to graphql-core; the message says why."""


Mask = Callable[[Any, Any, Any], Any]
"""What is shown of a value, given it, its parent and the request's context; raises what is to be the field's error."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """Which metadata of a field says how it gets its value, and of which classes such declarations are."""

    metadata: str
    load: type[Any]
    computed: type[Any]
    contextual: type[Any]
    mask: str | None = None
    """The key under which a field's metadata has a Mask."""


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    get: Callable[[Any], Any] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """A computed object's leaves, each straight from the parent: functions of the attributes `reads`, giving what is written.
    The object is null where the first attribute is None.
    """

    reads: tuple[str, ...]
    write: Mapping[str, Callable[..., Any]]
    """By the leaf's name."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which attributes of what was loaded are read: those selected where the rows are shown, and some more."""

    at: tuple[str, ...] | None = ()
    """The fields that lead from the loading one to the rows, itself where there are none; None: they are not shown."""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    of: Callable[[Any], Any]
    parts: Parts | None = None
    reads: tuple[str, ...] | None = None
    """The attributes of the parent that are read; None: any."""


@dataclass(frozen=True, slots=True)
class Contextual:
    of: Callable[[Any, Any], Any]
    reads: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    loader: str
    key: str
    get: Callable[[Any], Any] = field(compare=False)
    """The key of a parent; None asks for nothing."""
    then: Callable[[Any, Any], Any] | None = None
    """Makes the field's value from the parent and what was loaded."""
    reads: tuple[str, ...] | None = None
    """The attributes of the parent that `then` reads; None: any."""
    rows: Rows | None = None
    """None: all attributes of what was loaded are read."""


@dataclass(frozen=True, slots=True)
class Called:
    resolve: Callable[..., Any]
    is_async: bool = False
    """Whether it has to be waited for, as far as its declaration says."""


@dataclass(frozen=True, slots=True)
class TypeName:
    """`__typename`: known when the plan is made."""


Source = Attribute | Computed | Contextual | Loaded | Called | TypeName
TYPE_NAME: Final = TypeName()


def strawberry_definition(of: Any) -> Any:
    return (of.extensions or {}).get(_BACKREF)


def source_of(definition: GraphQLField, declarations: Declarations) -> Source:
    """Raises Uncompiled for a field with permissions or extensions: nothing may be bypassed on the fast way."""
    declared = strawberry_definition(definition)
    if not isinstance(declared, StrawberryField):
        return Called(definition.resolve or default_field_resolver)
    if declared.extensions or declared.permission_classes:
        raise Uncompiled(f"the field {declared.python_name} has permissions or extensions")
    if declared.is_basic_field:
        found: Source | None = _attribute(declared)
    else:
        found = _declared(declared.metadata.get(declarations.metadata), declarations)
    source = found or Called(definition.resolve or default_field_resolver, declared.is_async)
    mask = mask_of(definition, declarations)
    return source if mask is None or isinstance(source, Called) else _masked(source, mask, declared.python_name)


def mask_of(definition: GraphQLField, declarations: Declarations) -> Mask | None:
    declared = strawberry_definition(definition)
    has_metadata = declarations.mask is not None and isinstance(declared, StrawberryField)
    return declared.metadata.get(declarations.mask) if has_metadata else None


def _masked(source: Source, mask: Mask, name: str) -> Source:
    """What is called was masked by its resolver (`masking.py`)."""
    match source:
        case Attribute(get=of) | Computed(of=of):
            return Contextual(lambda parent, context: mask(of(parent), parent, context))
        case Contextual(of=shown):
            return Contextual(lambda parent, context: mask(shown(parent, context), parent, context))
    raise Uncompiled(f"the field {name} is loaded and masked")


def _attribute(declared: StrawberryField) -> Source:
    name, read = declared.python_name, declared.default_resolver
    return Attribute(name, attrgetter(name)) if read is getattr else Computed(lambda parent: read(parent, name))


def _declared(given: Any, declarations: Declarations) -> Source | None:
    if isinstance(given, declarations.load):
        return _loaded(given)
    if isinstance(given, declarations.computed):
        parts = None if given.parts is None else Parts(given.parts.reads, given.parts.write)
        return Computed(given.of, parts, given.reads if parts is None or given.reads is not None else parts.reads)
    return Contextual(given.of, given.reads) if isinstance(given, declarations.contextual) else None


def _loaded(given: Any) -> Loaded:
    rows = None if given.rows is None else Rows(given.rows.at, given.rows.also)
    if given.then is None:
        return Loaded(given.loader, given.key, attrgetter(given.key), None, (), rows or Rows())
    return Loaded(given.loader, given.key, attrgetter(given.key), given.then, given.reads, rows)
