"""Which attributes of loaded rows an operation reads, so that no others need to be loaded.

Known for loaders of which the application said that their rows can be read in parts: it names for each of them the kind of its rows,
and all loaders of one kind load the same attributes, so that one may answer with what the other has loaded. Wherever a function
reads a row that did not declare what it reads, it is everything; so it is for all rows where a resolver beneath the top loads for
itself, for it could not share what was loaded in part.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schema.execution.plan import Field, Plan, Selection, fields_beneath
from schema.execution.sources import Attribute, Called, Computed, Contextual, Loaded

Attributes = frozenset[str] | None
"""None: all."""
_NOTHING: Final[frozenset[str]] = frozenset()


def attributes_by_loader(plan: Plan, kinds: Mapping[str, Any]) -> dict[str, Attributes]:
    if any(_may_load(field) for part in plan.parts for top in part.selection.fields for field in fields_beneath(top)):
        return {}
    found: dict[Any, Attributes] = {}
    for field in plan.fields():
        source = field.source
        if isinstance(source, Loaded) and source.loader in kinds:
            kind = kinds[source.loader]
            found[kind] = _joined(found.get(kind, _NOTHING), _of_rows(field, source))
    return {loader: found[kind] for loader, kind in kinds.items() if kind in found}


def _may_load(field: Field) -> bool:
    return isinstance(field.source, Called) and field.source.is_async


def _of_rows(field: Field, source: Loaded) -> Attributes:
    rows = source.rows
    if rows is None:
        return None
    shown: Attributes = frozenset(rows.also)
    if rows.at is not None:
        for selection in _selections(field, rows.at):
            shown = _joined(shown, _of_selection(selection))
    return shown


def _selections(field: Field, at: tuple[str, ...]) -> Iterator[Selection]:
    """Those that show the rows: the field's own, or of fields beneath it."""
    for selection in field.selections.values():
        if not at:
            yield selection
        for inner in selection.fields if at else ():
            if inner.name == at[0]:
                yield from _selections(inner, at[1:])


def _of_selection(selection: Selection) -> Attributes:
    read: Attributes = _NOTHING
    for field in selection.fields:
        read = _joined(read, _of_parent(field))
    return read


def _of_parent(field: Field) -> Attributes:
    source = field.source
    if isinstance(source, Attribute):
        return frozenset((source.name.partition(".")[0],))
    if isinstance(source, Loaded):
        key = source.key.partition(".")[0]
        return None if source.reads is None else frozenset((key, *source.reads))
    if isinstance(source, Computed | Contextual):
        return None if source.reads is None else frozenset(name.partition(".")[0] for name in source.reads)
    return None if isinstance(source, Called) else _NOTHING


def _joined(one: Attributes, other: Attributes) -> Attributes:
    return None if one is None or other is None else one | other
