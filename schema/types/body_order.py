"""The fields of a type in the order in which its class names them, as the documentation shows them."""

from typing import Any, TypeVar

from strawberry.types.field import StrawberryField

T = TypeVar("T", bound=type)


def in_body_order(cls: T) -> T:
    """Dataclasses take annotated fields first. Ours that are declared by a function have their type in the field and no
    annotation: each gets one here, in its place.
    """
    written: dict[str, Any] = dict(cls.__annotations__)
    fields = [name for name, value in cls.__dict__.items() if isinstance(value, StrawberryField)]
    cls.__annotations__ = {name: written.get(name, Any) for name in fields}
    return cls
