"""A plan as text: what is asked for level by level, what is read while the answer is written, and the code that writes it."""

from collections.abc import Iterator

from schema.execution.plan import Field, Part, Plan, Selection, Shape
from schema.execution.sources import Attribute, Called, Computed, Contextual, Loaded, TypeName


def explained(plan: Plan) -> str:
    """Several lines; a mutation has a part for each of its fields."""
    parts = [_part(part) for part in plan.parts]
    titles = [""] if len(parts) == 1 else [f"Part {number}\n\n" for number in range(1, len(parts) + 1)]
    return "\n\n".join(title + text for title, text in zip(titles, parts, strict=True))


def _part(part: Part) -> str:
    waves = "\n".join(_waves(part.selection)) or "  nothing: all of it is written at once"
    fields = "\n".join(_lines(part.selection, 1))
    return f"Asked for, wave by wave\n{waves}\n\nFields\n{fields}\n\nThe writer\n{part.source}"


def _waves(selection: Selection) -> Iterator[str]:
    reached, number = [(selection, "")], 0
    while reached:
        asked: list[str] = []
        following: list[tuple[Selection, str]] = []
        while reached:
            one, path = reached.pop(0)
            for field in one.slotted:
                place = f"{path}.{field.key}" if path else field.key
                source = field.source
                is_awaited = isinstance(source, Loaded) or (isinstance(source, Called) and source.is_async)
                if isinstance(source, Loaded | Called):
                    asked.append(f"{place}: {_how(field)}")
                inner = [(part, place) for part in field.selections.values() if part.slotted]
                (following if is_awaited else reached).extend(inner)
        if asked:
            number += 1
            yield f"  {number}. " + "\n     ".join(asked)
        reached = following


def _lines(selection: Selection, depth: int) -> Iterator[str]:
    for field in selection.fields:
        yield f"{'  ' * depth}{field.key}: {_typed(field)}  {_how(field)}"
        for name, inner in field.selections.items():
            is_named = len(field.selections) > 1
            if is_named and inner.fields:
                yield f"{'  ' * (depth + 1)}on {name}"
            yield from _lines(inner, depth + 1 + is_named)


def _typed(field: Field) -> str:
    return _shaped(field.shape, field.named_type.name)


def _shaped(shape: Shape, name: str) -> str:
    inner = name if shape.item is None else f"[{_shaped(shape.item, name)}]"
    return inner + ("!" if shape.is_required else "")


def _how(field: Field) -> str:
    match field.source:
        case Attribute(name=name):
            return f"attribute {name}"
        case Computed(parts=parts):
            return f"computed from {', '.join(parts.reads)}" if parts else "computed"
        case Contextual():
            return "computed with the context"
        case Loaded(loader=loader, key=key):
            return f"loaded from {loader} by {key}"
        case Called():
            return "called"
        case TypeName():
            return "known"
